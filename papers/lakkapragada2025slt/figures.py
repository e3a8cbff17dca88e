"""The figures of the paper; they are declared where they are drawn.

- ``_figure_bias`` -- multiplicity.
- ``_figure_phases`` -- free-energy-crossing.
- ``_figure_calibration`` -- calibration.
"""

from ._figure_bias import multiplicity
from ._figure_calibration import calibration
from ._figure_phases import free_energy_crossing

__all__ = ["calibration", "free_energy_crossing", "multiplicity"]
