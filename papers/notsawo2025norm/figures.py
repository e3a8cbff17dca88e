"""The analytic figures of the paper; they are declared where they are drawn.

- ``_figure_sliding`` -- sliding-path, nuclear-path.
- ``_figure_recovery`` -- recoverable-signals.
- ``_figure_decay`` -- null-space-law.
"""

from ._figure_decay import null_space_law
from ._figure_recovery import recoverable_signals
from ._figure_sliding import nuclear_path, sliding_path

__all__ = ["nuclear_path", "null_space_law", "recoverable_signals", "sliding_path"]
