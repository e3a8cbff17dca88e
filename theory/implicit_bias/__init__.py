r"""Early and late implicit biases: why a network first fits one way and later another.

Gradient descent with a small regularizer $\beta h$ first interpolates near its initialization and
then drifts along the interpolating solutions towards the one of least $h$, on a clock of its own.

- Homogeneous networks from a large initialization $\alpha$ with weight decay $\lambda$ start as a
  kernel machine (largest $\ell_2$ margin, least $\ell_2$ norm) and are released at
  $t \simeq \lambda^{-1}\ln\alpha$ to the bias of the network itself (largest $\ell_1$ margin, least
  $\ell_1$ or nuclear norm) [lyu2023dichotomy]. For diagonal and symmetric factorizations the
  dynamics reduce exactly to one dual variable per sample.
- Any regularizer moves the interpolant by $\alpha\beta$ per step, so that generalization comes
  $T^*/(\alpha\beta)$ steps after memorization, if it comes at all [notsawo2025norm].

Whether the late bias can recover the target at all is a linear or semidefinite program, solved
before any time is predicted.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
