"""The effective theory of representation learning [liu2022effective], checked claim by claim.

- ``uniqueness`` -- when the training set determines the linear representation.
- ``flow`` -- the effective flow, its closed form and what it conserves.
- ``training`` -- trained networks: who generalizes, when, how well.
- ``phases`` -- the four phases, and what moves a network from one to the other.
- ``groups`` -- permutations.
- ``figures`` -- analytic figures.
"""

from . import figures, flow, groups, phases, training, uniqueness
from ._card import paper

__all__ = ["figures", "flow", "groups", "paper", "phases", "training", "uniqueness"]
