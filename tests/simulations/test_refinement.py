import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from groktheory.simulations._refinement import UNKNOWN, filled_in, wanted_cells


def explore(truth):
    """Compute wanted cells until none is left; the map filled in, and what was computed."""
    known = np.full_like(truth, UNKNOWN)
    while cells := wanted_cells(known):
        assert all(known[cell] == UNKNOWN for cell in cells)
        for cell in cells:
            known[cell] = truth[cell]
    return filled_in(known), known != UNKNOWN


@pytest.mark.parametrize("shape", [(2, 2), (2, 17), (5, 9), (16, 16), (23, 40)])
def test_half_planes_are_found_exactly(shape):
    rows, columns = np.indices(shape)
    for slope in (-1.3, -0.4, 0.0, 0.7):
        truth = (columns > shape[1] / 2 + slope * (rows - shape[0] / 2)).astype(int)
        found, _ = explore(truth)
        assert np.array_equal(found, truth)


def test_most_of_a_large_map_is_filled_in():
    rows, columns = np.indices((33, 33))
    truth = np.digitize(np.hypot(rows - 10, columns - 20), [6.5, 12.5])
    found, computed = explore(truth)
    assert np.array_equal(found, truth)
    assert 0.2 < computed.mean() < 0.65


def test_uniform_map_takes_the_coarse_grid():
    _, computed = explore(np.ones((16, 16), dtype=int))
    assert np.array_equal(np.flatnonzero(computed.any(axis=0)), [0, 4, 8, 12, 15])
    assert computed.sum() == 25


def test_square_islands_wider_than_the_coarse_grid_are_found():
    truth = np.zeros((20, 20), dtype=int)
    truth[6:10, 9:13] = 1
    assert np.array_equal(explore(truth)[0], truth)


@settings(max_examples=60, deadline=None)
@given(arrays(int, st.tuples(st.integers(2, 18), st.integers(2, 18)), elements=st.integers(0, 3)))
def test_computed_cells_stay_and_every_cell_gets_a_value(truth):
    found, computed = explore(truth)
    assert np.array_equal(found[computed], truth[computed])
    assert found.min() >= 0
