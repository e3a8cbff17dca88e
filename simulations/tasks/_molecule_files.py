"""Readers of molecules: the G2/97 set of ASE, and local copies of QM9."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ._sources import local_path, require_package

FORMATS = (
    "QM9 as a folder of its .xyz files (dsgdb9nsd_000001.xyz and so on), or as a .npz with either "
    "N, Z, R and the properties by name, or num_atoms, charges, positions and the properties"
)
SYMBOLS: tuple[str, ...] = tuple("H He Li Be B C N O F Ne Na Mg Al Si P S Cl".split())
# The properties of QM9 in the order of its files, behind three rotational constants.
QM9_PROPERTIES: tuple[str, ...] = tuple("mu alpha homo lumo gap r2 zpve U0 U H G Cv".split())
G2_PROPERTIES = {"zero_point_energy": "ZPE", "formation_enthalpy": "enthalpy"}


class Molecule(NamedTuple):
    """Atomic numbers, positions in angstrom, and properties by name."""

    numbers: Int[np.ndarray, " atoms"]
    positions: Float[np.ndarray, "atoms 3"]
    properties: dict[str, float]


def read_molecules(path: str | Path | None) -> list[Molecule]:
    """Return the molecules of ASE's G2/97 set, or those at a path."""
    if path is None:
        return _read_g2()
    found = local_path(path, formats=FORMATS)
    if found.is_dir():
        files = sorted(found.glob("*.xyz"))
        if not files:
            raise ValueError(f"folder {str(path)!r} holds no .xyz file; give {FORMATS}")
        return [_read_xyz(file) for file in files]
    if found.suffix == ".npz":
        return _read_npz(found)
    raise ValueError(f"path {str(path)!r} is of an unknown kind; it may be {FORMATS}")


def _read_g2() -> list[Molecule]:
    require_package("ase", data="148 small molecules", extra="molecules", formats=FORMATS)
    from ase.data.g2 import data  # pyright: ignore[reportMissingImports]
    from ase.symbols import string2symbols  # pyright: ignore[reportMissingImports]

    molecules = []
    for name in sorted(data):
        entry = data[name]
        symbols = string2symbols(entry["symbols"])
        if len(symbols) > 1:
            properties = {name: float(entry[key]) for name, key in G2_PROPERTIES.items()}
            positions = np.array(entry["positions"], float)
            molecules.append(Molecule(_numbers(symbols), positions, properties))
    return molecules


def _read_xyz(file: Path) -> Molecule:
    """Read one file of QM9, whose small numbers look like `1.2*^-5`."""
    lines = file.read_text().replace("*^", "e").splitlines()
    num_atoms = int(lines[0])
    values = [float(value) for value in lines[1].split()[5:]]
    if len(values) != len(QM9_PROPERTIES):
        raise ValueError(
            f"{str(file)!r} must have the {len(QM9_PROPERTIES)} properties of QM9 in its second "
            f"line, got {len(values)}"
        )
    atoms = [line.split() for line in lines[2 : 2 + num_atoms]]
    positions = np.array([[float(value) for value in atom[1:4]] for atom in atoms])
    properties = dict(zip(QM9_PROPERTIES, values, strict=True))
    return Molecule(_numbers([atom[0] for atom in atoms]), positions, properties)


def _read_npz(file: Path) -> list[Molecule]:
    with np.load(file) as archive:
        arrays = {name: archive[name] for name in archive.files}
    names = [name for name in QM9_PROPERTIES if name in arrays]
    if {"N", "Z", "R"} <= set(arrays):
        ends = np.cumsum(arrays["N"])[:-1]
        numbers, positions = np.split(arrays["Z"], ends), np.split(arrays["R"], ends)
    elif {"num_atoms", "charges", "positions"} <= set(arrays):
        counts = arrays["num_atoms"]
        numbers = [row[:n] for row, n in zip(arrays["charges"], counts, strict=True)]
        positions = [row[:n] for row, n in zip(arrays["positions"], counts, strict=True)]
    else:
        raise ValueError(f"{str(file)!r} has the arrays {sorted(arrays)}; it may be {FORMATS}")
    return [
        Molecule(
            np.asarray(one, int), np.asarray(at, float), {n: float(arrays[n][i]) for n in names}
        )
        for i, (one, at) in enumerate(zip(numbers, positions, strict=True))
    ]


def _numbers(symbols: list[str]) -> Int[np.ndarray, " atoms"]:
    return np.array([SYMBOLS.index(symbol) + 1 for symbol in symbols])
