import math

import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.models import TwoLayerNet


def test_initial_weights_fill_the_stated_range(key):
    model = TwoLayerNet.init(50, 400, key=key)
    hidden_bound, readout_bound = 1 / math.sqrt(100), 1 / math.sqrt(400)
    for weights, bound in ((model.hidden, hidden_bound), (model.readout, readout_bound)):
        assert float(jnp.abs(weights).max()) == pytest.approx(bound, rel=1e-2)
        # Standard deviation of a uniform variable; relative standard error below 1/sqrt(n).
        assert float(weights.std()) == pytest.approx(bound / math.sqrt(3), rel=5 / 200)


def test_readout_scale_zero_starts_at_zero_output(key):
    model = TwoLayerNet.init(5, 8, readout_scale=0.0, key=key)
    np.testing.assert_array_equal(model(jnp.array([1, 2])), 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 8), "num_operands must be at least 1, got 0"),
        ((5, 0), "width must be at least 1, got 0"),
        ((5, -3), "width must be at least 1, got -3"),
    ],
)
def test_sizes_below_one_are_refused(arguments, message, key):
    with pytest.raises(ValueError, match=message):
        TwoLayerNet.init(*arguments, key=key)


def test_unknown_activation_is_refused(key):
    with pytest.raises(ValueError, match=r"activation must be one of \['relu'.*got 'gelu'"):
        TwoLayerNet.init(5, 8, activation="gelu", key=key)
    with pytest.raises(ValueError, match="num_classes must be at least 1, got 0"):
        TwoLayerNet.init(5, 8, num_classes=0, key=key)
