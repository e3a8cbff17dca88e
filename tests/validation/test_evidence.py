import math

import numpy as np
import pytest

from groktheory.validation import (
    Axis,
    Counts,
    Evidence,
    Exact,
    Form,
    Panel,
    Prediction,
    Samples,
    Series,
)


def test_region_of_symmetric_lopsided_and_open_tolerances():
    assert [side.tolist() for side in Prediction(1.0, 0.5).region] == [[0.5], [1.5]]
    lower, upper = Prediction([1.0, 2.0], ([0.5, 1.0], 0.25)).region
    assert lower.tolist() == [0.5, 1.0] and upper.tolist() == [1.25, 2.25]
    assert Prediction.at_least(2.0).region[1][0] == math.inf
    assert Prediction.at_most([2.0, 3.0]).region[0].tolist() == [-math.inf] * 2
    assert Prediction.at_least(2.0).is_bound and not Prediction(1.0, 0.1).is_bound


def test_a_rival_without_tolerance_is_granted_that_of_the_theory():
    evidence = Evidence(
        "x",
        Form.CURVE,
        Prediction([1.0, 2.0], ([0.1, 0.2], 0.3)),
        Exact([1.0, 2.0]),
        rivals=(Prediction(5.0, label="flat"), Prediction([7.0, 8.0], 0.0)),
    )
    flat, own = evidence.rivals_with_tolerance()
    assert flat.label == "flat" and flat.value.tolist() == [5.0, 5.0]
    assert flat.region[0].tolist() == [4.9, 4.8] and flat.region[1].tolist() == [5.3, 5.3]
    assert own.region[0].tolist() == [7.0, 8.0]


def test_axis_label_and_values():
    axis = Axis("step", np.array([1, 10]), unit="epochs", scale="log")
    assert axis.label == "step [epochs]" and axis.values == (1, 10)
    assert Axis("group", ("S3", "Z7")).label == "group"


THEORY = Prediction(1.0, 0.1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Axis("x", (1.0,), scale="cubic"), "scale must be 'linear' or 'log', got 'cubic'"),
        (lambda: Axis("x", (0.0, 1.0), scale="log"), "a log axis needs positive numbers"),
        (lambda: Axis("x", ("a", "b"), scale="log"), "a log axis needs positive numbers"),
        (lambda: Prediction(np.nan, 1.0), "the predicted value must be finite, got nan"),
        (lambda: Prediction(1.0, -0.1), "tolerance must be >= 0, got -0.1"),
        (lambda: Prediction(1.0, np.nan), "tolerance must be >= 0, got nan"),
        (lambda: Prediction(1.0).region, "'theory' has no tolerance: state one before the run"),
        (lambda: Evidence("q", Form.LAW, Prediction(1.0), Exact(1.0)), "has no tolerance"),
        (
            lambda: Evidence("q", Form.EVENT_RATE, THEORY, Samples([0.5, 0.7])),
            "an event rate is judged on Counts",
        ),
        (
            lambda: Evidence("q", Form.LAW, THEORY, Exact(1.0), control=Axis("x", (1.0, 2.0))),
            "2 control values for 1 measured points of 'q'",
        ),
        (
            lambda: Evidence("q", Form.LAW, Prediction([1.0, 2.0], 0.1), Exact([1.0] * 3)),
            "'theory' predicts 2 points, measured are 3 of 'q'",
        ),
        (
            lambda: Evidence(
                "q", Form.LAW, THEORY, Exact(1.0), rivals=(Prediction(1.0, 0.2, label="vague"),)
            ),
            "rival 'vague' allows everything that 'theory' allows",
        ),
        (lambda: Series("s", [1.0], [1.0], style="bars"), "style must be 'line', 'dashed'"),
    ],
)
def test_refuses_evidence_that_cannot_be_judged(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_event_rates_take_counts_and_panels_carry_raw_data():
    panel = Panel("step", "loss", (Series("run", [1, 2], [3, 4], error=[0.1, 0.2]),))
    evidence = Evidence("rate", Form.EVENT_RATE, Prediction(0.5, 0.2), Counts([5], 10), panel=panel)
    assert evidence.panel is not None
    assert evidence.panel.series[0].x.dtype == np.float64
