r"""Molecules as graphs, and a property of theirs to be predicted from the geometry."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..graphs import GraphLayout
from ._arguments import require_counts
from ._molecule_files import Molecule, read_molecules
from .task import Task, independent_samples

# Covalent radii in angstrom and valence electrons, from hydrogen to chlorine.
_RADII = np.array(
    [0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58]
    + [1.66, 1.41, 1.21, 1.11, 1.07, 1.05, 1.02]
)
_VALENCE = np.array([1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7])
_COMMON = np.array([1, 6, 7, 8, 9])  # the elements of QM9
_BOND_REACH = 1.3  # longest bond, in sums of radii
_PAULING_LENGTH = 0.3  # angstrom
_BOND_ORDERS = np.array([1.25, 1.75, 2.5])  # between single, aromatic, double and triple
NODE_FEATURES, EDGE_FEATURES = 11, 4

Graph = tuple[
    Float[np.ndarray, "atoms node_features"],
    Float[np.ndarray, "bonds edge_features"],
    Int[np.ndarray, " bonds"],
    Int[np.ndarray, " bonds"],
]


@dataclass(frozen=True, kw_only=True)
class SmallMolecules:
    r"""Predict a property of a molecule from the graph of its atoms and bonds.

    Without a path, the molecules are the 148 of the G2/97 set [Curtiss et al. 1997] that come with
    `ase`, the extra `molecules`; a path leads to a copy of QM9. The property is shifted and scaled
    to mean zero and variance one over all molecules. Train and test molecules are a random choice
    for every key. A row of the inputs is a graph packed by :attr:`layout`, as
    :class:`.GraphNet` takes it; see :func:`molecular_graph` for its features.

    Parameters
    ----------
    num_train, num_test
        Number of molecules to train and to test on.
    target
        `zero_point_energy` (the default) or `formation_enthalpy` of G2/97; of QM9 a property by
        its usual name, by default `alpha`, the isotropic polarizability.
    path
        Local molecules: a folder of the .xyz files of QM9, or a `.npz`.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int; when sampled, if there are not enough molecules, no such
        property, or the path holds something else.
    ModuleNotFoundError, FileNotFoundError
        When sampled: if neither the package nor the path is there.

    [liu2022omnigrok, Sec. 4]
    """

    num_train: int
    num_test: int
    target: str | None = None
    path: str | Path | None = None

    def __post_init__(self):
        require_counts(num_train=self.num_train, num_test=self.num_test)

    @property
    def num_classes(self) -> None:
        """None: a regression."""
        return None

    @property
    def layout(self) -> GraphLayout:
        """How the graphs are packed, with room for the largest molecule."""
        return _packed(self.path)[1]

    def sample(self, *, key: Array) -> Task:
        """Return a fresh choice of molecules; may be mapped over keys by `jax.vmap`."""
        graphs, _, properties = _packed(self.path)
        target = self.target or ("zero_point_energy" if self.path is None else "alpha")
        if target not in properties:
            raise ValueError(f"target must be one of {sorted(properties)}, got {target!r}")
        total = self.num_train + self.num_test
        if total > len(graphs):
            raise ValueError(
                f"num_train + num_test must be at most {len(graphs)}, the number of molecules, "
                f"got {self.num_train} + {self.num_test}"
            )
        values = properties[target]
        standardized = ((values - values.mean()) / values.std()).astype(np.float32)
        chosen = jax.random.permutation(key, len(graphs))[:total]
        return independent_samples(
            jnp.asarray(graphs)[chosen],
            jnp.asarray(standardized)[chosen],
            num_train=self.num_train,
            spec=self,
        )


def molecular_graph(
    numbers: Int[np.ndarray, " atoms"], positions: Float[np.ndarray, "atoms 3"]
) -> Graph:
    r"""Return features of atoms and bonds of one molecule, and the two ends of every bond.

    Atoms closer than 1.3 times the sum of their covalent radii are bonded, in both directions. A
    bond has the Pauling order

    $$ n = e^{(R_i + R_j - r_{ij}) / 0.3 \text{Å}} $$

    and is, by the nearest of the orders 1, 3/2, 2 and 3, single, aromatic, double or triple: four
    features, one of which is one. An atom has eleven: is it H, C, N, O, F; its atomic number / 10;
    valence electrons / 4; numbers of bonds / 4 and of bonds to hydrogen / 4; the sum of its bond
    orders / 4; and its covalent radius in angstrom.

    Parameters
    ----------
    numbers
        Atomic numbers from 1 to 17.
    positions
        In angstrom.

    Raises
    ------
    ValueError
        For other elements.

    In the place of the chemical annotations of [liu2022omnigrok, code], which geometries lack.

    >>> ends = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.1]])  # nitrogen, a triple bond
    >>> molecular_graph(np.array([7, 7]), ends)[1].tolist()
    [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]]
    """
    if numbers.min() < 1 or numbers.max() > len(_RADII):
        raise ValueError(f"numbers must lie from 1 to {len(_RADII)}, got {numbers.tolist()}")
    radii = _RADII[numbers - 1]
    reach = radii[:, None] + radii
    distances = np.linalg.norm(positions[:, None] - positions, axis=-1)
    is_bonded = (distances < _BOND_REACH * reach) & ~np.eye(len(numbers), dtype=bool)
    orders = np.where(is_bonded, np.exp((reach - distances) / _PAULING_LENGTH), 0)
    nodes = np.column_stack(
        [
            numbers[:, None] == _COMMON,
            numbers / 10,
            _VALENCE[numbers - 1] / 4,
            is_bonded.sum(axis=1) / 4,
            (is_bonded & (numbers == 1)).sum(axis=1) / 4,
            orders.sum(axis=1) / 4,
            radii,
        ]
    )
    senders, receivers = np.nonzero(is_bonded)
    kinds = np.searchsorted(_BOND_ORDERS, orders[senders, receivers])
    return nodes.astype(float), np.eye(EDGE_FEATURES)[kinds], senders, receivers


@lru_cache(maxsize=2)
def _packed(
    path: str | Path | None,
) -> tuple[
    Float[np.ndarray, "molecules size"], GraphLayout, dict[str, Float[np.ndarray, " molecules"]]
]:
    molecules: list[Molecule] = read_molecules(path)
    graphs = [molecular_graph(molecule.numbers, molecule.positions) for molecule in molecules]
    layout = GraphLayout(
        num_nodes=max(len(graph[0]) for graph in graphs),
        num_edges=max(len(graph[1]) for graph in graphs),
        node_features=NODE_FEATURES,
        edge_features=EDGE_FEATURES,
    )
    properties = {
        name: np.array([molecule.properties[name] for molecule in molecules])
        for name in molecules[0].properties
    }
    return np.stack([layout.pack(*graph) for graph in graphs]), layout, properties
