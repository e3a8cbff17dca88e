"""Why do you grok: kernels and small weights on modular addition [mohamadi2024kernel].

- ``kernels`` -- what no kernel can do.
- ``construction`` -- the explicit network that can.
- ``rich`` -- trained networks against kernels, and the initial scale.
- ``tangent`` -- how the tangent kernel and the margin move while a network trains.
- ``scaling`` -- weights and data that generalizing networks need, against the modulus.
- ``figures`` -- analytic figures.
"""

from . import construction, figures, kernels, rich, scaling, tangent
from ._card import paper

__all__ = ["construction", "figures", "kernels", "paper", "rich", "scaling", "tangent"]
