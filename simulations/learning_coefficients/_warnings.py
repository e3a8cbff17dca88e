"""What speaks against an estimate of a learning coefficient."""

import math

import numpy as np
from jaxtyping import Float

from .results import LearningCoefficientEstimate


def warnings_of(
    result: LearningCoefficientEstimate,
    *,
    gain: float,
    growth: float,
    heating: float,
    too_hot: float,
) -> tuple[str, ...]:
    """Say what speaks against an estimate.

    Parameters
    ----------
    result
        Without warnings.
    gain
        What a step downhill from the parameters gains, in temperatures.
    growth
        Loss of all samples together over the mean of their losses.
    heating, too_hot
        Relative excess of the variance of the stiffest mode by noise of minibatches, and by the
        length of the steps.
    """
    found = []
    if growth > 1.5:
        found.append(
            "not a log-likelihood: the loss grows with the number of samples; return the loss of "
            "every sample, or their mean"
        )
    if not gain <= 0.5:
        found.append(
            f"not a minimum: one step downhill gains {gain:.2g} temperatures; train further"
        )
    elif result.information_ratio > 2:
        found.append(
            f"not a log-likelihood: noise of its gradients is {result.information_ratio:.2g} times "
            "its curvature; divide a squared error by twice the variance of the noise"
        )
    if not np.isfinite(result.draws).all():
        found.append("chains diverged: lower step_size")
        return tuple(found)
    if result.value < 0:
        found.append("negative: chains found lower losses; train further or raise localization")
    if not too_hot <= 0.1:
        found.append(
            f"step_size is long for the curvature: the stiffest modes are too hot by {too_hot:.0%}"
        )
    if heating > 0.1:
        found.append(
            f"noise of minibatches heats the stiffest modes by {heating:.0%}: raise batch_size or "
            "lower step_size"
        )
    if _moves_away(result.squared_distances):
        found.append("chains still move away: raise localization or burn_in")
    drift, error = _drift(result)
    if abs(drift) > max(3 * error, 0.1 * abs(result.value)):
        found.append(f"the trace is not flat: it drifts by {abs(drift):.2g}; raise burn_in")
    change, error = change_by_doubling(result)
    if change > max(0.1, 3 * error):
        found.append(
            f"depends on the localization: twice as much lowers it by {change:.0%} to first "
            "order; lower localization"
        )
    if not result.effective_sample_size >= 100:
        found.append(f"few draws: {result.effective_sample_size:.0f} effective ones")
    elif result.standard_error > 0.1 * abs(result.value):
        found.append(f"few draws: the error is {result.standard_error / abs(result.value):.0%}")
    if result.rhat > 1.05:
        found.append(f"chains disagree: R-hat {result.rhat:.3f}")
    return tuple(found)


def _drift(result: LearningCoefficientEstimate) -> tuple[float, float]:
    """Mean of the last quarter of the draws less that of the first, and the error of it."""
    quarters = np.array_split(result.draws, 4, axis=1)
    drifts = quarters[3].mean(axis=1) - quarters[0].mean(axis=1)
    if len(drifts) < 4 or result.shares_minibatches:  # the chains do not tell
        return float(drifts.mean()), math.sqrt(8) * result.standard_error
    return float(drifts.mean()), float(drifts.std(ddof=1)) / math.sqrt(len(drifts))


def change_by_doubling(result: LearningCoefficientEstimate) -> tuple[float, float]:
    r"""Relative change of the estimate by twice the localization, to first order, and its error.

    $-d\hat\lambda/d\ln\gamma$ is the covariance of the two parts of $U$, $s(L(w)-L(w^*))$ and
    $\gamma|w-w^*|^2/2$: none where the loss is flat, or far stiffer than the localization.
    """
    if len(result.draws) < 4 or not result.value > 0:  # the chains do not tell
        return 0.0, 0.0
    wells = result.settings["localization"] / 2 * result.squared_distances
    pairs = zip(result.draws, wells, strict=True)
    covariances = np.array([np.cov(draws, well)[0, 1] for draws, well in pairs])
    factor = math.log(2) / result.value
    error = covariances.std(ddof=1) / math.sqrt(len(covariances))
    return factor * float(covariances.mean()), factor * float(error)


def _moves_away(squares: Float[np.ndarray, "chains draws"]) -> bool:
    """Whether the distance grows from the second to the last quarter, beyond what chance does."""
    quarters = np.array_split(squares, 4, axis=1)
    before, growth = quarters[1].mean(), (quarters[3].mean(axis=1) - quarters[1].mean(axis=1))
    if len(squares) < 4:
        return bool(growth.mean() > before)
    error = growth.std(ddof=1) / math.sqrt(len(squares))
    return bool(growth.mean() > max(0.3 * before, 3 * error))
