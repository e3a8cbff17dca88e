r"""Short length scales: where the error is low, the complexity high, and what pulls out of there.

For $\ell\to0$ the kernel matrix is $s\,I$: every target is fitted by a function of its own. To the
next order in $\ell$ only pairs of inputs within a length scale count, and their number is
proportional to $\ell^D$. Summed over all such pairs, the complexity always pulls $\ln\ell$ up. The
data fit does so at a small signal only: at a large one it would rather have the two noisy targets
of a pair told apart, and pushes the length scale down.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class ShortScaleLimit(NamedTuple):
    """Terms of the likelihood per sample, and mean squared errors, in the limit of no length."""

    data_fit: float
    complexity: float
    train_error: float
    test_error: float


def short_scale_limit(
    *, signal: float, noise: float, train_variance: float, test_variance: float
) -> ShortScaleLimit:
    r"""Return the terms of the likelihood and the errors for $\ell\to0$.

    $$ \text{fit} = \frac{\langle r^2\rangle}{2(s+\nu)}, \quad
       \text{complexity} = \tfrac12\ln(s+\nu), \quad
       E_\text{train} = \Bigl(\frac\nu{s+\nu}\Bigr)^2\langle r^2\rangle, \quad
       E_\text{test} = \langle r_*^2\rangle . $$

    With $s\gg\nu$ the error is low and the complexity high, with $s\ll\nu$ the other way round;
    the test error is that of predicting $m$ everywhere in both cases.

    Parameters
    ----------
    signal, noise
        $s > 0$ and $\nu \ge 0$.
    train_variance, test_variance
        $\langle r^2\rangle$, mean square of $y - m$ over train and test samples.

    Raises
    ------
    ValueError
        If an argument is negative or the signal is not positive.

    Source: derived (derivation short-scale-limit).

    >>> limit = short_scale_limit(signal=99.0, noise=1.0, train_variance=2.0, test_variance=3.0)
    >>> round(limit.data_fit, 9), round(limit.train_error, 9), limit.test_error
    (0.01, 0.0002, 3.0)
    """
    if not signal > 0 or min(noise, train_variance, test_variance) < 0:
        raise ValueError(
            "signal must be positive, noise and variances at least 0, got "
            f"{signal}, {noise}, {train_variance}, {test_variance}"
        )
    total = signal + noise
    return ShortScaleLimit(
        data_fit=train_variance / (2 * total),
        complexity=math.log(total) / 2,
        train_error=(noise / total) ** 2 * train_variance,
        test_error=test_variance,
    )


def pair_density(inputs: Float[np.ndarray, "samples dimension"], *, length_scale: float) -> float:
    r"""Return the density of the distances between inputs at zero, smoothed over a length scale.

    $$ \varrho = \frac1{n(n-1)}\sum_{i\ne j}\frac{u_{ij}^2e^{-u_{ij}^2/2}}
       {D\,(2\pi)^{D/2}\,\ell^D} \;\simeq\; \int p(x)^2\,dx, \qquad u = |x_i-x_j|/\ell . $$

    For inputs spread evenly over a line of length $W$ it is $1/W$.

    Raises
    ------
    ValueError
        If the length scale is not positive.

    Source: derived.
    """
    if not length_scale > 0:
        raise ValueError(f"length_scale must be positive, got {length_scale}")
    count, dimension = inputs.shape
    reduced = np.sum((inputs[:, None] - inputs[None]) ** 2, axis=-1) / length_scale**2
    volume = dimension * (2 * math.pi) ** (dimension / 2) * length_scale**dimension
    return float(np.sum(reduced * np.exp(-reduced / 2)) / (count * (count - 1) * volume))


class LengthScalePull(NamedTuple):
    r"""Derivatives by $\ln\ell$ of the two terms; negative values pull the length scale up."""

    data_fit: float
    complexity: float


def length_scale_pull(
    *,
    length_scale: float,
    signal: float,
    noise: float,
    num_samples: int,
    density: float,
    target_variance: float,
    label_noise: float,
    dimension: int = 1,
) -> LengthScalePull:
    r"""Return the mean pull on a short length scale over random inputs.

    With $\varepsilon = s/(s+\nu)$ and the polylogarithm $\mathrm{Li}$,

    $$ \frac{\partial\,\text{complexity}}{\partial\ln\ell} =
         -\frac{N\pi^{D/2}}4\,\mathrm{Li}_{D/2+1}(\varepsilon^2), \qquad
       \frac{\partial\,\text{fit}}{\partial\ln\ell} = \frac{N(2\pi)^{D/2}}{4(s+\nu)}\Bigl[
         (2\langle f^2\rangle+\sigma^2)\,\mathrm{Li}_{D/2}(-\varepsilon)
         + \sigma^2\,\mathrm{Li}_{D/2}(\varepsilon)\Bigr], \qquad N = (n-1)\,\varrho\,D\,\ell^D . $$

    To first order in the number of pairs within a length scale, $n\varrho\,\ell^D\ll1$, with the
    likelihood of each such pair kept exactly, and for targets that are the same function $f$ at
    both inputs of a pair, plus independent noise.

    Parameters
    ----------
    length_scale, signal, noise
        $\ell, s, \nu > 0$ of the process.
    num_samples
        $n \ge 2$.
    density
        $\varrho = \int p(x)^2\,dx$ of the inputs; $1/W$ if they are uniform on a length $W$.
    target_variance
        $\langle f^2\rangle$ of the targets about the mean of the process, without noise.
    label_noise
        $\sigma^2$, the variance of the noise on the targets.
    dimension
        $D$ of the inputs.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived (derivation pair-pull).

    >>> pull = length_scale_pull(length_scale=1e-3, signal=1e4, noise=1e-6, num_samples=51,
    ...     density=1.0, target_variance=1.0, label_noise=0.0)
    >>> round(float(pull.complexity / (-50e-3 * np.sqrt(np.pi) / 4)), 3)  # zeta(3/2)
    2.612
    """
    if not min(length_scale, signal, noise, density) > 0 or min(target_variance, label_noise) < 0:
        raise ValueError(
            "length_scale, signal, noise and density must be positive, target_variance and "
            f"label_noise at least 0, got {length_scale}, {signal}, {noise}, {density}, "
            f"{target_variance}, {label_noise}"
        )
    if num_samples < 2 or dimension < 1:
        raise ValueError(
            f"num_samples must be at least 2 and dimension at least 1, got {num_samples} and "
            f"{dimension}"
        )
    share = signal / (signal + noise)
    half = dimension / 2
    pairs = (num_samples - 1) * density * dimension * length_scale**dimension
    alike = (2 * target_variance + label_noise) * _polylogarithm(half, -share)
    apart = label_noise * _polylogarithm(half, share)
    return LengthScalePull(
        data_fit=pairs * (2 * math.pi) ** half / (4 * (signal + noise)) * (alike + apart),
        complexity=-pairs * math.pi**half / 4 * _polylogarithm(half + 1, share**2),
    )


def reversal_signal(
    *, noise: float, target_variance: float, label_noise: float, dimension: int = 1
) -> float:
    r"""Return the signal above which the data fit pushes a short length scale down.

    The root in $s$ of

    $$ (2\langle f^2\rangle+\sigma^2)\,\mathrm{Li}_{D/2}(-\varepsilon)
       + \sigma^2\,\mathrm{Li}_{D/2}(\varepsilon) = 0, \qquad \varepsilon = \frac s{s+\nu} . $$

    Training on the data fit alone lets the signal grow without bound, past this value, and so
    never finds a length scale that generalizes. In one dimension
    $s\simeq\nu\,[0.60\,(2\langle f^2\rangle+\sigma^2)/\sigma^2]^2/\pi$.

    Parameters
    ----------
    noise, target_variance, label_noise
        $\nu$, $\langle f^2\rangle$, $\sigma^2 > 0$.
    dimension
        $D$ of the inputs: 1 or 2. Beyond, $\mathrm{Li}_{D/2}(1)$ is finite, and a small label
        noise never reverses the pull.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived (derivation pair-pull).
    """
    from scipy.optimize import brentq

    if not min(noise, target_variance, label_noise) > 0 or dimension not in (1, 2):
        raise ValueError(
            "noise, target_variance and label_noise must be positive and dimension 1 or 2, got "
            f"{noise}, {target_variance}, {label_noise}, {dimension}"
        )

    def balance(log_ratio: float) -> float:
        share = 1 / (1 + math.exp(-log_ratio))
        return (2 * target_variance + label_noise) * _polylogarithm(
            dimension / 2, -share
        ) + label_noise * _polylogarithm(dimension / 2, share)

    # In double precision the share differs from one up to a ratio of e^30.
    if balance(30.0) < 0:
        return math.inf
    return noise * math.exp(float(brentq(balance, -20.0, 30.0)))  # pyright: ignore[reportArgumentType]


def _polylogarithm(order: float, argument: float) -> float:
    import sympy as sp

    # Evaluation leaves an imaginary part of the size of its rounding.
    return complex(sp.polylog(sp.Rational(order), sp.Float(argument, 20)).evalf(16)).real
