r"""Gaussian processes whose hyper-parameters are trained: grokking without features.

The negative log marginal likelihood of $n$ targets is a data fit plus a complexity,

$$ -\frac1n\ln p(y) = \frac{(y-m)^\top C^{-1}(y-m)}{2n} + \frac{\ln\det C}{2n} + \frac{\ln2\pi}2,
   \qquad C = K + \nu I . $$

With a length scale shorter than the distances between the inputs and a signal $s\gg\nu$ the fit is
nearly perfect, the complexity large, and the test error that of no prediction at all. The
complexity, not the fit, then pulls the length scale up: with Adam for a time
$\ln(\ell^*/\ell_0)/\eta$, with gradient descent for one proportional to $1/\ell_0$. Without the
complexity the signal grows for ever instead, and the fit pushes the length scale down
[miller2023beyond; clocks and limits derived].

- ``likelihood``, ``posterior`` -- the two terms, their gradients, and the predictions.
- ``short_scales`` -- closed forms at short length scales, and the pull on the length scale.
- ``flow`` -- gradient flow and sign flow (Adam at a small learning rate) of the hyper-parameters.
- ``grokking_time`` -- the laws for the time to generalize.
- ``classification`` -- the evidence lower bound of probit classification.
- ``learning_curves`` -- test error against the number of samples at a fixed kernel.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
