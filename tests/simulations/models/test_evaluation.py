import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from groktheory import simulations as sim
from groktheory.simulations.models.evaluation import outputs_of, sharing_outputs


class Counting(eqx.Module):
    """A linear model that counts its forward passes."""

    weights: jax.Array
    calls: list = eqx.field(static=True)  # shared by all copies

    def batched(self, inputs):
        self.calls.append(inputs)
        return inputs @ self.weights


def counting():
    return Counting(jnp.ones(3), []), jnp.arange(6.0).reshape(2, 3)


def test_outputs_are_evaluated_once_where_they_are_shared():
    model, inputs = counting()
    with sharing_outputs(model, inputs) as shared:
        assert shared.outputs is None
        first, second = outputs_of(model, inputs), outputs_of(model, inputs)
        assert first is second is shared.outputs
    assert len(model.calls) == 1
    outputs_of(model, inputs)
    assert len(model.calls) == 2
    np.testing.assert_allclose(first, [3.0, 12.0])


def test_other_models_and_inputs_have_outputs_of_their_own():
    model, inputs = counting()
    other = Counting(2 * model.weights, model.calls)
    with sharing_outputs(model, inputs):
        outputs_of(model, inputs)
        np.testing.assert_allclose(outputs_of(other, inputs), [6.0, 24.0])
        np.testing.assert_allclose(outputs_of(model, inputs + 1), [6.0, 15.0])
    assert len(model.calls) == 3


def test_nothing_leaks_out_of_an_inner_trace():
    """A loss that evaluates the model inside a loop or under jit is left alone."""
    model, inputs = counting()

    def loss(model):
        def body(total, _):
            return total + outputs_of(model, inputs).sum(), None

        return jax.lax.scan(body, 0.0, None, length=2)[0]

    def value(weights):
        traced = Counting(weights, model.calls)
        with sharing_outputs(traced, inputs) as shared:
            total = loss(traced) + jax.jit(lambda: outputs_of(traced, inputs).sum())()
        return total, shared.outputs

    (total, outputs), gradient = jax.value_and_grad(value, has_aux=True)(model.weights)
    assert outputs is None and float(total) == 45.0
    np.testing.assert_allclose(gradient, 3 * inputs.sum(axis=0))


def test_loss_and_event_share_the_forward_pass_of_a_step():
    """One pass in the loop for both; the records and the test set have their own."""

    def passes(events):
        calls = []
        sim.train(
            init=lambda key: Counting(jnp.zeros(2), calls),
            task=sim.ModularAddition(modulus=3).sample(key=jax.random.key(0)),
            optimizer=optax.sgd(0.1),
            loss=lambda model, batch: jnp.mean(
                jnp.square(outputs_of(model, batch.inputs) - batch.targets)
            ),
            num_steps=3,
            key=jax.random.key(0),
            events=events,
        )
        return len(calls)

    def is_small(model, task):
        return outputs_of(model, task.train().inputs).max() > 1e3

    alone, with_event = passes({}), passes({"small": is_small})
    # the event adds the pass at the record; within the loop it takes that of the loss
    assert with_event == alone + 1
