"""Figure of the data threshold: two landscapes, the published law and trained networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import li2
from ._card import paper
from ._figure_style import SINGLE_COLUMN, drawing
from ._runs import critical_fractions, numpy_generator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_BISECTIONS = 6


@paper.figure(
    "data-thresholds",
    caption=(
        "Train fraction of modular addition at which features stop to exist. Landscapes: ascent "
        "from ideal features on a random subset of the pairs ends, on average, with half of its "
        "squared overlap; with the plain labels, and with the labels that a wide network leaves "
        "to its nodes after the lazy stage. Points: networks reach test accuracy 1/2 within a "
        "fixed number of epochs. Error bars are standard errors over subsets and seeds."
    ),
    options={"trained": True},
)
def data_thresholds(bench: Bench, *, trained: bool = True) -> Figure:
    """Draw critical train fractions against the modulus."""
    moduli = np.array(bench.pick(quick=(11, 17, 23, 31, 41), full=(11, 17, 23, 31, 41, 61, 97)))
    repetitions = bench.pick(quick=4, full=8)

    def compute() -> dict[str, np.ndarray]:
        rng = numpy_generator(bench, "landscape thresholds")
        thresholds = np.empty((2, len(moduli), repetitions))
        for index, modulus in enumerate(moduli):
            for repetition in range(repetitions):
                bench.progress(
                    (index + repetition / repetitions) / len(moduli), f"landscape, M = {modulus}"
                )
                thresholds[:, index, repetition] = landscape_thresholds(int(modulus), rng=rng)
        return {"thresholds": thresholds}

    thresholds = bench.cached("landscape-thresholds", compute)["thresholds"]
    with drawing(SINGLE_COLUMN, height=2.9) as (figure, axes):
        styles = (("plain landscape", "C1", "s--"), ("whitened landscape", "C0", "o-"))
        for samples, (label, color, style) in zip(thresholds, styles, strict=True):
            mean, error = _mean_and_error(samples)
            axes.errorbar(moduli, mean, error, fmt=style, color=color, label=label)
        fine = np.geomspace(moduli[0], moduli[-1], 100)
        axes.plot(
            fine,
            [li2.critical_fraction(modulus) for modulus in fine],
            color="0.4",
            label=rf"${li2.CRITICAL_FRACTION_CONSTANT}\,\ln(M)/M$",
        )
        if trained:
            sizes = bench.pick(quick=(13, 23), full=(13, 17, 23, 31, 41, 53, 71))
            samples = np.stack([critical_fractions(bench, modulus) for modulus in sizes])
            mean, error = _mean_and_error(samples)
            axes.errorbar(sizes, mean, error, fmt="D", color="black", label="trained networks")
        axes.set(
            xscale="log",
            xlabel="modulus $M$",
            ylabel="critical train fraction $p_c$",
            ylim=(0, 0.8),
        )
        axes.set_xticks(moduli, [f"{modulus}" for modulus in moduli])
        axes.minorticks_off()
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def landscape_thresholds(modulus: int, *, rng: np.random.Generator) -> tuple[float, float]:
    r"""Train fractions at which ideal features lose half of their overlap, on one random order.

    Parameters
    ----------
    modulus
        $M \ge 3$.
    rng
        Draws the order in which pairs join the train set, and one feature of every frequency.

    Returns
    -------
    plain, whitened
        Fractions found by bisection, for centered labels and for those of a wide network.
    """
    order = rng.permutation(modulus**2)
    frequencies = np.arange(1, (modulus + 1) // 2)
    nodes = np.concatenate(li2.random_phase_nodes(modulus, 1, rng=rng), axis=1)

    def overlap(fraction: float, make_labels: Callable[..., np.ndarray]) -> float:
        chosen = order[: round(fraction * modulus**2)]
        first, second = np.divmod(chosen, modulus)
        onehot = np.eye(modulus)[(first + second) % modulus]
        # Rows without a label do not count: one shape, compiled once, serves all fractions.
        labels = np.zeros((modulus**2, modulus))
        labels[chosen] = make_labels(first, second, onehot)
        landscape = sim.node_ascent.EnergyLandscape(
            *np.divmod(np.arange(modulus**2), modulus), labels, modulus
        )
        end = landscape.ascend(nodes, tolerance=1e-4, max_steps=3000).nodes
        u, v = np.split(end, 2, axis=1)
        overlaps = [
            li2.ideal_feature_overlap(u[[node]], v[[node]], frequency=int(frequency))
            for node, frequency in enumerate(frequencies)
        ]
        return float(np.mean(overlaps))

    return (
        _crossing(lambda fraction: overlap(fraction, lambda first, second, y: li2.center(y))),
        _crossing(lambda fraction: overlap(fraction, li2.infinite_width_whitened_labels)),
    )


def _crossing(overlap: Callable[[float], float]) -> float:
    """Fraction at which a rising overlap passes 1/2, to 0.8/2^7."""
    low, high = 0.1, 0.9
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if overlap(middle) > 0.5 else (middle, high)
    return (low + high) / 2


def _mean_and_error(
    samples: Float[np.ndarray, "*points seeds"],
) -> tuple[Float[np.ndarray, "*points"], Float[np.ndarray, "*points"]]:
    return samples.mean(axis=-1), samples.std(axis=-1, ddof=1) / np.sqrt(samples.shape[-1])
