"""The analytic figures of the paper; they are declared where they are drawn.

- ``_figure_bound`` -- kernel-bounds.
- ``_figure_network`` -- network-weights.
- ``_figure_separation`` -- data-separation.
"""

from ._figure_bound import kernel_bounds
from ._figure_network import network_weights
from ._figure_separation import data_separation

__all__ = ["data_separation", "kernel_bounds", "network_weights"]
