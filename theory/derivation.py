"""A derivation: an identity, its argument in printable steps, and its symbolic check."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sympy as sp

Residual = Callable[[], tuple[sp.Expr, ...]]


@dataclass(frozen=True)
class Derivation:
    """An identity with its argument and its symbolic check."""

    name: str
    """Short handle."""
    statement: str
    """The identity in LaTeX."""
    source: str
    """Where the paper states it, or what it corrects."""
    steps: tuple[tuple[str, str], ...]
    """The argument: pairs of a sentence and a LaTeX formula."""
    residual: Residual
    """Left minus right hand side of what is checked; all entries must be zero."""
    published_residual: Residual | None = None
    """The same for the printed form, where that one is wrong; must not be zero."""

    def verify(self) -> None:
        """Check the identity symbolically.

        Raises
        ------
        ValueError
            If a residual does not vanish, or that of a form claimed to be wrong does.
        """
        for entry in self.residual():
            if not _is_zero(entry):
                raise ValueError(f"derivation {self.name} fails: the residual is {entry}, not 0")
        if self.published_residual is not None:
            if all(_is_zero(entry) for entry in self.published_residual()):
                raise ValueError(f"derivation {self.name}: the published form holds after all")

    def __str__(self) -> str:
        lines = [f"{self.name}  {self.source}", f"  {self.statement}"]
        for number, (text, formula) in enumerate(self.steps, start=1):
            lines += [f"  {number}. {text}", f"     {formula}"]
        return "\n".join(lines)


def find(derivations: Iterable[Derivation], name: str) -> Derivation:
    """Return one of the derivations by its name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    found = {item.name: item for item in derivations}
    if name not in found:
        raise ValueError(f"name must be one of {', '.join(found)}, got {name!r}")
    return found[name]


def _is_zero(entry: sp.Expr) -> bool:
    return entry == 0 or sp.expand(entry) == 0 or sp.simplify(entry) == 0
