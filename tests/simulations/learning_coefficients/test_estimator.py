"""Learning coefficients of models whose coefficient is known, their intervals and warnings."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations import samplers
from groktheory.simulations.learning_coefficients import MatrixLoss, calibrate, llc_along_training
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
    step = None if result.settings["sampler"] == "mala" else result.settings["step_size"]
    return singular.localized_coefficient(
        EIGENVALUES, scale=result.scale, localization=1.0, step_size=step
    )


@pytest.mark.parametrize("sampler", ["sgld", "mala"])
def test_regression_has_the_coefficient_of_its_spectrum(key, sampler):
    result = sim.llc(loss, MINIMUM, DATA, sampler=sampler, num_chains=16, key=key)
    assert result.scale == pytest.approx(1000 / np.log(1000))
    assert result.value == pytest.approx(expected(result), abs=4 * result.standard_error)
    assert result.standard_error < 0.05
    assert not result.warnings
    assert "±" in str(result) and "acceptance" in str(result)
    assert result.to_xarray()["llc"].dims == ("chain", "draw")


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


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say(key):
    known = expected(regression(jax.random.key(5)))
    measured = coverage(known, regression, jax.random.split(key, 400))
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
    scale = 200.0
    target = np.diag([1.0, 0, 0])
    centers = [np.zeros((2, 3)), np.zeros((3, 2))]
    centers[0][0, 0] = centers[1][0, 0] = 1
    chains = samplers.deep_linear_gibbs(
        target,
        [2],
        scale=scale,
        centers=centers,
        num_sweeps=1000,
        num_chains=50,
        burn_in=100,
        key=key,
    )
    known = scale * samplers.estimate(chains, "excess").value
    result = sim.llc(
        lambda layers, batch: jnp.sum((layers[1] @ layers[0] - batch[0]) ** 2),
        centers,
        target[None].astype(np.float32),
        inverse_temperature=scale,
        sampler="mala",
        num_draws=4000,
        num_chains=16,
        key=jax.random.key(1),
    )
    assert result.value == pytest.approx(known, abs=4 * result.standard_error + 0.02 * known)


def test_only_the_trainable_parameters_move(key):
    model = eqx.nn.Linear(6, 1, key=key)
    model = eqx.tree_at(lambda m: (m.weight, m.bias), model, (MINIMUM[None], jnp.zeros(1)))
    chosen = eqx.tree_at(lambda m: m.bias, jax.tree.map(lambda _: True, model), False)

    def of_model(model, batch):
        return (jax.vmap(model)(batch[0])[:, 0] - batch[1]) ** 2 / 2

    result = sim.llc(of_model, model, DATA, trainable=chosen, key=jax.random.key(1))
    assert result.value == pytest.approx(expected(result), abs=4 * result.standard_error)


def test_a_point_that_is_no_minimum_is_told(key):
    result = sim.llc(loss, MINIMUM + 0.5, DATA, num_draws=100, key=key)
    assert result.warnings[0].startswith("not a minimum")
    assert any(sentence.startswith("negative") for sentence in result.warnings)


def test_a_long_step_is_told(key):
    result = sim.llc(loss, MINIMUM, DATA, step_size=1.0, num_draws=200, key=key)
    assert "diverged" in result.warnings[-1]


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
