"""The figures of the paper; they are declared where they are drawn.

- ``_figure_bias`` -- multiplicity.
- ``_figure_grokking`` -- coefficient-through-grokking.
- ``_figure_plateaus`` -- plateau-ladder.
- ``_figure_phases`` -- free-energy-crossing.
- ``_figure_calibration`` -- calibration.
"""

from ._figure_bias import multiplicity
from ._figure_calibration import calibration
from ._figure_grokking import coefficient_through_grokking
from ._figure_phases import free_energy_crossing
from ._figure_plateaus import plateau_ladder

__all__ = [
    "calibration",
    "coefficient_through_grokking",
    "free_energy_crossing",
    "multiplicity",
    "plateau_ladder",
]
