"""Li2: lazy, independent and interactive feature learning [tian2025li2], checked claim by claim.

- ``landscape`` -- the energy of a single node: maxima, flat directions, winners, data threshold.
- ``memorization`` -- the shapes of nodes that memorize one target.
- ``stages`` -- exact statements about the lazy and the interactive stage.
- ``gradients`` -- what training sends to the hidden nodes.
- ``scaling`` -- weight decay, initial readout, data, learning rate: when a network groks.
- ``capacity`` -- how many nodes the features need.
- ``figures`` -- analytic figures.
"""

from . import capacity, figures, gradients, landscape, memorization, scaling, stages
from ._card import paper

__all__ = [
    "capacity",
    "figures",
    "gradients",
    "landscape",
    "memorization",
    "paper",
    "scaling",
    "stages",
]
