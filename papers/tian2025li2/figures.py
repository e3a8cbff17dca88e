"""The analytic figures of the paper; they are declared where they are drawn.

- ``_figure_landscape`` -- energy-landscape, irrep-energies.
- ``_figure_thresholds`` -- data-thresholds.
- ``_figure_features`` -- capacity-curve, coupon-curves, memorized-shapes.
- ``_figure_stages`` -- stages.
"""

from ._figure_features import capacity_curve, coupon_curves, memorized_shapes
from ._figure_landscape import energy_landscape, irrep_energies
from ._figure_stages import stages
from ._figure_thresholds import data_thresholds

__all__ = [
    "capacity_curve",
    "coupon_curves",
    "data_thresholds",
    "energy_landscape",
    "irrep_energies",
    "memorized_shapes",
    "stages",
]
