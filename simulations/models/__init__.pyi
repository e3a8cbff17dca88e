from .two_layer import ACTIVATIONS as ACTIVATIONS
from .two_layer import TwoLayerNet as TwoLayerNet
