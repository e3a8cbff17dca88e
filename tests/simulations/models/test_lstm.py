import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.models import LSTMClassifier


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain(model, words):
    """Word by word and unit by unit, from the definition."""
    sequence = [np.asarray(model.embedding[word], np.float64) for word in words]
    for cell in model.cells:
        inputs, recurrent, bias = (
            np.asarray(part, np.float64) for part in (cell.weight_ih, cell.weight_hh, cell.bias)
        )
        size = recurrent.shape[1]
        hidden, memory, states = np.zeros(size), np.zeros(size), []
        for x in sequence:
            gate = [
                inputs[k * size : (k + 1) * size] @ x
                + recurrent[k * size : (k + 1) * size] @ hidden
                + bias[k * size : (k + 1) * size]
                for k in range(4)
            ]
            memory = sigmoid(gate[1]) * memory + sigmoid(gate[0]) * np.tanh(gate[2])
            hidden = sigmoid(gate[3]) * np.tanh(memory)
            states.append(hidden)
        sequence = states
    return sequence[-1] @ np.asarray(model.readout, np.float64) + float(model.bias)


@pytest.mark.parametrize("depth", [1, 2])
def test_is_the_recurrence(depth, key):
    model = LSTMClassifier.init(7, embedding=3, hidden=5, depth=depth, key=key)
    words = jnp.array([[0, 0, 3, 6, 1, 2], [5, 5, 0, 1, 2, 4], [0, 0, 0, 0, 0, 0]])
    expected = [plain(model, row) for row in np.asarray(words)]
    np.testing.assert_allclose(model(words[0]), expected[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(jax.vmap(model)(words), expected, rtol=1e-5, atol=1e-6)


def test_padding_on_the_left_is_read_as_a_word(key):
    """As in the paper: not skipped, so that it moves the state away from rest."""
    model = LSTMClassifier.init(4, embedding=3, hidden=5, key=key)
    short, long = model(jnp.array([2, 3])), model(jnp.array([0, 0, 2, 3]))
    assert abs(float(short - long)) > 1e-4


def test_defaults_are_the_published_ones(key):
    model = LSTMClassifier.init(1001, key=key)
    assert model.embedding.shape == (1001, 64)
    assert [cell.weight_ih.shape for cell in model.cells] == [(512, 64), (512, 128)]
    assert model.cells[1].weight_hh.shape == (512, 128)
    assert float(model.embedding.std()) == pytest.approx(1, abs=0.02)
    bound = 1 / np.sqrt(128)
    for part in jax.tree.leaves(model.cells):
        assert 0.9 * bound < float(jnp.abs(part).max()) <= bound


def test_refuses_wrong_sizes(key):
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        LSTMClassifier.init(3, depth=0, key=key)
    with pytest.raises(ValueError, match="num_words must be at least 1, got 0"):
        LSTMClassifier.init(0, key=key)
