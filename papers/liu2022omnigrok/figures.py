"""The figures of the paper; they are declared where they are drawn.

- ``_figure_landscape`` -- landscape.
- ``_figure_times`` -- grokking-time.
- ``_figure_data_size`` -- data-size.
- ``_figure_portrait`` -- phase-portrait.
"""

from ._figure_data_size import data_size
from ._figure_landscape import landscape
from ._figure_portrait import phase_portrait
from ._figure_times import grokking_time

__all__ = ["data_size", "grokking_time", "landscape", "phase_portrait"]
