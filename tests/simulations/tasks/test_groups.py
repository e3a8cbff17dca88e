import itertools
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.simulations.tasks import groups
from groktheory.simulations.tasks.groups import Group, from_table, group

NAMES = "Z1 Z2 Z7 Z12 Z2xZ2 Z2xZ3xZ2 S1 S3 S4 S5 A3 A4 A5 D1 D4 D5 Q8 Q16 Dic1 Dic3 F20 F21 D3xZ2"
GROUPS = {name: group(name) for name in NAMES.split()}


@given(st.sampled_from(list(GROUPS)), st.data())
def test_axioms_hold_on_random_elements(name, data):
    g = GROUPS[name]
    a, b, c = data.draw(st.tuples(*[st.integers(0, g.order - 1)] * 3))
    assert g.table[g.table[a, b], c] == g.table[a, g.table[b, c]]
    assert g.table[a, g.identity] == g.table[g.identity, a] == a
    assert g.table[a, g.inverses[a]] == g.table[g.inverses[a], a] == g.identity


# Numbers of elements of each order, from the theory of these groups.
@pytest.mark.parametrize(
    ("name", "orders"),
    [
        ("Z6", {1: 1, 2: 1, 3: 2, 6: 2}),
        ("Z2xZ2", {1: 1, 2: 3}),
        ("S3", {1: 1, 2: 3, 3: 2}),
        ("D4", {1: 1, 2: 5, 4: 2}),
        ("Q8", {1: 1, 2: 1, 4: 6}),
        ("Dic3", {1: 1, 2: 1, 3: 2, 4: 6, 6: 2}),
        ("A4", {1: 1, 2: 3, 3: 8}),
        ("S4", {1: 1, 2: 9, 3: 8, 4: 6}),
        ("A5", {1: 1, 2: 15, 3: 20, 5: 24}),
        ("F20", {1: 1, 2: 5, 4: 10, 5: 4}),
        ("F21", {1: 1, 3: 14, 7: 6}),
        ("Q16", {1: 1, 2: 1, 4: 10, 8: 4}),
    ],
)
def test_element_orders(name, orders):
    g = group(name)
    found = []
    for element in range(g.order):
        power, count = element, 1
        while power != g.identity:
            power, count = g.table[power, element], count + 1
        found.append(count)
    assert dict(zip(*np.unique(found, return_counts=True), strict=True)) == orders
    assert g.name == name


def test_composition_of_permutations():
    g = group("S4")
    permutations = [tuple(map(int, label)) for label in g.labels]
    for a, b in itertools.product(range(24), repeat=2):
        composed = tuple(permutations[a][permutations[b][i]] for i in range(4))
        assert permutations[g.table[a, b]] == composed


def test_commutativity():
    abelian = {name for name, g in GROUPS.items() if g.is_abelian}
    expected = {"Z1", "Z2", "Z7", "Z12", "Z2xZ2", "Z2xZ3xZ2", "S1", "A3", "D1", "Dic1"}
    assert abelian == expected


def test_equality_and_hash():
    assert group("S3") == groups.symmetric(3)
    assert hash(group("S3")) == hash(pickle.loads(pickle.dumps(group("S3"))))
    assert group("S3") != group("D3") and group("Z2") != "Z2"
    assert from_table([[0, 1], [1, 0]], name="Z2") == group("Z2")
    with pytest.raises(ValueError, match="read-only"):
        group("Z3").table[0, 0] = 1


@given(st.permutations(range(8)))
def test_identity_may_have_any_index(relabelling):
    new = np.array(relabelling)
    table = np.empty((8, 8), int)
    table[np.ix_(new, new)] = new[group("Q8").table]
    assert from_table(table).identity == new[group("Q8").identity]


def test_semidirect_product_with_trivial_action_is_direct():
    a, b = group("S3"), group("Z4")
    trivial = np.tile(np.arange(6), (4, 1))
    assert np.array_equal(
        groups.semidirect_product(a, b, trivial).table, groups.product(a, b).table
    )
    assert groups.semidirect_product(a, b, trivial).name == "S3:Z4"
    assert groups.product(groups.semidirect_product(a, b, trivial), b).name == "(S3:Z4)xZ4"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[0, 1], [1, 2]], r"not closed: 1 \* 1 has the index 2, outside 0..1"),
        ([[0, 0], [1, 1]], "table has no identity"),
        ([[0, 1], [1, 1]], "element 1 has no inverse"),
        ([[0, 1, 2]], r"non-empty square matrix, got shape \(1, 3\)"),
        (np.zeros((0, 0), int), "non-empty square matrix"),
    ],
)
def test_bad_table(table, message):
    with pytest.raises(ValueError, match=message):
        from_table(table)


def test_loop_that_is_no_group_is_refused():
    # A Latin square with identity and two-sided inverses: only associativity fails.
    table = [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]
    with pytest.raises(ValueError, match="not associative") as error:
        from_table(table)
    found = re.search(r"\((\d) \* (\d)\) \* (\d)", str(error.value))
    assert found
    x, a, y = map(int, found.groups())
    t = np.array(table)
    assert t[t[x, a], y] != t[x, t[a, y]]


def test_bad_arguments():
    with pytest.raises(TypeError, match="table must hold integers, got dtype float64"):
        from_table(np.eye(2))
    with pytest.raises(ValueError, match="labels must name 2 elements, got 1 labels"):
        Group("Z2", np.array([[0, 1], [1, 0]]), ("e",))
    with pytest.raises(ValueError, match="order must be a positive integer, got 0"):
        groups.cyclic(0)
    with pytest.raises(ValueError, match=r"points must lie in 1..6 .*, got 7"):
        groups.symmetric(7)
    with pytest.raises(ValueError, match="prime must be a prime number, got 9"):
        groups.frobenius(9, 2)
    with pytest.raises(ValueError, match="complement must be a divisor of prime - 1 = 6 .* got 4"):
        groups.frobenius(7, 4)
    with pytest.raises(ValueError, match="needs at least one group"):
        groups.product()
    with pytest.raises(ValueError, match="order 8, 16, 32, ..., got Q12"):
        group("Q12")
    with pytest.raises(ValueError, match="p q = 15, got F15"):
        group("F15")


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (np.zeros((2, 2), int), r"shape \(2, 3\) \(acting, normal\), got \(2, 2\)"),
        (np.zeros((2, 3), int), "must be a permutation"),
        (np.array([[0, 1, 2], [1, 0, 2]]), "action of 1 is not an automorphism of Z3"),
        (
            np.array([[0, 2, 1], [0, 2, 1]]),
            "action is not a homomorphism: acting with 0 and then 0",
        ),
    ],
)
def test_bad_action(action, message):
    with pytest.raises(ValueError, match=message):
        groups.semidirect_product(group("Z3"), group("Z2"), action)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("s3", "S3"), ("C7", "Z7"), ("Z2xdic3", "Dic3"), ("V4", "Z2xZ2"), ("", "Z7"), ("Z7:Z3", "Z7")],
)
def test_unknown_names_get_a_suggestion(name, suggestion):
    with pytest.raises(ValueError, match=f"unknown group '{name}'.*did you mean '{suggestion}'"):
        group(name)
