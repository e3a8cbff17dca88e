r"""The judge: three-valued verdicts by equivalence testing.

With the accepted region $[v-\delta_-, v+\delta_+]$ of a prediction and confidence intervals of the
measurement at level $\alpha$:

- *inside*: the $1-2\alpha$ interval of **every** point lies in the region. By the
  intersection-union principle (two one-sided tests a point) a quantity that is really outside is
  called inside with probability at most $\alpha$, however many points there are.
- *outside*: the $1-\alpha/m$ interval of **some** of the $m$ points misses the region
  (Bonferroni), so that a true prediction is called outside with probability at most $\alpha$.
  For a claim on several pieces of evidence $m$ counts the points of all of them.

A claim is *supported* if its theory is inside and every rival is outside, *refuted* if its theory
is outside, *inconclusive* otherwise. A claim that rests on several pieces of evidence is refuted
by any of them and supported only by all. How often each verdict is wrong is measured in
:mod:`groktheory.validation.calibration`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from jaxtyping import Bool
from numpy.typing import ArrayLike

from .evidence import Evidence, Prediction
from .measurements import Exact, Measurement, Samples, student_quantile

ALPHA = 0.05


class Outcome(StrEnum):
    """The three verdicts."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One prediction against the data.

    `worst_point` is the index of the control point that speaks most against the prediction: among
    the points that are outside, else among those that cross the border, else among all, the one
    farthest out. `excess` is its distance from the region (negative: inside), in the unit of the
    quantity.
    """

    label: str
    is_inside: bool
    is_outside: bool
    worst_point: int
    excess: float


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Outcome, reasons in one sentence, and what it would take to decide an open case.

    `seeds_needed` is the projected number of repetitions at which the interval would be narrow
    enough, or `None` where the case is decided or more seeds cannot decide it.
    """

    outcome: Outcome
    reason: str
    theory: Comparison
    rivals: tuple[Comparison, ...]
    num_samples: int
    seeds_needed: int | None = None


def decide_points(
    measurement: Measurement,
    region: tuple[ArrayLike, ArrayLike],
    *,
    alpha: float = ALPHA,
    comparisons: int,
) -> tuple[Bool[np.ndarray, " points"], Bool[np.ndarray, " points"]]:
    """Decide for each point whether it lies inside and whether it lies outside of a region.

    `comparisons` is the number of points that share the risk of a false "outside".

    Raises
    ------
    ValueError
        If `alpha` is not in (0, 0.5).
    """
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie in (0, 0.5), got {alpha}")
    region_lower, region_upper = region
    lower, upper = measurement.interval(1 - 2 * alpha)
    wide_lower, wide_upper = measurement.interval(1 - alpha / comparisons)
    inside = (lower >= region_lower) & (upper <= region_upper)
    outside = (wide_lower > region_upper) | (wide_upper < region_lower)
    return inside, outside


def compare(
    measurement: Measurement,
    prediction: Prediction,
    *,
    alpha: float = ALPHA,
    comparisons: int | None = None,
) -> Comparison:
    """Hold a measurement against one prediction.

    `comparisons` is the number of points that share the risk of a false "outside": the measured
    points, or more if the claim rests on further evidence.

    Raises
    ------
    ValueError
        If `alpha` is not in (0, 0.5).
    """
    inside, outside = decide_points(
        measurement,
        prediction.region,
        alpha=alpha,
        comparisons=comparisons or len(measurement.value),
    )
    excess = _excess(measurement, prediction)
    suspects = outside if np.any(outside) else ~inside if not np.all(inside) else inside
    worst = int(np.argmax(np.where(suspects, excess, -np.inf)))
    return Comparison(
        label=prediction.label,
        is_inside=bool(np.all(inside)),
        is_outside=bool(np.any(outside)),
        worst_point=worst,
        excess=float(excess[worst]),
    )


def judge(evidence: Evidence | Sequence[Evidence], *, alpha: float = ALPHA) -> Verdict:
    """Give the verdict on one piece of evidence, or on a claim that rests on several.

    Raises
    ------
    ValueError
        If there is no evidence, or no piece of it names a rival: such a check cannot fail well.
    """
    pieces = (evidence,) if isinstance(evidence, Evidence) else tuple(evidence)
    if not pieces:
        raise ValueError("a claim must bring at least one piece of evidence")
    if not any(piece.rivals for piece in pieces):
        raise ValueError("a claim must name at least one rival that the data have to reject")
    comparisons = sum(len(piece.measurement.value) for piece in pieces)
    verdicts = [judge_piece(piece, alpha=alpha, comparisons=comparisons) for piece in pieces]
    if len(verdicts) == 1:
        return verdicts[0]
    for outcome in (Outcome.REFUTED, Outcome.INCONCLUSIVE):
        failing = [i for i, verdict in enumerate(verdicts) if verdict.outcome is outcome]
        if failing:
            decisive = verdicts[failing[0]]
            reason = "; ".join(f"{pieces[i].quantity}: {verdicts[i].reason}" for i in failing)
            needed = [verdicts[i].seeds_needed for i in failing]
            return dataclasses.replace(
                decisive,
                reason=reason,
                seeds_needed=None if None in needed else max(n for n in needed if n is not None),
            )
    return dataclasses.replace(
        verdicts[0],
        reason="; ".join(
            f"{p.quantity}: {v.reason}" for p, v in zip(pieces, verdicts, strict=True)
        ),
        num_samples=min(verdict.num_samples for verdict in verdicts),
    )


def judge_piece(
    evidence: Evidence, *, alpha: float = ALPHA, comparisons: int | None = None
) -> Verdict:
    """Give the verdict on a single piece of evidence; it may have no rival of its own.

    `comparisons` is the number of measured points of the whole claim, if it has further pieces.
    """
    measurement = evidence.measurement
    comparisons = comparisons or len(measurement.value)
    theory = compare(measurement, evidence.prediction, alpha=alpha, comparisons=comparisons)
    rival_predictions = evidence.rivals_with_tolerance()
    rivals = tuple(compare(measurement, rival, alpha=alpha) for rival in rival_predictions)
    standing = [rival.label for rival in rivals if not rival.is_outside]
    seeds_needed = None
    if theory.is_outside:
        outcome = Outcome.REFUTED
        reason = f"off the accepted region by {theory.excess:.3g}{_at(evidence, theory)}"
    elif theory.is_inside and not standing:
        outcome = Outcome.SUPPORTED
        rejected = ", ".join(repr(rival.label) for rival in rivals)
        reason = "inside the accepted region" + (f"; rejects {rejected}" if rivals else "")
    else:
        outcome = Outcome.INCONCLUSIVE
        if not theory.is_inside:
            reason = (
                f"the interval crosses the border of the accepted region{_at(evidence, theory)}"
            )
        else:
            reason = "does not reject " + ", ".join(repr(label) for label in standing)
        open_rivals = [
            p for p, r in zip(rival_predictions, rivals, strict=True) if not r.is_outside
        ]
        seeds_needed = _seeds_needed(
            measurement,
            None if theory.is_inside else evidence.prediction,
            open_rivals,
            alpha=alpha,
            comparisons=comparisons,
        )
        if seeds_needed is not None:
            reason += f"; about {seeds_needed} seeds would decide"
    return Verdict(outcome, reason, theory, rivals, measurement.num_samples, seeds_needed)


def _at(evidence: Evidence, comparison: Comparison) -> str:
    if evidence.control is None or len(evidence.control.values) == 1:
        return ""
    value = evidence.control.values[comparison.worst_point]
    shown = value if isinstance(value, str) else f"{value:g}"
    return f" at {evidence.control.name} = {shown}"


def _seeds_needed(
    measurement: Measurement,
    theory: Prediction | None,
    rivals: Sequence[Prediction],
    *,
    alpha: float,
    comparisons: int,
) -> int | None:
    """Project the repetitions that would decide the open cases, if the estimates stay put.

    An interval shrinks as 1/sqrt(n); it must become shorter than the distance from the estimate
    to the border of the region. A theory with an estimate outside falls by its clearest point;
    one with all estimates inside needs its hardest point, and every open rival must fall as well.
    """
    if isinstance(measurement, Exact) or not np.all(np.isfinite(measurement.standard_error)):
        return None

    def refuting(prediction: Prediction, comparisons: int) -> float:
        excess = _excess(measurement, prediction)
        needed = _repetitions(measurement, excess, confidence=1 - alpha / comparisons)
        return float(np.min(needed, where=excess > 0, initial=math.inf))

    if theory is not None and np.any(_excess(measurement, theory) > 0):
        needed = refuting(theory, comparisons)
    else:
        needed = 0.0
        if theory is not None:
            distance = -_excess(measurement, theory)
            needed = float(_repetitions(measurement, distance, confidence=1 - 2 * alpha).max())
        needed = max([needed, *(refuting(rival, len(measurement.value)) for rival in rivals)])
    return int(needed) if math.isfinite(needed) else None


def _excess(measurement: Measurement, prediction: Prediction) -> np.ndarray:
    lower, upper = prediction.region
    return np.maximum(lower - measurement.value, measurement.value - upper)


def _repetitions(
    measurement: Measurement, distance: np.ndarray, *, confidence: float
) -> np.ndarray:
    """Repetitions at which a point's interval gets shorter than `distance`; inf beyond a million.

    What a finer recording would have to remove (the resolution of samples) does not shrink.
    """
    present = measurement.num_samples
    degrees_of_freedom: np.ndarray | float = math.inf
    grid = np.unique(np.ceil(np.geomspace(present + 1, max(1e6, 2 * present), 500)))
    if isinstance(measurement, Samples):
        distance = distance - measurement.resolution
        degrees_of_freedom = grid - 1
    quantile = student_quantile(confidence, degrees_of_freedom)
    half_widths = quantile * np.sqrt(present / grid) * measurement.standard_error[:, None]
    enough = half_widths < distance[:, None]
    return np.where(enough.any(axis=1), grid[enough.argmax(axis=1)], math.inf)
