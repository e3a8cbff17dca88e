r"""How well a kernel is aligned with the target.

$$ \mathrm{CKA}(K, y) = \frac{y^\top Ky}{\lVert K\rVert_F\,\lVert y\rVert^2} $$

on a sample, or with expectations over independent $x, x'$ in place of the sums. Grokking is the
rise of this number while the training error is already small.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ._checks import refuse_bad_curvature
from .loss import symmetric_target


def sample_alignment(
    gram: Float[np.ndarray, "samples samples"], targets: Float[np.ndarray, " samples"]
) -> float:
    r"""Return the alignment of a Gram matrix with targets, $y^\top Ky/(\lVert K\rVert_F|y|^2)$.

    Raises
    ------
    ValueError
        For shapes that do not fit, or a zero kernel or target.

    Source: [kumar2023lazy, Sec. 5].

    >>> sample_alignment(np.outer([3.0, 4.0], [3.0, 4.0]), np.array([3.0, 4.0]))
    1.0
    """
    if gram.shape != (len(targets), len(targets)):
        raise ValueError(
            f"gram must be square with one row a target, got {gram.shape} for {len(targets)}"
        )
    norm = float(np.linalg.norm(gram) * (targets @ targets))
    if norm == 0:
        raise ValueError("gram and targets must not vanish: their alignment is undefined")
    return float(targets @ gram @ targets) / norm


def alignment_power(
    second_moment: Float[np.ndarray, "*records dimension dimension"],
    target: Float[np.ndarray, "dimension dimension"],
    *,
    curvature: float,
) -> Float[np.ndarray, "*records"]:
    r"""Return the mean of $y\,K(x, x')\,y'$ over two independent inputs.

    $$ \mathbb E\,yKy' = \frac{\epsilon^2}{4D^4}\operatorname{tr}\,(\operatorname{tr}B+2B)\,M\,
       (\operatorname{tr}B+2B)
       = \frac{\epsilon^2}{4D^4}\left(|\beta|^4\operatorname{tr}M
       + 8|\beta|^2\beta^\top M\beta\right) \text{ for } B = \beta\beta^\top . $$

    Parameters
    ----------
    second_moment
        $M$, one matrix or several.
    target
        $B$ of the target $y = \tfrac12x^\top Bx$.
    curvature
        $\epsilon > 0$.

    Source: derivation alignment-power; [kumar2023lazy, Eq. 20] lacks the factor $\tfrac14$.

    >>> float(alignment_power(np.eye(2), np.diag([2.0, 0.0]), curvature=1.0))
    0.625
    """
    refuse_bad_curvature(curvature)
    target = symmetric_target(target)
    dimension = len(target)
    weight = np.trace(target) * np.eye(dimension) + 2 * target
    power = np.einsum("ij,...ji->...", weight @ weight, second_moment)
    return np.asarray(curvature**2 / (4 * dimension**4) * power)


def published_alignment_power(
    second_moment: Float[np.ndarray, "*records dimension dimension"],
    target: Float[np.ndarray, "dimension dimension"],
    *,
    curvature: float,
) -> Float[np.ndarray, "*records"]:
    r"""Return $\mathbb E\,yKy'$ as printed, four times too large.

    Source: [kumar2023lazy, Eq. 20].
    """
    return np.asarray(4 * alignment_power(second_moment, target, curvature=curvature))


def kernel_power(
    mean: Float[np.ndarray, "*records dimension"],
    second_moment: Float[np.ndarray, "*records dimension dimension"],
    *,
    curvature: float,
) -> Float[np.ndarray, "*records"]:
    r"""Return the mean square of the kernel between two independent inputs.

    $$ \mathbb E\,K^2 = \frac1D + \frac{2\epsilon^2(D+2)}{D^3}\,|\bar w|^2
       + \frac{\epsilon^4}{D^4}\left[(D+6)\operatorname{tr}M^2 + 2(\operatorname{tr}M)^2\right] . $$

    Source: derivation kernel-power.

    >>> float(kernel_power(np.zeros(2), np.eye(2), curvature=1.0))
    2.0
    """
    refuse_bad_curvature(curvature)
    dimension = mean.shape[-1]
    trace = np.trace(second_moment, axis1=-2, axis2=-1)
    squares = np.sum(second_moment**2, axis=(-2, -1))
    linear = 2 * (dimension + 2) / dimension**3 * np.sum(mean**2, axis=-1)
    quadratic = ((dimension + 6) * squares + 2 * trace**2) / dimension**4
    return np.asarray(1 / dimension + curvature**2 * linear + curvature**4 * quadratic)


def population_alignment(
    mean: Float[np.ndarray, "*records dimension"],
    second_moment: Float[np.ndarray, "*records dimension dimension"],
    target: Float[np.ndarray, "dimension dimension"],
    *,
    curvature: float,
) -> Float[np.ndarray, "*records"]:
    r"""Return the alignment of a committee's kernel with a quadratic target, without a sample.

    $$ \mathrm{CKA} = \frac{\mathbb E\,yKy'}{\sqrt{\mathbb E\,K^2}\;\mathbb E\,y^2} . $$

    A sample of $n$ inputs gives a larger number, since its diagonal $K(x, x)$ does not vanish in
    the sums; the difference is of order $D/n$.

    Parameters
    ----------
    mean, second_moment
        $\bar w$ and $M$, of one network or of many.
    target
        $B$ of the target $y = \tfrac12x^\top Bx$.
    curvature
        $\epsilon > 0$.

    Raises
    ------
    ValueError
        For shapes that do not fit.

    Source: derived from :func:`alignment_power` and :func:`kernel_power`.
    """
    target = symmetric_target(target)
    dimension = len(target)
    if mean.shape[-1] != dimension or second_moment.shape != (*mean.shape, dimension):
        raise ValueError(
            f"mean and second_moment must have shapes (..., {dimension}) and (..., {dimension}, "
            f"{dimension}), got {mean.shape} and {second_moment.shape}"
        )
    target_power = (np.trace(target) ** 2 + 2 * np.sum(target**2)) / (4 * dimension**2)
    numerator = alignment_power(second_moment, target, curvature=curvature)
    kernel = kernel_power(mean, second_moment, curvature=curvature)
    return np.asarray(numerator / (np.sqrt(kernel) * target_power))


def initial_alignment(dimension: int, *, curvature: float) -> float:
    r"""Return the alignment of a wide, new committee with a single-index target.

    $$ \mathrm{CKA}_0 = \frac{\epsilon^2(D+8)}{3D^2}\Big/
       \sqrt{\frac1D + \frac{3\epsilon^4(D+2)}{D^3}} . $$

    It grows as $\epsilon^2$ while that is small. Source: derived (:func:`population_alignment` at
    $M = I$, $\bar w = 0$).

    >>> round(initial_alignment(50, curvature=0.1), 5)
    0.00055
    """
    refuse_bad_curvature(curvature)
    norm = 1 / dimension + 3 * curvature**4 * (dimension + 2) / dimension**3
    return curvature**2 * (dimension + 8) / (3 * dimension**2) / float(np.sqrt(norm))
