"""Grokking of linear regression [levi2023linear], checked claim by claim.

- ``losses`` -- the two losses, and the plateau of too few samples.
- ``accuracy`` -- accuracy as a function of the loss, grokking times, several outputs.
- ``limits`` -- the divergence of the grokking time, and that the loss shows no transition.
- ``saturation`` -- what weight decay leaves.
- ``two_layers`` -- wide students of two layers.
- ``figures`` -- analytic figures, with trained students on top.
"""

from . import accuracy, figures, limits, losses, saturation, two_layers
from ._card import paper

__all__ = ["accuracy", "figures", "limits", "losses", "paper", "saturation", "two_layers"]
