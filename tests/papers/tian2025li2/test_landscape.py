import numpy as np
import pytest

from groktheory.papers.tian2025li2 import _ascents, _runs, landscape, memorization
from groktheory.simulations.tasks import groups
from groktheory.theory import li2
from groktheory.theory.irreps import irreps

SMALL = {
    "local-maxima": [(_ascents.QUICK_GROUPS, ("Z7", "S3", "Q8"))],
    "flat-directions": [
        (("Z7", "Z6", "Z2xZ2", "S3", "D5", "A4", "Q8", "F21", "S4"), ("Z7", "S3", "Q8"))
    ],
    "winning-frequency": [
        ({7: 1500, 11: 1500, 12: 24_000, 23: 1500}, {7: 1500, 12: 24_000}),
    ],
    "top-down-modulation": [
        ({"Z11": (1, 3), "S3": (2,), "D5": (2,), "A4": (3,)}, {"Z7": (2,), "D4": (4,)}),
    ],
}


@pytest.fixture
def outcome(judge_claim):
    return lambda name: judge_claim(name, smaller=SMALL.get(name, ()))


@pytest.mark.parametrize(
    "claim", ["local-maxima", "flat-directions", "memorization-shapes", "top-down-modulation"]
)
def test_claims_are_supported(outcome, claim):
    assert outcome(claim) == "supported"


@pytest.mark.slow
def test_winning_frequency_is_supported(outcome):
    assert outcome("winning-frequency") == "supported"


@pytest.mark.parametrize(
    ("claim", "attribute", "wrong"),
    [
        ("local-maxima", "energy", lambda maximum: 2 * maximum.published_energy),
        ("local-maxima", "energy", lambda maximum: maximum.order / (4 * maximum.dimension)),
        ("flat-directions", "zero_modes", lambda maximum: 2 * (maximum.dimension - 1)),
        ("flat-directions", "steepest_modes", lambda maximum: maximum.dimension),
        ("top-down-modulation", "energy", lambda maximum: maximum.order / 3),
    ],
)
def test_wrong_properties_of_maxima_are_refuted(outcome, monkeypatch, claim, attribute, wrong):
    monkeypatch.setattr(li2.Maximum, attribute, property(wrong))
    assert outcome(claim) == "refuted"


def test_a_missing_maximum_is_noticed(outcome, monkeypatch):
    right = li2.local_maxima
    monkeypatch.setattr(
        li2,
        "local_maxima",
        lambda table: tuple(one for one in right(table) if one.kind != "quaternionic"),
    )
    assert outcome("local-maxima") == "refuted"


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["product", "sum"])
def test_other_winner_rules_are_refuted(outcome, monkeypatch, wrong):
    right = li2.predicted_winner

    def swapped(u, v, characters, *, rule="logarithmic"):
        rule = {"logarithmic": wrong, wrong: "logarithmic"}.get(rule, rule)
        return right(u, v, characters, rule=rule)

    monkeypatch.setattr(li2, "predicted_winner", swapped)
    assert outcome("winning-frequency") == "refuted"


@pytest.mark.slow
def test_uniform_winners_are_refuted(outcome, monkeypatch):
    monkeypatch.setattr(li2, "winner_probabilities", lambda modulus: np.full(6, 0.13))
    assert outcome("winning-frequency") == "refuted"


def test_printed_projector_is_refuted(outcome, monkeypatch):
    def printed(irreps, *, learned):
        partners = {irreps[index].conjugate for index in learned} | set(learned)
        removed = sum(irreps[index].dimension for index in partners)
        # a little less than the rival of the claim, which must not coincide with its theory
        return 1 - 1.05 * removed / (len(irreps[0].character) - 1)

    monkeypatch.setattr(li2, "residual_fraction", printed)
    assert outcome("top-down-modulation") == "refuted"


@pytest.mark.parametrize("exponent", [1.2, 1.5])
def test_wrong_memorized_shapes_are_refuted(outcome, monkeypatch, exponent):
    monkeypatch.setattr(
        li2, "memorized_shape", lambda activation, p: li2.monomial_shape(exponent, p)
    )
    assert outcome("memorization-shapes") == "refuted"


@pytest.mark.parametrize(
    ("trained_like", "expected"), [("whitened", "supported"), ("plain", "refuted")]
)
def test_the_threshold_claim_can_go_both_ways(outcome, monkeypatch, trained_like, expected):
    noise = 0.005 * np.array([-1.0, 0.0, 1.0, 0.5])
    thresholds = {
        "whitened": {13: 0.43 + noise, 23: 0.35 + noise},
        "plain": {13: 0.6 + noise, 23: 0.57 + noise},
    }

    def survival(bench, modulus, orders, *, removes_operands):
        return thresholds["whitened" if removes_operands else "plain"][modulus]

    monkeypatch.setattr(memorization, "survival_thresholds", survival)
    monkeypatch.setattr(memorization, "sample_orders", lambda bench, modulus: None)
    monkeypatch.setattr(
        memorization,
        "critical_fractions",
        lambda bench, modulus: thresholds[trained_like][modulus] - noise / 2,
    )
    assert outcome("landscape-threshold") == expected


@pytest.mark.slow
def test_features_survive_longer_in_the_whitened_landscape(judge_claim):
    from groktheory.papers.bench import Bench

    orders = np.stack([np.random.default_rng(seed).permutation(17**2) for seed in range(3)])
    whitened, plain = (
        memorization.survival_thresholds(
            Bench("tian2025li2", "test"), 17, orders, removes_operands=choice
        )
        for choice in (True, False)
    )
    assert plain.mean() - whitened.mean() > 0.1


def test_family_shares_of_ideal_nodes_are_one_in_their_family():
    table = groups.group("A4").table
    rng = np.random.default_rng(3)
    for family, maximum in enumerate(li2.local_maxima(table)):
        u, v = li2.sample_maximum(irreps(table)[maximum.irrep], 5, rng=rng)
        shares = _ascents.family_shares(np.concatenate([u, v], axis=1), table)
        np.testing.assert_allclose(shares[:, family], 1, atol=1e-12)
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-12)


def test_named_groups_are_different_and_small():
    tables = [groups.group(name).table for name in _ascents.ALL_GROUPS]
    assert max(len(table) for table in tables) == 24
    fingerprints = {_class_fingerprint(table) for table in tables}
    assert len(fingerprints) == len(tables)


def _class_fingerprint(table):
    """Orders of elements and of their centralizers and numbers of square roots, as a multiset."""
    identity = table[0, 0] if table[0, 0] == 0 else np.flatnonzero(np.diag(table) == 0)[0]
    orders = []
    for element in range(len(table)):
        power, order = element, 1
        while power != identity:
            power, order = table[power, element], order + 1
        orders.append(order)
    centralizers = (table == table.T).sum(axis=1)
    roots = np.bincount(np.diag(table), minlength=len(table))
    return tuple(sorted(zip(orders, centralizers.tolist(), roots.tolist(), strict=True)))


def test_distinct_values_are_separated_beyond_rounding():
    found = _ascents.distinct(np.array([3.0, 1.5, 1.5 + 1e-9, 3.0, 1.5]))
    assert [len(group) for group in found] == [3, 2]


def test_leading_frequency_of_a_wave():
    waves = [np.cos(2 * np.pi * k * np.arange(9) / 9 + 0.3) for k in (1, 4)]
    nodes = np.array([np.concatenate([wave, wave]) for wave in waves])
    np.testing.assert_array_equal(_ascents.leading_frequencies(nodes), [1, 4])


def test_reflected_cosine_compares_with_the_inverse_element():
    u = np.random.default_rng(0).normal(size=7)
    reflected = u[(-np.arange(7)) % 7]
    nodes = np.array([np.concatenate([u, reflected]), np.concatenate([u, np.roll(reflected, 3)])])
    cosines = landscape._reflected_cosines(nodes)
    assert cosines[0] == pytest.approx(1)
    assert cosines[1] < 0.99


def test_crossing_of_a_rising_curve():
    x = np.array([0.1, 0.2, 0.3, 0.4])
    assert _runs.crossing(x, np.array([0.0, 0.25, 0.75, 1.0])) == pytest.approx(0.25)
    assert _runs.crossing(x, np.array([0.0, 0.8, 0.2, 1.0])) == pytest.approx(0.25, abs=0.051)


@pytest.mark.parametrize("level", [-0.1, 1.2])
def test_crossing_refuses_a_curve_on_one_side(level):
    with pytest.raises(ValueError, match="the curve must cross .* widen the range"):
        _runs.crossing(np.array([0.1, 0.2]), np.array([0.0, 1.0]), level=level)
