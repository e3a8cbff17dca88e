"""The estimate of a learning coefficient: value, error, diagnostics and warnings."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ..samplers._convergence import effective_draws, rank_rhat, with_error

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class LearningCoefficientEstimate:
    r"""Estimate of $\lambda$; prints as `value ± error` with its diagnostics.

    Parameters
    ----------
    draws
        $s\,(L(w)-L(w^*))$ of every draw.
    squared_distances
        $|w-w^*|^2$ of every draw.
    reference_loss
        $L(w^*)$ on all data.
    scale
        $s = n\beta$.
    acceptance
        Mean probability that a Metropolis step would accept the proposals of the chains where they
        ended; for `"mala"`, of all steps. NaN for samplers with momentum or conditioning.
    shares_minibatches
        Whether the chains share the noise of minibatches.
    information_ratio
        Covariance of the gradients of single samples over the curvature, by their traces: one for a
        negative log-likelihood at the truth, less where a network interpolates.
    warnings
        What speaks against the estimate, in full sentences.
    settings
        Of the sampler.
    """

    draws: Float[np.ndarray, "chains draws"]
    squared_distances: Float[np.ndarray, "chains draws"]
    reference_loss: float
    scale: float
    acceptance: float
    shares_minibatches: bool
    information_ratio: float
    warnings: tuple[str, ...]
    settings: dict[str, Any]

    @property
    def value(self) -> float:
        """Mean over chains and draws."""
        return float(self.draws.mean())

    @property
    def per_chain(self) -> Float[np.ndarray, " chains"]:
        """Mean of every chain."""
        return self.draws.mean(axis=1)

    @property
    def standard_error(self) -> float:
        """Standard error of the mean.

        Chains are independent, so their means tell it. Noise of minibatches that all chains share
        does not show between them; where there is any, the error along the mean of the chains is
        taken if it is larger. A single chain has only that one.
        """
        return self._spread()[0]

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        r"""Confidence interval by Student's distribution, of the mean that the sampler aims at.

        Step size, localization and finite $s$ move that mean itself; the interval does not know.

        Raises
        ------
        ValueError
            For a level outside (0, 1).
        """
        if not 0 < level < 1:
            raise ValueError(f"level must lie in (0, 1), got {level}")
        from scipy.special import stdtrit

        error, freedom = self._spread()
        half = float(stdtrit(freedom, (1 + level) / 2)) * error
        return self.value - half, self.value + half

    @property
    def rhat(self) -> float:
        """Rank-normalized split R-hat of the draws."""
        return rank_rhat(self.draws)

    @property
    def effective_sample_size(self) -> float:
        """Independent draws worth as much."""
        return effective_draws(self.draws)

    def to_xarray(self) -> xr.Dataset:
        """Draws over `chain` and `draw`, with the settings as attributes."""
        import xarray as xr

        dims = ("chain", "draw")
        return xr.Dataset(
            {
                "llc": (dims, self.draws),
                "loss": (dims, self.reference_loss + self.draws / self.scale),
                "squared_distance": (dims, self.squared_distances),
            },
            coords={name: np.arange(n) for name, n in zip(dims, self.draws.shape, strict=True)},
            attrs=self.settings
            | {
                "reference_loss": self.reference_loss,
                "information_ratio": self.information_ratio,
                "warnings": list(self.warnings),
            },
        )

    def __str__(self) -> str:
        text = (
            f"{with_error(self.value, self.standard_error)} (R-hat {self.rhat:.3f}, "
            f"{self.effective_sample_size:.0f} effective draws"
        )
        if math.isfinite(self.acceptance):
            text += f", acceptance {self.acceptance:.2f}"
        return "\n".join([text + ")", *(f"  warning: {sentence}" for sentence in self.warnings)])

    def _spread(self) -> tuple[float, float]:
        """Standard error, and its degrees of freedom."""
        num_chains, num_draws = self.draws.shape
        along = batch_means_error(self.draws.mean(axis=0))
        if num_chains == 1:
            return along
        between = float(self.per_chain.std(ddof=1)) / math.sqrt(num_chains), num_chains - 1.0
        if self.shares_minibatches and along[0] > between[0]:
            return along
        return between


def batch_means_error(trace: Float[np.ndarray, " draws"]) -> tuple[float, float]:
    """Standard error of the mean of a correlated trace by means of 20 batches, and its freedom."""
    count = min(20, len(trace) // 2)
    if count < 2:
        return math.nan, 1.0
    length = len(trace) // count
    means = trace[len(trace) - count * length :].reshape(count, length).mean(axis=1)
    return float(means.std(ddof=1)) / math.sqrt(count), count - 1.0
