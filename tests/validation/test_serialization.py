import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.validation import (
    Axis,
    Counts,
    Estimate,
    Evidence,
    Exact,
    Finding,
    Form,
    Measurement,
    Panel,
    Prediction,
    Samples,
    Series,
    evidence_from_dict,
    evidence_to_dict,
    finding_from_dict,
    finding_to_dict,
    judge,
)


def through_text(data):
    return json.loads(json.dumps(data, allow_nan=False))


def round_trip(evidence):
    written = evidence_to_dict(evidence)
    again = evidence_from_dict(through_text(written))
    assert evidence_to_dict(again) == written
    return again


def evidence_with(measurement, **options):
    return Evidence(
        "quantity",
        options.pop("form", Form.LAW),
        Prediction(0.1, 0.3),
        measurement,
        rivals=(Prediction(77.0, label="rival", source="[x, Eq. 1]"),),
        **options,
    )


MEASUREMENTS = [
    Exact([0.1, 1 / 3], error=1e-300),
    Samples([[0.1, 2.0], [5e-324, -0.0]], resolution=0.1),
    Samples(np.linspace(0, 1, 20), method="bootstrap"),
    Samples([1.0, 2.0, math.inf], method="median"),
    Counts([0, 3], [7, 9]),
    Estimate([1.0, 2.0], [math.inf, 0.1], degrees_of_freedom=[math.inf, 3], samples=4),
]


@pytest.mark.parametrize("measurement", MEASUREMENTS, ids=lambda m: type(m).__name__)
def test_measurements_come_back_bit_by_bit(measurement):
    again = round_trip(evidence_with(measurement)).measurement
    assert type(again) is type(measurement)
    for confidence in (0.9, 0.99):
        for ours, theirs in zip(
            again.interval(confidence), measurement.interval(confidence), strict=True
        ):
            assert ours.tobytes() == theirs.tobytes()
    assert again.num_samples == measurement.num_samples


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_every_float_survives(values):
    again = round_trip(evidence_with(Exact(values)))
    assert again.measurement.value.tobytes() == np.array(values).tobytes()


def test_open_bounds_labels_and_raw_data_survive():
    series = (
        Series("a", [1.0, 2.0], [math.nan, math.inf], error=[0.1, 0.2], style="line"),
        Series("Infinity", [1.0], [2.0]),
    )
    evidence = Evidence(
        "NaN",
        Form.ORDERING,
        Prediction.at_least([0.5, 1.0]),
        Samples([[1.0, 2.0], [1.5, 2.5]]),
        rivals=(Prediction.at_most(0.0), Prediction(99.0)),
        control=Axis("group", ("NaN", "Infinity"), unit="u"),
        unit="nats",
        note="Infinity",
        panel=Panel("step", "loss", series, x_scale="log"),
    )
    again = round_trip(evidence)
    assert again.prediction.region[1].tolist() == [math.inf, math.inf]
    assert again.rivals[1].tolerance is None
    assert again.control is not None and again.panel is not None
    assert again.control.values == ("NaN", "Infinity") and again.note == "Infinity"
    assert np.isnan(again.panel.series[0].y[0]) and np.isinf(again.panel.series[0].y[1])
    assert again.panel.series[1].label == "Infinity" and again.panel.x_scale == "log"
    assert judge(again) == judge(evidence)


def test_findings_come_back_with_verdict_and_provenance():
    evidence = (
        evidence_with(Samples([[0.1, 0.2], [0.15, 0.2]]), control=Axis("M", (2, 3))),
        evidence_with(Exact(0.1)),
    )
    finding = Finding(
        "paper",
        "claim",
        "statement",
        "[source]",
        "full",
        3,
        evidence,
        judge(evidence),
        math.inf,
        provenance={"jax": "0.10", "shape": (1, 2), "rate": np.float64(0.1)},
        headline=True,
    )
    again = finding_from_dict(through_text(finding_to_dict(finding)))
    assert again.verdict == finding.verdict and again.seconds == math.inf and again.headline
    assert again.provenance == {"jax": "0.10", "shape": [1, 2], "rate": 0.1}
    assert again.to_json() == finding.to_json()
    broken = Finding("p", "c", "s", "", "quick", 0, (), None, 1.0, error="OSError: full")
    assert finding_from_dict(through_text(finding_to_dict(broken))).to_json() == broken.to_json()


def test_refuses_foreign_data():
    data = evidence_to_dict(evidence_with(Exact(0.1)))
    for wrong in ({}, data | {"format": 0}):
        with pytest.raises(ValueError, match="evidence must be in format 1, got .*compute it anew"):
            evidence_from_dict(wrong)
    with pytest.raises(ValueError, match="finding must be in format 1, got None"):
        finding_from_dict({})
    with pytest.raises(ValueError, match="must be one of Exact, Samples, .*, got 'Guess'"):
        evidence_from_dict(data | {"measurement": {"kind": "Guess"}})


def test_refuses_measurements_it_does_not_know():
    class Guess(Measurement):
        @property
        def value(self):
            return np.zeros(1)

        @property
        def standard_error(self):
            return np.zeros(1)

        @property
        def num_samples(self):
            return 1

        def interval(self, confidence):
            return self.value, self.value

    with pytest.raises(TypeError, match="Exact, Samples, Counts, Estimate to be written, got Gue"):
        evidence_to_dict(evidence_with(Guess()))
