r"""The tangent kernel of a committee, and its modes under Gaussian inputs.

Between weight vectors and functions stands the kernel

$$ K_{\mathrm{tangent}}(x, x') = \frac{\alpha^2}N K(x, x'), \qquad
   K(x, x') = (x\cdot x')\left[1 + \epsilon\,\bar w\cdot(x+x') + \epsilon^2x^\top Mx'\right] . $$

At a wide initialization it has three eigenvalues, of linear functions, of traceless quadratic
forms and of $|x|^2$. A mode is learned from about $1/\lambda$ samples, or in a time $1/\lambda$.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ._checks import initial_moments, refuse_bad_curvature, refuse_bad_dimension
from .loss import symmetric_target


class Modes(NamedTuple):
    """One number each for linear functions, traceless quadratic forms, and the squared norm."""

    linear: float
    quadratic: float
    trace: float


def committee_kernel(
    inputs: Float[np.ndarray, "samples dimension"],
    other: Float[np.ndarray, "points dimension"] | None = None,
    *,
    curvature: float,
    mean: Float[np.ndarray, " dimension"] | None = None,
    second_moment: Float[np.ndarray, "dimension dimension"] | None = None,
) -> Float[np.ndarray, "samples points"]:
    r"""Return the tangent kernel of a committee between two sets of inputs, times $N/\alpha^2$.

    $$ K(x, x') = (x\cdot x')\left[1+\epsilon\,\bar w\cdot(x+x')+\epsilon^2x^\top Mx'\right] . $$

    Parameters
    ----------
    inputs, other
        $x$ and $x'$; the same by default.
    curvature
        $\epsilon > 0$.
    mean, second_moment
        $\bar w$ and $M$; by default those of infinitely many standard normal units, $0$ and $I$.

    Raises
    ------
    ValueError
        For shapes that do not fit or a curvature out of range.

    Source: [kumar2023lazy, Eq. 5], with the prefactor $\alpha^2/N$ that it leaves out.

    >>> committee_kernel(np.eye(2), curvature=1.0).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    refuse_bad_curvature(curvature)
    other = inputs if other is None else other
    mean, second_moment = initial_moments(mean, second_moment, inputs.shape[1])
    factor = (inputs @ (curvature**2 * second_moment)) @ other.T
    factor += 1 + curvature * (inputs @ mean)[:, None] + curvature * (other @ mean)[None, :]
    factor *= inputs @ other.T
    return factor


def initial_eigenvalues(dimension: int, *, curvature: float) -> Modes:
    r"""Return the eigenvalues of the kernel of a wide, new committee.

    $$ \lambda_{\mathrm{lin}} = \frac1D, \qquad \lambda_{\mathrm{quad}} = \frac{2\epsilon^2}{D^2},
       \qquad \lambda_{\mathrm{tr}} = \frac{\epsilon^2(D+2)}{D^2} $$

    under $x\sim\mathcal N(0, I_D/D)$. Their inverses are the numbers of samples at which kernel
    regression learns each kind of function.

    Raises
    ------
    ValueError
        If the dimension is below 2 or the curvature not positive.

    Source: derivation kernel-modes; corrects [kumar2023lazy, Eq. 16].

    >>> initial_eigenvalues(10, curvature=1.0)
    Modes(linear=0.1, quadratic=0.02, trace=0.12)
    """
    refuse_bad_dimension(dimension)
    refuse_bad_curvature(curvature)
    unit = curvature**2 / dimension**2
    return Modes(1 / dimension, 2 * unit, (dimension + 2) * unit)


def published_quadratic_eigenvalue(dimension: int, *, curvature: float) -> float:
    r"""Return $\lambda_{\mathrm{quad}}$ as printed: $2\epsilon/D^2$.

    Right at $\epsilon = 1$ only. Source: [kumar2023lazy, App. 11.1].

    >>> published_quadratic_eigenvalue(10, curvature=0.5)
    0.01
    """
    refuse_bad_dimension(dimension)
    refuse_bad_curvature(curvature)
    return 2 * curvature / dimension**2


def multiplicities(dimension: int) -> Modes:
    r"""Return how many orthonormal functions each eigenvalue has: $D$, $D(D+1)/2-1$ and 1.

    >>> multiplicities(10)
    Modes(linear=10, quadratic=54, trace=1)
    """
    refuse_bad_dimension(dimension)
    return Modes(dimension, dimension * (dimension + 1) // 2 - 1, 1)


def target_powers(target: Float[np.ndarray, "dimension dimension"]) -> Modes:
    r"""Return the mean square of a quadratic target in each kind of mode.

    $$ 0, \qquad \frac1{2D^2}\Big(\lVert B\rVert_F^2 - \frac{(\operatorname{tr}B)^2}D\Big), \qquad
       \Big(\frac{\operatorname{tr}B}{2D}\Big)^2\Big(1+\frac2D\Big) . $$

    Their sum is $\mathbb E\,y^2$ for $y = \tfrac12x^\top Bx$. Source: derived (Gaussian moments).

    >>> target_powers(np.diag([2.0, 0.0]))
    Modes(linear=0.0, quadratic=0.25, trace=0.5)
    """
    target = symmetric_target(target)
    dimension, trace = len(target), float(np.trace(target))
    traceless = float(np.sum(target**2)) - trace**2 / dimension
    scale = (trace / (2 * dimension)) ** 2
    return Modes(0.0, traceless / (2 * dimension**2), scale * (1 + 2 / dimension))


def learnable_samples(dimension: int, *, curvature: float) -> tuple[float, float]:
    r"""Return the window of training set sizes in which grokking can occur.

    $$ D \ll P \ll \frac{D^2}{2\epsilon^2} . $$

    Above the lower end a learner of features generalizes; above the upper one so does the kernel
    it starts from, and there is nothing to wait for. Both are scales, not thresholds.

    Source: [kumar2023lazy, Sec. 5.3], the upper end with the eigenvalue of
    :func:`initial_eigenvalues`.

    >>> learnable_samples(40, curvature=0.5)
    (40.0, 3200.0)
    """
    eigenvalues = initial_eigenvalues(dimension, curvature=curvature)
    return 1 / eigenvalues.linear, 1 / eigenvalues.quadratic


def quadratic_image(
    form: Float[np.ndarray, "dimension dimension"],
    *,
    curvature: float,
    second_moment: Float[np.ndarray, "dimension dimension"] | None = None,
) -> Float[np.ndarray, "dimension dimension"]:
    r"""Return the quadratic form into which the kernel operator maps a quadratic form.

    $$ \mathbb E_{x'}K(x, x')\,x'^\top Qx' = x^\top Q'x, \qquad
       Q' = \frac{\epsilon^2}{D^2}\left(\operatorname{tr}(Q)\,M + MQ + QM\right) $$

    for $\bar w = 0$. Source: derivation kernel-modes; [kumar2023lazy, App. 11.1] at $M = I$.

    >>> quadratic_image(np.diag([1.0, -1.0]), curvature=1.0).tolist()
    [[0.5, 0.0], [0.0, -0.5]]
    """
    refuse_bad_curvature(curvature)
    form = symmetric_target(form)
    _, second_moment = initial_moments(None, second_moment, len(form))
    product = second_moment @ form
    image = np.trace(form) * second_moment + product + product.T
    return (curvature / len(form)) ** 2 * image
