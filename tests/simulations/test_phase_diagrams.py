"""Phase diagrams of a model whose phases are known: one height that climbs at a constant rate."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from groktheory import simulations as sim
from groktheory.simulations.phase_diagrams import PHASES

RATES = np.geomspace(1e-3, 1.0, 12).tolist()
BARRIERS = np.linspace(0.9, 30.0, 12).tolist()
STEPS, DELAY = 100, 15


class Climber(eqx.Module):
    height: jax.Array
    barrier: jax.Array


def _init(key, barrier):
    return Climber(jnp.zeros(()), jnp.asarray(barrier))


def _draw(**changes):
    settings = {
        "axes": {"rate": RATES, "barrier": BARRIERS},
        "init": _init,
        "task": lambda key: sim.ModularAddition(modulus=3).sample(key=key),
        "optimizer": lambda rate: optax.sgd(rate),
        "loss": lambda model, batch: -model.height,
        "num_steps": STEPS,
        "key": jax.random.key(0),
        "train_accuracy": lambda model, task: jnp.where(model.height > 1, 1.0, 0.0),
        "test_accuracy": lambda model, task: jnp.where(model.height > model.barrier, 1.0, 0.0),
        "grokking_delay": DELAY,
    }
    return sim.phase_diagram(**(settings | changes))


def _expected():
    """First steps at which height rate * step exceeds 1 and the barrier, in the engine's floats."""
    height = np.cumsum(np.repeat(np.array(RATES, np.float32)[:, None], STEPS, axis=1), axis=1)
    height = np.concatenate([np.zeros((len(RATES), 1), np.float32), height], axis=1)

    def first(level):
        is_above = height[:, None] > level.astype(np.float32)[None, :, None]
        return np.where(is_above.any(axis=2), is_above.argmax(axis=2), -1)

    return first(np.ones(len(BARRIERS))), first(np.array(BARRIERS))


def test_every_cell_has_its_phase():
    diagram = _draw(refine=False)
    fit, generalization = _expected()
    assert np.array_equal(diagram["fit_step"].values[..., 0], fit)
    assert np.array_equal(diagram["generalization_step"].values[..., 0], generalization)
    for index, name in enumerate(PHASES):
        cells = diagram["phase"].values[..., 0] == index
        assert cells.any(), name
        late = generalization - fit >= DELAY
        expected = {
            "comprehension": (fit >= 0) & (generalization >= 0) & ~late,
            "grokking": (fit >= 0) & (generalization >= 0) & late,
            "memorization": (fit >= 0) & (generalization < 0),
            "confusion": fit < 0,
        }[name]
        assert np.array_equal(cells, expected)
    assert diagram["is_trained"].values.all()
    assert diagram["phase"].dims == ("rate", "barrier", "seed")
    assert diagram["phase"].attrs["flag_meanings"].split() == list(PHASES)


def test_refined_diagram_is_the_full_one_with_fewer_steps():
    full, refined = _draw(refine=False), _draw(workers=2)
    assert np.array_equal(full["phase"], refined["phase"])
    trained = refined["is_trained"].values
    assert trained.mean() < 0.8
    assert np.array_equal(full["fit_step"].values[trained], refined["fit_step"].values[trained])
    assert np.all(refined["fit_step"].values[~trained] == -1)
    assert refined.attrs["steps_taken"] < full.attrs["steps_taken"]


def test_decided_runs_end():
    """A run takes at most one step after it has reached both thresholds."""
    diagram = _draw(refine=False)
    last = np.maximum(diagram["fit_step"], diagram["generalization_step"]).values  # pyright: ignore
    is_decided = (diagram["fit_step"].values >= 0) & (diagram["generalization_step"].values >= 0)
    least, most = (np.where(is_decided, last + more, STEPS).sum() for more in (0, 1))
    assert least <= diagram.attrs["steps_taken"] <= most < STEPS * last.size


def test_seeds_are_refined_one_by_one():
    def init(key, barrier):
        return Climber(jnp.zeros(()), barrier * jax.random.uniform(key, minval=0.2, maxval=2.0))

    full = _draw(init=init, num_seeds=3, refine=False)
    refined = _draw(init=init, num_seeds=3)
    assert np.array_equal(full["phase"], refined["phase"])
    trained = refined["is_trained"].values
    assert not np.array_equal(trained[..., 0], trained[..., 1])


def test_cancelled_diagram_goes_on(tmp_path):
    calls = []

    def cancelled():
        calls.append(0)
        return len(calls) > 60

    with pytest.raises(sim.TrainingCancelled):
        _draw(checkpoint=tmp_path, cancelled=cancelled)
    kept = set(tmp_path.iterdir())
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert kept
    resumed = _draw(checkpoint=tmp_path)
    assert resumed.drop_attrs().identical(_draw().drop_attrs())
    untouched = [path for path, when in before.items() if path.stat().st_mtime_ns == when]
    assert len(untouched) >= len(kept) - 1  # all cells but the one that was under way


def test_progress_rises_to_one():
    seen = []
    _draw(progress=seen.append)
    assert seen[0] < 0.1 and seen[-1] == 1.0
    assert np.all(np.diff(seen) >= -1e-12)


def test_divergence_is_confusion():
    diagram = _draw(loss=lambda model, batch: -jnp.exp(jnp.exp(20 * model.height)), refine=False)
    is_diverged = diagram["diverged_at"].values >= 0
    assert is_diverged.any()
    assert np.all(diagram["phase"].values[is_diverged & (diagram["fit_step"].values < 0)] == 3)


def test_default_accuracies_are_those_of_classes():
    diagram = sim.phase_diagram(
        axes={"learning_rate": [1e-6, 0.3], "scale": [1.0, 1.1]},
        init=lambda key, scale: sim.TwoLayerNet.init(5, 32, readout_scale=scale, key=key),
        task=lambda key: sim.ModularAddition(modulus=5, train_fraction=0.8).sample(key=key),
        optimizer=lambda learning_rate: optax.adam(learning_rate),
        loss=sim.cross_entropy,
        num_steps=100,
        key=jax.random.key(0),
    )
    names = [PHASES[index] for index in diagram["phase"].values[:, 0, 0]]
    assert names[0] == "confusion" and names[1] in ("comprehension", "memorization")


def test_phases_of_given_steps():
    fit, generalization = np.array([0, 10, 10, 10, -1]), np.array([0, 9, 1010, -1, 4])
    found = sim.phases(fit, generalization, grokking_delay=1000)
    assert [PHASES[i] for i in found] == [
        "comprehension", "comprehension", "grokking", "memorization", "confusion",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": {"rate": RATES}}, r"axes must name two hyper-parameters, got \['rate'\]"),
        (
            {"axes": {"rate": [1.0, 0.5], "barrier": BARRIERS}},
            r"axes\['rate'\] must have at least two values that increase, got \[1.0, 0.5\]",
        ),
        ({"axes": {"rate": [1.0], "barrier": BARRIERS}}, "at least two values"),
        ({"axes": {"speed": RATES, "barrier": BARRIERS}}, "nobody takes the swept parameter"),
        ({"threshold": 0.0}, r"threshold must lie in \(0, 1\], got 0.0"),
        ({"grokking_delay": 0}, "grokking_delay must be at least 1, got 0"),
        ({"num_steps": 0}, "num_steps must be at least 1, got 0"),
    ],
)
def test_bad_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        _draw(**changes)


def test_bad_steps_are_refused():
    with pytest.raises(ValueError, match="must describe the same runs, got shapes"):
        sim.phases(np.zeros(2, int), np.zeros(3, int))
    with pytest.raises(ValueError, match="grokking_delay must be at least 1, got 0"):
        sim.phases(np.zeros(2, int), np.zeros(2, int), grokking_delay=0)
    with pytest.raises(ValueError, match="generalization_step must be a step or -1 for never"):
        sim.phases(np.zeros(2, int), np.array([0, -2]))
