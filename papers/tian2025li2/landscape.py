"""The energy landscape of a single node on all pairs: maxima, flatness, winners, modulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import irreps, li2
from ...validation import Axis, Counts, Evidence, Exact, Form, Prediction, Samples
from ._ascents import (
    ALL_GROUPS,
    QUICK_GROUPS,
    Climbed,
    by_kind,
    climbed,
    distinct,
    family_shares,
    landscape_of,
    leading_frequencies,
)
from ._card import paper

if TYPE_CHECKING:
    from ..bench import Bench


@paper.claim(
    "local-maxima",
    statement="Every local maximum of the energy sits in one irreducible representation, at height "
    "M/2d (real type) or M/4d (complex pair, quaternionic type), with free phases.",
    source="derived, corrects [tian2025li2, Thm. 2]",
    headline=True,
)
def local_maxima(bench: Bench) -> tuple[Evidence, ...]:
    """Projected ascent of the energy on all pairs, computed sample by sample, from random starts.

    The heights are sorted by dimension and type of the representation that a node is in, over all
    groups. To see that none besides the predicted ones occurs, different heights are counted in
    each group. The printed alignment of the two halves of a node, v(g) = +-u(1/g), is tested on Z7:
    with free phases the mean of |cos| is 2/pi.
    """
    groups = bench.pick(quick=QUICK_GROUPS, full=ALL_GROUPS)
    ends = _climbed_by_order(bench, groups)
    heights: dict[str, list[float]] = {}
    families = {}
    for end in ends:
        for kind, maximum, nodes in by_kind(end):
            heights.setdefault(kind, []).extend(end.energies[nodes] / maximum.order)
            families[kind] = maximum
    kinds = sorted(heights)
    predicted = np.array([families[kind].energy / families[kind].order for kind in kinds])
    printed = np.array([families[kind].published_energy / families[kind].order for kind in kinds])
    orders = np.array([len(end.table) for end in ends])
    by_order = Axis("order $M$ of the group", tuple(orders.tolist()))
    superfluous = [
        len(distinct(end.energies[end.has_converged]))
        - len({maximum.energy for maximum in li2.local_maxima(end.table)})
        for end in ends
    ]
    shares = [
        family_shares(end.nodes[end.has_converged], end.table).max(axis=1).min() for end in ends
    ]
    unconverged = sum(int(np.sum(~end.has_converged)) for end in ends)
    cosines = _reflected_cosines(climbed(bench, "Z7").nodes)
    return (
        Evidence(
            quantity="height of maxima $E^*/M$",
            form=Form.IDENTITY,
            control=Axis("dimension and type of the representation", tuple(kinds)),
            prediction=Prediction(predicted, 1e-3 / orders.max(), label="$1/2d$, $1/4d$"),
            measurement=_agreed(heights, kinds),
            rivals=(
                Prediction(
                    printed,
                    0.1 * printed,
                    label="printed: $1/8d$, $1/16d$",
                    source="[tian2025li2, Thm. 2]",
                ),
            ),
            note=f"{unconverged} nodes had not converged and are left out" if unconverged else "",
        ),
        Evidence(
            quantity="superfluous or missing heights",
            form=Form.IDENTITY,
            control=by_order,
            prediction=Prediction(np.zeros(len(ends)), 0.0, label="none"),
            measurement=Exact(np.array(superfluous)),
        ),
        Evidence(
            quantity="share outside one representation",
            form=Form.IDENTITY,
            control=by_order,
            prediction=Prediction(np.zeros(len(ends)), 1e-6, label="none"),
            measurement=Exact(1 - np.array(shares), error=1e-9),
        ),
        Evidence(
            quantity="$|\\cos(u, Pv)|$ on Z7",
            form=Form.IDENTITY,
            prediction=Prediction(2 / np.pi, 0.1, label="free phases: $2/\\pi$"),
            measurement=Samples(cosines),
            rivals=(
                Prediction(1.0, label="printed: $v = \\pm Pu$", source="[tian2025li2, Thm. 2]"),
            ),
        ),
    )


def _climbed_by_order(bench: Bench, groups: tuple[str, ...]) -> list[Climbed]:
    """Nodes at the maxima of each group, smaller groups first."""
    ends = []
    for index, group in enumerate(groups):
        bench.progress(index / len(groups), f"ascent on {group}")
        ends.append(climbed(bench, group))
    return sorted(ends, key=lambda end: len(end.table))


def _agreed(values: dict[str, list[float]], kinds: list[str]) -> Exact:
    """Mean of each kind; the numerical error is the largest disagreement within a kind."""
    return Exact(
        np.array([np.mean(values[kind]) for kind in kinds]),
        error=max(float(np.ptp(values[kind])) for kind in kinds),
    )


def _reflected_cosines(nodes: np.ndarray) -> np.ndarray:
    """|cos| between u(g) and v(-g) on a cyclic group."""
    u, v = np.split(nodes, 2, axis=1)
    reflected = np.roll(v[:, ::-1], 1, axis=1)
    overlaps = np.abs(np.sum(u * reflected, axis=1))
    return overlaps / (np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1))


@paper.claim(
    "flat-directions",
    statement="The maxima have 3(d-1), 6d-4 or 6d-6 flat directions (real, complex, quaternionic), "
    "so that those of one-dimensional real representations are isolated.",
    source="derived, corrects [tian2025li2, Cor. 1]",
)
def flat_directions(bench: Bench) -> tuple[Evidence, ...]:
    """Eigenvalues of the Hessian on the sphere at the ends of the ascent, relative to the height.

    The corollary calls maxima flat for every group of more than two elements. A second count is
    that of the steepest modes, -8 times the height.
    """
    groups = bench.pick(
        quick=("Z7", "Z6", "Z2xZ2", "S3", "D5", "A4", "Q8", "F21", "S4"), full=ALL_GROUPS
    )
    flat: dict[str, list[float]] = {}
    steep: dict[str, list[float]] = {}
    families = {}
    for index, end in enumerate(_climbed_by_order(bench, groups)):
        bench.progress(index / len(groups), "Hessians")
        for kind, maximum, nodes in by_kind(end):
            curvatures = _curvatures(bench, end, nodes[:12])
            flat.setdefault(kind, []).extend(np.sum(np.abs(curvatures) < 1e-5, axis=1).tolist())
            steep.setdefault(kind, []).extend(
                np.sum(np.abs(curvatures + 8) < 1e-5, axis=1).tolist()
            )
            families[kind] = maximum
    kinds = sorted(families)
    control = Axis("dimension and type of the representation", tuple(kinds))
    return (
        Evidence(
            quantity="flat directions",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(
                np.array([families[kind].zero_modes for kind in kinds]),
                0.0,
                label="manifold of $p, q, s$",
            ),
            measurement=_agreed(flat, kinds),
            rivals=(Prediction.at_least(1.0, label="always flat", source="[tian2025li2, Cor. 1]"),),
        ),
        Evidence(
            quantity="directions of curvature $-8E^*$",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(
                np.array([families[kind].steepest_modes for kind in kinds]),
                0.0,
                label="turns of $q$, and one",
            ),
            measurement=_agreed(steep, kinds),
            rivals=(Prediction(1.0, label="one: norm between $u$ and $v$"),),
        ),
    )


def _curvatures(bench: Bench, end: Climbed, chosen: np.ndarray) -> np.ndarray:
    """Hessian eigenvalues of the chosen nodes in units of their energy."""

    def diagonalize() -> dict[str, np.ndarray]:
        eigenvalues = landscape_of(end.table).hessian_eigenvalues(end.nodes[chosen])
        return {"curvatures": eigenvalues / end.energies[chosen, None]}

    return bench.cached("curvatures", diagonalize)["curvatures"]


@paper.claim(
    "winning-frequency",
    statement="A node ends at the frequency with the largest logarithmic mean of the initial "
    "powers of its two halves.",
    source="derived, sharpens [tian2025li2, Lemma 8]",
)
def winning_frequency(bench: Bench) -> tuple[Evidence, ...]:
    """Follow the gradient flow on the sphere from random starts on cyclic groups.

    The rivals: if it were the largest product or the largest sum of the powers that wins, the
    outcome would be that of the logarithmic mean in so many of the same starts. A second count is
    how often each frequency of Z12 wins, where the frequency 6 differs from the others.
    """
    num_nodes = bench.pick(
        quick={7: 1500, 11: 1500, 12: 24_000, 23: 1500},
        full={7: 6000, 11: 6000, 12: 64_000, 23: 4000, 41: 2000},
    )
    hits, winners = [], {}
    agreements: dict[li2.winner.Rule, list[float]] = {"product": [], "sum": []}
    for index, (modulus, count) in enumerate(num_nodes.items()):
        bench.progress(index / len(num_nodes), f"flow on Z{modulus}")
        starts, winners[modulus] = _flow(bench, modulus, count)
        u, v = np.split(starts, 2, axis=1)
        characters = irreps.irreps(sim.tasks.groups.cyclic(modulus).table)
        predicted = li2.predicted_winner(u, v, characters)
        hits.append(np.sum(predicted == winners[modulus]))
        for rule, rates in agreements.items():
            by_rival = li2.predicted_winner(u, v, characters, rule=rule)
            rates.append(float(np.mean(predicted == by_rival)))
    frequencies = np.arange(1, 7)
    return (
        Evidence(
            quantity="nodes at predicted frequency",
            form=Form.EVENT_RATE,
            control=Axis("group", tuple(f"Z{modulus}" for modulus in num_nodes)),
            prediction=Prediction.at_least(
                np.full(len(num_nodes), 0.99), label="largest logarithmic mean wins"
            ),
            measurement=Counts(np.array(hits), np.array(list(num_nodes.values()))),
            rivals=tuple(
                Prediction(np.array(rates), 0.005, label=f"largest {rule} wins")
                for rule, rates in agreements.items()
            ),
        ),
        Evidence(
            quantity="share of nodes on Z12",
            form=Form.EVENT_RATE,
            control=Axis("frequency", tuple(map(str, frequencies))),
            prediction=Prediction(
                li2.winner_probabilities(12), 0.015, label="first to blow up", source="derived"
            ),
            measurement=Counts(
                np.sum(winners[12][:, None] == frequencies, axis=0), np.full(6, num_nodes[12])
            ),
            rivals=(Prediction(1 / 6, 0.0, label="all alike"),),
        ),
    )


def _flow(bench: Bench, modulus: int, num_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Random starts on a cyclic group and the frequencies that gradient flow takes them to."""

    def follow() -> dict[str, np.ndarray]:
        key = bench.key_for(f"flow-{modulus}")
        starts = sim.node_ascent.random_nodes(num_nodes, modulus, key=key)
        landscape = landscape_of(sim.tasks.groups.cyclic(modulus).table)
        ends = landscape.ascend(starts, max_angle=0.02, tolerance=0.05)
        return {"starts": starts, "winners": leading_frequencies(ends.nodes)}

    result = bench.cached(f"flow-{modulus}", follow)
    return result["starts"], result["winners"]


@paper.claim(
    "top-down-modulation",
    statement="Once some representations are learned, the residual holds only the missing ones: "
    "fresh nodes find those, at unchanged heights.",
    source="[tian2025li2, Thm. 7], projector corrected",
)
def top_down_modulation(bench: Bench) -> tuple[Evidence, ...]:
    """Fit the readout of nodes that have climbed into some representations, by least squares, and
    let fresh random nodes climb the energy of the residual.

    The printed projector on a representation has rank one instead of d^2 and would leave more of
    the loss. The other rivals: nodes go where they would go without modulation, and heights shrink
    with the loss.
    """
    quick_groups = {"Z11": (1, 3), "S3": (2,), "D5": (2,), "A4": (3,)}
    learned = bench.pick(
        quick=quick_groups, full=quick_groups | {"Z23": (1, 2, 5), "Q8": (4,), "S4": (3,)}
    )
    num_nodes = bench.pick(quick=400, full=2000)
    residuals, predicted_residuals, printed_residuals = [], [], []
    relapsed, unmodulated, labels, heights, predicted_heights, shrunk = [], [], [], [], [], []
    spread = 0.0
    for index, (group, chosen) in enumerate(learned.items()):
        bench.progress(index / len(learned), f"residual of {group}")
        end, fraction, fresh = _after_learning(bench, group, chosen, num_nodes)
        representations = irreps.irreps(end.table)
        maxima = li2.local_maxima(end.table)
        residuals.append(fraction)
        predicted_residuals.append(li2.residual_fraction(representations, learned=chosen))
        traces = [np.trace(li2.published_projector(one)).real for one in representations]
        partners = {representations[i].conjugate for i in chosen} | set(chosen)
        removed = sum(traces[i] for i in partners)
        printed_residuals.append(1 - removed / (len(end.table) - 1))
        is_learned = np.array([maximum.irrep in partners for maximum in maxima])
        relapsed.append(np.sum(is_learned[family_shares(fresh.nodes, end.table).argmax(axis=1)]))
        before = family_shares(end.nodes, end.table).argmax(axis=1)
        unmodulated.append(np.mean(is_learned[before]))
        for kind, maximum, nodes in by_kind(fresh):
            labels.append(f"{group} {kind}")
            heights.append(fresh.energies[nodes].mean())
            spread = max(spread, float(np.ptp(fresh.energies[nodes])))
            predicted_heights.append(maximum.energy)
            shrunk.append(maximum.energy * predicted_residuals[-1])
    control = Axis(
        "group: learned representations",
        tuple(f"{group}: {', '.join(map(str, chosen))}" for group, chosen in learned.items()),
    )
    return (
        Evidence(
            quantity="remaining loss",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(np.array(predicted_residuals), 1e-6, label="projector"),
            measurement=Exact(np.array(residuals)),
            rivals=(
                Prediction(
                    np.array(printed_residuals),
                    label="printed projector",
                    source="[tian2025li2, Thm. 7]",
                ),
            ),
        ),
        Evidence(
            quantity="fresh nodes at learned features",
            form=Form.EVENT_RATE,
            control=control,
            prediction=Prediction.at_most(np.full(len(learned), 0.01), label="learned ones vanish"),
            measurement=Counts(np.array(relapsed), np.full(len(learned), num_nodes)),
            rivals=(Prediction(np.array(unmodulated), 0.05, label="no modulation"),),
        ),
        Evidence(
            quantity="height of maxima $E^*$",
            form=Form.IDENTITY,
            control=Axis("group, dimension and type of representation", tuple(labels)),
            prediction=Prediction(np.array(predicted_heights), 1e-3, label="unchanged"),
            measurement=Exact(np.array(heights), error=spread),
            rivals=(Prediction(np.array(shrunk), label="in proportion to the loss"),),
        ),
    )


def _after_learning(
    bench: Bench, group: str, learned: tuple[int, ...], num_nodes: int
) -> tuple[Climbed, float, Climbed]:
    """Return nodes at random maxima, the loss that remains if those of the learned representations
    are fitted to the labels, and fresh nodes that have climbed the energy of the residual."""
    end = climbed(bench, group)
    order = len(end.table)
    members = [i for i, one in enumerate(li2.local_maxima(end.table)) if one.irrep in learned]

    def learn() -> dict[str, np.ndarray]:
        in_learned = np.isin(family_shares(end.nodes, end.table).argmax(axis=1), members)
        u, v = np.split(end.nodes[in_learned & end.has_converged], 2, axis=1)
        first, second = np.divmod(np.arange(order**2), order)
        features = np.square(u[:, first] + v[:, second]).T
        features -= features.mean(axis=0)
        labels = np.eye(order)[end.table.ravel()] - 1 / order
        residual = labels - features @ np.linalg.lstsq(features, labels, rcond=1e-9)[0]
        key = bench.key_for(f"fresh-{group}")
        starts = sim.node_ascent.random_nodes(num_nodes, order, key=key)
        result = landscape_of(end.table, residual).ascend(starts)
        names = ("nodes", "energies", "has_converged")
        return {name: getattr(result, name) for name in names} | {
            "fraction": np.sum(residual**2) / np.sum(labels**2)
        }

    result = bench.cached(f"learned-{group}", learn)
    fraction = float(result.pop("fraction"))
    return end, fraction, Climbed(end.table, **result)
