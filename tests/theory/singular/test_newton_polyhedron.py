from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from groktheory.theory.singular._newton_polyhedron import (
    compact_faces,
    facets,
    minimal_exponents,
    threshold,
)

exponent = st.tuples(*[st.integers(0, 4)] * 3).filter(any)
exponent_sets = st.lists(exponent, min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(exponent_sets, st.tuples(*[st.integers(0, 3)] * 3))
def test_threshold_is_the_optimum_of_the_linear_program(exponents, prior):
    best = linprog(
        np.array(prior) + 1.0, A_ub=-np.array(exponents, float), b_ub=-np.ones(len(exponents))
    )
    value, _ = threshold(exponents, [Fraction(h) for h in prior])
    assert float(value) == pytest.approx(best.fun / 2, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(exponent_sets)
def test_facets_support_the_polyhedron(exponents):
    points = minimal_exponents(exponents)
    for facet in facets(points):
        levels = [int(np.dot(facet.normal, point)) for point in points]
        assert min(levels) == facet.level > 0
        assert {i for i, level in enumerate(levels) if level == facet.level} == facet.members
        # a facet has dimension two: its points and its directions at infinity span a plane
        free = [np.eye(3)[i] for i in range(3) if facet.normal[i] == 0]
        first, *others = [np.array(points[i]) for i in sorted(facet.members)]
        assert np.linalg.matrix_rank([*free, *(p - first for p in others), np.zeros(3)]) == 2


@settings(max_examples=40, deadline=None)
@given(exponent_sets)
def test_compact_faces_are_the_minima_of_positive_weights(exponents):
    points = minimal_exponents(exponents)
    faces = set(compact_faces(points) or ())
    random = np.random.default_rng(0)
    for weights in [*random.integers(1, 5, (200, 3)), *random.integers(1, 40, (100, 3))]:
        levels = np.array(points) @ weights
        assert frozenset(np.flatnonzero(levels == levels.min()).tolist()) in faces


@pytest.mark.parametrize(
    ("exponents", "prior", "value", "multiplicity"),
    [
        ([(1, 1)], (0, 0), "1/2", 2),
        ([(2, 0), (0, 3)], (0, 0), "5/12", 1),
        ([(2, 0), (1, 1), (0, 2)], (0, 0), "1/2", 1),
        ([(1, 0, 0), (0, 1, 1)], (0, 0, 0), "1", 2),
        ([(3, 0), (1, 1), (0, 3)], (0, 0), "1/2", 2),  # at a vertex
        ([(1, 1)], (1, 0), "1/2", 1),
    ],
)
def test_multiplicity_counts_the_facets_that_meet(exponents, prior, value, multiplicity):
    found = threshold(exponents, [Fraction(h) for h in prior])
    assert found == (Fraction(value), multiplicity)
