r"""Linear regression of a linear teacher: grokking that is solved exactly.

Training sees the difference $D = S - T$ of student and teacher in the metric of the data, the test
in that of the inputs' law. With eigenvalues $v$ of the data covariance, $\lambda = d_{in}/N$ and
time $\tau$ = learning rate times steps,

$$ L_{train} = \mathbb E[v\,e^{-4v\tau}], \qquad L_{gen} = \mathbb E[e^{-4v\tau}], \qquad
   v\sim\text{Marchenko-Pastur}(\lambda) . $$

The test loss lags behind the train loss, and an accuracy that counts errors below a threshold turns
the lag into a grokking time, which diverges as $\lambda\to1$ [levi2023linear].

With a complexity penalty, directions that the data do not see forget their initialization on a slow
clock of their own [miller2023beyond, Sec. 2.1.1]. Ridge regression and the interpolant of least
norm are :func:`.kernels.kernel_regression` and :func:`.implicit_bias.min_l2_norm`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
