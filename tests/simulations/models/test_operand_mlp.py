"""The network with a linear map for each place."""

import jax
import numpy as np
import pytest
from scipy.special import erf

from groktheory.simulations.models import OperandMLP


def test_outputs_are_those_of_the_formula(key):
    model = OperandMLP.init(7, embedding=3, hidden=5, key=key)
    pairs = np.array([[0, 6], [3, 3], [2, 5]])
    table, maps, biases = (np.asarray(part) for part in (model.embedding, model.maps, model.biases))
    hidden = table[pairs[:, 0]] @ maps[0].T + biases[0] + table[pairs[:, 1]] @ maps[1].T + biases[1]
    expected = hidden * (1 + erf(hidden / np.sqrt(2))) / 2 @ np.asarray(model.readout).T
    np.testing.assert_allclose(model.batched(jax.numpy.asarray(pairs)), expected, atol=1e-5)
    np.testing.assert_allclose(model(jax.numpy.asarray(pairs[2])), expected[2], atol=1e-5)


def test_start_is_that_of_pytorch(key):
    model = OperandMLP.init(400, embedding=16, hidden=64, key=key)
    assert np.std(model.embedding) == pytest.approx(1.0, rel=0.05)
    for array, fan_in in ((model.maps, 16), (model.biases, 16), (model.readout, 64)):
        bound = fan_in**-0.5
        assert np.max(np.abs(array)) <= bound
        assert np.std(array) == pytest.approx(bound / np.sqrt(3), rel=0.12)
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        OperandMLP.init(5, hidden=0, key=jax.random.key(0))
