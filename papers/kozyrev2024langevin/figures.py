"""The analytic figures of the paper; they are declared where they are drawn.

- ``_figure_landscape`` -- landscape.
- ``_figure_occupancy`` -- occupancy.
- ``_figure_escape`` -- arrhenius, escape-times.
- ``_figure_quench`` -- quench.
"""

from ._figure_escape import arrhenius, escape_times
from ._figure_landscape import landscape
from ._figure_occupancy import occupancy
from ._figure_quench import quench

__all__ = ["arrhenius", "escape_times", "landscape", "occupancy", "quench"]
