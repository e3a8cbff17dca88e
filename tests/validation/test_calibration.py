import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from groktheory.validation import (
    Evidence,
    Form,
    Prediction,
    Samples,
    false_verdicts,
    fit_law,
    judge,
    power,
)
from groktheory.validation.calibration import Scenario, standard_scenarios

FALSE_ALARM = 1e-6  # of each test of a rate; there are a few hundred of them


def exceeds(rate, stated, trials):
    """Whether a rate so high would be rarer than FALSE_ALARM if the truth were as stated."""
    return stats.binom.sf(np.round(rate * trials) - 1, trials, stated) < FALSE_ALARM


def scenarios(*words, without=()):
    return [
        scenario
        for scenario in standard_scenarios()
        if any(word in scenario.name for word in words)
        and not any(word in scenario.name for word in without)
    ]


@pytest.mark.parametrize(
    ("kind", "without", "trials"),
    [
        ("normal, mean", ("log",), 10_000),
        ("median", (), 10_000),
        ("event rate", (), 10_000),
        ("exponent,", (), 150),
    ],
)
def test_wrong_verdicts_are_as_rare_as_stated(kind, without, trials):
    # the t interval of normal data errs in exactly 5 %, so that nothing less strict would do
    result = false_verdicts(
        scenarios(kind, without=without), seeds=(2, 3, 5, 10), trials=trials, random_seed=1
    )
    assert result.supported.shape == (len(result.scenarios), 4, 2)
    assert not np.any(exceeds(result.supported, 0.05, trials))
    assert not np.any(exceeds(result.refuted, 0.05, trials))


def test_the_judge_is_not_merely_silent():
    (normal,) = (s for s in standard_scenarios() if s.name == "normal, mean")
    result = false_verdicts([normal], seeds=(3, 10), trials=10_000)
    assert np.all(result.supported > 0.04) and np.all(result.refuted > 0.02)


def test_uniform_samples_are_nearly_and_skewed_means_not_at_all_safe():
    trials = 10_000
    uniform, exponential, log_normal = scenarios("uniform", "exponential, mean", "log-normal, mean")
    few = false_verdicts([uniform, exponential, log_normal], seeds=(2, 5), trials=trials)
    assert not np.any(exceeds(few.supported[0], 0.08, trials))
    # the table must show the failure, and at the upper border only: the long tail goes unseen
    lower, upper = few.supported[1:, 1].T
    assert np.all(exceeds(upper, 0.05, trials)) and not np.any(exceeds(lower, 0.05, trials))


def test_bootstrap_lessens_the_harm_of_skew():
    bootstrap = standard_scenarios(with_bootstrap=True)[0]
    (student,) = scenarios("exponential, mean")
    rates = false_verdicts([bootstrap, student], seeds=(2, 20), trials=400).supported
    assert np.isnan(rates[0, 0]).all()  # refused with so few seeds
    assert rates[0, 1].max() < rates[1, 1].max() < 0.2


def test_trials_are_judged_as_the_judge_would():
    generator = np.random.default_rng(3)
    (scenario,) = (s for s in standard_scenarios() if s.name == "normal, mean, 5 points")
    for offset in (0.0, 0.95, 1.05):
        offsets = np.full(5, offset)
        data = scenario.measure(generator, seeds=4, trials=40, offsets=offsets)
        assert isinstance(data, Samples)
        inside, outside = scenario.decide(data)
        for trial in range(40):
            part = Samples(data.values[:, 5 * trial : 5 * trial + 5])
            rivals = (Prediction(50.0),)
            theory = Prediction(np.zeros(5), 1.0)
            outcome = judge(Evidence("x", Form.CURVE, theory, part, rivals=rivals)).outcome
            assert (outcome == "supported") == inside[trial]
            assert (outcome == "refuted") == outside[trial]


def test_power_grows_with_seeds_and_falls_with_the_offset():
    result = power(noise=1.0, rival=3.0, seeds=(3, 10, 50), offsets=(0.0, 0.5, 1.0, 2.0))
    slack = 0.03  # of 2000 trials
    assert np.all(np.diff(result.supported[:, :2], axis=0) > -slack)
    assert np.all(np.diff(result.supported, axis=1) < slack)
    assert np.all(np.diff(result.refuted[:, 3]) > -slack)
    assert result.supported[2, 0] > 0.99 and result.refuted[2, 3] > 0.99
    # on the border: neither more often than stated
    assert not np.any(exceeds(result.supported[:, 2], 0.05, result.trials))
    assert not np.any(exceeds(result.refuted[:, :3], 0.05, result.trials))


def test_support_has_the_power_that_theory_gives():
    # two one-sided t tests with the truth in the middle, by integration over s
    noise, seeds, trials = 0.8, 12, 20_000
    measured = power(noise=noise, rival=100.0, seeds=(seeds,), offsets=(0.0,), trials=trials)
    deviation = noise * np.sqrt(stats.chi2.ppf((np.arange(2000) + 0.5) / 2000, seeds - 1))
    deviation /= np.sqrt(seeds - 1)
    room = 1.0 - stats.t.ppf(0.95, seeds - 1) * deviation / np.sqrt(seeds)
    within = 2 * stats.norm.cdf(np.maximum(room, 0) * np.sqrt(seeds) / noise) - 1
    expected = within.mean()
    error = np.sqrt(expected * (1 - expected) / trials)
    assert abs(measured.supported[0, 0] - expected) < 5 * error  # false alarm 6e-7


PLANTED = {
    "ten percent": 1.1,
    "factor two": 2.0,
}


@pytest.mark.parametrize("error", PLANTED.values(), ids=PLANTED)
def test_a_planted_wrong_constant_is_never_supported_once_seeds_suffice(error):
    generator = np.random.default_rng(4)

    def outcomes(seeds):
        for _ in range(60):
            samples = Samples(1.0 + 0.5 * (error - 1.0) * generator.normal(size=seeds))
            theory = Prediction(error, 0.3 * (error - 1.0), label="planted")
            rivals = (Prediction(1.0, label="truth"),)
            yield judge(Evidence("constant", Form.LAW, theory, samples, rivals=rivals)).outcome

    assert set(outcomes(30)) == {"refuted"}
    few = list(outcomes(2))
    assert "inconclusive" in few and "supported" not in few


def test_a_planted_wrong_exponent_is_never_supported():
    generator = np.random.default_rng(5)
    x = np.array([11.0, 23.0, 41.0, 71.0, 127.0])

    def outcomes(seeds):
        for _ in range(40):
            y = 3 * x**-1.0 * np.exp(0.1 * generator.normal(size=(seeds, len(x))))
            evidence = Evidence(
                "exponent",
                Form.LAW,
                Prediction(-1.5, 0.1, label="planted"),
                fit_law(x, y).estimate("exponent"),
                rivals=(Prediction(-1.0, label="truth"),),
            )
            yield judge(evidence).outcome

    assert set(outcomes(8)) == {"refuted"}
    few = list(outcomes(2))
    assert "inconclusive" in few and "supported" not in few


@pytest.mark.parametrize("print_it", [str, lambda result: printed(result)])
def test_results_print_as_tables(print_it):
    table = false_verdicts([*scenarios("uniform")], seeds=(2, 5), trials=200)
    text = print_it(table)
    assert "uniform, mean" in text and "5 seeds" in text and " / " in text
    text = print_it(power(seeds=(2, 5), offsets=(0.0, 1.5), trials=200))
    assert "off by 1.5" in text and "noise 1 and rival" in text


def printed(result):
    console = Console(width=140)
    with console.capture() as capture:
        console.print(result)
    return capture.get()


def test_a_scenario_of_ones_own():
    def draw(generator, seeds, truths):
        return Samples(truths + 0.01 * generator.laplace(size=(seeds, len(truths))))

    result = false_verdicts([Scenario("laplace", draw)], seeds=(5,), trials=10_000)
    assert result.scenarios == ("laplace",) and not np.any(exceeds(result.supported, 0.06, 10_000))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: false_verdicts(seeds=(1, 2)), r"seeds must be at least 2 each, got \[1, 2\]"),
        (lambda: false_verdicts(trials=0), "trials must be at least 1, got 0"),
        (lambda: power(noise=0.0), "noise must be > 0, got 0.0"),
        (lambda: power(seeds=(1,)), "seeds must be at least 2 each"),
        (lambda: power(alpha=0.7), r"alpha must lie in \(0, 0.5\), got 0.7"),
    ],
)
def test_refuses_settings_without_meaning(call, message):
    with pytest.raises(ValueError, match=message):
        call()
