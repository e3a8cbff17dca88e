r"""Kernels that do not know the labels: functions of three equalities.

A kernel on triples $x = (a, b, c)$ is invariant under every relabeling of $a$, of $b$ and of $c$ if
and only if it depends on the equalities $\delta_a = 1[a = a']$, $\delta_b$, $\delta_c$ alone,

$$K(x, x') = \sum_{i,j,k\in\{0,1\}} \kappa_{ijk}\,\delta_a^i\,\delta_b^j\,\delta_c^k .$$

Eight coefficients, given as an array of shape ``(2, 2, 2)``, are the whole class. Among them is the
expected tangent kernel of the quadratic network with independent, symmetric initial weights; a wide
network keeps it while it is lazy. [mohamadi2024kernel, Thm. 2.4, 3.3]
"""

import itertools
import math

import numpy as np
from jaxtyping import Float, Int


def delta_gram(
    coefficients: Float[np.ndarray, "2 2 2"],
    inputs: Int[np.ndarray, "rows 3"],
    other: Int[np.ndarray, "columns 3"] | None = None,
) -> Float[np.ndarray, "rows columns"]:
    r"""Return the Gram matrix of a kernel of the three equalities.

    $$K_{tu} = \sum_{ijk}\kappa_{ijk}\,\delta_a^i\delta_b^j\delta_c^k .$$

    Parameters
    ----------
    coefficients
        $\kappa_{ijk}$.
    inputs, other
        Triples; ``other`` is ``inputs`` by default.

    Source: [mohamadi2024kernel, Thm. 2.4].

    >>> coefficients = np.zeros((2, 2, 2))
    >>> coefficients[0, 0, 1] = 2.0
    >>> delta_gram(coefficients, np.array([[0, 1, 2], [1, 1, 2], [0, 1, 1]])).tolist()
    [[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 2.0]]
    """
    other = inputs if other is None else other
    a, b, c = ((inputs[:, [i]] == other[:, i][None, :]).astype(np.int8) for i in range(3))
    values = coefficients.copy()
    for axis in range(3):  # from coefficients of the monomials to values at 0 and 1
        values = np.cumsum(values, axis=axis)
    return values[a, b, c]


def delta_spectrum(
    coefficients: Float[np.ndarray, "2 2 2"], modulus: int
) -> tuple[Float[np.ndarray, "2 2 2"], Int[np.ndarray, "2 2 2"]]:
    r"""Return eigenvalues and multiplicities of such a kernel on all $p^3$ triples.

    On functions that have zero mean in the coordinates $T$ and are constant in the others,

    $$\lambda_T = \sum_{S\supseteq T}\kappa_S\,p^{3-|S|}, \qquad
      \text{multiplicity } (p-1)^{|T|} .$$

    Parameters
    ----------
    coefficients
        $\kappa_S$, index 1 on the axes in $S$.
    modulus
        $p \ge 2$.

    Returns
    -------
    $\lambda_T$ and its multiplicity, index 1 on the axes in $T$.

    Raises
    ------
    ValueError
        If ``modulus`` is below 2.

    Source: derived (derivation delta-spectrum).
    """
    _refuse_bad_modulus(modulus)
    eigenvalues = coefficients * _constant_weights(modulus)
    for axis in range(3):  # sum over supersets
        eigenvalues = np.flip(np.cumsum(np.flip(eigenvalues, axis), axis=axis), axis)
    return eigenvalues, (modulus - 1) ** np.indices((2, 2, 2)).sum(axis=0)


def delta_coefficients(
    eigenvalues: Float[np.ndarray, "2 2 2"], modulus: int
) -> Float[np.ndarray, "2 2 2"]:
    r"""Return the kernel with given eigenvalues, the inverse of :func:`delta_spectrum`.

    $$\kappa_S = p^{|S|-3}\sum_{T\supseteq S}(-1)^{|T|-|S|}\lambda_T .$$

    It is positive semidefinite if and only if no eigenvalue is negative, so that every invariant
    kernel method on $p^3$ triples can be written this way.

    Parameters
    ----------
    eigenvalues
        $\lambda_T$, index 1 on the axes of zero mean.
    modulus
        $p \ge 2$.

    Raises
    ------
    ValueError
        If ``modulus`` is below 2.

    Source: derived (Moebius inversion over subsets).
    """
    _refuse_bad_modulus(modulus)
    coefficients = eigenvalues.copy()
    for axis in range(3):
        low, high = np.split(coefficients, 2, axis=axis)
        coefficients = np.concatenate([low - high, high], axis=axis)
    return coefficients / _constant_weights(modulus)


def expected_tangent_coefficients(
    hidden_variance: float, readout_variance: float, *, hidden_kurtosis: float
) -> Float[np.ndarray, "2 2 2"]:
    r"""Return the expected tangent kernel of the quadratic network, per hidden node.

    $$K = \delta_c\left\{s_W^4\left[4 + (\kappa_W-1)(\delta_a+\delta_b) + 4\delta_a\delta_b\right]
      + 4 s_V^2 s_W^2\left[\delta_a + \delta_b + 2\delta_a\delta_b\right]\right\}$$

    for independent weights of zero mean, without skew in the hidden layer. The first part comes
    from training $V$, the second from training $Q$ and $R$.

    Parameters
    ----------
    hidden_variance, readout_variance
        $s_W^2 > 0$ and $s_V^2 \ge 0$.
    hidden_kurtosis
        $\kappa_W = \mathbb E w^4/s_W^4 \ge 1$: 9/5 for uniform, 3 for Gaussian weights.

    Returns
    -------
    Coefficients for :func:`delta_gram`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [mohamadi2024kernel, App. B.3] for the part of $V$; the whole derived (derivation
    expected-tangent-kernel).

    >>> expected_tangent_coefficients(1.0, 0.5, hidden_kurtosis=3.0)[..., 1].tolist()
    [[4.0, 4.0], [4.0, 8.0]]
    """
    if hidden_variance <= 0:
        raise ValueError(f"hidden_variance must be positive, got {hidden_variance}")
    if readout_variance < 0:
        raise ValueError(f"readout_variance must be at least 0, got {readout_variance}")
    if hidden_kurtosis < 1:
        raise ValueError(
            f"hidden_kurtosis must be at least 1, got {hidden_kurtosis}; Gaussian weights have 3"
        )
    squared, crossed = hidden_variance**2, 4 * readout_variance * hidden_variance
    single = (hidden_kurtosis - 1) * squared + crossed
    coefficients = np.zeros((2, 2, 2))
    coefficients[..., 1] = [[4 * squared, single], [single, 4 * squared + 2 * crossed]]
    return coefficients


def tangent_gram(
    first: Float[np.ndarray, "modulus width"],
    second: Float[np.ndarray, "modulus width"],
    readout: Float[np.ndarray, "modulus width"],
    inputs: Int[np.ndarray, "rows 3"],
    other: Int[np.ndarray, "columns 3"] | None = None,
) -> Float[np.ndarray, "rows columns"]:
    r"""Return the tangent kernel of the quadratic network at given weights.

    $$K = \sum_k \delta_c\,(Q_{ak}+R_{bk})^2(Q_{a'k}+R_{b'k})^2
      + 4\,(\delta_a+\delta_b)\,V_{ck}V_{c'k}(Q_{ak}+R_{bk})(Q_{a'k}+R_{b'k}) .$$

    Parameters
    ----------
    first, second, readout
        $Q$, $R$, $V$.
    inputs, other
        Triples; ``other`` is ``inputs`` by default.

    Cost: two matrix products of rows x width x columns. Source: [mohamadi2024kernel, App. B.3].
    """
    other = inputs if other is None else other
    left = first[inputs[:, 0]] + second[inputs[:, 1]]
    right = first[other[:, 0]] + second[other[:, 1]]
    a, b, c = ((inputs[:, [i]] == other[:, i][None, :]).astype(np.float64) for i in range(3))
    through_readout = c * (left**2 @ (right**2).T)
    backpropagated = (left * readout[inputs[:, 2]]) @ (right * readout[other[:, 2]]).T
    return through_readout + 4 * (a + b) * backpropagated


def interpolation_width(
    num_samples: int,
    largest_class: int,
    *,
    failure_probability: float,
    bound_over_deviation: float = math.sqrt(3),
) -> float:
    r"""Return the width from which the tangent kernel fits all labels with high probability.

    $$h > 4\Bigl(\frac{s}{s_W}\Bigr)^4\rho_c\,\ln\frac n\delta ,$$

    that is $36\,\rho_c\ln(n/\delta)$ for weights that are uniform on $[-s, s]$.

    Parameters
    ----------
    num_samples
        $n \ge 1$ distinct triples.
    largest_class
        $\rho_c$: the largest number of training samples that share one $c$, in $[1, n]$.
    failure_probability
        $\delta\in(0, 1)$.
    bound_over_deviation
        $s/s_W \ge 1$: largest hidden weight in standard deviations, $\sqrt3$ for uniform weights.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Sufficient only: much narrower networks interpolate, too.
    Source: [mohamadi2024kernel, Thm. 3.1].

    >>> round(interpolation_width(100, 10, failure_probability=0.01))
    3316
    """
    if not 1 <= largest_class <= num_samples:
        raise ValueError(f"largest_class must lie in [1, {num_samples}], got {largest_class}")
    if not 0 < failure_probability < 1:
        raise ValueError(f"failure_probability must lie in (0, 1), got {failure_probability}")
    if bound_over_deviation < 1:
        raise ValueError(f"bound_over_deviation must be at least 1, got {bound_over_deviation}")
    return 4 * bound_over_deviation**4 * largest_class * math.log(num_samples / failure_probability)


def tangent_rank(modulus: int, width: int) -> int:
    r"""Return the largest possible rank of the tangent kernel: $\min\{(3p-2)h,\ p^3\}$.

    Each of the $h$ nodes has $3p$ weights, two combinations of which do not change the network:
    $(Q, R, V) \to (sQ, sR, V/s^2)$ and $(Q + t, R - t, V)$. Generic weights attain it.

    Parameters
    ----------
    modulus, width
        $p \ge 2$ and $h \ge 1$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived (derivation tangent-rank); sharpens the $3ph$ of [mohamadi2024kernel, Thm. 3.1].

    >>> tangent_rank(5, 4)
    52
    """
    _refuse_bad_modulus(modulus)
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")
    return min((3 * modulus - 2) * width, modulus**3)


def necessary_width(num_samples: int, modulus: int) -> float:
    r"""Return the width below which some labels of the training set cannot be fitted lazily.

    $$h \ge \frac{n}{3p-2} .$$

    Parameters
    ----------
    num_samples
        $n \ge 1$.
    modulus
        $p \ge 2$.

    Source: derived (:func:`tangent_rank`).

    >>> necessary_width(93, 11)
    3.0
    """
    _refuse_bad_modulus(modulus)
    return num_samples / (3 * modulus - 2)


def published_necessary_width(num_samples: int, modulus: int) -> float:
    r"""Return the same from the plain number of weights, $n/3p$.

    Source: [mohamadi2024kernel, Thm. 3.1].

    >>> published_necessary_width(99, 11)
    3.0
    """
    _refuse_bad_modulus(modulus)
    return num_samples / (3 * modulus)


def kernel_floor(hidden_variance: float, readout_variance: float = 0.0) -> float:
    r"""Return a lower bound on the eigenvalues of the expected kernel, per hidden node.

    $$\lambda_{\min} \ge 4 s_W^4 + 8 s_V^2 s_W^2$$

    on any set of distinct triples: the coefficient of $\delta_a\delta_b\delta_c$, while all other
    terms are positive semidefinite.

    Parameters
    ----------
    hidden_variance, readout_variance
        $s_W^2 > 0$ and $s_V^2 \ge 0$.

    Source: derived; its first term is that of [mohamadi2024kernel, App. B.4].

    >>> kernel_floor(1.0, 0.5)
    8.0
    """
    # The kurtosis does not enter the coefficient of the triple product.
    coefficients = expected_tangent_coefficients(
        hidden_variance, readout_variance, hidden_kurtosis=1.0
    )
    return float(coefficients[1, 1, 1])


def _constant_weights(modulus: int) -> Float[np.ndarray, "2 2 2"]:
    """Return p^(3 - |S|): what a constant function collects from the coordinates outside of S."""
    weights = np.ones((2, 2, 2))
    for index in itertools.product((0, 1), repeat=3):
        weights[index] = float(modulus) ** (3 - sum(index))
    return weights


def _refuse_bad_modulus(modulus: int) -> None:
    if modulus < 2:
        raise ValueError(f"modulus must be at least 2, got {modulus}")
