"""The analytic figures of the paper; they are declared where they are drawn.

- ``_figure_penalty`` -- smoothed-penalty.
- ``_figure_clock`` -- clock-collapse.
- ``_figure_release`` -- release-map.
- ``_figure_matrix`` -- singular-values.
"""

from ._figure_clock import clock_collapse
from ._figure_matrix import singular_values
from ._figure_penalty import smoothed_penalty
from ._figure_release import release_map

__all__ = ["clock_collapse", "release_map", "singular_values", "smoothed_penalty"]
