r"""The norm of the weights as the slow coordinate of training [liu2022omnigrok].

Minimize the train loss on every sphere of the space of weights,

$$ \tilde f(w) = f(\theta^*(w)), \qquad
   \theta^*(w) = \operatorname*{argmin}_{\lVert\theta\rVert = w} \ell_{train}(\theta) . $$

The reduced train loss is shaped like an L: no fit below some norm, a perfect one at all norms above
it. The reduced test loss is shaped like a U with its bottom, the Goldilocks zone, near the corner
of the L. A network that starts at a large norm $w_0$ fits at once, at a norm where fitting does not
mean generalizing, and from then on only weight decay moves it inward,

$$ w(t) = w_0\,e^{-\gamma t}, \qquad t_{grok} = \frac1\gamma\ln\frac{w_0}{w_c} . $$

- :mod:`.decay` -- the norm under decoupled weight decay and the time that follows from it.
- :mod:`.landscape` -- reduced losses given as arrays: corner, Goldilocks zone, critical norm.
- :mod:`.descent` -- motion and rest on a reduced train loss, with decay.
- :mod:`.representations` -- norm and messiness of a representation: two slow coordinates.
- :mod:`.geometry` -- the grokking time that the boundary of the fitted region implies.

The functions take plain arrays, wherever they were measured.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
