r"""Mean of exponential waiting times, some of which are only known to be longer than a limit."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float


@dataclasses.dataclass(frozen=True)
class ExponentialMean:
    """Mean waiting time, with its error; prints as `value ± error`."""

    value: float
    standard_error: float
    lower: float
    upper: float
    num_events: int
    num_censored: int
    confidence: float

    def __str__(self) -> str:
        from ._convergence import with_error

        return with_error(self.value, self.standard_error)


def exponential_mean(
    times: Float[np.ndarray, " walkers"],
    is_censored: Bool[np.ndarray, " walkers"] | None = None,
    *,
    confidence: float = 0.95,
) -> ExponentialMean:
    r"""Maximum-likelihood mean of exponential times: total time over number of events.

    $$\hat\tau = \frac1r\sum_i t_i,\qquad
      \frac{2r\hat\tau}{\chi^2_{1-\alpha/2}}\le\tau\le\frac{2r\hat\tau}{\chi^2_{\alpha/2}},$$

    with $2r$ degrees of freedom, which is exact if nobody was censored. Censoring at a fixed time
    makes the number of events random; the lower end then takes $2r+2$ degrees, so that the
    interval covers at least what it says.

    Parameters
    ----------
    times
        Times of the events, or of the end of the observation, all positive.
    is_censored
        Whether nothing happened until then; nowhere by default.
    confidence
        Of the interval, in (0, 1).

    Returns
    -------
    ExponentialMean
        `value`, `standard_error` $\hat\tau/\sqrt r$, and the interval from `lower` to `upper`. Both
        value and upper end are infinite without any event.

    Raises
    ------
    ValueError
        For times that are not positive, no times, or masks of another shape.

    Source: B. Epstein and M. Sobel (1953).

    >>> print(exponential_mean(np.array([1.0, 2.0, 3.0, 6.0])))
    3.0 ± 1.5
    """
    from scipy.special import gammaincinv

    times = np.asarray(times, np.float64)
    if not times.size or not np.all(np.isfinite(times) & (times > 0)):
        raise ValueError("times must be positive and finite, and at least one")
    is_censored = np.zeros(times.shape, bool) if is_censored is None else np.asarray(is_censored)
    if is_censored.shape != times.shape:
        raise ValueError(
            f"is_censored must have the shape {times.shape} of times, got {is_censored.shape}"
        )
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence}")
    total, events = float(times.sum()), int(np.sum(~is_censored))
    tail = (1 - confidence) / 2
    # Half a chi-square variable of 2r degrees is a gamma variable of shape r.
    lower = total / gammaincinv(events + bool(is_censored.any()), 1 - tail)
    return ExponentialMean(
        value=total / events if events else np.inf,
        standard_error=total / events**1.5 if events else np.inf,
        lower=float(lower),
        upper=total / float(gammaincinv(events, tail)) if events else np.inf,
        num_events=events,
        num_censored=int(is_censored.sum()),
        confidence=confidence,
    )
