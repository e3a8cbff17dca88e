import numpy as np
import pytest

from groktheory.papers.tian2025li2 import stages
from groktheory.theory import li2

SMALL = {
    "wide-fixed-point": [(6, 5), ((100, 200, 400), (100, 200))],
    "coupon-collector": [(40_000, 30_000)],
}


@pytest.fixture
def outcome(judge_claim):
    return lambda name: judge_claim(name, smaller=SMALL[name])


def scaled(function, factor):
    return lambda *arguments, **options: factor * function(*arguments, **options)


def test_wide_fixed_point_is_supported(outcome):
    assert outcome("wide-fixed-point") == "supported"


def test_wide_fixed_point_refutes_a_wrong_constant(outcome, monkeypatch):
    monkeypatch.setattr(li2, "wide_prefactor", scaled(li2.wide_prefactor, 1.25))
    assert outcome("wide-fixed-point") == "refuted"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda width, eta, *, label_eigenvalue: eta / (width * label_eigenvalue + 2 * eta) ** 2,
        lambda width, eta, *, label_eigenvalue: 1 / (width * label_eigenvalue + eta) ** 2,
        lambda width, eta, *, label_eigenvalue: eta / (width * 12.0 + eta) ** 2,
    ],
)
def test_wide_fixed_point_refutes_other_dependences(outcome, monkeypatch, wrong):
    monkeypatch.setattr(li2, "wide_prefactor", wrong)
    assert outcome("wide-fixed-point") == "refuted"


def test_the_regressed_prefactor_is_that_of_the_two_sided_fixed_point():
    modulus, width, ridge = 5, 40, 3.0
    (measured,) = stages._prefactors(modulus, width, [ridge], np.random.default_rng(7))
    first, second = np.divmod(np.arange(modulus**2), modulus)
    u, v = np.random.default_rng(7).normal(size=(2, modulus, width))
    features = (u[first] + v[second]) ** 2
    labels = np.eye(modulus)[(first + second) % modulus]
    gradient = li2.two_sided_fixed_point_gradient(features, labels, eta=ridge)
    signal = li2.center(labels) @ li2.center(labels).T @ li2.center(features)
    np.testing.assert_allclose(measured, np.vdot(signal, gradient) / np.vdot(signal, signal))


def test_coupon_collector_is_supported(outcome):
    assert outcome("coupon-collector") == "supported"


@pytest.mark.parametrize("name", ["expected_nodes", "expected_nodes_muon", "harmonic_nodes"])
def test_coupon_collector_refutes_wrong_expectations(outcome, monkeypatch, name):
    monkeypatch.setattr(li2, name, scaled(getattr(li2, name), 1.05))
    assert outcome("coupon-collector") == "refuted"


def test_coupon_collector_refutes_another_strength_of_muon(outcome, monkeypatch):
    right = li2.expected_nodes_muon
    monkeypatch.setattr(
        li2,
        "expected_nodes_muon",
        lambda p, *, frechet_shape: right(p, frechet_shape=frechet_shape, suppression=0.6),
    )
    assert outcome("coupon-collector") == "refuted"


def test_nodes_that_never_repeat_a_feature_are_as_many_as_the_features():
    rng = np.random.default_rng(0)
    nodes = stages._nodes_until_all_found(np.ones(6), 1.0, 0.0, 20, rng)
    np.testing.assert_array_equal(nodes, 6)
