"""Early and late implicit biases [lyu2023dichotomy], checked claim by claim.

- ``classification`` -- diagonal networks that classify: when the bias changes, and to what.
- ``misgrokking`` -- data that the early bias suits better.
- ``regression`` -- diagonal networks that regress: one curve for all initializations.
- ``matrix`` -- matrix completion by a symmetric factorization.
- ``no_decay`` -- the transition without weight decay, exponentially late.
- ``networks`` -- networks that add modulo p: initialization and weight decay.
- ``identities`` -- conserved products and the dual flow, to the accuracy of finite steps.
- ``figures`` -- analytic figures.
"""

from . import (
    classification,
    figures,
    identities,
    matrix,
    misgrokking,
    networks,
    no_decay,
    regression,
)
from ._card import paper

__all__ = [
    "classification",
    "figures",
    "identities",
    "matrix",
    "misgrokking",
    "networks",
    "no_decay",
    "paper",
    "regression",
]
