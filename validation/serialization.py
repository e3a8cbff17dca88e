"""Evidence and findings as plain dictionaries that survive JSON text without losing a bit.

Python writes a finite float with the shortest digits that read back to the same float, so numbers
pass through JSON exactly; the three floats that JSON lacks travel as the strings `"Infinity"`,
`"-Infinity"` and `"NaN"`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .evidence import Axis, Evidence, Form, Panel, Prediction, Series
from .findings import Finding
from .judge import Comparison, Outcome, Verdict
from .measurements import Counts, Estimate, Exact, Measurement, Samples

FORMAT = 1
_MEASUREMENTS = {kind.__name__: kind for kind in (Exact, Samples, Counts, Estimate)}
_SPECIAL = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}


def evidence_to_dict(evidence: Evidence) -> dict[str, Any]:
    """Turn evidence into dictionaries, lists, strings and finite numbers only.

    Raises
    ------
    TypeError
        For a kind of measurement other than `Exact`, `Samples`, `Counts` and `Estimate`.
    """
    return {
        "format": FORMAT,
        "quantity": evidence.quantity,
        "form": evidence.form.value,
        "prediction": _encode_prediction(evidence.prediction),
        "measurement": _encode_measurement(evidence.measurement),
        "rivals": [_encode_prediction(rival) for rival in evidence.rivals],
        "control": None if evidence.control is None else _encode_fields(evidence.control),
        "unit": evidence.unit,
        "note": evidence.note,
        "panel": None if evidence.panel is None else _encode_panel(evidence.panel),
    }


def evidence_from_dict(data: Mapping[str, Any]) -> Evidence:
    """Rebuild the evidence that `evidence_to_dict` wrote, down to the last bit.

    Raises
    ------
    ValueError
        If the data were written in another format, or by something else.
    """
    _check_format(data, "evidence")
    control, panel = data["control"], data["panel"]
    return Evidence(
        quantity=data["quantity"],
        form=Form(data["form"]),
        prediction=_decode_prediction(data["prediction"]),
        measurement=_decode_measurement(data["measurement"]),
        rivals=tuple(_decode_prediction(rival) for rival in data["rivals"]),
        control=None if control is None else _decode_axis(control),
        unit=data["unit"],
        note=data["note"],
        panel=None if panel is None else _decode_panel(panel),
    )


def finding_to_dict(finding: Finding) -> dict[str, Any]:
    """Turn a finding, its verdict and its evidence into a dictionary ready for JSON."""
    return {
        "format": FORMAT,
        "paper": finding.paper,
        "claim": finding.claim,
        "statement": finding.statement,
        "source": finding.source,
        "scale": finding.scale,
        "seed": finding.seed,
        "evidence": [evidence_to_dict(piece) for piece in finding.evidence],
        "verdict": None if finding.verdict is None else _encode_verdict(finding.verdict),
        "seconds": _encode(finding.seconds),
        "error": finding.error,
        "provenance": _encode(dict(finding.provenance)),
        "headline": finding.headline,
    }


def finding_from_dict(data: Mapping[str, Any]) -> Finding:
    """Rebuild the finding that `finding_to_dict` wrote.

    Raises
    ------
    ValueError
        If the data were written in another format, or by something else.
    """
    _check_format(data, "finding")
    fields = {name: data[name] for name in data if name != "format"}
    verdict = data["verdict"]
    return Finding(
        **{
            **fields,
            "evidence": tuple(evidence_from_dict(piece) for piece in data["evidence"]),
            "verdict": None if verdict is None else _decode_verdict(verdict),
            "seconds": _decode(data["seconds"]),
        }
    )


def _check_format(data: Mapping[str, Any], what: str) -> None:
    if data.get("format") != FORMAT:
        raise ValueError(
            f"{what} must be in format {FORMAT}, got {data.get('format')!r}: compute it anew"
        )


def _encode(value: Any) -> Any:
    """Arrays to lists, NumPy scalars to Python's, floats that JSON lacks to strings."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    return _SPECIAL.get(value, value) if isinstance(value, str) else value


def _encode_fields(instance: Any) -> dict[str, Any]:
    return {
        field.name: _encode(getattr(instance, field.name)) for field in dataclasses.fields(instance)
    }


def _encode_prediction(prediction: Prediction) -> dict[str, Any]:
    return _encode_fields(prediction)


def _decode_prediction(data: Mapping[str, Any]) -> Prediction:
    tolerance = data["tolerance"]
    return Prediction(
        data["value"],
        None if tolerance is None else tuple(_decode(side) for side in tolerance),
        label=data["label"],
        source=data["source"],
    )


def _encode_measurement(measurement: Measurement) -> dict[str, Any]:
    kind = type(measurement).__name__
    if _MEASUREMENTS.get(kind) is not type(measurement):
        raise TypeError(
            f"measurement must be one of {', '.join(_MEASUREMENTS)} to be written, got {kind}"
        )
    return {"kind": kind} | _encode_fields(measurement)


def _decode_measurement(data: Mapping[str, Any]) -> Measurement:
    if data["kind"] not in _MEASUREMENTS:
        raise ValueError(
            f"measurement must be one of {', '.join(_MEASUREMENTS)}, got {data['kind']!r}"
        )
    arguments = {
        # `method` is the one field that is a word
        name: value if name == "method" else _decode(value)
        for name, value in data.items()
        if name != "kind"
    }
    return _MEASUREMENTS[data["kind"]](**arguments)


def _decode_axis(data: Mapping[str, Any]) -> Axis:
    # never decoded: a log or linear axis has no use for infinities, and a label may read "NaN"
    return Axis(data["name"], tuple(data["values"]), unit=data["unit"], scale=data["scale"])


def _encode_panel(panel: Panel) -> dict[str, Any]:
    return _encode_fields(dataclasses.replace(panel, series=())) | {
        "series": [_encode_fields(series) for series in panel.series]
    }


def _decode_panel(data: Mapping[str, Any]) -> Panel:
    series = tuple(
        Series(
            label=one["label"],
            x=_decode(one["x"]),
            y=_decode(one["y"]),
            error=_decode(one["error"]),
            style=one["style"],
        )
        for one in data["series"]
    )
    return Panel(**{**data, "series": series})


def _encode_verdict(verdict: Verdict) -> dict[str, Any]:
    return _encode_fields(dataclasses.replace(verdict, rivals=())) | {
        "outcome": verdict.outcome.value,
        "theory": _encode_fields(verdict.theory),
        "rivals": [_encode_fields(rival) for rival in verdict.rivals],
    }


def _decode_verdict(data: Mapping[str, Any]) -> Verdict:
    return Verdict(
        **{
            **data,
            "outcome": Outcome(data["outcome"]),
            "theory": _decode_comparison(data["theory"]),
            "rivals": tuple(_decode_comparison(rival) for rival in data["rivals"]),
        }
    )


def _decode_comparison(data: Mapping[str, Any]) -> Comparison:
    return Comparison(**{**data, "excess": _decode(data["excess"])})
