"""The analytic figures of the paper, and one of a run; they are declared where they are drawn.

- ``_figure_dynamics`` -- error-terms.
- ``_figure_plateau`` -- plateau-curves.
- ``_figure_alignment`` -- kernel-spectrum.
- ``_figure_samples`` -- goldilocks.
- ``_figure_dial`` -- dial.
"""

from ._figure_alignment import kernel_spectrum
from ._figure_dial import kernel_to_rich
from ._figure_dynamics import error_terms
from ._figure_plateau import plateau_curves
from ._figure_samples import goldilocks

__all__ = ["error_terms", "goldilocks", "kernel_spectrum", "kernel_to_rich", "plateau_curves"]
