"""Grokking beyond neural networks [miller2023beyond], checked claim by claim.

- ``linear`` -- linear regression with spurious features and a complexity penalty.
- ``regression`` -- Gaussian process regression: which initialization groks, and when.
- ``classification`` -- variational Gaussian process classification, on a line and of a parity.
- ``concealment`` -- modular arithmetic behind random bits.
- ``bayesian`` -- a Bayesian network that learns a parity.
- ``figures`` -- the likelihood's landscape, the law of concealment, and all models in one plane.
"""

from . import bayesian, classification, concealment, figures, linear, regression
from ._card import paper

__all__ = [
    "bayesian",
    "classification",
    "concealment",
    "figures",
    "linear",
    "paper",
    "regression",
]
