"""Evidence in a few words: the cells of tables, in the terminal and on the page."""

from __future__ import annotations

import re

import numpy as np

from .evidence import Evidence, Prediction
from .formatting import format_value
from .judge import compare
from .readable import readable

_MATH = re.compile(r"\$([^$]+)\$")


def math_as_text(text: str) -> str:
    r"""Write the formulas between dollar signs as plain text.

    >>> math_as_text(r"exponent of $n_c/\ln M$ in $M$")
    'exponent of n_c/ln M in M'
    """
    return _MATH.sub(lambda match: readable(match.group(1)), text)


def accepted(prediction: Prediction, point: int | None = None) -> str:
    """Accepted region: `0.25 ± 0.01`, `≥ 0.5`, `[0.2, 0.4]`, or the span of a curve."""
    assert prediction.tolerance is not None
    if point is None and len(prediction.value) > 1:
        low, high = prediction.value.min(), prediction.value.max()
        return f"{low:.3g} to {high:.3g}"
    index = min(point or 0, len(prediction.value) - 1)
    value = prediction.value[index]
    below, above = (side[index] for side in prediction.tolerance)
    if below == above:
        return format_value(value, below)
    if np.isinf(above):
        return f"≥ {value - below:.4g}"
    if np.isinf(below):
        return f"≤ {value + above:.4g}"
    return f"[{value - below:.4g}, {value + above:.4g}]"


def measured(evidence: Evidence) -> str:
    """Measured value and standard error; for a curve, its worst point against the theory."""
    measurement, prediction = evidence.measurement, evidence.prediction
    if len(measurement.value) == 1:
        return measured_at(evidence, 0)
    worst = compare(measurement, prediction).worst_point
    place = f" at {_control_at(evidence, worst)}"
    start = f"{len(measurement.value)} points"
    if prediction.is_bound:
        return f"{start}, worst {measured_at(evidence, worst)}{place}"
    deviation = np.abs(measurement.value - prediction.value)
    farthest = int(np.argmax(deviation))
    error = measurement.standard_error[farthest]
    shown = format_value(deviation[farthest], error, digits=3)
    return f"{start}, max |Δ| = {shown} at {_control_at(evidence, farthest)}"


def measured_at(evidence: Evidence, point: int) -> str:
    """Measured value and standard error at one control point."""
    measurement = evidence.measurement
    return format_value(measurement.value[point], measurement.standard_error[point])


def rivals(evidence: Evidence) -> list[tuple[str, bool]]:
    """Rivals with their value where it is a single one, and whether the data reject them."""
    shown = []
    for rival in evidence.rivals_with_tolerance():
        name = math_as_text(rival.label)
        if len(rival.value) == 1:
            name += f": {accepted(rival) if rival.is_bound else format_value(rival.value[0])}"
        shown.append((name, compare(evidence.measurement, rival).is_outside))
    return shown


def control_names(evidence: Evidence) -> list[str]:
    """Control points as a table shows them."""
    if evidence.control is None:
        return [str(i + 1) for i in range(len(evidence.measurement.value))]
    return [v if isinstance(v, str) else f"{v:.6g}" for v in evidence.control.values]


def _control_at(evidence: Evidence, point: int) -> str:
    name = math_as_text(control_names(evidence)[point])
    if evidence.control is None:
        return f"point {name}"
    unit = f" {evidence.control.unit}" if evidence.control.unit else ""
    return f"{math_as_text(evidence.control.name)} = {name}{unit}"
