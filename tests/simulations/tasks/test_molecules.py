from typing import Any

import jax
import numpy as np
import pytest

from groktheory.simulations.tasks import SmallMolecules
from groktheory.simulations.tasks import _sources as sources
from groktheory.simulations.tasks import molecules as module
from groktheory.simulations.tasks._molecule_files import QM9_PROPERTIES, SYMBOLS, read_molecules
from groktheory.simulations.tasks.molecules import molecular_graph

METHANE = np.array([[0, 0, 0], [1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]]) * 0.63
# One of each: a molecule of atoms that are written down by hand.
MOLECULES = {
    "CHHHH": METHANE,
    "HCN": np.array([[0, 0, -1.066], [0, 0, 0], [0, 0, 1.156]]),
    "OHH": np.array([[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]]),
}
PROPERTIES = np.arange(3)[:, None] + np.linspace(1, 2, len(QM9_PROPERTIES))


def write_xyz(folder):
    for i, (symbols, positions) in enumerate(MOLECULES.items()):
        values = "\t".join(["6.8", "6.8", "6.8", *(f"{v:.6f}" for v in PROPERTIES[i])])
        atoms = [
            f"{symbol}\t" + "\t".join(f"{x:.4f}" for x in at) + "\t-1.0*^-4"
            for symbol, at in zip(symbols, positions, strict=True)
        ]
        # One coordinate as the files of QM9 write small numbers.
        atoms[0] = atoms[0].replace("\t0.0000", "\t1.0*^-9", 1)
        lines = [str(len(atoms)), f"gdb {i}\t{values}\t", *atoms, "1300.1 2300.2", "C", "InChI=1S"]
        (folder / f"dsgdb9nsd_{i:06d}.xyz").write_text("\n".join(lines))
    return folder


def write_npz(path, *, padded):
    numbers = [np.array([SYMBOLS.index(s) + 1 for s in name]) for name in MOLECULES]
    counts = np.array([len(one) for one in numbers])
    named: dict[str, Any] = {name: PROPERTIES[:, i] for i, name in enumerate(QM9_PROPERTIES)}
    if padded:
        charges, positions = np.zeros((3, 5), int), np.zeros((3, 5, 3))
        for i, at in enumerate(MOLECULES.values()):
            charges[i, : counts[i]], positions[i, : counts[i]] = numbers[i], at
        np.savez(path, num_atoms=counts, charges=charges, positions=positions, **named)
    else:
        stacked = np.concatenate(list(MOLECULES.values()))
        np.savez(path, N=counts, Z=np.concatenate(numbers), R=stacked, **named)
    return path


@pytest.mark.parametrize("kind", ["xyz", "flat", "padded"])
def test_local_formats_hold_the_same_molecules(kind, tmp_path):
    path = (
        write_xyz(tmp_path)
        if kind == "xyz"
        else write_npz(tmp_path / "qm9.npz", padded=kind == "padded")
    )
    found = read_molecules(path)
    for molecule, (symbols, positions) in zip(found, MOLECULES.items(), strict=True):
        assert "".join(SYMBOLS[z - 1] for z in molecule.numbers) == symbols
        np.testing.assert_allclose(molecule.positions, positions, atol=1e-8)
    for i, molecule in enumerate(found):
        np.testing.assert_allclose(
            [molecule.properties[n] for n in QM9_PROPERTIES], PROPERTIES[i], atol=1e-6
        )


def test_graph_of_hydrogen_cyanide():
    nodes, edges, senders, receivers = molecular_graph(np.array([1, 6, 7]), MOLECULES["HCN"])
    bonds = {(s, r): e.tolist() for s, r, e in zip(senders, receivers, edges, strict=True)}
    single, triple = [1, 0, 0, 0], [0, 0, 0, 1]
    assert bonds == {(0, 1): single, (1, 0): single, (1, 2): triple, (2, 1): triple}
    assert nodes[:, :5].tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]
    np.testing.assert_allclose(nodes[:, 5], [0.1, 0.6, 0.7])
    np.testing.assert_allclose(nodes[:, 6] * 4, [1, 4, 5])
    np.testing.assert_allclose(nodes[:, 7] * 4, [1, 2, 1])
    np.testing.assert_allclose(nodes[:, 8] * 4, [0, 1, 0])
    orders = np.exp((np.array([1.07, 1.47]) - [1.066, 1.156]) / 0.3)
    np.testing.assert_allclose(nodes[:, 9] * 4, [orders[0], orders.sum(), orders[1]])
    np.testing.assert_allclose(nodes[:, 10], [0.31, 0.76, 0.71])


@pytest.mark.parametrize("rotation", range(2))
def test_graph_does_not_see_where_the_molecule_lies(rotation):
    rng = np.random.default_rng(rotation)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    numbers = np.array([6, 1, 1, 1, 1])
    before = molecular_graph(numbers, METHANE)
    after = molecular_graph(numbers, METHANE @ turn.T + rng.normal(size=3))
    for one, two in zip(before, after, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-12)


def test_task_standardizes_a_named_property(tmp_path, key):
    path = write_xyz(tmp_path)
    spec = SmallMolecules(num_train=2, num_test=1, path=path)
    task = spec.sample(key=key)
    assert task.inputs.shape == (3, spec.layout.size) and task.num_classes is None
    assert (spec.layout.num_nodes, spec.layout.num_edges) == (5, 8)
    alpha = PROPERTIES[:, QM9_PROPERTIES.index("alpha")]
    expected = (alpha - alpha.mean()) / alpha.std()
    np.testing.assert_allclose(np.sort(task.targets), expected, rtol=1e-5)
    graphs = spec.layout.unpack(task.inputs)
    # The number of atoms tells the three molecules apart: 5, 3 and 3 with different first atoms.
    for row, target in enumerate(np.asarray(task.targets)):
        molecule = int(np.argmin(np.abs(expected - target)))
        symbols = list(MOLECULES)[molecule]
        assert int(graphs.has_node[row].sum()) == len(symbols)
        assert float(graphs.nodes[row, 0, 5]) * 10 == pytest.approx(SYMBOLS.index(symbols[0]) + 1)


def test_packaged_molecules_are_those_of_g2():
    pytest.importorskip("ase")
    from ase.data import covalent_radii  # pyright: ignore[reportMissingImports]

    np.testing.assert_allclose(module._RADII, covalent_radii[1:18])
    spec = SmallMolecules(num_train=100, num_test=48)
    assert (spec.layout.num_nodes, spec.layout.num_edges) == (14, 28)
    molecules = read_molecules(None)
    assert len(molecules) == 148
    # Zero-point energies are nearly a sum over the atoms, as those of harmonic bonds must be.
    atoms = np.stack([np.bincount(m.numbers, minlength=18) for m in molecules])
    energies = np.array([m.properties["zero_point_energy"] for m in molecules])
    residual = energies - atoms @ np.linalg.lstsq(atoms, energies)[0]
    assert residual.std() < 0.15 * energies.std()
    task = spec.sample(key=jax.random.key(0))
    targets = np.asarray(task.targets, np.float64)
    assert targets.mean() == pytest.approx(0, abs=1e-6) and targets.std() == pytest.approx(1)


def test_refuses_wrong_fields(tmp_path, key):
    path = write_xyz(tmp_path)
    with pytest.raises(ValueError, match="num_test must be at least 1, got 0"):
        SmallMolecules(num_train=1, num_test=0)
    with pytest.raises(ValueError, match=r"target must be one of \['Cv', .*got 'charm'"):
        SmallMolecules(num_train=1, num_test=1, target="charm", path=path).sample(key=key)
    with pytest.raises(ValueError, match=r"at most 3, the number of molecules, got 2 \+ 2"):
        SmallMolecules(num_train=2, num_test=2, path=path).sample(key=key)
    with pytest.raises(ValueError, match=r"numbers must lie from 1 to 17, got \[35\]"):
        molecular_graph(np.array([35]), np.zeros((1, 3)))


def test_refuses_bad_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist; it may be QM9 as a folder"):
        read_molecules(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"holds no \.xyz file; give QM9"):
        read_molecules(tmp_path)
    np.savez(tmp_path / "other.npz", N=np.ones(1))
    with pytest.raises(ValueError, match=r"has the arrays \['N'\]; it may be QM9"):
        read_molecules(tmp_path / "other.npz")
    (tmp_path / "a.sdf").touch()
    with pytest.raises(ValueError, match="is of an unknown kind; it may be QM9"):
        read_molecules(tmp_path / "a.sdf")
    (tmp_path / "a.xyz").write_text("1\ngdb 1\t1 2 3 4\nH 0 0 0 0\n")
    with pytest.raises(ValueError, match="must have the 12 properties of QM9 .* got 1"):
        read_molecules(tmp_path)


def test_refuses_to_guess_when_the_package_is_missing(monkeypatch):
    def gone(package):
        raise ModuleNotFoundError(package)

    monkeypatch.setattr(sources.resources, "files", gone)
    match = r"'ase', which is not installed: pip install 'groktheory\[molecules\]', or pass path="
    with pytest.raises(ModuleNotFoundError, match=match):
        read_molecules(None)
