"""Learning coefficients of models whose coefficient is known, their intervals and warnings."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations import samplers
from groktheory.simulations.learning_coefficients import (
    MatrixLoss,
    calibrate,
    llc_along_training,
    snapshots_of,
)
from groktheory.simulations.learning_coefficients._warnings import change_by_doubling
from groktheory.theory import singular

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(1000, 6)).astype(np.float32)
TARGETS = (INPUTS.sum(axis=1) + RANDOM.normal(size=1000)).astype(np.float32)
DATA = (INPUTS, TARGETS)
MINIMUM = jnp.asarray(np.linalg.lstsq(INPUTS, TARGETS, rcond=None)[0], jnp.float32)
EIGENVALUES = np.linalg.eigvalsh(INPUTS.T.astype(np.float64) @ INPUTS / 1000)


def loss(weights, batch):
    inputs, targets = batch
    return (inputs @ weights - targets) ** 2 / 2


def expected(result):
    """Coefficient of the spectrum with what the steps of the sampler do to it."""
    sampler, stiffest = result.settings["sampler"], result.scale * EIGENVALUES.max() + 1
    step = result.settings["step_times_curvature"] / stiffest
    step = {"sghmc": step / 1.9, "sgnht": None, "mala": None}.get(sampler, step)
    return singular.localized_coefficient(
        EIGENVALUES, scale=result.scale, localization=1.0, step_size=step
    )


@pytest.mark.parametrize("sampler", ["sgld", "rmsprop-sgld", "sghmc", "sgnht", "mala"])
def test_regression_has_the_coefficient_of_its_spectrum(key, sampler):
    result = sim.llc(loss, MINIMUM, DATA, sampler=sampler, num_chains=32, num_draws=2000, key=key)
    assert result.scale == pytest.approx(1000 / np.log(1000))
    assert result.value == pytest.approx(
        expected(result), abs=4 * result.standard_error + 0.005 * result.value
    )
    assert result.standard_error < 0.05
    assert not result.warnings
    assert "±" in str(result) and ("acceptance" in str(result)) == (sampler in ("sgld", "mala"))
    assert result.to_xarray()["llc"].dims == ("chain", "draw")


@pytest.mark.parametrize("sampler", ["sgld", "rmsprop-sgld", "sghmc", "sgnht"])
def test_noise_of_minibatches_does_not_count_as_temperature(key, sampler):
    result = sim.llc(
        loss,
        MINIMUM,
        DATA,
        sampler=sampler,
        batch_size=64,
        num_chains=32,
        num_draws=2000,
        record_every=3,
        key=key,
    )
    # What is left is the error of the step, at most 5 % with the default one.
    assert result.value == pytest.approx(
        expected(result), abs=4 * result.standard_error + 0.04 * result.value
    )
    assert not result.warnings


def coverage(expected_value, one, keys):
    bounds = np.array([one(k).interval(0.9) for k in keys])
    return np.mean((bounds[:, 0] <= expected_value) & (expected_value <= bounds[:, 1]))


def regression(key):
    return sim.llc(loss, MINIMUM, DATA, num_draws=400, burn_in=100, key=key)


def test_intervals_cover_and_a_wrong_value_is_not_covered(key):
    keys = jax.random.split(key, 41)
    known = expected(regression(keys[40]))
    keys = jax.random.split(jax.random.key(1), 40)
    assert coverage(known, regression, keys) >= 0.8
    keys = jax.random.split(jax.random.key(1), 40)
    assert coverage(known + 0.5, regression, keys) < 0.5


RANK_SCALE, TARGET = 200.0, np.diag([1.0, 0, 0])
CENTERS = [TARGET[:2].copy(), TARGET[:, :2].copy()]


def exact_reduced_rank(key, num_chains):
    chains = samplers.deep_linear_gibbs(
        TARGET,
        [2],
        scale=RANK_SCALE,
        centers=CENTERS,
        num_sweeps=1000,
        num_chains=num_chains,
        burn_in=100,
        key=key,
    )
    return RANK_SCALE * samplers.estimate(chains, "excess").value


def by_minibatches(key, num_draws=2000):
    return sim.llc(
        loss, MINIMUM, DATA, batch_size=64, num_draws=num_draws, burn_in=400, quiet=True, key=key
    )


def reduced_rank_loss(layers, batch):
    return jnp.sum((layers[1] @ layers[0] - batch[0]) ** 2)


def of_reduced_rank(key):
    return sim.llc(
        reduced_rank_loss,
        CENTERS,
        TARGET[None].astype(np.float32),
        inverse_temperature=RANK_SCALE,
        sampler="mala",
        burn_in=2000,
        record_every=2,
        quiet=True,
        key=key,
    )


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say(key):
    known = expected(regression(jax.random.key(5)))
    measured = coverage(known, regression, jax.random.split(key, 400))
    assert 0.85 <= measured <= 0.95


@pytest.mark.slow
def test_intervals_cover_with_minibatches(key):
    """Chains share the noise: only a long run knows the mean."""
    known = by_minibatches(jax.random.key(5), num_draws=1_000_000)
    assert known.standard_error < 0.01
    measured = coverage(known.value, by_minibatches, jax.random.split(key, 400))
    assert 0.85 <= measured <= 0.95


@pytest.mark.slow
def test_intervals_cover_at_a_singularity(key):
    known = exact_reduced_rank(jax.random.key(5), num_chains=1000)
    measured = coverage(known, of_reduced_rank, jax.random.split(key, 400))
    assert 0.85 <= measured <= 0.95


def test_moments_give_what_the_samples_give(key):
    by_samples = sim.llc(loss, MINIMUM, DATA, batch_size=64, key=key, num_draws=100)
    by_moments = sim.llc(
        MatrixLoss(lambda w: w[None]),
        MINIMUM,
        (INPUTS, TARGETS[:, None]),
        batch_size=64,
        key=jax.random.key(0),
        num_draws=100,
    )
    np.testing.assert_allclose(by_moments.draws, by_samples.draws, rtol=1e-3, atol=1e-3)


def test_reduced_rank_regression_agrees_with_exact_sampling(key):
    known = exact_reduced_rank(key, num_chains=50)
    result = of_reduced_rank(jax.random.key(1))
    assert result.value == pytest.approx(known, abs=4 * result.standard_error + 0.02 * known)


def test_only_the_trainable_parameters_move(key):
    model = eqx.nn.Linear(6, 1, key=key)
    model = eqx.tree_at(lambda m: (m.weight, m.bias), model, (MINIMUM[None], jnp.zeros(1)))
    chosen = eqx.tree_at(lambda m: m.bias, jax.tree.map(lambda _: True, model), False)

    def of_model(model, batch):
        return (jax.vmap(model)(batch[0])[:, 0] - batch[1]) ** 2 / 2

    result = sim.llc(of_model, model, DATA, trainable=chosen, key=jax.random.key(1))
    assert result.value == pytest.approx(expected(result), abs=4 * result.standard_error)


def test_frozen_parameters_do_not_move(key):
    model = [MINIMUM[:3], sim.models.Frozen(MINIMUM[3:])]

    def of_model(model, batch):
        return loss(jnp.concatenate([model[0], model[1].value]), batch)

    result = sim.llc(of_model, model, DATA, num_draws=2000, key=key)
    assert result.value == pytest.approx(1.5, abs=0.15)


def test_a_point_that_is_no_minimum_is_told(key):
    result = sim.llc(loss, MINIMUM + 0.5, DATA, num_draws=100, key=key)
    assert result.warnings[0].startswith("not a minimum")
    assert any(sentence.startswith("negative") for sentence in result.warnings)


def test_a_long_step_is_told(key):
    result = sim.llc(loss, MINIMUM, DATA, step_size=1.0, num_draws=200, key=key)
    assert "diverged" in result.warnings[-1]


WIDE = (INPUTS, 3 * TARGETS)


def valley(weights, batch):
    return (batch[0][:, 0] * weights[0] ** 2) ** 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": lambda w, b: loss(w, b).sum()}, "the loss grows with the number of samples"),
        ({"data": WIDE, "parameters": 3 * MINIMUM}, "noise of its gradients is"),
        ({"batch_size": 4, "step_size": 1e-3}, "noise of minibatches heats the stiffest modes by"),
        ({"step_size": 1e-2}, "step_size is long for the curvature"),
        ({"num_draws": 20, "num_chains": 2}, "few draws: "),
        ({"localization": 100.0, "num_draws": 4000}, "depends on the localization: twice"),
        ({"num_draws": 200, "step_size": 1e-6, "burn_in": 0}, "the trace is not flat"),
        ({"num_draws": 400, "step_size": 2e-6, "burn_in": 10_000}, "chains disagree: R-hat"),
        (
            {
                "loss": valley,
                "parameters": jnp.zeros(40),
                "localization": 0.0,
                "step_size": 1e-3,
            },
            "chains still move away",
        ),
    ],
)
def test_what_speaks_against_an_estimate_is_told(key, caplog, change, sentence):
    options = {"loss": loss, "parameters": MINIMUM, "data": DATA, "key": key} | change
    result = sim.llc(**options)
    assert any(sentence in each for each in result.warnings), result.warnings
    assert sentence in caplog.text
    caplog.clear()
    sim.llc(**options | {"key": jax.random.key(1), "quiet": True})
    assert not caplog.text


def test_change_by_localization_is_that_of_the_spectrum(key):
    result = sim.llc(
        loss,
        MINIMUM,
        DATA,
        localization=100.0,
        sampler="mala",
        num_chains=64,
        num_draws=4000,
        quiet=True,
        key=key,
    )
    stiff = result.scale * EIGENVALUES
    derivative = np.sum(stiff * 100 / (stiff + 100) ** 2) / 2
    exact = np.log(2) * derivative / np.sum(stiff / (stiff + 100) / 2)
    change, error = change_by_doubling(result)
    assert change == pytest.approx(exact, abs=4 * error)
    assert error < 0.02 < exact


def test_more_samples_than_curvatures_need_are_thinned(key):
    """Ten copies of the data: the same curvature, and still their minimum."""
    data = tuple(np.concatenate([each] * 10) for each in DATA)
    settings = {"inverse_temperature": 0.01, "num_draws": 10, "quiet": True, "key": key}
    many = sim.llc(loss, MINIMUM, data, **settings)
    step = many.settings["step_size"]
    assert 0.2 / step == pytest.approx(100 * EIGENVALUES.max() + 1, rel=0.05)
    assert not any("minimum" in sentence for sentence in many.warnings)


@pytest.mark.parametrize(("factor", "ratio"), [(1.0, 1.0), (0.5, 0.5), (4.0, 4.0)])
def test_information_ratio_is_the_factor_of_the_likelihood(key, factor, ratio):
    result = sim.llc(
        lambda w, b: factor * loss(w, b), MINIMUM, DATA, num_draws=10, quiet=True, key=key
    )
    assert result.information_ratio == pytest.approx(ratio, rel=0.25)


def test_calibration_tells_good_cells_from_bad_ones(key):
    cells = calibrate(
        loss, MINIMUM, DATA, step_sizes=[1e-3, 1.0], localizations=[1.0], key=key, num_draws=2000
    )
    assert cells["verdict"].values[0, 0] == "good"
    assert "diverged" in cells["verdict"].values[1, 0]


def test_curve_along_training_has_losses_and_errors(key):
    curve = llc_along_training(
        loss, {5: MINIMUM, 0: MINIMUM + 0.5}, DATA, test_data=DATA, num_draws=100, key=key
    )
    assert list(curve["step"]) == [0, 5]
    np.testing.assert_allclose(curve["train_loss"], curve["test_loss"], rtol=1e-5)
    assert curve["warnings"].values[0].startswith("not a minimum")


def test_curve_counts_its_warnings(key, caplog):
    llc_along_training(loss, {0: MINIMUM + 0.5, 5: MINIMUM}, DATA, num_draws=400, key=key)
    assert "warnings at 1 of 2 snapshots" in caplog.text


def test_snapshots_of_a_run_are_its_models(key):
    def start(key):
        return sim.models.LinearModel(jax.random.normal(key, (6,)))

    run = sim.train(
        init=start,
        task=lambda key: sim.tasks.independent_samples(INPUTS, TARGETS, num_train=900),
        optimizer=sim.optimizers.gradient_descent(0.1),
        loss=sim.squared_error,
        num_steps=300,
        num_seeds=2,
        measures={"parameters": sim.measures.parameters},
        dims={"parameters": ("parameter",)},
        record_steps=[0, 300],
        key=key,
    )
    snapshots = snapshots_of(run.isel(seed=1), start(jax.random.key(0)))
    assert list(snapshots) == [0, 300]
    best = np.linalg.lstsq(INPUTS[:900], TARGETS[:900], rcond=None)[0]
    np.testing.assert_allclose(snapshots[300].weights, best, atol=1e-4)
    with pytest.raises(ValueError, match="select a seed"):
        snapshots_of(run, start(jax.random.key(0)))
    with pytest.raises(KeyError, match="no variable 'weights'"):
        snapshots_of(run, start(jax.random.key(0)), variable="weights")
    with pytest.raises(ValueError, match="the run has 6 parameters, the model 5"):
        snapshots_of(run.isel(seed=0), sim.models.LinearModel(jnp.zeros(5)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sampler": "hmc"}, "sampler must be one of"),
        ({"num_chains": 0}, "num_chains must be at least 1"),
        ({"batch_size": 1001}, r"batch_size must lie in \[1, 1000\]"),
        ({"sampler": "mala", "batch_size": 5}, "batch_size must be None for mala"),
        ({"inverse_temperature": 0.0}, "inverse_temperature must be positive"),
        ({"data": (INPUTS, TARGETS[:3])}, "data must be arrays with the same number"),
        ({"data": (INPUTS[:2], TARGETS[:2])}, "inverse_temperature must be given"),
        ({"parameters": MINIMUM * np.nan}, "loss must be finite"),
        ({"parameters": {"a": 3}}, "no trainable floating-point array"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    options = {"loss": loss, "parameters": MINIMUM, "data": DATA, "key": jax.random.key(0)} | change
    with pytest.raises(ValueError, match=message):
        sim.llc(**options)
