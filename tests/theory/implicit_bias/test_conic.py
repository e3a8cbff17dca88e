import numpy as np
import pytest

from groktheory.theory.implicit_bias._conic import solve_conic


def test_projection_onto_a_half_space_by_hand():
    # min |x - (1, 2)|^2/2 with x_1 + x_2 <= 1: the point (0, 1), multiplier 1.
    solution = solve_conic(
        np.array([-1.0, -2.0]),
        np.ones((1, 2)),
        np.ones(1),
        [("nonnegative", 1)],
        quadratic=np.eye(2),
    )
    assert solution.is_solvable
    assert np.allclose(solution.x, [0, 1], atol=1e-8) and np.allclose(solution.z, 1, atol=1e-8)


def test_smallest_eigenvalue_as_a_semidefinite_program():
    # max t with A - t I positive semidefinite.
    matrix = np.array([[2.0, -1.0], [-1.0, 4.0]])
    triangle = np.array([matrix[0, 0], np.sqrt(2) * matrix[0, 1], matrix[1, 1]])
    identity = np.array([[1.0], [0.0], [1.0]])
    solution = solve_conic(-np.ones(1), identity, triangle, [("semidefinite", 2)])
    assert solution.x[0] == pytest.approx(np.linalg.eigvalsh(matrix)[0], rel=1e-8)


def test_says_that_there_is_no_solution():
    both = np.array([[1.0], [-1.0]])
    assert not solve_conic(
        np.ones(1), both, np.array([-1.0, -1.0]), [("nonnegative", 2)]
    ).is_solvable
    assert not solve_conic(np.ones(1), both[:1], np.zeros(1), [("nonnegative", 1)]).is_solvable


def test_refuses_to_return_a_program_it_could_not_solve():
    not_convex = np.array([[-1.0]])
    with pytest.raises(RuntimeError, match="the convex program was not solved"):
        solve_conic(
            np.ones(1), np.ones((1, 1)), np.ones(1), [("nonnegative", 1)], quadratic=not_convex
        )
