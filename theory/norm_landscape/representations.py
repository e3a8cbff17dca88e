r"""Two slow coordinates: the norm of the decoder and the messiness of its inputs.

A representation is mixed from a random and a perfectly ordered one,

$$ R(m) = m\,R_{random}+(1-m)\,R_{linear}, \qquad R_{linear}:\ E_k = (k, 0, \dots, 0) , $$

and the reduced train loss $\tilde\ell(w, m)$ drives both coordinates:

$$ \dot w = -\eta_D\left(\frac{\partial\tilde\ell}{\partial w}+\gamma w\right), \qquad
   \dot m = -\eta_R\,\frac{\partial\tilde\ell}{\partial m} . $$

Where all representations fit, $m$ does not move and the norm decays; at the boundary of the fitted
region the decay pushes the representation to order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._arguments import increasing_axis, refuse_negative, refuse_not_positive

Landscape = Callable[[ArrayLike, ArrayLike], Any]
"""A reduced train loss as a function of norm and messiness, elementwise."""


@dataclass(frozen=True, eq=False)
class MessinessLandscape:
    r"""A reduced train loss $\tilde\ell(w, m)$ measured on a grid; a function of $(w, m)$.

    Smooth and monotone between the points of the grid (Hermite patches in $(\ln w, m)$ with the
    slopes of PCHIP); beyond its ends it goes on with the values of the border.

    Parameters
    ----------
    norms
        $w > 0$, increasing.
    messiness
        $m$, increasing; 0 is order, 1 is random.
    losses
        $\tilde\ell(w, m)$, finite.

    Raises
    ------
    ValueError
        For axes that do not increase, or losses of another shape or not finite.

    Source: [liu2022omnigrok, Sec. 5.1].
    """

    norms: Float[np.ndarray, " norms"]
    messiness: Float[np.ndarray, " messiness"]
    losses: Float[np.ndarray, "norms messiness"]

    def __post_init__(self):
        increasing_axis(self.norms, "norms", is_positive=True)
        increasing_axis(self.messiness, "messiness")
        shape = (len(self.norms), len(self.messiness))
        if self.losses.shape != shape or not np.all(np.isfinite(self.losses)):
            raise ValueError(
                f"losses must be finite, of shape {shape} (norms, messiness), "
                f"got shape {self.losses.shape}"
            )

    def __call__(self, norms: ArrayLike, messiness: ArrayLike) -> Float[np.ndarray, "..."]:
        """Reduced train loss at any norm and messiness."""
        (i, x, width), (j, y, height) = (
            _cells(np.log(self.norms), np.log(norms)),
            _cells(self.messiness, messiness),
        )
        value, in_norm, in_mess, mixed = self._node_slopes
        found = 0.0
        for a, (flat_a, bent_a) in enumerate(_hermite(x)):
            for b, (flat_b, bent_b) in enumerate(_hermite(y)):
                corner = i + a, j + b
                found = found + flat_b * (flat_a * value[corner] + width * bent_a * in_norm[corner])
                found = found + height * bent_b * (
                    flat_a * in_mess[corner] + width * bent_a * mixed[corner]
                )
        return np.asarray(found)

    @cached_property
    def _node_slopes(self) -> tuple[np.ndarray, ...]:
        """Losses at the points of the grid, their slopes along both axes, the mixed slopes."""
        from scipy.interpolate import PchipInterpolator

        def slope(values: np.ndarray, axis: int) -> np.ndarray:
            nodes = (np.log(self.norms), self.messiness)[axis]
            return PchipInterpolator(nodes, values, axis=axis).derivative()(nodes)

        losses = np.asarray(self.losses, np.float64)
        in_norm = slope(losses, 0)
        return losses, in_norm, slope(losses, 1), slope(in_norm, 1)


@dataclass(frozen=True, eq=False)
class ReducedPath:
    """Norm and messiness along a run.

    Attributes
    ----------
    times, norms, messiness : Float[np.ndarray, " times"]
    """

    times: Float[np.ndarray, " times"]
    norms: Float[np.ndarray, " times"]
    messiness: Float[np.ndarray, " times"]


def linear_representation(num_symbols: int, dimension: int) -> Float[np.ndarray, "symbols embed"]:
    r"""Return the ordered representation, $E_k = (k, 0, \dots, 0)$.

    Raises
    ------
    ValueError
        For fewer than one symbol or dimension.

    Source: [liu2022omnigrok, Sec. 5.1].
    """
    for name, value in (("num_symbols", num_symbols), ("dimension", dimension)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    embedding = np.zeros((num_symbols, dimension))
    embedding[:, 0] = np.arange(num_symbols)
    return embedding


def mixed_representation(
    random: Float[np.ndarray, "*shape"], ordered: Float[np.ndarray, "*shape"], messiness: float
) -> Float[np.ndarray, "*shape"]:
    r"""Return $R(m) = m\,R_{random}+(1-m)\,R_{ordered}$.

    Embeddings of symbols, or images: there the ordered ones are constant and equal to their label.

    Raises
    ------
    ValueError
        If the shapes differ, or the messiness is outside [0, 1].

    Source: [liu2022omnigrok, Sec. 5.1, Eq. 7].
    """
    if random.shape != ordered.shape:
        raise ValueError(f"ordered must have the shape {random.shape}, got {ordered.shape}")
    if not 0 <= messiness <= 1:
        raise ValueError(f"messiness must lie in [0, 1], got {messiness}")
    return messiness * random + (1 - messiness) * ordered


def reduced_flow(
    landscape: Landscape,
    start: tuple[float, float],
    times: Float[np.ndarray, " times"],
    *,
    weight_decay: float,
    decoder_rate: float = 1.0,
    representation_rate: float = 1.0,
) -> ReducedPath:
    r"""Solve the reduced dynamics of norm and messiness on any landscape.

    Parameters
    ----------
    landscape
        $\tilde\ell(w, m)$, differentiated numerically: a :class:`MessinessLandscape` or any
        function.
    start
        $(w_0, m_0)$ with $w_0 > 0$.
    times
        Increasing and non-negative; the run starts at 0.
    weight_decay
        $\gamma \ge 0$.
    decoder_rate, representation_rate
        $\eta_D$ and $\eta_R$, positive and non-negative.

    Raises
    ------
    ValueError
        For numbers out of range.
    RuntimeError
        If the integration fails.

    Source: [liu2022omnigrok, Eqs. 4-6].

    >>> flat = lambda w, m: 0 * w
    >>> path = reduced_flow(flat, (2.0, 0.5), np.array([0.0, 1.0]), weight_decay=1.0)
    >>> path.norms.round(4).tolist(), path.messiness.tolist()
    ([2.0, 0.7358], [0.5, 0.5])
    """
    from scipy.integrate import solve_ivp

    initial_norm, messiness = start
    refuse_not_positive(initial_norm=initial_norm, decoder_rate=decoder_rate)
    refuse_negative(weight_decay=weight_decay, representation_rate=representation_rate)
    times = increasing_axis(times, "times")
    if times[0] < 0:
        raise ValueError(f"times must be non-negative, got {times}")

    def velocity(_: float, state: np.ndarray) -> tuple[float, float]:
        log_norm, mess = state
        norm = np.exp(log_norm)
        step = 1e-5
        up, down = np.exp(log_norm + step), np.exp(log_norm - step)
        in_norm = (landscape(up, mess) - landscape(down, mess)) / (up - down)
        in_mess = (landscape(norm, mess + step) - landscape(norm, mess - step)) / (2 * step)
        return (
            -decoder_rate * float(in_norm / norm + weight_decay),
            -representation_rate * float(in_mess),
        )

    found = solve_ivp(
        velocity,
        (0.0, times[-1]),
        [np.log(initial_norm), messiness],
        t_eval=times,
        method="Radau",
        # A longer step could jump from the flat region far behind the wall.
        max_step=0.1 / max(decoder_rate * weight_decay, 0.1 / times[-1]),
        rtol=1e-6,
        atol=1e-8,
    )
    if not found.success:
        raise RuntimeError(f"the run could not be followed to the last time: {found.message}")
    return ReducedPath(times, np.exp(found.y[0]), found.y[1])


def _cells(axis: np.ndarray, values: ArrayLike) -> tuple[Any, Any, Any]:
    """Cell of an axis that holds each value, position inside of it in [0, 1], its width."""
    values = np.asarray(values, np.float64)
    cells = np.clip(np.searchsorted(axis, values, side="right") - 1, 0, len(axis) - 2)
    widths = axis[cells + 1] - axis[cells]
    return cells, np.clip((values - axis[cells]) / widths, 0.0, 1.0), widths


def _hermite(x: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Weights of value and slope at the left and at the right end of a unit interval."""
    return (
        ((1 + 2 * x) * (1 - x) ** 2, x * (1 - x) ** 2),
        (x**2 * (3 - 2 * x), x**2 * (x - 1)),
    )
