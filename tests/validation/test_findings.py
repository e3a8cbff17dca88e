import json

import pytest

from groktheory.validation import (
    Axis,
    Estimate,
    Evidence,
    Exact,
    Finding,
    Form,
    Prediction,
    Samples,
    judge,
)


def finding(*evidence, **changes):
    settings = {
        "paper": "tian2025li2",
        "claim": "a-claim",
        "statement": "It holds.",
        "source": "[tian2025li2, Thm 1]",
        "scale": "quick",
        "seed": 0,
        "evidence": evidence,
        "verdict": judge(evidence) if evidence else None,
        "seconds": 1.5,
    }
    return Finding(**settings | changes)


NUMBER = Evidence(
    "height", Form.IDENTITY, Prediction(0.25, 0.01), Exact(0.25), rivals=(Prediction(0.0625),)
)
CURVE = Evidence(
    "threshold",
    Form.CURVE,
    Prediction([1.0, 2.0], ([0.1, 0.2], 0.1), label="law"),
    Samples([[1.0, 2.3], [1.02, 2.31], [0.98, 2.29]]),
    rivals=(Prediction([3.0, 3.0], label="flat", source="[x]"),),
    control=Axis("M", (7.0, 11.0), unit="1"),
    note="short",
)
BOUND = Evidence(
    "gain",
    Form.ORDERING,
    Prediction.at_least(0.0),
    Estimate([1.0], [float("inf")]),
    rivals=(Prediction.at_most(0.0),),
)

KEYS = (
    "paper claim statement source scale verdict predicted measured standard_error tolerance rivals "
    "seeds seconds reason error evidence"
).split()


def strict(summary):
    return json.loads(json.dumps(summary, allow_nan=False))


def test_json_of_a_single_number():
    summary = strict(finding(NUMBER).to_json())
    assert list(summary) == KEYS
    assert (summary["verdict"], summary["predicted"], summary["measured"]) == (
        "supported",
        0.25,
        0.25,
    )
    assert summary["tolerance"] == 0.01 and summary["standard_error"] == 0.0
    assert summary["seeds"] == 1 and summary["error"] is None
    assert summary["rivals"] == [
        {"label": "theory", "source": "", "predicted": 0.0625, "tolerance": 0.01, "rejected": True}
    ]
    assert summary["evidence"][0]["quantity"] == "height"


def test_json_of_a_curve_lists_its_points():
    summary = strict(finding(CURVE).to_json())
    assert summary["verdict"] == "refuted" and summary["predicted"] == [1.0, 2.0]
    assert summary["tolerance"] == {"below": [0.1, 0.2], "above": [0.1, 0.1]}
    assert summary["rivals"][0]["tolerance"] == {"below": [0.1, 0.2], "above": [0.1, 0.1]}
    piece = summary["evidence"][0]
    assert piece["control"] == {"name": "M", "unit": "1", "values": [7.0, 11.0]}
    lower, upper = piece["interval_95"]
    assert lower[0] < 1.0 < upper[0] and piece["note"] == "short" and piece["seeds"] == 3
    assert "at M = 11" in summary["reason"]


def test_open_sides_and_unknown_errors_are_null():
    summary = strict(finding(BOUND).to_json())
    assert summary["tolerance"] == {"below": 0.0, "above": None}
    assert summary["standard_error"] is None and summary["verdict"] == "inconclusive"
    assert summary["evidence"][0]["interval_95"] == [None, None]


def test_the_decisive_piece_is_the_first_of_the_worst():
    assert finding(NUMBER, BOUND, CURVE).decisive is CURVE
    assert finding(NUMBER, BOUND).decisive is BOUND
    both = finding(NUMBER, CURVE)
    assert both.to_json()["predicted"] == [1.0, 2.0] and len(both.to_json()["evidence"]) == 2
    assert (both.outcome, both.name) == ("refuted", "tian2025li2/a-claim")


def test_a_broken_check_says_what_broke():
    broken = finding(error="ValueError: no")
    summary = strict(broken.to_json())
    assert list(summary) == KEYS
    assert (summary["verdict"], summary["error"]) == ("broken", "ValueError: no")
    assert summary["predicted"] is None and summary["rivals"] == [] and broken.decisive is None


def test_refuses_a_finding_that_is_neither_judged_nor_broken():
    with pytest.raises(ValueError, match="a-claim must have either a verdict or an error"):
        finding()
    with pytest.raises(ValueError, match="either a verdict or an error"):
        finding(NUMBER, error="broke")
    with pytest.raises(ValueError, match="has a verdict but no evidence it could rest on"):
        finding(NUMBER, evidence=())
