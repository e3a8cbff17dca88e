"""Claims about trained networks, judged on planted runs; and the readings of real, short ones."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from helpers import PlantedBench

from groktheory import simulations as sim
from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.liu2022effective import _runs, groups, phases, training
from groktheory.theory import representation as theory
from groktheory.validation.judge import Outcome

SUPPORTED = Outcome.SUPPORTED


def planted_additions(
    *, undetermined=0.0, speed=1.0, accuracy=lambda predicted, fraction: predicted, seeds=20
):
    """Runs that follow the theory: determined ones succeed in half of the cases, at 30 / rate."""
    rng = np.random.default_rng(7)
    sizes, pairs = (18, 20, 22, 24, 30, 45), theory.all_samples(10)
    shape = (len(sizes), seeds)
    step, right = np.full(shape, -1), np.zeros(shape)
    order = np.zeros((*shape, 55, 2), dtype=int)
    embedding = rng.standard_normal((*shape, 10, 1))
    everything = theory.parallelograms(10)
    for at in itertools.product(range(len(sizes)), range(seeds)):
        order[at] = pairs[rng.permutation(55)]
        samples = order[at][: sizes[at[0]]]
        rate = theory.grokking_rate(samples, 10, squared_norm=10)
        if rng.random() < (0.5 if rate > 0 else undetermined):
            step[at] = round(30 / max(rate, 1e-3) ** speed * rng.lognormal(0, 0.2))
            embedding[at] = np.arange(10.0)[:, None]
        closed = everything[theory.closed_parallelograms(embedding[at], everything)]
        predicted = theory.predicted_accuracy(samples, closed, num_symbols=10)
        right[at] = accuracy(predicted, sizes[at[0]] / 55) + 0.01 * rng.standard_normal()
    return xr.Dataset(
        {
            "quality_step": (("num_train", "seed"), step),
            "accuracy": (("num_train", "seed"), right),
            "embedding": (("num_train", "seed", "symbol", "dimension"), embedding),
            "pairs": (("num_train", "seed", "sample", "place"), order),
        },
        coords={"num_train": list(sizes)},
    )


def outcome(claim, runs):
    return validation.judge(claim(PlantedBench("liu2022effective", "x", runs))).outcome


@pytest.mark.parametrize(
    "claim",
    [training.uniqueness_necessary, training.speed_eigenvalue, training.predicted_accuracy],
)
def test_runs_that_follow_the_theory_support_it(claim):
    assert outcome(claim, {"additions": planted_additions()}) is SUPPORTED


@pytest.mark.parametrize(
    ("claim", "changes"),
    [
        (training.uniqueness_necessary, {"undetermined": 0.5}),
        (training.speed_eigenvalue, {"speed": 0.0}),
        (training.speed_eigenvalue, {"speed": -1.0}),
        (training.predicted_accuracy, {"accuracy": lambda predicted, fraction: fraction}),
        (training.predicted_accuracy, {"accuracy": lambda predicted, fraction: 1.0}),
    ],
)
def test_runs_that_do_not_are_not_supported(claim, changes):
    assert outcome(claim, {"additions": planted_additions(**changes)}) is not SUPPORTED


def test_wrong_theory_is_not_supported(plant):
    runs = {"additions": planted_additions()}
    plant("grokking_rate", lambda rate: 1 - rate)
    assert outcome(training.speed_eigenvalue, runs) is not SUPPORTED
    plant("closed_parallelograms", lambda closed: ~closed)
    assert outcome(training.predicted_accuracy, runs) is not SUPPORTED
    every_second = itertools.cycle([False, True])
    plant("nullity", lambda nullity: 3 if next(every_second) else nullity)
    assert outcome(training.uniqueness_necessary, runs) is not SUPPORTED


def test_too_few_runs_are_refused():
    runs = planted_additions()
    runs["quality_step"][:] = -1
    with pytest.raises(ValueError, match="with one succeed: take more sizes or seeds"):
        training.uniqueness_necessary(PlantedBench("liu2022effective", "x", {"additions": runs}))
    with pytest.raises(ValueError, match="only 0 runs have a unique representation and find it"):
        training.speed_eigenvalue(PlantedBench("liu2022effective", "x", {"additions": runs}))


def test_matched_rate_weighs_sizes_as_among_undetermined_sets():
    is_unique = np.array([[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]], dtype=bool)
    succeeds = np.array([[0, 0, 0, 1], [0, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], dtype=bool)
    assert training.matched_rate(succeeds, is_unique) == pytest.approx((3 * 1 + 1 / 3) / 4)


def test_jackknife_agrees_with_the_spread_over_independent_data():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        rate = rng.random((4, 15))
        step = np.round(1e4 * (1 - rate + 0.3 * rng.random(rate.shape))).astype(int)
        found.append(training.rank_correlation(rate, step, np.ones(rate.shape, dtype=bool)))
    values, errors = np.array(found).T
    assert values.std() == pytest.approx(np.median(errors), rel=0.3)


def test_traced_readings_are_those_of_the_theory(key):
    spec = sim.tasks.AdditionTable()
    task_key, model_key, group_key, matrix_key = jax.random.split(key, 4)
    task = spec.sample(key=task_key)
    model = _runs.decoder_of_sums(model_key)
    for noise in (0.0, 0.03, 0.3):
        line = jnp.arange(10.0)[:, None] + noise * model.embedding
        moved = sim.models.EmbeddingMLP(line, model.decoder, "sum", True)
        expected = theory.representation_quality_index(
            np.asarray(line, np.float64), theory.parallelograms(10)
        )
        assert float(_runs.addition_quality(moved, task)) == pytest.approx(float(expected))
    permuted = sim.GroupMultiplication("S3").sample(key=group_key)
    matrices = _runs.decoder_of_products(matrix_key)
    expected = theory.group_quality_index(
        np.asarray(matrices.embedding, np.float64),
        theory.group_parallelograms(permuted.spec.table),  # pyright: ignore
    )
    assert float(_runs.product_quality(matrices, permuted)) == pytest.approx(float(expected))


def test_full_accuracy_counts_all_samples(key):
    task_key, model_key = jax.random.split(key)
    task = _runs.addition(45)(task_key)
    model = _runs.decoder_of_sums(model_key)
    outputs = np.asarray(model.batched(task.inputs))
    targets = np.asarray(task.targets)
    distances = ((outputs[:, None] - targets[None]) ** 2).sum(axis=2)
    nearest = np.asarray(task.inputs).sum(axis=1)[distances.argmin(axis=1)]
    expected = np.mean(nearest == np.asarray(task.inputs).sum(axis=1))
    assert float(_runs.full_accuracy(model, task)) == pytest.approx(expected)


def test_short_runs_have_their_own_train_sets(tmp_path):
    class ShortBench(Bench):
        def pick(self, *, quick, full):
            return {5000: 20, 16: 2}.get(quick, (20, 45)) if isinstance(quick, int) else (20, 45)

    runs = _runs.addition_runs(ShortBench("liu2022effective", "x"))
    assert dict(runs["quality_step"].sizes) == {"num_train": 2, "seed": 2}
    readings = training.Readings.of(runs)
    assert readings.is_unique[1].all() and np.all(readings.rate[1] > 0)
    orders = runs["pairs"].values.reshape(4, -1)
    assert len(np.unique(orders, axis=0)) == 4
    samples = _runs.train_pairs(runs.isel(num_train=0, seed=0))
    assert samples.shape == (20, 2) and np.all(samples[:, 0] <= samples[:, 1])
    np.testing.assert_allclose(readings.accuracy, runs["accuracy"].values)


def planted_phases(kind, seeds=6):
    """Planes of 6 x 5 cells with some noise: the published order of phases, or others."""
    rng = np.random.default_rng(3)
    phase = np.full((6, 5, seeds), phases.CONFUSION)
    phase[1:3, :2] = phases.COMPREHENSION
    phase[1:3, 2] = phases.GROKKING
    phase[1:3, 3] = phases.MEMORIZATION
    phase[3:, :3] = phases.MEMORIZATION
    if kind == "no grokking":
        phase[phase == phases.GROKKING] = phases.COMPREHENSION
        phase[1, 2, 0] = phases.GROKKING
    if kind == "reverse":
        phase[1:3, :4] = phase[1:3, 3::-1]
    for seed in range(seeds):  # no two planes alike
        place = (1, 4) if kind == "reverse" else (1, 3)
        phase[(*place, seed)] = rng.integers(2, 4)
        phase[rng.integers(3), -1, seed] = phases.CONFUSION
    phase[..., 0] = np.maximum(phase[..., 0], phases.MEMORIZATION)  # a seed that never generalizes
    return xr.Dataset(
        {"phase": (("decoder_learning_rate", "weight_decay", "seed"), phase)},
        coords={
            "decoder_learning_rate": np.geomspace(1e-5, 1e-2, 6),
            "weight_decay": np.linspace(0, 10, 5),
        },
    )


def test_four_phases_in_their_order_are_supported():
    bench = PlantedBench("liu2022effective", "x", {"phases": planted_phases("published")})
    evidence = phases.four_phases(bench)
    assert validation.judge(evidence).outcome is SUPPORTED
    assert evidence[0].note == "5 of 6 seeds generalize somewhere"
    assert evidence[1].measurement.value[0] == pytest.approx(3.75)  # 5 less 0 and 2.5, on average


def test_planes_in_the_reverse_order_are_refuted():
    runs = {"phases": planted_phases("reverse")}
    assert outcome(phases.four_phases, runs) is Outcome.REFUTED


def test_planes_that_lack_a_phase_are_refused():
    runs = planted_phases("no grokking")
    with pytest.raises(ValueError, match="no plane crosses both phases of 'weight decay of grokk"):
        phases.four_phases(PlantedBench("liu2022effective", "x", {"phases": runs}))
    runs["phase"][:] = phases.CONFUSION
    with pytest.raises(ValueError, match="none of 6 seeds generalizes anywhere"):
        phases.four_phases(PlantedBench("liu2022effective", "x", {"phases": runs}))


def planted_scales(slope):
    rng = np.random.default_rng(1)
    values = np.clip(0.6 + slope * np.arange(3) + 0.1 * rng.standard_normal((12, 3)), 0, 1)
    return {
        "scales": xr.Dataset(
            {"quality": (("seed", "embedding_scale"), values)},
            coords={"embedding_scale": [0.1, 1.0, 3.0]},
        ),
        "rates": xr.Dataset(
            {"quality": (("seed", "decoder_learning_rate"), values)},
            coords={"decoder_learning_rate": [1e-4, 3e-4, 1e-3]},
        ),
    }


def test_quality_must_fall_with_scale_and_rate():
    assert outcome(phases.initial_scale, planted_scales(-0.2)) is SUPPORTED
    assert outcome(phases.initial_scale, planted_scales(0.2)) is Outcome.REFUTED
    assert outcome(phases.initial_scale, planted_scales(0.0)) is not SUPPORTED


def planted_permutations(undetermined):
    rng = np.random.default_rng(2)
    sizes, seeds = (14, 15, 16, 24, 30), 16
    table = sim.GroupMultiplication("S3").table
    pairs = np.stack(np.divmod(np.arange(36), 6), axis=1)
    order = np.zeros((len(sizes), seeds, 36, 2), dtype=int)
    step = np.full((len(sizes), seeds), -1)
    for at in np.ndindex(step.shape):
        order[at] = pairs[rng.permutation(36)]
        implied = len(theory.deduced_parallelograms(table, order[at][: sizes[at[0]]])) / 90
        if rng.random() < (0.5 if implied >= 0.95 else undetermined):
            step[at] = 100
    return xr.Dataset(
        {
            "quality_step": (("num_train", "seed"), step),
            "pairs": (("num_train", "seed", "sample", "place"), order),
        },
        coords={"num_train": list(sizes)},
    )


def test_permutations_need_a_determined_representation(monkeypatch):
    monkeypatch.setattr(
        PlantedBench, "pick", lambda self, *, quick, full: 40 if quick == 150 else quick
    )
    runs = {"permutations": planted_permutations(0.0)}
    assert outcome(groups.symmetric_group, runs) is SUPPORTED
    runs = {"permutations": planted_permutations(0.5)}
    assert outcome(groups.symmetric_group, runs) is Outcome.REFUTED


def test_permutation_tasks_have_one_target_a_product(key):
    task = groups.permutations(key, jnp.asarray(20.0))
    assert int(task.num_train) == 20
    products = sim.GroupMultiplication("S3").samples()[1]
    targets = np.asarray(task.targets)
    assert len(np.unique(targets, axis=0)) == 6
    for product in range(6):
        assert len(np.unique(targets[products == product], axis=0)) == 1
    model = _runs.decoder_of_products(jax.random.key(1))
    expected = sim.squared_error(model, task.train()) / 30 + 1e-3 * np.abs(model.embedding).mean()
    assert float(groups.penalized_error(model, task.train())) == pytest.approx(float(expected))
