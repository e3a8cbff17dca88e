import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from groktheory.validation import (
    Axis,
    Counts,
    Estimate,
    Evidence,
    Exact,
    Form,
    Outcome,
    Prediction,
    Samples,
    judge,
)
from groktheory.validation.judge import compare, decide_points


def samples_around(*means, spread=0.01, seeds=8):
    """Samples with exactly these means and this standard deviation."""
    deviations = np.linspace(-1, 1, seeds)
    deviations *= spread / deviations.std(ddof=1)
    return Samples(np.array(means) + deviations[:, None])


MEASUREMENTS = {
    "exact": lambda value: Exact([value], error=1e-9),
    "t": lambda value: samples_around(value),
    "bootstrap": lambda value: Samples(samples_around(value, seeds=20).values, "bootstrap"),
    "median": lambda value: Samples(samples_around(value, seeds=9).values, "median"),
    "estimate": lambda value: Estimate([value], [0.01], degrees_of_freedom=5),
    "counts": lambda value: Counts([round(4000 * value)], 4000),
}


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (form, kind)
        for form in Form
        for kind in MEASUREMENTS
        if form is not Form.EVENT_RATE or kind == "counts"
    ],
)
def test_every_form_and_measurement_can_end_in_every_outcome(form, kind):
    def outcome(measured, tolerance):
        evidence = Evidence(
            "number",
            form,
            Prediction(0.5, tolerance),
            MEASUREMENTS[kind](measured),
            rivals=(Prediction(0.9, label="rival"),),
        )
        return judge(evidence).outcome

    assert outcome(0.5, 0.1) is Outcome.SUPPORTED
    assert outcome(0.8, 0.1) is Outcome.REFUTED
    assert outcome(0.9, 0.1) is Outcome.REFUTED
    # on the border for theory and rival both
    assert outcome(0.7, 0.2) is Outcome.INCONCLUSIVE


def test_bounds_are_judged_on_their_closed_side_only():
    above = Prediction.at_least(0.0, label="grows")
    flat = Prediction.at_most(0.0, label="shrinks")
    for measured, outcome in ((1.0, "supported"), (-1.0, "refuted"), (0.0, "inconclusive")):
        evidence = Evidence("slope", Form.ORDERING, above, samples_around(measured), rivals=(flat,))
        assert judge(evidence).outcome == outcome


def test_an_undetermined_number_is_never_supported_nor_refuted():
    for measurement in (Estimate([0.5], [math.inf]), Samples([0.5]), Samples([9.0])):
        evidence = Evidence(
            "x", Form.LAW, Prediction(0.5, 0.1), measurement, rivals=(Prediction(5.0),)
        )
        verdict = judge(evidence)
        assert verdict.outcome is Outcome.INCONCLUSIVE and verdict.seeds_needed is None


def test_every_rival_must_fall():
    def verdict(*rivals):
        theory = Prediction(1.0, 0.1)
        return judge(Evidence("x", Form.LAW, theory, samples_around(1.0), rivals=rivals))

    far, near = Prediction(2.0, label="far"), Prediction(1.05, label="near")
    assert verdict(far).outcome is Outcome.SUPPORTED
    assert verdict(far).reason == "inside the accepted region; rejects 'far'"
    assert verdict(far, near).outcome is Outcome.INCONCLUSIVE
    assert verdict(far, near).reason == "does not reject 'near'"
    assert verdict(far, near).seeds_needed is None  # the estimate lies in the rival's region


def test_one_point_off_refutes_a_curve_and_is_named():
    evidence = Evidence(
        "x",
        Form.CURVE,
        Prediction([1.0, 2.0, 3.0], 0.1),
        samples_around(1.0, 2.5, 3.0),
        rivals=(Prediction(0.0),),
        control=Axis("M", (5.0, 7.0, 11.0)),
    )
    verdict = judge(evidence)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.reason == "off the accepted region by 0.4 at M = 7"
    names = dataclasses.replace(evidence, control=Axis("group", ("A", "B", "C")))
    assert judge(names).reason.endswith("at group = B")


def test_the_point_named_is_the_one_that_speaks_against_the_theory():
    measurement = Estimate([9.0, 1.3], [100.0, 0.01])
    comparison = compare(measurement, Prediction([1.0, 1.0], 0.1))
    assert comparison.is_outside and comparison.worst_point == 1
    assert comparison.excess == pytest.approx(0.2)


def test_a_rival_falls_by_a_single_point():
    comparison = compare(samples_around(1.0, 2.0), Prediction([1.0, 5.0], 0.1))
    assert comparison.is_outside and not comparison.is_inside


def piece(measured, rival: float | None = 3.0, **options):
    rivals = () if rival is None else (Prediction(rival, label="rival"),)
    return Evidence(
        options.pop("quantity", "x"),
        Form.LAW,
        Prediction(1.0, 0.1),
        samples_around(measured, **options),
        rivals=rivals,
    )


def test_a_claim_is_as_strong_as_its_weakest_piece():
    good, open_one, bad = piece(1.0), piece(1.1), piece(1.5)
    assert judge([good, good]).outcome is Outcome.SUPPORTED
    assert judge([good, open_one]).outcome is Outcome.INCONCLUSIVE
    assert judge([open_one, bad, good]).outcome is Outcome.REFUTED
    assert judge([good, piece(1.0, seeds=5)]).num_samples == 5
    assert judge([good, piece(1.0, None)]).outcome is Outcome.SUPPORTED


def test_pieces_share_the_risk_of_a_false_refutation():
    # outside at 5 % alone, not at 5 % shared by twenty points
    measured = piece(1.1 + 2.8 * 0.01 / math.sqrt(8))
    assert judge(measured).outcome is Outcome.REFUTED
    others = [piece(1.0) for _ in range(19)]
    assert judge([measured, *others]).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_projected_seeds_decide_and_much_fewer_do_not(spread):
    def verdict(mean, seeds):
        return judge(piece(mean, spread=spread, seeds=seeds))

    for mean, outcome in ((1.04, Outcome.SUPPORTED), (1.2, Outcome.REFUTED)):
        start = verdict(mean, 4)
        assert start.outcome is Outcome.INCONCLUSIVE and start.seeds_needed is not None
        assert f"about {start.seeds_needed} seeds would decide" in start.reason
        assert verdict(mean, start.seeds_needed).outcome is outcome
        assert verdict(mean, start.seeds_needed // 2).outcome is Outcome.INCONCLUSIVE


def test_no_number_of_seeds_beats_the_resolution():
    samples = Samples(samples_around(1.0, spread=0.01, seeds=4).values, resolution=0.2)
    evidence = Evidence("x", Form.LAW, Prediction(1.0, 0.1), samples, rivals=(Prediction(3.0),))
    assert judge(evidence).seeds_needed is None


def test_exact_numbers_need_no_seeds():
    evidence = Evidence(
        "x", Form.IDENTITY, Prediction(1.0, 0.1), Exact([1.1], 0.05), rivals=(Prediction(3.0),)
    )
    verdict = judge(evidence)
    assert verdict.outcome is Outcome.INCONCLUSIVE and verdict.seeds_needed is None


def test_refuses_claims_that_cannot_fail():
    with pytest.raises(ValueError, match="at least one piece of evidence"):
        judge([])
    with pytest.raises(ValueError, match="at least one rival that the data have to reject"):
        judge(piece(1.0, None))
    for alpha in (0.0, 0.5, -1.0):
        with pytest.raises(ValueError, match=r"alpha must lie in \(0, 0.5\), got"):
            judge(piece(1.0), alpha=alpha)
    with pytest.raises(ValueError, match="alpha must lie in"):
        decide_points(Exact([1.0]), (0.0, 2.0), alpha=2.0, comparisons=1)


numbers = st.floats(-3, 3).map(lambda value: round(value, 2))
positive = st.floats(0.05, 2).map(lambda value: round(value, 2))


def draw_curve(data):
    points = data.draw(st.integers(1, 4))

    def several(kind):
        return np.array(data.draw(st.lists(kind, min_size=points, max_size=points)))

    theory = Prediction(several(numbers), (several(positive), several(positive)))
    rival = Prediction(several(numbers), (several(positive), several(positive)), label="rival")
    means = theory.value + several(numbers) / 4
    measurement = samples_around(*means, spread=data.draw(positive), seeds=6)
    try:
        return Evidence("x", Form.CURVE, theory, measurement, rivals=(rival,))
    except ValueError:  # the rival allows everything
        reject()


def transformed(evidence, change, change_tolerance=lambda tolerance: tolerance):
    def moved(prediction):
        return Prediction(
            change(prediction.value), change_tolerance(prediction.tolerance), label="p"
        )

    return Evidence(
        "x",
        Form.CURVE,
        moved(evidence.prediction),
        Samples(change(evidence.measurement.values)),
        rivals=tuple(moved(rival) for rival in evidence.rivals),
    )


@settings(deadline=None)
@given(st.data(), st.integers(-20, 20), st.booleans())
def test_verdict_does_not_depend_on_the_unit(data, exponent, is_flipped):
    evidence = draw_curve(data)
    scale = 2.0**exponent  # a power of two, so that nothing is rounded
    sign = -1 if is_flipped else 1

    def tolerances(pair):
        return tuple(scale * side for side in pair[::sign])

    rescaled = transformed(evidence, lambda values: sign * scale * values, tolerances)
    assert judge(rescaled).outcome is judge(evidence).outcome
    assert judge(rescaled).seeds_needed == judge(evidence).seeds_needed


@settings(deadline=None)
@given(st.data(), st.randoms())
def test_verdict_does_not_depend_on_the_order_of_points(data, random):
    evidence = draw_curve(data)
    order = list(range(len(evidence.measurement.value)))
    random.shuffle(order)

    def change(values):
        return values[..., order]

    shuffled = transformed(evidence, change, lambda pair: tuple(side[order] for side in pair))
    assert judge(shuffled).outcome is judge(evidence).outcome


@settings(deadline=None)
@given(st.data(), st.floats(1.0, 5.0))
def test_a_wider_tolerance_is_never_harder_to_meet(data, factor):
    evidence = draw_curve(data)
    assert evidence.prediction.tolerance is not None
    wider = Prediction(
        evidence.prediction.value, tuple(factor * side for side in evidence.prediction.tolerance)
    )
    narrow = compare(evidence.measurement, evidence.prediction)
    wide = compare(evidence.measurement, wider)
    assert wide.is_inside >= narrow.is_inside
    assert wide.is_outside <= narrow.is_outside
    assert not (wide.is_inside and wide.is_outside)


@settings(deadline=None)
@given(st.data(), st.floats(0.001, 0.2), st.floats(1.0, 2.4))
def test_a_stricter_level_never_decides_more(data, alpha, factor):
    evidence = draw_curve(data)
    strict, lax = judge(evidence, alpha=alpha), judge(evidence, alpha=factor * alpha)
    if strict.outcome is not Outcome.INCONCLUSIVE:
        assert lax.outcome is strict.outcome
