"""Singular learning theory [lakkapragada2025slt], checked claim by claim.

- ``exact`` -- volumes, multiplicity, the evidence, the bias of the estimator.
- ``networks`` -- linear networks by exact sampling, and the low-rank family.
- ``sampling`` -- samplers compared on linear networks.
- ``autoencoders`` -- whether the coefficient is linear in the bottleneck.
- ``regressors`` -- polynomials, regular models that look singular.
- ``superposition`` -- regular polygons of the toy model of superposition.
- ``training`` -- plateaus of that model.
- ``grokking`` -- the coefficient through grokking, and the Arrhenius hypothesis.
- ``figures`` -- multiplicity, phases, calibration, plateaus, the coefficient through grokking.
"""

from . import (
    autoencoders,
    exact,
    figures,
    grokking,
    networks,
    regressors,
    sampling,
    superposition,
    training,
)
from ._card import paper

__all__ = [
    "autoencoders",
    "exact",
    "figures",
    "grokking",
    "networks",
    "paper",
    "regressors",
    "sampling",
    "superposition",
    "training",
]
