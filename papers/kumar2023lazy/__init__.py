"""Lazy to rich: grokking without weight decay [kumar2023lazy], checked claim by claim.

- ``dynamics`` -- the closed dynamics of a committee, its clock, its error, its norm.
- ``plateau`` -- the kernel regression at which lazy networks wait.
- ``regimes`` -- the curvature and the number of samples decide whether a network groks.
- ``alignment`` -- the kernel of the network turns towards the target.
- ``networks`` -- labels along eigenvectors of the kernel; modular addition and digits.
- ``figures`` -- analytic figures.
"""

from . import alignment, dynamics, figures, networks, plateau, regimes
from ._card import paper

__all__ = ["alignment", "dynamics", "figures", "networks", "paper", "plateau", "regimes"]
