r"""Test accuracy of linear classifiers in closed form, and whether the late bias helps or harms.

Which of the two biases generalizes is a property of the data. Targets that depend on few
coordinates favor the late one (largest $\ell_1$ margin, of the order of $k^2\ln d$ samples instead
of $kd$), two wide classes along one dense direction favor the early one (largest $\ell_2$ margin):
then accuracy collapses at the transition, *misgrokking*.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr


def sparse_sign_accuracy(
    weights: Float[np.ndarray, " features"], support: Float[np.ndarray, " features"]
) -> float:
    r"""Return the accuracy of a linear classifier on the majority vote of a few signs.

    For uniform $x \in \{\pm1\}^d$ and $y = \operatorname{sign}\sum_{k\in S}c_kx_k$,

    $$P(y\,w\cdot x > 0) \simeq 2^{-|S|}\sum_{\sigma\in\{\pm1\}^S}
      \Phi\Bigl(\frac{y(\sigma)\sum_{k\in S}w_k\sigma_k}{\lVert w_{S^c}\rVert}\Bigr),$$

    exact over the relevant coordinates, Gaussian over the many others.

    Parameters
    ----------
    weights
        $w$.
    support
        $c$: $\pm1$ on the $|S|$ relevant coordinates, zero elsewhere; $|S|$ odd, at most 15.

    Raises
    ------
    ValueError
        If the weights vanish, or the support is not an odd number of signs.

    Source: derived (enumeration and the central limit theorem).

    >>> sparse_sign_accuracy(np.array([1.0, 1.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.0]))
    1.0
    """
    relevant = support != 0
    size = int(relevant.sum())
    if size % 2 == 0 or size > 15 or not np.all(np.abs(support[relevant]) == 1):
        raise ValueError(
            "support must hold an odd number, at most 15, of entries +1 or -1 among zeros, "
            f"got {size} non-zero entries"
        )
    if not np.any(weights):
        raise ValueError("weights must not vanish: the sign of zero is no prediction")
    patterns = 1.0 - 2.0 * (np.arange(2**size)[:, None] >> np.arange(size) & 1)
    labels = np.sign(patterns @ support[relevant])
    signal = labels * (patterns @ weights[relevant])
    noise = np.linalg.norm(weights[~relevant])
    if noise == 0:
        return float(np.mean((np.sign(signal) + 1) / 2))
    return float(np.mean(ndtr(signal / noise)))


def separated_accuracy(
    cosine: float | Float[np.ndarray, "*points"], *, separation: float
) -> Float[np.ndarray, "*points"]:
    r"""Return the accuracy of a linear classifier on two separated halves of a Gaussian.

    For $x = z + \frac\gamma2\operatorname{sign}(z\cdot w^*)\,w^*$, $z \sim N(0, I)$, $\lVert
    w^*\rVert = 1$ and a classifier at cosine $c$ with $w^*$,

    $$P = \mathbb E_g\,\Phi\Bigl(\frac{c\,(|g| + \gamma/2)}{\sqrt{1-c^2}}\Bigr), \qquad
      g\sim N(0,1) .$$

    Parameters
    ----------
    cosine
        $c \in [-1, 1]$.
    separation
        $\gamma \ge 0$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Cost: 80-point Gauss quadrature of each half line. Source: derived (rotational symmetry).

    >>> separated_accuracy(np.array([0.0, 1.0]), separation=3.0).round(12).tolist()
    [0.5, 1.0]
    """
    cosine = np.asarray(cosine, np.float64)
    if not np.all(np.abs(cosine) <= 1):
        raise ValueError(f"cosine must lie in [-1, 1], got {cosine}")
    if not separation >= 0:
        raise ValueError(f"separation must be non-negative, got {separation}")
    # Half a Gaussian is cut at 9 standard deviations, beyond double precision.
    nodes, node_weights = np.polynomial.legendre.leggauss(80)
    distance = 4.5 * (nodes + 1)
    density = 4.5 * node_weights * np.sqrt(2 / np.pi) * np.exp(-(distance**2) / 2)
    with np.errstate(divide="ignore"):
        slope = cosine / np.sqrt(1 - cosine**2)
    return np.asarray(ndtr(slope[..., None] * (distance + separation / 2)) @ density)


def late_outcome(
    early_accuracy: float, late_accuracy: float, *, threshold: float = 0.05
) -> Literal["grokking", "misgrokking", "neither"]:
    r"""Return what happens to the test accuracy when the early bias gives way to the late one.

    Parameters
    ----------
    early_accuracy, late_accuracy
        Test accuracy of the largest $\ell_2$ margin (kernel) and of the largest $\ell_1$ margin
        (rich) solution, in [0, 1].
    threshold
        Change from which it counts.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [lyu2023dichotomy, Sec. 3.2.3].

    >>> late_outcome(0.99, 0.67)
    'misgrokking'
    """
    for name, value in (
        ("early_accuracy", early_accuracy),
        ("late_accuracy", late_accuracy),
        ("threshold", threshold),
    ):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {value}")
    change = late_accuracy - early_accuracy
    if abs(change) < threshold:
        return "neither"
    return "grokking" if change > 0 else "misgrokking"


def sparse_sample_scales(*, dimension: int, sparsity: int) -> tuple[float, float]:
    r"""Return the scales of the samples that the early and the late bias need for a sparse target.

    $$n_{\ell_2} \sim k\,d, \qquad n_{\ell_1} \sim k^2\ln d .$$

    The constants are open: only the dependence on the arguments is a prediction.

    Parameters
    ----------
    dimension
        $d \ge 2$.
    sparsity
        $k$ of the $d$ coordinates.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [lyu2023dichotomy, App. E.2].

    >>> early, late = sparse_sample_scales(dimension=1000, sparsity=3)
    >>> early, round(late, 1)
    (3000.0, 62.2)
    """
    if dimension < 2:
        raise ValueError(f"dimension must be at least 2, got {dimension}")
    if not 1 <= sparsity <= dimension:
        raise ValueError(f"sparsity must lie in [1, {dimension}], got {sparsity}")
    return float(sparsity * dimension), float(sparsity**2 * np.log(dimension))
