import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from groktheory import simulations as sim
from groktheory.simulations._minibatches import Minibatches

SPEC = sim.ModularAddition(modulus=7, train_fraction=0.6)


def _init(key):
    return sim.TwoLayerNet.init(7, 16, key=key)


def _sample(key):
    return SPEC.sample(key=key)


def _test_accuracy(model, task):
    return sim.accuracy(model, task.test())


def _train(**changes):
    settings = {
        "init": _init,
        "task": _sample,
        "optimizer": optax.adam(1e-2),
        "loss": sim.fused_centered_squared_error,
        "num_steps": 60,
        "key": jax.random.key(3),
        "measures": {"test_accuracy": _test_accuracy},
    }
    return sim.train(**(settings | changes))


def test_a_run_is_plain_adam(key):
    """The compiled loop against a loop in Python with Adam written out in NumPy."""
    runs = _train(
        num_steps=25,
        record_steps=[0, 1, 10, 25],
        dtype="float64",
        loss=sim.centered_squared_error,
        final={"hidden": lambda model, task: model.hidden},
        dims={"hidden": ("operand", "value", "node")},
    )
    with jax.enable_x64(True):
        data_key, init_key = jax.random.split(jax.random.fold_in(jax.random.key(3), 0))
        model, batch = _init(init_key), SPEC.sample(key=data_key).train()
        model = jax.tree.map(lambda leaf: leaf.astype("float64"), model)
        weights = [np.asarray(leaf) for leaf in jax.tree.leaves(model)]
        structure = jax.tree.structure(model)
        first = [np.zeros_like(w) for w in weights]
        second = [np.zeros_like(w) for w in weights]
        losses = []
        for step in range(1, 27):
            value, gradient = jax.value_and_grad(sim.centered_squared_error)(
                jax.tree.unflatten(structure, [jnp.asarray(w) for w in weights]), batch
            )
            losses.append(float(value))
            if step == 26:
                break
            for i, g in enumerate(np.asarray(leaf) for leaf in jax.tree.leaves(gradient)):
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g**2
                mean, scale = first[i] / (1 - 0.9**step), second[i] / (1 - 0.999**step)
                weights[i] = weights[i] - 1e-2 * mean / (np.sqrt(scale) + 1e-8)
    np.testing.assert_allclose(runs["loss"][0], [losses[s] for s in (0, 1, 10, 25)], rtol=1e-8)
    np.testing.assert_allclose(runs["hidden"][0], weights[0], rtol=1e-7)
    assert runs["hidden"].dims == ("seed", "operand", "value", "node")
    assert runs["loss"].dtype == np.float64


def test_sweeps_are_labeled_and_paired():
    runs = _train(
        init=lambda key, readout_scale: sim.TwoLayerNet.init(
            7, 16, readout_scale=readout_scale, key=key
        ),
        optimizer=lambda learning_rate: optax.adam(learning_rate),
        sweep={"learning_rate": [1e-3, 1e-2], "readout_scale": [0.0, 1.0]},
        num_seeds=3,
        units={"test_accuracy": "1"},
    )
    assert runs["loss"].dims == ("learning_rate", "readout_scale", "seed", "step")
    assert runs["loss"].shape[:3] == (2, 2, 3)
    assert runs["test_accuracy"].attrs["units"] == "1"
    start = runs["loss"].isel(step=0)
    # same data and weights whatever the learning rate, and zero output has loss 1 - 1/M
    np.testing.assert_array_equal(start[0], start[1])
    np.testing.assert_allclose(start.sel(readout_scale=0.0), 1 - 1 / 7, rtol=1e-6)
    assert len(np.unique(start.sel(readout_scale=1.0)[0])) == 3
    alone = _train(
        init=lambda key: sim.TwoLayerNet.init(7, 16, readout_scale=0.0, key=key), num_seeds=3
    )
    np.testing.assert_array_equal(
        alone["loss"], runs["loss"].sel(learning_rate=1e-2, readout_scale=0.0)
    )


def test_train_fractions_can_be_swept():
    spec = sim.ModularAddition(
        7, train_fraction=0.5, min_train_fraction=0.3, max_train_fraction=0.8
    )
    runs = _train(
        task=lambda key, train_fraction: spec.sample(key=key).with_train_fraction(train_fraction),
        sweep={"train_fraction": [0.3, 0.8]},
        measures={"size": lambda model, task: task.train().size},
    )
    np.testing.assert_array_equal(runs["size"].isel(step=0, seed=0), [15, 39])


def test_threads_and_blocks_do_not_change_the_runs():
    one = _train(num_seeds=4)
    np.testing.assert_array_equal(one["loss"], _train(num_seeds=4, workers=2)["loss"])
    vmapped = _train(num_seeds=4, block_size=3)
    np.testing.assert_allclose(one["loss"], vmapped["loss"], rtol=2e-3, atol=1e-6)


def test_a_run_stops_when_the_condition_holds():
    full = _train(num_steps=400, num_seeds=2)
    threshold = 0.5
    stopped = _train(
        num_steps=400, num_seeds=2, stop=lambda values: values["loss"] < threshold, block_size=2
    )
    for seed in range(2):
        below = np.flatnonzero(full["loss"][seed] < threshold)
        at = int(full["step"][below[0]])
        assert int(stopped["stopped_at"][seed]) == at
        after = stopped["loss"][seed].sel(step=slice(at + 1, None))
        assert len(after) and np.all(np.isnan(after))
    assert np.all(full["stopped_at"] == -1)


def _fits(model, task):
    return sim.accuracy(model, task.train()) >= 0.9


def _never(model, task):
    return jnp.zeros((), bool)


@pytest.mark.parametrize("block_size", [1, 2])
def test_events_are_seen_at_the_step_at_which_they_happen(block_size):
    """The same steps as in the accuracies of every step; the loss of a run is not touched."""
    full = _train(
        num_seeds=2,
        record_steps=range(61),
        measures={"accuracy": lambda model, task: sim.accuracy(model, task.train())},
    )
    runs = _train(num_seeds=2, events={"fit_step": _fits, "never": _never}, block_size=block_size)
    first = [int(np.flatnonzero(curve >= 0.9)[0]) for curve in full["accuracy"]]
    assert 0 < first[0] != first[1] > 0
    np.testing.assert_array_equal(runs["fit_step"], first)
    np.testing.assert_array_equal(runs["never"], [-1, -1])
    np.testing.assert_allclose(runs["loss"], full["loss"].sel(step=runs["step"]), rtol=2e-3)


@pytest.mark.parametrize("block_size", [1, 2])
def test_a_run_stops_after_its_last_event(block_size):
    events = {"fit_step": _fits, "late": lambda model, task: sim.accuracy(model, task.train()) == 1}
    free = _train(num_seeds=2, events=events)
    runs = _train(num_seeds=2, events=events, stop="events", block_size=block_size)
    np.testing.assert_array_equal(runs["late"], free["late"])
    assert np.all(runs["late"] >= runs["fit_step"])
    assert np.all(
        (runs["stopped_at"] - runs["late"] >= 0) & (runs["stopped_at"] <= runs["late"] + 1)
    )
    waiting = _train(events=events | {"never": _never}, stop="events")
    assert int(waiting["stopped_at"][0]) == -1


def _drawn_batches(task, batch_size, count):
    state = Minibatches.start(task, batch_size, key=jax.random.key(1))
    drawn = []
    for _ in range(count):
        rows, state = state.draw(batch_size, task.num_train)
        drawn.append(np.asarray(rows))
    return np.array(drawn)


def test_minibatches_visit_every_train_row_once_an_epoch(key):
    task = SPEC.sample(key=key)  # 29 train rows
    epochs = _drawn_batches(task, 9, 6).reshape(2, 27)
    assert all(len(set(epoch)) == 27 for epoch in epochs)
    assert not np.array_equal(epochs[0], epochs[1])
    padded = sim.ModularAddition(
        7, train_fraction=0.5, min_train_fraction=0.3, max_train_fraction=0.8
    ).sample(key=jax.random.key(4))
    assert _drawn_batches(padded, 12, 8).max() < int(padded.num_train)


def test_training_on_minibatches(tmp_path):
    """A batch of all rows is the full batch; smaller ones are shuffled, and resume identically."""
    whole = _train(batch_size=29)
    np.testing.assert_allclose(whole["loss"], _train()["loss"], rtol=1e-3)
    small = _train(batch_size=5, num_seeds=2)
    assert float(np.abs(small["loss"][0, 1:] / whole["loss"][0, 1:] - 1).max()) > 0.01
    answers = iter([False, False, False, True])
    with pytest.raises(sim.TrainingCancelled):
        _train(batch_size=5, num_seeds=2, checkpoint=tmp_path, cancelled=lambda: next(answers))
    assert _train(batch_size=5, num_seeds=2, checkpoint=tmp_path).equals(small)


def test_a_diverging_run_reports_its_step_and_keeps_its_records():
    runs = _train(
        optimizer=lambda learning_rate: optax.sgd(learning_rate),
        sweep={"learning_rate": [1e-3, 1e4]},
        num_steps=50,
        record_steps=range(51),
    )
    diverged = int(runs["diverged_at"].sel(learning_rate=1e4, seed=0))
    losses = runs["loss"].sel(learning_rate=1e4, seed=0).values
    assert 1 < diverged < 50
    assert np.all(np.isfinite(losses[: diverged - 1])) and np.all(np.isnan(losses[diverged:]))
    assert int(runs["diverged_at"].sel(learning_rate=1e-3, seed=0)) == -1
    report = sim.divergence_report(runs)
    assert report == f"diverged at step {diverged} of learning_rate 10000, seed 0"
    assert sim.divergence_report(_train()) == ""


class _Killed(BaseException):
    pass


def test_a_killed_run_resumes_to_identical_results(tmp_path, monkeypatch):
    monkeypatch.setattr("groktheory.simulations._blocks._SAVE_SECONDS", 0.0)
    monkeypatch.setattr("groktheory.simulations._blocks._CHUNK_SECONDS", 0.0)
    expected = _train(num_seeds=2)
    calls = 0

    def kill(fraction):
        nonlocal calls
        calls += 1
        if calls == 20:
            raise _Killed

    with pytest.raises(_Killed):
        _train(num_seeds=2, checkpoint=tmp_path, progress=kill)
    assert list(tmp_path.iterdir())
    fractions = []
    resumed = _train(num_seeds=2, checkpoint=tmp_path, progress=fractions.append)
    assert fractions[0] > 0 or calls < 3
    assert resumed.equals(expected)


def test_a_cancelled_run_leaves_a_checkpoint(tmp_path):
    answers = iter([False, False, True])
    with pytest.raises(sim.TrainingCancelled, match="cancelled"):
        _train(checkpoint=tmp_path, cancelled=lambda: next(answers))
    assert _train(checkpoint=tmp_path).equals(_train())


def test_cancelling_stops_all_threads():
    with pytest.raises(sim.TrainingCancelled):
        _train(num_seeds=4, workers=2, num_steps=100_000, cancelled=lambda: True)


def test_damaged_and_foreign_checkpoints_are_recomputed(tmp_path):
    expected = _train(checkpoint=tmp_path)
    with pytest.warns(UserWarning, match="belongs to another run"):
        other = _train(checkpoint=tmp_path, optimizer=optax.adam(2e-2))
    assert not other.equals(expected)
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.warns(UserWarning, match="is damaged"):
        assert _train(checkpoint=tmp_path, optimizer=optax.adam(2e-2)).equals(other)


def test_a_checkpoint_that_cannot_be_written_does_not_stop_the_run(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="cannot write checkpoint"):
        runs = _train(checkpoint=tmp_path / "file")
    assert runs.equals(_train())


def test_progress_is_monotone_and_ends_at_one():
    seen = []
    _train(num_seeds=3, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0


def test_log_spaced_steps():
    steps = sim.log_spaced_steps(10_000, per_decade=10, max_gap=500)
    assert steps[0] == 0 and steps[-1] == 10_000
    gaps = np.diff(steps)
    assert gaps.min() >= 1 and gaps.max() == 500
    middle = [s for s in steps if 100 <= s < 1000]
    assert 9 <= len(middle) <= 11
    with pytest.raises(ValueError, match="num_steps must be at least 1, got 0"):
        sim.log_spaced_steps(0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_steps": 0}, "num_steps must be at least 1, got 0"),
        ({"num_seeds": 0}, "num_seeds must be at least 1, got 0"),
        ({"dtype": "bfloat16"}, "dtype must be 'float32' or 'float64', got 'bfloat16'"),
        ({"record_steps": [0, 5]}, "record_steps must increase from 0 to num_steps = 60"),
        ({"sweep": {"beta": [1.0]}}, "nobody takes the swept parameter 'beta'"),
        (
            {"sweep": {"learning_rate": []}, "optimizer": lambda learning_rate: optax.sgd(1.0)},
            "sweep over 'learning_rate' has no values",
        ),
        ({"measures": {"loss": _test_accuracy}}, "recorded as 'loss' anyway"),
        ({"events": {"loss": _fits}}, "event 'loss' has the name of a measure"),
        ({"stop": "all"}, "stop must be 'events' or a function of the measures, got 'all'"),
        ({"stop": "events"}, "stop='events' needs events to wait for"),
        ({"batch_size": 30}, "batch_size must lie between 1 and the 29 train samples, got 30"),
        ({"workers": 0}, "workers and block_size must be at least 1, got 0"),
        (
            {"final": {"hidden": lambda model, task: model.hidden}, "dims": {"hidden": ("a",)}},
            "'hidden' has 3 dimensions of its own",
        ),
    ],
)
def test_bad_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        _train(**changes)


def test_user_models_need_no_fused_loss(key):
    """Any pytree of arrays with a call of one sample is a model."""

    def outputs(weights, pair):
        return weights[pair[0]] * weights[pair[1]]

    runs = _train(
        init=lambda key: jax.random.normal(key, (7, 7)),
        loss=lambda weights, batch: sim.centered_squared_error(
            functools.partial(outputs, weights), batch
        ),
        measures={},
    )
    assert float(runs["loss"][0, -1]) < float(runs["loss"][0, 0])


def test_the_loss_may_be_swept():
    """Three decays in one call equal three calls, each with its decay written into the loss."""

    def decayed(model, batch, weight_decay):
        return sim.squared_error(model, batch) + weight_decay * jnp.sum(model.hidden**2)

    swept = _train(loss=decayed, sweep={"weight_decay": [0.0, 0.1, 0.3]})
    for decay in (0.0, 0.1, 0.3):
        alone = _train(loss=functools.partial(decayed, weight_decay=decay))
        np.testing.assert_allclose(swept["loss"].sel(weight_decay=decay), alone["loss"], rtol=1e-5)


def test_frozen_parts_do_not_move():
    """Neither the gradient nor the decoupled decay of the optimizer reaches a frozen leaf."""

    class Scaled(eqx.Module):
        net: sim.TwoLayerNet
        scale: sim.models.Frozen

        def __call__(self, operands):
            return self.scale.value * self.net(operands)

    def init(key, scale):
        return Scaled(_init(key), sim.models.Frozen(scale))

    runs = _train(
        init=init,
        loss=sim.squared_error,
        optimizer=optax.adamw(1e-2, weight_decay=1.0),
        sweep={"scale": [0.5, 2.0]},
        final={
            "scale_at_the_end": lambda model, task: model.scale.value,
            "norm": lambda model, task: sim.measures.weight_norm(model),
            "hidden_norm": lambda model, task: optax.tree.norm(model.net),
        },
    )
    np.testing.assert_array_equal(runs["scale_at_the_end"].squeeze(), [0.5, 2.0])
    np.testing.assert_allclose(runs["norm"], runs["hidden_norm"], rtol=1e-6)
    assert not np.allclose(runs["loss"].isel(step=0), runs["loss"].isel(step=-1))


def _noisy_loss(model, batch, key):
    noise = jax.random.normal(key, model.shape, model.dtype)
    return jnp.sum(model * noise) + 0 * batch.size


@pytest.mark.parametrize("block_size", [1, 2])
def test_a_random_loss_gets_another_key_at_every_step(block_size):
    """Descent along pure noise is a random walk of independent standard normal steps."""
    runs = _train(
        init=lambda key: jnp.zeros(100),
        optimizer=optax.sgd(1.0),
        loss=_noisy_loss,
        num_steps=20,
        num_seeds=2,
        record_steps=list(range(21)),
        measures={"position": lambda model, task: model},
        block_size=block_size,
    )
    steps = np.diff(runs["position"].values, axis=1)
    assert steps.std() == pytest.approx(1, abs=4 / np.sqrt(2 * steps.size))
    rows = steps.reshape(40, 100)
    assert np.abs(np.corrcoef(rows) - np.eye(40)).max() < 5 / np.sqrt(100)
    # the loss on record is the one that the next step descends
    expected = -np.sum(runs["position"].values[:, :-1] * steps, axis=2)
    np.testing.assert_allclose(runs["loss"][:, :-1], expected, rtol=1e-3, atol=1e-3)


def test_a_random_loss_is_the_same_after_an_interruption(tmp_path):
    settings = {
        "init": lambda key: jnp.ones(3),
        "optimizer": optax.sgd(0.1),
        "loss": _noisy_loss,
        "num_steps": 40,
        "record_steps": list(range(41)),
        "measures": {"position": lambda model, task: model},
    }
    calls = iter([False, False, True])
    with pytest.raises(sim.TrainingCancelled):
        _train(**settings, checkpoint=tmp_path, cancelled=lambda: next(calls))
    resumed = _train(**settings, checkpoint=tmp_path)
    np.testing.assert_array_equal(resumed["position"], _train(**settings)["position"])


def test_a_model_may_see_its_task():
    runs = _train(
        init=lambda key, task: jnp.zeros(task.train().inputs.shape),
        optimizer=optax.sgd(0.0),
        loss=lambda model, batch: jnp.sum((model - batch.inputs) ** 2),
        num_steps=1,
        record_steps=[0, 1],
        measures={
            "expected": lambda model, task: jnp.sum(task.train().inputs.astype("float32") ** 2)
        },
    )
    np.testing.assert_allclose(runs["loss"], runs["expected"])
