"""Metropolis-adjusted chains have no error of the step size."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations import samplers


def groove(x):
    """Return a potential with a curvature between 0 and 9."""
    return jnp.sum(jnp.log(jnp.cosh(3 * x)))


def test_averages_are_exact_at_long_steps():
    settings = {
        "step_size": 0.15,
        "temperature": 0.5,
        "num_steps": 600,
        "record_every": 4,
        "burn_in": 50,
        "measures": {"square": lambda x: x[0] ** 2},
    }
    starts = jax.random.uniform(jax.random.key(1), (200, 2))
    chains = samplers.mala(groove, starts, key=jax.random.key(0), **settings)
    grid = np.linspace(-5, 5, 20_001)
    density = np.cosh(3 * grid) ** (-1 / 0.5)
    expected = np.sum(grid**2 * density) / density.sum()
    measured = samplers.estimate(chains, "square")
    assert measured.value == pytest.approx(expected, abs=4 * measured.standard_error)
    assert 0.5 < chains["acceptance"].mean() < 0.99
    # Without the adjustment the same steps are visibly off.
    biased = samplers.estimate(
        samplers.langevin(groove, starts, key=jax.random.key(0), **settings), "square"
    )
    assert abs(biased.value - expected) > 6 * biased.standard_error


def test_chains_have_the_shape_of_the_others(key):
    chains = samplers.mala(
        groove, jnp.ones((3, 2)), step_size=0.1, temperature=1.0, num_steps=8, key=key
    )
    assert chains["position"].dims == ("chain", "draw", "coordinate")
    assert chains["acceptance"].dims == ("chain", "draw")
    assert chains.attrs["sampler"] == "mala"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, "temperature must be positive and finite, got 0"),
        ({"step_size": -1.0}, "step_size must be positive and finite, got -1"),
        ({"record_every": 3}, "divide num_steps = 8, got 3"),
        ({"starts": np.full((2, 1), np.nan)}, "starts must be finite"),
        ({"potential": lambda x: jnp.log(x[0])}, "potential must be finite at the starts"),
    ],
)
def test_bad_settings_are_refused(key, change, message):
    settings = {
        "potential": groove,
        "starts": np.zeros((2, 1)),
        "step_size": 0.1,
        "temperature": 1.0,
        "num_steps": 8,
        "key": key,
    }
    with pytest.raises(ValueError, match=message):
        samplers.mala(**(settings | change))
