r"""Train and test loss along gradient descent, averaged over data, teacher and initialization.

Student $S$ and teacher $T$ are $d_{in}\times m$ matrices of entries of variance
$\frac1{2d_{in}m}$ (times $a^2$ for the student), inputs are standard normal, and

$$ S_{n+1} = S_n - \tfrac{2\eta}m\left(\Sigma(S_n-T)-\tfrac1N X^\top\Xi\right)
   -\eta\gamma S_n, \qquad L = \tfrac1m\,\mathbb E\lvert (S_n-T)^\top x\rvert^2 . $$

Along an eigenvector of $\Sigma$ every step multiplies by
$1-2\eta(\frac vm+\frac\gamma2)$. Losses average themselves as $d_{in}\to\infty$; a single draw
differs by about $\sqrt{2/d_{in}}$, by more near $\lambda = 1$ at late times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._arguments import (
    checked_times,
    refuse_negative,
    refuse_no_output,
    refuse_not_positive,
    refuse_not_underparameterized,
    warn_if_unstable,
)
from .marchenko_pastur import Quadrature, quadrature_for_decay, spectral_edges

_TABLE_ENTRIES = 2**22


@dataclass(frozen=True)
class _Setting:
    """What a student learns from, checked."""

    aspect_ratio: float
    num_outputs: int
    student_scale: float
    weight_decay: float
    noise_variance: float

    def __post_init__(self) -> None:
        refuse_not_positive(aspect_ratio=self.aspect_ratio)
        refuse_no_output(self.num_outputs)
        refuse_negative(
            student_scale=self.student_scale,
            weight_decay=self.weight_decay,
            noise_variance=self.noise_variance,
        )

    @property
    def damping(self) -> float:
        """Weight decay in units of the eigenvalues."""
        return self.num_outputs * self.weight_decay / 2


class LossCurves(NamedTuple):
    """Mean squared error per output on the train set, and on fresh inputs with clean targets."""

    train: Float[np.ndarray, "*times"]
    generalization: Float[np.ndarray, "*times"]


def loss_curves(
    times: ArrayLike,
    *,
    aspect_ratio: float,
    num_outputs: int = 1,
    student_scale: float = 1.0,
    weight_decay: float = 0.0,
    noise_variance: float = 0.0,
) -> LossCurves:
    r"""Return both losses along gradient flow.

    $$ L_q = \tfrac1m\,\mathbb E\left[q\left(\tfrac{a^2}2g^2
       + \tfrac12\Bigl(\tfrac{gv+m\gamma/2}{v+m\gamma/2}\Bigr)^2\right)\right], \qquad
       g = e^{-2(v/m+\gamma/2)\tau}, \qquad q = v \text{ or } 1 , $$

    which is $\mathbb E[q\,e^{-4v\tau}]$ for one output without decay. Label noise adds what the
    student fits of it, to the train loss
    $\sigma^2[1-\lambda+\lambda\,\mathbb E(1-vf)^2]$, to the test loss
    $\sigma^2\lambda\,\mathbb E[vf^2]$ with $f = \frac{1-g}{v+m\gamma/2}$.

    Parameters
    ----------
    times
        $\tau = \eta n \ge 0$, learning rate times steps; infinity is allowed.
    aspect_ratio
        $\lambda = d_{in}/N > 0$, parameters of an output over samples; one is allowed.
    num_outputs
        $m \ge 1$.
    student_scale
        $a \ge 0$, standard deviation of the initial student in units of the teacher's.
    weight_decay
        $\gamma \ge 0$ of the term $\gamma S$ in the gradient, as optimizers define it;
        [levi2023linear, Eq. 3] divides it by $m$.
    noise_variance
        $\sigma^2 \ge 0$ of the train targets. Test targets are clean: add $\sigma^2$ for noisy
        ones.

    Raises
    ------
    ValueError
        For arguments out of range.

    Cost: an exponential for every time and node, 64 to 65536 nodes depending on the last time.
    Source: [levi2023linear, Eqs. 8, 13, 15]; label noise derived.

    >>> curves = loss_curves([0.0, np.inf], aspect_ratio=2.0)
    >>> curves.train.round(12).tolist(), curves.generalization.round(12).tolist()
    ([1.0, 0.0], [1.0, 0.5])
    """
    setting = _Setting(aspect_ratio, num_outputs, student_scale, weight_decay, noise_variance)
    return _average(*_flow(times, setting), setting)


def effective_modes(
    times: ArrayLike,
    *,
    num_inputs: int,
    aspect_ratio: float,
    num_outputs: int = 1,
    student_scale: float = 1.0,
    weight_decay: float = 0.0,
) -> LossCurves:
    r"""Return how many eigenvectors of the data make up each of the two losses.

    $$ k_q = d_{in}\,\frac{(\mathbb E\,q w)^2}{\mathbb E\,(q w)^2}, \qquad
       L_q = \mathbb E\,q w , $$

    $d_{in}$ at the start of the test loss, few when only the slowest directions are left. Errors of
    several outputs are independent and of equal size only if there are many more modes than
    outputs, see :func:`.effective_outputs`.

    Parameters
    ----------
    times, aspect_ratio, num_outputs, student_scale, weight_decay
        As in :func:`loss_curves`; finite times.
    num_inputs
        $d_{in}$.

    Raises
    ------
    ValueError
        For arguments out of range.

    Source: derived (participation ratio of independent Gaussian modes).

    >>> modes = effective_modes(0.0, num_inputs=100, aspect_ratio=0.5)
    >>> round(modes.train.item(), 6), round(modes.generalization.item(), 6)
    (66.666667, 100.0)
    """
    refuse_not_positive(num_inputs=num_inputs)
    if not np.all(np.isfinite(np.asarray(times))):
        raise ValueError("times must be finite: at the end of training no mode is left")
    setting = _Setting(aspect_ratio, num_outputs, student_scale, weight_decay, 0.0)
    times, (nodes, weights), remaining = _flow(2 * np.asarray(times, np.float64), setting)
    times = times / 2
    squares = _mode_squares(remaining, nodes, times.ravel(), setting)
    found = []
    for q in (nodes, np.ones_like(nodes)):
        largest = np.max(q * squares, axis=1, keepdims=True)
        shares = q * squares / np.where(largest > 0, largest, 1.0)
        found.append(num_inputs * (shares @ weights) ** 2 / (shares**2 @ weights))
    return LossCurves(found[0].reshape(times.shape), found[1].reshape(times.shape))


def discrete_loss_curves(
    steps: ArrayLike,
    *,
    learning_rate: float,
    aspect_ratio: float,
    num_outputs: int = 1,
    student_scale: float = 1.0,
    weight_decay: float = 0.0,
    noise_variance: float = 0.0,
) -> LossCurves:
    r"""Return both losses along gradient descent with finite steps.

    As :func:`loss_curves`, with $g = [1-2\eta(\frac vm+\frac\gamma2)]^n$.

    Parameters
    ----------
    steps
        $n \ge 0$, whole numbers.
    learning_rate
        $\eta > 0$.
    aspect_ratio, num_outputs, student_scale, weight_decay, noise_variance
        As in :func:`loss_curves`.

    Raises
    ------
    ValueError
        For arguments out of range.

    Warns
    -----
    UserWarning
        If the learning rate is beyond $2/\left[\frac2m(1+\sqrt\lambda)^2+\gamma\right]$, where
        gradient descent diverges.

    Source: derived (derivation decaying-difference); the limit of small steps is
    [levi2023linear, Eqs. 8, 13, 15].

    >>> curves = discrete_loss_curves([0, 1], learning_rate=0.1, aspect_ratio=0.5)
    >>> curves.generalization.round(9).tolist()
    [1.0, 0.66]
    """
    steps = checked_times(steps, "steps")
    if np.any(steps != np.floor(steps)) or not np.all(np.isfinite(steps)):
        raise ValueError(f"steps must be whole numbers, got {steps}")
    refuse_not_positive(learning_rate=learning_rate)
    setting = _Setting(aspect_ratio, num_outputs, student_scale, weight_decay, noise_variance)
    curvature = 2 * spectral_edges(aspect_ratio)[1] / num_outputs + weight_decay
    warn_if_unstable(learning_rate, curvature)
    rule = quadrature_for_decay(
        aspect_ratio, rate=4 * learning_rate * steps.max(initial=0.0) / num_outputs
    )

    def remaining(rates: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        return (1 - 2 * learning_rate * rates) ** chosen[:, None]

    return _average(steps, rule, remaining, setting)


def bessel_train_loss(times: ArrayLike, *, aspect_ratio: float) -> Float[np.ndarray, "*times"]:
    r"""Return the train loss of one output without decay in closed form.

    $$ L_{train} = e^{-(1+\lambda)s}\,\frac{I_1(2\sqrt\lambda s)}{\sqrt\lambda s}, \qquad
       s = 4\tau, \qquad L_{gen} = 1-\int_0^s L_{train}\,ds' . $$

    It is the density of the busy period of an M/M/1 queue with arrival rate $\lambda$ and service
    rate one, and $L_{gen}$ the probability that the server is still busy.

    Raises
    ------
    ValueError
        For arguments out of range.

    Source: [levi2023linear, Eq. 9] (a hypergeometric function there); derivation bessel-moments.

    >>> bessel_train_loss([0.0, 1.0], aspect_ratio=1.0).round(6).tolist()
    [1.0, 0.033536]
    """
    from scipy.special import ive

    refuse_not_positive(aspect_ratio=aspect_ratio)
    argument = 4 * np.sqrt(aspect_ratio) * checked_times(times)
    gap = spectral_edges(aspect_ratio)[0] / np.sqrt(aspect_ratio)
    positive = np.where(argument > 0, argument, 1.0)
    shape = ive(1, 2 * positive) * np.exp(-gap * positive) / positive
    return np.where(argument > 0, shape, 1.0)


def critical_generalization_loss(times: ArrayLike) -> Float[np.ndarray, "*times"]:
    r"""Return the test loss at $\lambda = 1$, where it decays as a power of time.

    $$ L_{gen} = e^{-2s}\,[I_0(2s)+I_1(2s)] \simeq \frac1{\sqrt{\pi s}}, \qquad s = 4\tau . $$

    Raises
    ------
    ValueError
        For negative times.

    Source: derived (derivation critical-loss).

    >>> critical_generalization_loss([0.0, 1e8]).round(9).tolist()
    [1.0, 2.8209e-05]
    """
    from scipy.special import ive

    argument = 8 * checked_times(times)
    return np.asarray(ive(0, argument) + ive(1, argument))


def late_loss_curves(times: ArrayLike, *, aspect_ratio: float) -> LossCurves:
    r"""Return both losses of one output at late times.

    $$ L_{train} \simeq \frac{e^{-4(1-\sqrt\lambda)^2\tau}}{16\sqrt\pi\,\lambda^{3/4}\tau^{3/2}},
       \qquad L_{gen} \simeq \frac{L_{train}}{(1-\sqrt\lambda)^2} . $$

    The first holds to 0.2 % from $\tau \simeq 50$ on; the second needs
    $\tau(1-\sqrt\lambda)^2\gg1$ and is three times too large at $\lambda = 0.9$, $\tau = 50$.

    Raises
    ------
    ValueError
        For negative times, or $\lambda \ge 1$.

    Source: [levi2023linear, Eq. 11].

    >>> late_loss_curves([1.0], aspect_ratio=0.25).train.round(9).tolist()
    [0.036690666]
    """
    refuse_not_underparameterized(aspect_ratio, law="the late-time law")
    times = checked_times(times)
    gap = spectral_edges(aspect_ratio)[0]
    with np.errstate(divide="ignore"):
        power = 1 / (16 * np.sqrt(np.pi) * aspect_ratio**0.75 * times**1.5)
    train = np.asarray(power * np.exp(-4 * gap * times))
    return LossCurves(train, np.asarray(train / gap))


_Remaining = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _flow(times: ArrayLike, setting: _Setting) -> tuple[np.ndarray, Quadrature, _Remaining]:
    """Return checked times, nodes that resolve them, and the decay along gradient flow."""
    times = checked_times(times)
    finite = times[np.isfinite(times)]
    rule = quadrature_for_decay(
        setting.aspect_ratio,
        rate=4 * finite.max(initial=0.0) / setting.num_outputs,
        pole=setting.damping if len(finite) < times.size else None,
    )

    def remaining(rates: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        # Directions of rate zero stay for ever, also where the time is infinite.
        with np.errstate(invalid="ignore"):
            exponents = np.where(rates > 0, 2 * rates * chosen[:, None], 0.0)
        return np.exp(-exponents)

    return times, rule, remaining


def _average(
    times: np.ndarray, rule: Quadrature, remaining: _Remaining, setting: _Setting
) -> LossCurves:
    """Average over the spectrum, in blocks of times that fit into memory."""
    nodes, weights = rule
    flat, noise, ratio = times.ravel(), setting.noise_variance, setting.aspect_ratio
    found = np.empty((2, len(flat)))
    block = max(1, _TABLE_ENTRIES // len(nodes))
    for start in range(0, len(flat), block):
        chosen = flat[start : start + block]
        squares = _mode_squares(remaining, nodes, chosen, setting)
        train, generalization = squares @ (nodes * weights), squares @ weights
        if noise:
            damped = nodes + setting.damping
            g = remaining(damped / setting.num_outputs, chosen)
            fitted = np.divide(1 - g, damped, out=np.zeros_like(g), where=(damped > 0)[None, :])
            train += noise * (1 - ratio + ratio * ((1 - nodes * fitted) ** 2 @ weights))
            generalization += noise * ratio * (fitted**2 @ (nodes * weights))
        found[:, start : start + block] = train, generalization
    return LossCurves(found[0].reshape(times.shape), found[1].reshape(times.shape))


def _mode_squares(
    remaining: _Remaining, nodes: np.ndarray, times: np.ndarray, setting: _Setting
) -> np.ndarray:
    """Mean square of student minus teacher along every eigenvector, at every time."""
    damped = nodes + setting.damping
    # What weight decay keeps the student away from the teacher, as a share of the teacher.
    missing = np.divide(setting.damping, damped, out=np.zeros_like(nodes), where=damped > 0)
    g = remaining(damped / setting.num_outputs, times)
    squares = setting.student_scale**2 * g**2 + (g + (1 - g) * missing) ** 2
    return squares / (2 * setting.num_outputs)
