"""The analytic figures of the paper; they are declared where they are drawn.

- ``_figure_unfolding`` -- unfolding, unfolding-animation.
- ``_figure_trained`` -- trained-unfolding.
- ``_figure_probability`` -- unique-probability.
- ``_figure_rates`` -- grokking-time.
- ``_figure_phases`` -- phase-diagram.
"""

from ._figure_phases import phase_diagram
from ._figure_probability import unique_probability
from ._figure_rates import grokking_time
from ._figure_trained import trained_unfolding
from ._figure_unfolding import unfolding, unfolding_animation

__all__ = [
    "grokking_time",
    "phase_diagram",
    "trained_unfolding",
    "unfolding",
    "unfolding_animation",
    "unique_probability",
]
