"""What a check leaves behind: the claim, its evidence, the verdict, and where it came from."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .evidence import Evidence, Prediction
from .judge import Outcome, Verdict, judge_piece


@dataclasses.dataclass(frozen=True, eq=False)
class Finding:
    """The result of checking one claim of one paper.

    Parameters
    ----------
    paper, claim
        Citation key and name of the claim: `tian2025li2`, `local-maxima`.
    statement, source
        The claim in one sentence, and the equation or theorem it stands on.
    scale, seed
        How large the run was (`quick` or `full`), and the seed that all its randomness grew from.
    evidence, verdict
        The pieces the claim rests on and the judgement; none if the check broke.
    seconds
        Wall time of the check.
    error
        What broke, in one line; `None` for a check that ran to its end.
    provenance
        Versions, commit, device, settings: anything that JSON can hold.
    headline
        Whether the claim is one of those the paper is known for.

    Raises
    ------
    ValueError
        Unless exactly one of `verdict` and `error` is given, or for a verdict without evidence.
    """

    paper: str
    claim: str
    statement: str
    source: str
    scale: str
    seed: int
    evidence: tuple[Evidence, ...]
    verdict: Verdict | None
    seconds: float
    error: str | None = None
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    headline: bool = False

    def __post_init__(self) -> None:
        if (self.verdict is None) == (self.error is None):
            raise ValueError(
                f"{self.name} must have either a verdict or an error, got "
                f"verdict={self.verdict!r} and error={self.error!r}"
            )
        if self.verdict is not None and not self.evidence:
            raise ValueError(f"{self.name} has a verdict but no evidence it could rest on")

    @property
    def name(self) -> str:
        """Paper and claim, as the command line spells them."""
        return f"{self.paper}/{self.claim}"

    @property
    def outcome(self) -> str:
        """`supported`, `refuted`, `inconclusive`, or `broken` for a check that did not finish."""
        return "broken" if self.verdict is None else self.verdict.outcome.value

    @property
    def decisive(self) -> Evidence | None:
        """The piece of evidence that decided: the first of the worst outcome; none if broken."""
        if not self.evidence:
            return None
        order = (Outcome.REFUTED, Outcome.INCONCLUSIVE, Outcome.SUPPORTED)
        return min(self.evidence, key=lambda piece: order.index(self._judge(piece).outcome))

    def _judge(self, piece: Evidence) -> Verdict:
        comparisons = sum(len(each.measurement.value) for each in self.evidence)
        return judge_piece(piece, comparisons=comparisons)

    def to_json(self) -> dict[str, Any]:
        """Summarize for machines, as strictly valid JSON.

        One number stands for one control point, a list for several. `predicted`, `measured`,
        `standard_error`, `tolerance` and `rivals` are those of the decisive piece of evidence;
        `evidence` has them for every piece. `tolerance` is a number where it is the same on both
        sides and `{"below": ..., "above": ...}` where it is not. `null` marks an open side, an
        undetermined error, and whatever a broken check did not get to.
        """
        decisive = self.decisive
        summary = dict.fromkeys(("predicted", "measured", "standard_error", "tolerance"))
        summary |= {"rivals": [], "seeds": None}
        if decisive is not None:
            piece = self._summarize(decisive)
            summary = {name: piece[name] for name in summary}
        return {
            "paper": self.paper,
            "claim": self.claim,
            "statement": self.statement,
            "source": self.source,
            "scale": self.scale,
            "verdict": self.outcome,
            **summary,
            "seconds": _number(self.seconds),
            "reason": None if self.verdict is None else self.verdict.reason,
            "error": self.error,
            "evidence": [self._summarize(piece) for piece in self.evidence],
        }

    def _summarize(self, piece: Evidence) -> dict[str, Any]:
        verdict = self._judge(piece)
        measurement = piece.measurement
        points = len(measurement.value)
        lower, upper = measurement.interval(0.95)
        control = None
        if piece.control is not None:
            control = {
                "name": piece.control.name,
                "unit": piece.control.unit,
                "values": list(piece.control.values),
            }
        return {
            "quantity": piece.quantity,
            "unit": piece.unit,
            "form": piece.form.value,
            "control": control,
            "predicted": _numbers(piece.prediction.value, points),
            "tolerance": _tolerance(piece.prediction, points),
            "label": piece.prediction.label,
            "measured": _numbers(measurement.value, points),
            "standard_error": _numbers(measurement.standard_error, points),
            "interval_95": [_numbers(lower, points), _numbers(upper, points)],
            "seeds": measurement.num_samples,
            "rivals": [
                {
                    "label": rival.label,
                    "source": rival.source,
                    "predicted": _numbers(rival.value, points),
                    "tolerance": _tolerance(rival, points),
                    "rejected": comparison.is_outside,
                }
                for rival, comparison in zip(
                    piece.rivals_with_tolerance(), verdict.rivals, strict=True
                )
            ],
            "verdict": verdict.outcome.value,
            "reason": verdict.reason,
            "note": piece.note,
        }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _numbers(values: np.ndarray, points: int) -> float | None | list[float | None]:
    """One number for one control point, a list for several; what is not finite becomes null."""
    numbers = [_number(value) for value in np.broadcast_to(values, points)]
    return numbers[0] if points == 1 else numbers


def _tolerance(prediction: Prediction, points: int) -> Any:
    assert prediction.tolerance is not None  # evidence refuses a theory without one
    below, above = (_numbers(side, points) for side in prediction.tolerance)
    return below if below == above else {"below": below, "above": above}
