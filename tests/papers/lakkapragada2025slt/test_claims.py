"""Claims on singular learning theory, on small real runs and on planted ones."""

import io

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from helpers import SmallBench

from groktheory import simulations as sim
from groktheory import validation
from groktheory.papers.lakkapragada2025slt import (
    autoencoders,
    exact,
    grokking,
    networks,
    paper,
    regressors,
    sampling,
    superposition,
    training,
)
from groktheory.theory import singular
from groktheory.validation import Outcome


class PlantedNumbers(SmallBench):
    """A bench whose cached numbers are given."""

    def __init__(self, claim, numbers=None, smaller=()):
        super().__init__(paper.key, claim, smaller=smaller, keeps_numbers=False)
        self.numbers = numbers

    def cached(self, name, function):
        return super().cached(name, function) if self.numbers is None else self.numbers


def outcomes(claim, numbers=None, smaller=()):
    found = paper.claims[claim].function(PlantedNumbers(claim, numbers, smaller))
    pieces = found if isinstance(found, tuple) else (found,)
    render(claim, pieces)
    return [validation.judge(piece).outcome for piece in pieces]


def render(claim, pieces):
    """Draw the evidence as the report does: labels must be readable."""
    stated = paper.claims[claim]
    verdict = validation.judge(pieces)
    finding = validation.Finding(
        paper.key, claim, stated.statement, stated.source, "quick", 0, pieces, verdict, 1.0
    )
    validation.draw_claim(finding).savefig(io.BytesIO(), dpi=30)


@pytest.fixture
def shifted(monkeypatch):
    """Shift the value of a coefficient that the theory returns."""

    def shift(name, by):
        right = getattr(singular, name)

        def wrong(*arguments, **options):
            found = right(*arguments, **options)
            if isinstance(found, singular.LearningCoefficient):
                return singular.LearningCoefficient(found.value + by, found.multiplicity)
            return found + by

        monkeypatch.setattr(singular, name, wrong, raising=False)

    return shift


def test_volume_exponents(shifted):
    smaller = [((400_000, 10), (200_000, 6))]
    assert outcomes("volume-exponents", smaller=smaller) == [Outcome.SUPPORTED]
    shifted("monomial", singular.monomial((5,)).value)  # a tenth
    assert outcomes("volume-exponents", smaller=smaller) == [Outcome.REFUTED]


def test_multiplicity_bias(shifted):
    rng = np.random.default_rng(0)
    expected = singular.monomial_coefficient(1e3, [1, 1])
    planted = {"coefficients": expected + 0.02 * rng.normal(size=200)}
    assert outcomes("multiplicity-bias", planted) == [Outcome.SUPPORTED] * 2
    without = {"coefficients": 0.5 + 0.02 * rng.normal(size=200)}
    assert outcomes("multiplicity-bias", without)[1] is Outcome.REFUTED
    shifted("monomial_coefficient", 1e-4)
    assert outcomes("multiplicity-bias", planted)[0] is Outcome.REFUTED


@pytest.mark.slow
def test_sampled_product_has_its_coefficient():
    found = exact._sampled_product(PlantedNumbers("multiplicity-bias"), 1e3)
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert found.mean() == pytest.approx(singular.monomial_coefficient(1e3, [1, 1]), abs=4 * error)


def test_information_criterion(shifted):
    assert outcomes("information-criterion", smaller=[(40, 12)]) == [Outcome.SUPPORTED]
    shifted("regular", singular.regular(1).value / 2)
    assert outcomes("information-criterion", smaller=[(40, 12)]) == [Outcome.REFUTED]


@pytest.mark.slow
def test_estimator_bias(shifted):
    assert outcomes("estimator-bias") == [Outcome.SUPPORTED]
    shifted("localized_coefficient", 0.2)
    assert outcomes("estimator-bias") == [Outcome.REFUTED]


def planted_networks(multiplicity=True, half=False):
    rng, scales = np.random.default_rng(0), np.array(networks.SCALES)
    rows = []
    for widths, rank in networks.NETWORKS:
        coefficient = singular.deep_linear_network(widths, rank)
        size = sum(a * b for a, b in zip(widths[1:], widths[:-1], strict=True)) / 2
        value = singular.asymptotic_coefficient(coefficient, scales)
        if not multiplicity:
            value = np.full(len(scales), float(coefficient))
        rows.append(np.full(len(scales), size) if half else value)
    return {"means": np.stack(rows) + 0.02 * rng.normal(size=(60, len(rows), len(scales)))}


def test_linear_networks():
    assert outcomes("linear-networks", planted_networks()) == [Outcome.SUPPORTED] * 2
    assert outcomes("linear-networks", planted_networks(multiplicity=False))[0] is Outcome.REFUTED
    assert outcomes("linear-networks", planted_networks(half=True)) == [Outcome.REFUTED] * 2


def test_exact_sampler_of_one_network(monkeypatch):
    monkeypatch.setattr(networks, "NETWORKS", (((2, 2, 2), 0),))
    monkeypatch.setattr(networks, "SCALES", (1e4,))
    found = networks.gibbs_coefficients(
        PlantedNumbers("linear-networks", smaller=[((200, 800), (60, 300))])
    )
    exact_value = singular.rank_zero_regression_coefficient(1e4, inputs=2, hidden=2, outputs=2)
    error = found.std(ddof=1) / np.sqrt(found.size)
    assert found.shape == (60, 1, 1)
    assert found.mean() == pytest.approx(exact_value, abs=4 * error)


def planted_family(curvature=-0.5):
    ranks = np.arange(1, 7)
    noise = 0.05 * np.random.default_rng(0).normal(size=(8, 6))
    return {"values": curvature * ranks**2 + 6 * ranks + noise}


def test_low_rank_family():
    assert outcomes("low-rank-family", planted_family()) == [Outcome.SUPPORTED] * 2
    assert outcomes("low-rank-family", planted_family(0.0))[0] is Outcome.REFUTED


def test_family_of_two_networks():
    values = networks._family(PlantedNumbers("low-rank-family"), 2, 1)
    expected = [singular.low_rank_coefficient(r, dimension=2) for r in (1, 2)]
    np.testing.assert_allclose(values[0], expected, rtol=0.2)


def planted_polynomials(factor=1.0, narrow=True):
    degrees = (1, 3, 10, 30)
    rng = np.random.default_rng(0)
    rows = [
        [
            singular.polynomial_coefficient(
                degree, scale=regressors.SCALE, half_width=width if narrow else 1.0
            )
            for degree in degrees
        ]
        for width in regressors.HALF_WIDTHS
    ]
    return {"values": factor * np.array(rows) * (1 + 0.02 * rng.normal(size=(6, 3, 4)))}


def test_polynomial_regressors():
    claim = "polynomial-regressors"
    assert outcomes(claim, planted_polynomials()) == [Outcome.SUPPORTED] * 2
    assert outcomes(claim, planted_polynomials(1.4))[0] is Outcome.REFUTED
    assert outcomes(claim, planted_polynomials(narrow=False))[1] is Outcome.REFUTED


def test_a_straight_line_has_nearly_two_parameters():
    found = regressors._estimates(PlantedNumbers("polynomial-regressors"), (1,), (1.0,), 2)
    assert found.shape == (2, 1, 1)
    np.testing.assert_allclose(found, 0.988, rtol=0.15)


def test_polygons():
    claim = "polygons"
    rng = np.random.default_rng(0)
    right = {"values": np.array([8.67, 7.17, 8.62]) + 0.2 * rng.normal(size=(16, 3))}
    assert outcomes(claim, right) == [Outcome.SUPPORTED]
    swapped = {"values": right["values"][:, [1, 0, 1]]}
    assert outcomes(claim, swapped) == [Outcome.REFUTED]


def test_curvatures_are_those_of_the_model():
    """Of the loss in JAX, which integrates otherwise."""
    shape = singular.polygon(5, features=6)
    weights, biases = shape.parameters(5, 6)

    def loss(vector):
        model = sim.models.Superposition(vector[:12].reshape(2, 6), vector[12:])
        return sim.models.superposition_loss(model)

    with jax.enable_x64(True):
        point = jnp.asarray(np.concatenate([weights.ravel(), biases]))
        expected = np.linalg.eigvalsh(np.asarray(jax.jit(jax.hessian(loss))(point)))
    np.testing.assert_allclose(superposition.curvatures_at(5, 0), expected, atol=1e-6)


def planted_transitions(*, drop=-22.0, slope=-27.0, runs=30):
    rng = np.random.default_rng(0)
    wait = np.exp(rng.uniform(4.6, 5.4, runs))
    coefficients = np.stack([np.full(runs, 45.0), np.full(runs, 45.0 + drop)], axis=1)
    coefficients += 0.5 * rng.normal(size=coefficients.shape)
    steps = slope * np.log(wait) - 60 + 5 * rng.normal(size=runs)
    losses = np.zeros((runs, 2))
    without = grokking.free_energy_steps(losses, coefficients)
    losses[:, 1] = (steps - without) / grokking.NUM_TRAIN
    return {"wait": wait, "coefficients": coefficients, "losses": losses}


def test_coefficient_drop():
    assert outcomes("coefficient-drop", planted_transitions()) == [Outcome.SUPPORTED]
    assert outcomes("coefficient-drop", planted_transitions(drop=2.0)) == [Outcome.REFUTED]
    with pytest.raises(ValueError, match="only 2 of 12 runs grok: take more seeds"):
        outcomes("coefficient-drop", planted_transitions(runs=2))


def test_arrhenius():
    assert outcomes("arrhenius", planted_transitions()) == [Outcome.SUPPORTED]
    assert outcomes("arrhenius", planted_transitions(slope=27.0)) == [Outcome.REFUTED]
    with pytest.raises(ValueError, match="only 4 of 48 runs grok: take more seeds"):
        outcomes("arrhenius", planted_transitions(runs=4))


def test_free_energy_counts_samples_and_their_logarithm():
    steps = grokking.free_energy_steps(np.array([[0.5, 0.25]]), np.array([[10.0, 8.0]]))
    np.testing.assert_allclose(steps, -0.25 * 1123 - 2 * np.log(1123))


def test_checkpoints_of_fit_and_generalization():
    train, test = np.array([0.5, 1.0, 0.9, 1.0]), np.array([0.1, 0.2, 0.96, 0.9])
    assert grokking.checkpoints(train, test) == (1, 2)
    assert grokking.checkpoints(train, 0.5 * test) == (0, -1)
    assert grokking.checkpoints(0.9 * train, test) == (0, -1)


@pytest.mark.slow
def test_runs_that_do_not_grok_are_left_out(monkeypatch):
    """Real networks, far too few steps."""
    monkeypatch.setattr(grokking, "NUM_STEPS", 200)
    found = grokking.transitions(PlantedNumbers("coefficient-drop"), 1)
    assert [len(found[name]) for name in ("wait", "coefficients", "losses")] == [0, 0, 0]


@pytest.mark.slow
def test_coefficient_falls_in_real_runs():
    assert outcomes("coefficient-drop") == [Outcome.SUPPORTED]


def planted_comparison(factor=1.0, errors=(0.05, 0.01, 0.0, 0.0, 0.0, 0.0)):
    rng = np.random.default_rng(0)
    exact_values = np.tile([5.0, 9.0, 12.0], 3)
    corrections = np.broadcast_to([1.02, 1.02, 1.01, 1.0, 1.0, 1.1], (9, 6))
    noisy = 1 + np.array(errors) * rng.choice([-1, 1], size=(9, 6))
    noisy += 0.002 * rng.normal(size=(9, 6))
    estimates = factor * exact_values[:, None] * corrections * noisy
    return {"exact": exact_values, "estimates": estimates, "corrections": corrections}


def test_samplers():
    right = planted_comparison(errors=np.zeros(6))
    assert outcomes("samplers", right) == [Outcome.SUPPORTED]
    assert outcomes("samplers", planted_comparison(1.2)) == [Outcome.REFUTED]
    for wrong in (right["corrections"] ** 2, np.ones((9, 6)) * [1.2, 1, 1, 1, 1, 1]):
        assert outcomes("samplers", right | {"corrections": wrong}) == [Outcome.REFUTED]


def test_sampler_order():
    def planted(first, second):
        found = planted_comparison(errors=(first, second, 0, 0, 0, 0))
        return found | {"estimates": found["estimates"] / found["corrections"]}

    assert outcomes("sampler-order", planted(0.05, 0.01)) == [Outcome.SUPPORTED]
    assert outcomes("sampler-order", planted(0.01, 0.05)) == [Outcome.REFUTED]


def test_samplers_of_one_network(monkeypatch):
    monkeypatch.setattr(sampling, "RUNS", {"a": ("sghmc", None), "b": ("sgld", 0.8)})
    monkeypatch.setattr(sampling, "DRAWS", 500)
    bench = PlantedNumbers("samplers", smaller=[(2000, 1000)])
    found = sampling.compare(bench, ((3, 2, 3),))
    ratios = found["estimates"] / found["corrections"] / found["exact"][:, None]
    np.testing.assert_allclose(ratios, 1, atol=0.03)
    assert np.all(found["corrections"] > 1)


def test_curvatures_of_linear_networks_are_those_of_the_loss():
    rng = np.random.default_rng(0)
    layers = [rng.normal(size=shape) for shape in ((2, 3), (4, 2), (2, 4))]
    target = sampling._product(layers)

    def loss(vector):
        parts = jnp.split(vector, np.cumsum([layer.size for layer in layers])[:-1])
        shaped = [part.reshape(layer.shape) for part, layer in zip(parts, layers, strict=True)]
        return jnp.sum((sampling._product(shaped) - target) ** 2) / 2

    with jax.enable_x64(True):
        point = jnp.concatenate([jnp.asarray(layer).ravel() for layer in layers])
        expected = np.linalg.eigvalsh(np.asarray(jax.hessian(loss)(point)))
    np.testing.assert_allclose(sampling._curvatures(layers), expected, atol=1e-9)


def planted_chains(power, settled=1.0):
    widths = np.array([2, 4, 6, 8, 10])
    noise = 0.01 * np.random.default_rng(0).normal(size=(3, 8, 5))
    values = widths**power * (1 + noise)
    losses = np.full((8, 5), 1e-3)
    return {"short": values[0], "before": values[1], "last": settled * values[2], "losses": losses}


def test_autoencoders():
    assert outcomes("autoencoders", planted_chains(1.0)) == [Outcome.SUPPORTED] * 3
    assert outcomes("autoencoders", planted_chains(-1.0))[:2] == [Outcome.REFUTED] * 2
    assert outcomes("autoencoders", planted_chains(1.0, settled=1.5))[2] is Outcome.REFUTED


def test_straight_lines_are_determined_by_the_width():
    found = autoencoders.determinations((1, 2, 3), np.array([[2.0, 4.0, 6.0], [1.0, 0.0, 1.0]]))
    np.testing.assert_allclose(found, [1, 0], atol=1e-12)


def test_chains_at_small_autoencoders(monkeypatch):
    monkeypatch.setattr(autoencoders, "NUM_STEPS", 2000)
    monkeypatch.setattr(autoencoders, "LONG_DRAWS", 40)
    bench = PlantedNumbers("autoencoders")
    found = autoencoders._estimates(bench, 4, 16, (3,), 2, 2e-4)
    assert {values.shape for values in found.values()} == {(2, 1)}
    assert np.all(found["losses"] < 0.1)
    assert np.all((found["short"] > 0) & (found["last"] > found["short"]))
    with pytest.raises(ValueError, match="chains diverged at the bottleneck 3, seed 0"):
        autoencoders._estimates(bench, 4, 16, (3,), 2, 1.0)


def planted_descent(shift=1.0, seeds=6):
    """Losses that rest at four levels, half of them with a constant feature."""
    records, active = 400, np.array([2, 3, 4, 5])
    constant = np.array([1, 0, 1, 0])
    levels = np.repeat(training.level_of(active, constant), records // 4)
    rng = np.random.default_rng(0)
    losses = levels * (1 + 0.001 * rng.normal(size=(seeds, records)))
    losses[:, ::100] *= 1.5  # jumps between plateaus
    state = {
        "active": np.tile(np.repeat(active, records // 4), (seeds, 1)),
        "constant": np.tile(np.repeat(constant, records // 4), (seeds, 1)),
        "loss_of_features": shift * losses,
    }
    return xr.Dataset(
        {name: (("seed", "step"), values) for name, values in state.items()},
        {"step": np.arange(records)},
    )


def test_plateaus(monkeypatch):
    rising = {"coefficients": np.array([[3.0, 5.0], [4.0, 5.5], [3.5, 6.0], [3.2, 5.1]])}
    falling = {"coefficients": rising["coefficients"][:, ::-1]}
    monkeypatch.setattr(training, "train_superposition", lambda bench: planted_descent())
    assert outcomes("plateaus", rising) == [Outcome.SUPPORTED] * 2
    assert outcomes("plateaus", falling)[1] is Outcome.REFUTED
    with pytest.raises(ValueError, match="only 2 of 6 runs rest twice: take more seeds"):
        outcomes("plateaus", {"coefficients": rising["coefficients"][:2]})
    monkeypatch.setattr(training, "train_superposition", lambda bench: planted_descent(1.05))
    assert outcomes("plateaus", rising)[0] is Outcome.REFUTED


def test_coefficients_at_the_ends_of_a_descent(monkeypatch):
    """From a square to a pentagon, seen by their stiff directions; runs that rest once are out."""
    monkeypatch.setattr(training, "NUM_DRAWS", 200)
    runs = planted_descent(seeds=2).isel(step=[*range(200, 400)])
    vectors = {}
    for sides in (4, 5):
        square = 1 / (1 - np.cos(2 * np.pi / sides))  # neighbors are at the edge of no output
        model = sim.models.Superposition.polygon(
            sides, features=8, length=square**0.5, key=jax.random.key(0)
        )
        biases = jnp.array([1 - square] * sides + [-3.0] * (8 - sides))
        model = sim.models.Superposition(model.weights, biases)
        vectors[sides] = np.asarray(sim.measures.parameters(model))
    rows = np.array([vectors[sides] for sides in [4] * 100 + [5] * 100])
    runs["parameters"] = ("seed", "step", "parameter"), np.stack([rows, rows])
    runs["active"][1], runs["constant"][1] = 4, 0  # rests at one level only
    found = training.coefficients_at_ends(PlantedNumbers("plateaus"), runs)
    assert found.shape == (1, 2)
    assert 2 < found[0, 0] < found[0, 1] < 8


def test_plateaus_are_long_and_flat():
    losses = np.concatenate([np.linspace(1.0, 0.5, 30), np.full(50, 0.4), np.linspace(0.3, 0, 15)])
    assert training.plateaus_of(losses) == [slice(30, 80)]
    assert training.plateaus_of(np.geomspace(1.0, 0.01, 100)) == []


def test_levels_are_losses_of_the_model():
    """A square of active features, two constant ones, two dead: by the network itself."""
    model = sim.models.Superposition.polygon(4, features=8, length=1.0, key=jax.random.key(0))
    biases = jnp.array([0.0] * 4 + [1 / 8] * 2 + [-1.0] * 2)
    model = sim.models.Superposition(model.weights, biases)
    task = training.one_hot_task(key=jax.random.key(1))
    assert float(training.mean_error(model, task.test())) == pytest.approx(
        training.level_of(4, 2), rel=1e-5
    )
    outputs = np.asarray(training.own_outputs(model))
    np.testing.assert_allclose(outputs, [1, 1, 1, 1, 1 / 8, 1 / 8, 0, 0], atol=1e-6)


@pytest.mark.slow
def test_real_descents_rest_at_levels():
    assert outcomes("plateaus") == [Outcome.SUPPORTED] * 2
