"""Regions of arrival."""

import jax.numpy as jnp
import pytest

from groktheory.simulations.samplers import AnyWell


@pytest.mark.parametrize(
    ("position", "is_in"),
    [
        ((1.0, 0.0), True),
        ((-1.0, 0.0), True),
        ((0.0, 0.0), False),
        # Curvatures 4 and 1: energies 2 x^2 and y^2 / 2 against twice a temperature of 0.1.
        ((1.31, 0.0), True),
        ((1.32, 0.0), False),
        ((1.0, 0.63), True),
        ((1.0, 0.64), False),
    ],
)
def test_a_well_reaches_as_far_as_its_curvature_allows(position, is_in):
    wells = AnyWell(
        jnp.array([[1.0, 0.0], [-1.0, 0.0]]),
        jnp.array([jnp.diag(jnp.array([4.0, 1.0]))] * 2),
        jnp.asarray(0.1),
    )
    assert bool(wells(jnp.array(position))) is is_in
