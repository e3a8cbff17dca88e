"""The figures of the paper; they are declared where they are drawn.

- ``_figure_curves`` -- exact-curves.
- ``_figure_times`` -- grokking-times.
- ``_figure_phases`` -- phase-diagrams.
"""

from ._figure_curves import exact_curves
from ._figure_phases import phase_diagrams
from ._figure_times import grokking_times

__all__ = ["exact_curves", "grokking_times", "phase_diagrams"]
