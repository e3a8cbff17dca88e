r"""What kernels cannot do on modular addition, and what small weights can [mohamadi2024kernel].

The task $a + b = c \bmod p$ looks the same after any relabeling of $a$, of $b$ and of $c$. A kernel
that does not know the labels must therefore be able to fit all relabeled tasks at once, and $n$
functions capture at most the $n$ largest eigenvalues of their second moment $\Sigma$:

$$\frac{L}{L_0} \ge \frac{\text{sum of all but the } n \text{ largest eigenvalues of } \Sigma}
  {\operatorname{tr}\Sigma} = \Bigl(1 - \frac1p\Bigr)\Bigl(1 - \frac{n-1}{(p-1)^m}\Bigr) .$$

A constant fraction of all $p^m$ points is needed. A network
$f_c(a, b) = \sum_k V_{ck}\,(Q_{ak} + R_{bk})^2$ fits all of them with $8p$ hidden nodes and weights
of order one, and such small weights let it generalize from a vanishing fraction.

- ``relabeling`` -- spectrum of $\Sigma$ and the lower bounds.
- ``equivariant_kernels`` -- kernels of the three equalities $a = a'$, $b = b'$, $c = c'$, among
  them the expected tangent kernel of the network, and the widths at which it interpolates.
- ``construction`` -- the explicit network.
- ``generalization`` -- upper bounds from the largest weight, and the separation.

Samples are rows $(a, b, c)$; weights are ``first`` $= Q$ and ``second`` $= R$ of shape
``[modulus, width]`` and ``readout`` $= V$ of shape ``[modulus, width]``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
