"""Nodes that have climbed the energy of a group, and what they have become."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from ... import simulations as sim
from ...theory import irreps, li2

if TYPE_CHECKING:
    from ..bench import Bench

QUICK_GROUPS = ("Z7", "Z6", "S3", "D5", "Q8", "A4", "F21")
ALL_GROUPS = (
    *(f"Z{order}" for order in range(2, 25)),
    *("Z2xZ2", "Z2xZ4", "Z2xZ2xZ2", "Z3xZ3", "Z2xZ6", "Z2xZ8", "Z4xZ4", "Z2xZ2xZ4"),
    *("Z2xZ2xZ2xZ2", "Z3xZ6", "Z2xZ10", "Z2xZ12", "Z2xZ2xZ6"),
    *("S3", *(f"D{sides}" for sides in range(4, 13)), "Q8", "Q16", "Dic3", "Dic5", "Dic6"),
    *("Z2xD4", "Z2xQ8", "Z3xS3", "Z3xD4", "Z3xQ8", "Z4xS3", "Z2xD6", "Z2xDic3"),
    *("A4", "Z2xA4", "S4", "F20", "F21"),
)
"""Groups of order up to 24 that have names here, each up to isomorphism once."""


class Climbed(NamedTuple):
    """Where nodes have arrived that started at random on the sphere."""

    table: Int[np.ndarray, "group group"]
    nodes: Float[np.ndarray, "nodes weights"]
    energies: Float[np.ndarray, " nodes"]
    has_converged: Bool[np.ndarray, " nodes"]


def landscape_of(
    table: Int[np.ndarray, "group group"], labels: Float[np.ndarray, "rows labels"] | None = None
) -> sim.node_ascent.EnergyLandscape:
    """Return the energy on all pairs; the labels are the centered one-hot ones by default."""
    order = len(table)
    first, second = np.divmod(np.arange(order**2), order)
    if labels is None:
        labels = np.eye(order)[table.ravel()] - 1 / order
    return sim.node_ascent.EnergyLandscape(first, second, labels, order)


def climbed(bench: Bench, group: str) -> Climbed:
    """Let random nodes climb the energy of a group; claims share the result."""
    table = sim.tasks.groups.group(group).table
    num_nodes = bench.pick(quick=400, full=1000)

    def climb() -> dict[str, np.ndarray]:
        key = bench.key_for(f"ascent-{group}")
        starts = sim.node_ascent.random_nodes(num_nodes, len(table), key=key)
        result = landscape_of(table).ascend(starts)
        names = ("nodes", "energies", "has_converged")
        return {name: getattr(result, name) for name in names}

    return Climbed(table, **bench.cached(f"ascent-{group}", climb))


def family_shares(
    nodes: Float[np.ndarray, "nodes weights"], table: Int[np.ndarray, "group group"]
) -> Float[np.ndarray, "nodes families"]:
    """Share of each node's squared norm in each irreducible representation or conjugate pair.

    The families are those of :func:`groktheory.theory.li2.local_maxima`. Plancherel.
    """
    representations = irreps.irreps(table)
    halves = np.stack(np.split(nodes, 2, axis=1))
    transforms = irreps.group_fourier_transform(halves, representations)
    powers = np.stack(
        [
            representation.dimension / len(table) * np.sum(np.abs(hat) ** 2, axis=(0, -2, -1))
            for representation, hat in zip(representations, transforms, strict=True)
        ],
        axis=1,
    )
    families = [{one.irrep, one.conjugate} for one in li2.local_maxima(table)]
    shares = np.stack([powers[:, sorted(members)].sum(axis=1) for members in families], axis=1)
    return shares / np.sum(nodes**2, axis=1, keepdims=True)


def by_kind(end: Climbed) -> list[tuple[str, li2.Maximum, Int[np.ndarray, " nodes"]]]:
    """Sort converged nodes by dimension and type of the representation that holds most of them.

    Returns the kind (`2R`, `1C`, `2H`: dimension, and real, complex or quaternionic type), one of
    its maxima, and the indices of the nodes; kinds without nodes are left out.
    """
    families = family_shares(end.nodes, end.table).argmax(axis=1)
    members: dict[tuple[int, str], list[int]] = {}
    maxima = li2.local_maxima(end.table)
    for family, maximum in enumerate(maxima):
        members.setdefault((maximum.dimension, maximum.kind), []).append(family)
    kinds = []
    for (dimension, kind), family in members.items():
        nodes = np.flatnonzero(end.has_converged & np.isin(families, family))
        if len(nodes):
            letter = {"real": "R", "complex": "C", "quaternionic": "H"}[kind]
            kinds.append((f"{dimension}{letter}", maxima[family[0]], nodes))
    return kinds


def distinct(values: Float[np.ndarray, " values"]) -> list[Float[np.ndarray, " members"]]:
    """Sort values into groups that lie further apart than 1e-4 of their size."""
    ordered = np.sort(values)
    gaps = np.diff(ordered) > 1e-4 * np.abs(ordered[1:])
    return np.split(ordered, np.flatnonzero(gaps) + 1)


def leading_frequencies(nodes: Float[np.ndarray, "nodes weights"]) -> Int[np.ndarray, " nodes"]:
    """Frequency at which the product of both halves' Fourier amplitudes is largest, from 1."""
    first, second = (np.abs(np.fft.rfft(half, axis=1)) for half in np.split(nodes, 2, axis=1))
    return 1 + np.argmax((first * second)[:, 1:], axis=1)
