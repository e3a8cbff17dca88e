r"""Reduced losses over a ladder of norms, and what their shapes say about a run.

Between two rungs a loss is a power of the norm, a straight line in $(\ln w, \ln\ell)$.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from ._arguments import increasing_axis, refuse_not_positive
from .decay import grokking_steps

_TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, eq=False)
class NormLandscape:
    r"""Reduced train and test loss $\tilde\ell(w)$ at the rungs of a ladder of norms.

    Any measure of badness may stand for a loss: the share of wrong answers, say.

    Parameters
    ----------
    norms
        $w > 0$, increasing.
    train_losses, test_losses
        $\tilde\ell_{train}$ and $\tilde\ell_{test}$, non-negative.
    floor
        Smallest loss that can be told from zero, positive; smaller ones count as this much. Half a
        sample for a share of wrong answers.

    Raises
    ------
    ValueError
        For norms that do not increase, losses that are negative, not finite, or not as many, or a
        floor that is not positive.

    Source: [liu2022omnigrok, Eq. 1].

    >>> landscape = NormLandscape(
    ...     np.array([1.0, 2.0, 4.0, 8.0]), np.array([1, 1e-6, 0, 0]), np.array([1, 0.01, 0.1, 1])
    ... )
    >>> landscape.best_norm, round(landscape.critical_norm(0.1), 6)
    (2.0, 4.0)
    """

    norms: Float[np.ndarray, " norms"]
    train_losses: Float[np.ndarray, " norms"]
    test_losses: Float[np.ndarray, " norms"]
    floor: float = _TINY

    def __post_init__(self):
        refuse_not_positive(floor=self.floor)
        increasing_axis(self.norms, "norms", is_positive=True)
        for name in ("train_losses", "test_losses"):
            losses = np.asarray(getattr(self, name))
            if losses.shape != np.shape(self.norms):
                raise ValueError(
                    f"{name} must have one loss a norm, {np.shape(self.norms)}, got {losses.shape}"
                )
            if not np.all((losses >= 0) & np.isfinite(losses)):
                raise ValueError(f"{name} must be finite and non-negative, got {losses}")

    @property
    def best_norm(self) -> float:
        """Rung of the lowest test loss."""
        return float(self.norms[np.argmin(self.test_losses)])

    def train_loss(self, norms: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Reduced train loss between the rungs; constant beyond the ends of the ladder."""
        return self._between(norms, self.train_losses)

    def test_loss(self, norms: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Reduced test loss between the rungs; constant beyond the ends of the ladder."""
        return self._between(norms, self.test_losses)

    def fitting_norm(self, threshold: float) -> float:
        r"""Corner of the L: the norm from which on the train loss is at most a threshold.

        Coming from large norms. Infinite if the last rung does not fit, 0 if every one does.

        Raises
        ------
        ValueError
            If the threshold is not positive.
        """
        refuse_not_positive(threshold=threshold)
        fits = self.train_losses <= threshold
        return self._edge(self.train_losses, threshold, fits, start=-1) if fits[-1] else math.inf

    def critical_norm(self, threshold: float) -> float:
        r"""Norm $w_c$ at which a run that comes from large norms begins to generalize.

        The largest norm at which the test loss comes down to the threshold. Infinite if the last
        rung generalizes already, 0 if none does.

        Parameters
        ----------
        threshold
            Test loss of a network that counts as generalizing, positive.

        Raises
        ------
        ValueError
            If the threshold is not positive.

        Source: [liu2022omnigrok, Sec. 2], with the threshold said explicitly.
        """
        refuse_not_positive(threshold=threshold)
        fails = self.test_losses > threshold
        return self._edge(self.test_losses, threshold, fails, start=-1) if fails[-1] else math.inf

    def goldilocks_zone(self, factor: float) -> tuple[float, float]:
        r"""Interval of norms around the best one with a test loss within a factor of the lowest.

        An end is 0 or infinite where the zone reaches the end of the ladder.

        Raises
        ------
        ValueError
            If the factor is not above 1.

        Source: [liu2022omnigrok, Sec. 2], with the factor said explicitly.

        >>> landscape = NormLandscape(
        ...     np.array([1.0, 2.0, 4.0, 8.0]), np.zeros(4), np.array([1, 0.01, 0.1, 1])
        ... )
        >>> [round(end, 3) for end in landscape.goldilocks_zone(10)]
        [1.414, 4.0]
        """
        if not 1 < factor < math.inf:
            raise ValueError(f"factor must be finite and above 1, got {factor}")
        best = int(np.argmin(self.test_losses))
        threshold = factor * max(float(self.test_losses[best]), self.floor)
        is_good = self.test_losses <= threshold
        lower, upper = (
            self._edge(self.test_losses, threshold, is_good, start=best, direction=direction)
            for direction in (-1, 1)
        )
        return lower, upper

    def rise(self, norm: float) -> float:
        r"""Reduced test loss at a norm over the lowest one.

        Raises
        ------
        ValueError
            If the norm is not positive.
        """
        refuse_not_positive(norm=norm)
        lowest = max(float(self.test_losses.min()), self.floor)
        return float(self.test_loss(np.array(norm))) / lowest

    def grokking_steps(
        self, initial_norm: float, *, threshold: float, learning_rate: float, weight_decay: float
    ) -> float:
        r"""Number of steps after which a run from $w_0$ generalizes, from the landscape alone.

        The time :func:`.grokking_steps` to the critical norm at a threshold of the test loss.
        Infinite without decay from above the critical norm, zero from below it.

        Raises
        ------
        ValueError
            For numbers out of range.

        Source: [liu2022omnigrok, Sec. 2].
        """
        return grokking_steps(
            initial_norm,
            self.critical_norm(threshold),
            learning_rate=learning_rate,
            weight_decay=weight_decay,
        )

    def _edge(
        self,
        losses: Float[np.ndarray, " norms"],
        threshold: float,
        holds: Bool[np.ndarray, " norms"],
        *,
        start: int,
        direction: Literal[-1, 1] = -1,
    ) -> float:
        """Where a loss first crosses the threshold on the way from a rung at which `holds` is true.

        0 or infinite if it holds up to the end of the ladder.
        """
        index = start % len(holds)
        while holds[index]:
            index += direction
            if not 0 <= index < len(holds):
                return 0.0 if direction < 0 else math.inf
        pair = [index - direction, index]
        (first, second), (from_loss, to_loss) = np.log(self.norms[pair]), self._log(losses[pair])
        share = (math.log(threshold) - from_loss) / (to_loss - from_loss)
        return float(np.exp(first + share * (second - first)))

    def _between(
        self, norms: Float[np.ndarray, "..."], losses: Float[np.ndarray, " norms"]
    ) -> Float[np.ndarray, "..."]:
        return np.asarray(np.exp(np.interp(np.log(norms), np.log(self.norms), self._log(losses))))

    def _log(self, losses: Float[np.ndarray, " _"]) -> Float[np.ndarray, " _"]:
        return np.log(np.maximum(losses, self.floor))
