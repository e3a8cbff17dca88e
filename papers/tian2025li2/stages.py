"""The three stages: lazy, independent and interactive feature learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import li2
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    from ..bench import Bench


@paper.claim(
    "wide-fixed-point",
    statement="At the end of the lazy stage the gradient in a wide network is "
    "eta / (K c1 + eta)^2 times Y Y^T F, so it falls as the inverse square of the width.",
    source="derived, corrects [tian2025li2, Lemma 1]",
    memory_gib=(1.0, 3.0),
)
def wide_fixed_point(bench: Bench) -> tuple[Evidence, ...]:
    """Solve the readout of random quadratic features on all pairs of modular addition exactly,
    and regress the gradient that it sends back on Y Y^T F, at ridge 1 and in a wide network at
    four ridges.

    The printed prefactor takes the Gram matrix of the nodes and that of the samples for multiples
    of the identity, both at once. The other rival forgets the ridge in the denominator.
    """
    moduli, seeds = (7, 11), bench.pick(quick=6, full=12)
    nodes_per_sample = np.array(bench.pick(quick=(100, 200, 400), full=(100, 200, 400, 800)))
    c1, c2 = li2.label_eigenvalue("square"), li2.feature_variance("square")
    widths = {modulus: nodes_per_sample * modulus**2 for modulus in moduli}
    widest = int(widths[moduli[0]][-1])
    ridges = widest * c1 * np.array([1e-3, 0.1, 1.0, 10.0])

    def solve() -> dict[str, np.ndarray]:
        rng = bench.generator("random features")
        runs = {f"width-{m}": [] for m in moduli} | {"ridge": []}
        for seed in range(seeds):
            bench.progress(seed / seeds, "random features")
            for modulus in moduli:
                prefactors = [
                    _prefactors(modulus, k, [1.0], rng)[0] for k in widths[modulus].tolist()
                ]
                runs[f"width-{modulus}"].append(prefactors)
            runs["ridge"].append(_prefactors(moduli[0], widest, ridges, rng))
        return {name: np.array(values) for name, values in runs.items()}

    measured = bench.cached("prefactors", solve)

    predicted = {
        m: np.array([li2.wide_prefactor(k, 1.0, label_eigenvalue=c1) for k in widths[m].tolist()])
        for m in moduli
    }
    printed = {
        m: np.array(
            [
                li2.published_prefactor(k, m**2, 1.0, label_eigenvalue=c1, feature_variance=c2)
                for k in widths[m].tolist()
            ]
        )
        for m in moduli
    }

    def of_width(modulus: int) -> Evidence:
        return Evidence(
            quantity=f"prefactor / prediction, M = {modulus}",
            form=Form.CURVE,
            control=Axis("nodes per sample $K/n$", tuple(nodes_per_sample.tolist()), scale="log"),
            prediction=Prediction(
                np.ones(len(nodes_per_sample)), 0.1, label=r"$\eta/(Kc_1+\eta)^2$", source="derived"
            ),
            measurement=Samples(measured[f"width-{modulus}"] / predicted[modulus]),
            rivals=(
                Prediction(
                    printed[modulus] / predicted[modulus],
                    label="printed",
                    source="[tian2025li2, Lemma 1]",
                ),
            ),
        )

    last = moduli[-1]
    panel = Panel(
        f"width $K$ for $M = {last}$",
        r"prefactor of $\tilde Y\tilde Y^T\tilde F$",
        (
            Series("theory", widths[last], predicted[last], style="line"),
            Series("printed", widths[last], printed[last], style="dashed"),
            Series("measured", widths[last], measured[f"width-{last}"].mean(axis=0)),
        ),
        x_scale="log",
        y_scale="log",
    )
    exponents = [
        np.polyfit(np.log(widths[m]), np.log(measured[f"width-{m}"]).T, 1)[0] for m in moduli
    ]
    by_ridge = np.array([li2.wide_prefactor(widest, eta, label_eigenvalue=c1) for eta in ridges])
    return (
        *(of_width(modulus) for modulus in moduli),
        Evidence(
            quantity="exponent of $K$ in the prefactor",
            form=Form.LAW,
            control=Axis("task", tuple(f"M = {m}" for m in moduli)),
            prediction=Prediction(np.full(len(moduli), -2.0), 0.1, label=r"$K^{-2}$"),
            measurement=Samples(np.stack(exponents, axis=1)),
            rivals=(Prediction(-1.0, label=r"printed: $K^{-1}$", source="[tian2025li2, Lemma 1]"),),
            panel=panel,
        ),
        Evidence(
            quantity=f"prefactor / prediction, K = {widest}",
            form=Form.CURVE,
            control=Axis("ridge $\\eta/Kc_1$", tuple(ridges / (widest * c1)), scale="log"),
            prediction=Prediction(
                np.ones(len(ridges)), 0.1, label=r"$\eta/(Kc_1+\eta)^2$", source="derived"
            ),
            measurement=Samples(measured["ridge"] / by_ridge),
            rivals=(Prediction(ridges / (widest * c1) ** 2 / by_ridge, label=r"$\eta/(Kc_1)^2$"),),
        ),
    )


def _prefactors(
    modulus: int, width: int, ridges: np.ndarray | list[float], rng: np.random.Generator
) -> list[float]:
    """Regress the gradient at the exact fixed point of the readout on Y Y^T F, for each ridge."""
    first, second = np.divmod(np.arange(modulus**2), modulus)
    u, v = rng.normal(size=(2, modulus, width))
    features = (u[first] + v[second]) ** 2
    features -= features.mean(axis=0)
    labels = np.eye(modulus)[(first + second) % modulus] - 1 / modulus
    values, modes = np.linalg.eigh(features @ features.T)
    signal = labels.T @ features
    norm = np.sum((labels.T @ labels @ signal) * signal)
    prefactors = []
    for ridge in ridges:
        solution = modes @ ((modes.T @ labels) / (values + ridge)[:, None])
        readout = solution.T @ features
        residual = ridge * solution  # Y - F V, written so that nothing cancels
        prefactors.append(float(np.sum((residual.T @ labels @ signal) * readout) / norm))
    return prefactors


@paper.claim(
    "coupon-collector",
    statement="Finding all features takes the coupon collector's number of nodes; if Muon halves "
    "the strength of found features, 2^-a of the repeated draws remain.",
    source="[tian2025li2, Thm. 8]; closed form with Muon derived",
)
def coupon_collector(bench: Bench) -> tuple[Evidence, ...]:
    """Play the model of node after node: amplitudes start from a Frechet law, the feature with the
    largest growth rate times amplitude takes the node, and Muon halves the rates of found ones.

    The printed lower bound lacks a factor L; its corrected form is attained for equal rates.
    """
    shapes = np.array([0.5, 1.0, 1.5, 2.0, 3.0])
    rates = np.linspace(0.5, 1.0, 10)
    repetitions = bench.pick(quick=40_000, full=400_000)

    def play() -> dict[str, np.ndarray]:
        rng = bench.generator("coupons")
        runs: dict[str, list[np.ndarray]] = {"plain": [], "muon": []}
        for index, shape in enumerate(shapes):
            bench.progress(index / len(shapes), f"Frechet shape {shape:g}")
            for name, suppression in (("plain", 1.0), ("muon", 0.5)):
                nodes = _nodes_until_all_found(rates, shape, suppression, repetitions, rng)
                runs[name].append(nodes)
        runs["equal"] = [_nodes_until_all_found(np.ones(10), 1.0, 1.0, repetitions, rng)]
        return {name: np.stack(values, axis=1) for name, values in runs.items()}

    measured = bench.cached("nodes", play)
    probabilities = [li2.feature_probabilities(rates, frechet_shape=a) for a in shapes]
    without = np.array([li2.expected_nodes(p) for p in probabilities])
    with_muon = np.array(
        [
            li2.expected_nodes_muon(p, frechet_shape=a)
            for p, a in zip(probabilities, shapes, strict=True)
        ]
    )
    printed_bound = np.array([li2.published_expected_nodes_bound(p) for p in probabilities])
    equal = li2.harmonic_nodes(len(rates))
    control = Axis("Fréchet shape $a$", tuple(shapes.tolist()))
    return (
        Evidence(
            quantity="nodes to find all, $T_0$",
            form=Form.CURVE,
            control=control,
            prediction=Prediction(without, 0.02 * without, label="coupon collector"),
            measurement=Samples(measured["plain"]),
            rivals=(
                Prediction(equal, label="equally likely features"),
                Prediction(printed_bound, label="printed bound, if attained"),
            ),
        ),
        Evidence(
            quantity="nodes with Muon, $T_a$",
            form=Form.CURVE,
            control=control,
            prediction=Prediction(
                with_muon, 0.02 * with_muon, label=r"$2^{-a}T_0 + (1-2^{-a})L$", source="derived"
            ),
            measurement=Samples(measured["muon"]),
            rivals=(Prediction(without, label="Muon changes nothing"),),
        ),
        Evidence(
            quantity="nodes to find 10 equal features",
            form=Form.IDENTITY,
            prediction=Prediction(equal, 0.02 * equal, label="$L H_L$"),
            measurement=Samples(measured["equal"]),
            rivals=(
                Prediction(
                    li2.published_expected_nodes_bound(np.full(10, 0.1)),
                    label="printed bound, without the factor $L$",
                    source="[tian2025li2, Thm. 8]",
                ),
            ),
        ),
    )


def _nodes_until_all_found(
    rates: np.ndarray,
    shape: float,
    suppression: float,
    repetitions: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Number of nodes drawn, one after another, until each feature has been found."""
    found = np.zeros((repetitions, len(rates)), dtype=bool)
    nodes = np.zeros(repetitions)
    searching = np.arange(repetitions)
    while len(searching):
        amplitudes = rng.exponential(size=(len(searching), len(rates))) ** (-1 / shape)
        growth = amplitudes * rates * np.where(found[searching], suppression, 1.0)
        found[searching, growth.argmax(axis=1)] = True
        nodes[searching] += 1
        searching = searching[~found[searching].all(axis=1)]
    return nodes
