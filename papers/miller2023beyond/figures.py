"""The figures of the paper; they are declared where they are drawn.

- ``_figure_concealment`` -- concealment-law.
- ``_figure_landscape`` -- likelihood-landscape.
- ``_figure_plane`` -- plane.
"""

from ._figure_concealment import concealment_law
from ._figure_landscape import likelihood_landscape
from ._figure_plane import plane

__all__ = ["concealment_law", "likelihood_landscape", "plane"]
