"""Grokking without the norm of the weights [notsawo2025norm], checked claim by claim.

- ``sparse`` -- sparse recovery with an l1 penalty: memorization, the slide, what is left.
- ``low_rank`` -- matrix sensing with a nuclear-norm penalty.
- ``norms`` -- the l2 norm of the weights on the way.
- ``weight_decay`` -- weight decay alone: a late drop of the error, and no generalization.
- ``depth`` -- products of factors instead of a penalty.
- ``selection`` -- choosing data by coherence.
- ``networks`` -- ReLU networks and modular addition under four penalties.
- ``figures`` -- analytic figures.
"""

from . import depth, figures, low_rank, networks, norms, selection, sparse, weight_decay
from ._card import paper

__all__ = [
    "depth",
    "figures",
    "low_rank",
    "networks",
    "norms",
    "paper",
    "selection",
    "sparse",
    "weight_decay",
]
