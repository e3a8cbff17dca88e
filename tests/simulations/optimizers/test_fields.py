from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from groktheory import simulations as sim
from groktheory.simulations.optimizers import by_field


def toy(key) -> Any:
    return sim.models.EmbeddingMLP.init(4, embedding=2, hidden=(3,), biases=True, key=key)


def test_each_field_is_trained_as_if_alone(key):
    """AdamW on both fields, with decay on one: each moves as under its own optimizer."""
    task = sim.ModularAddition(4, train_fraction=0.5).sample(key=key)
    model, batch = toy(jax.random.key(1)), task.train()
    rules = {"embedding": optax.adamw(1e-2, weight_decay=0.0), "decoder": optax.adamw(1e-3)}
    joint = by_field(**rules)
    states = joint.init(model), {k: rule.init(getattr(model, k)) for k, rule in rules.items()}
    for _ in range(3):
        gradient = jax.grad(sim.cross_entropy)(model, batch)
        updates, state = joint.update(gradient, states[0], model)
        alone = {}
        for name, rule in rules.items():
            alone[name], states[1][name] = rule.update(
                getattr(gradient, name), states[1][name], getattr(model, name)
            )
        for name, expected in alone.items():
            found = jax.tree.leaves(getattr(updates, name))
            for one, other in zip(found, jax.tree.leaves(expected), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-6)
        states = state, states[1]
        model = optax.apply_updates(model, updates)


def test_rates_may_be_swept_by_the_engine(key):
    runs = sim.train(
        init=toy,
        task=sim.ModularAddition(4, train_fraction=0.5).sample(key=key),
        optimizer=lambda rate: by_field(embedding=optax.set_to_zero(), decoder=optax.adam(rate)),
        loss=sim.cross_entropy,
        num_steps=5,
        sweep={"rate": (1e-3, 1e-1)},
        final={
            "moved": lambda model, _: jnp.square(model.embedding).sum(),
            "weight": lambda model, _: jnp.square(model.decoder.weights[0]).sum(),
        },
        key=jax.random.key(1),
    )
    assert runs["moved"].values[0, 0] == runs["moved"].values[1, 0]
    assert runs["weight"].values[0, 0] != runs["weight"].values[1, 0]


def test_refuses_missing_and_foreign_fields(key):
    model = toy(key)
    match = r"must name the fields with parameters, \['decoder', 'embedding'\], and no other"
    with pytest.raises(ValueError, match=match + r", got \['decoder'\]"):
        by_field(decoder=optax.sgd(0.1)).init(model)
    with pytest.raises(ValueError, match=match):
        by_field(decoder=optax.sgd(0.1), embedding=optax.sgd(0.1), head=optax.sgd(1.0)).init(model)
