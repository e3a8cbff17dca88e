r"""From lazy to rich training: grokking without weight decay [kumar2023lazy].

A committee of $N$ units with activation $\phi(h) = h + \tfrac\epsilon2 h^2$ and all readouts one,

$$ f(x) = \frac\alpha N\sum_{i=1}^N\phi(w_i\cdot x)
        = \alpha\,\bar w\cdot x + \frac{\alpha\epsilon}2\,x^\top M x , \qquad
   \bar w = \frac1N\sum_i w_i, \quad M = \frac1N\sum_i w_iw_i^\top , $$

learns a quadratic target $y = \tfrac12 x^\top Bx$ (a single index: $B = \beta\beta^\top$) from $P$
Gaussian inputs $x\sim\mathcal N(0, I_D/D)$ by gradient descent. At large output scale $\alpha$ it
first fits the training set as a kernel machine; its features move on a clock that is slower by
$\alpha$, and generalization waits for them. The two moments $(\bar w, M)$ obey a closed dynamics
at any width, so that a whole network is a system of $D + D^2$ numbers.

Conventions: the output is centered on its initial value unless said otherwise; *curvature* is
$\epsilon$, *scale* is $\alpha$; losses are mean squared errors without a factor one half; and the
*learning rate* is $\eta_0$, the step in function space: networks of width $N$ trained with rate
$\eta$ on the loss $\frac1P\sum(f - y)^2$ have $\eta_0 = 2\eta\alpha^2/N$
(:func:`network_learning_rate`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
