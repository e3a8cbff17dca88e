r"""Symbolic proofs of the identities on which this room stands.

Each :class:`Derivation` states an identity, argues for it in steps that can be printed, and can
verify itself with sympy, see :mod:`groktheory.theory.derivation`.
"""

from functools import cache
from typing import Literal

from ..derivation import Derivation as Derivation
from ..derivation import find
from . import _proofs_clock, _proofs_regularized


@cache
def derivations(subject: Literal["all", "clock", "regularized"] = "all") -> tuple[Derivation, ...]:
    r"""Return the derivations of this room.

    Parameters
    ----------
    subject
        ``"clock"``: the early-late dichotomy under weight decay; ``"regularized"``: descent with a
        small regularizer; ``"all"``: both.

    Raises
    ------
    ValueError
        For another subject.

    >>> len(derivations()) == len({item.name for item in derivations()})
    True
    """
    found = {
        "clock": _proofs_clock.derivations(),
        "regularized": _proofs_regularized.derivations(),
    }
    if subject == "all":
        return sum(found.values(), ())
    if subject not in found:
        raise ValueError(f"subject must be one of all, {', '.join(found)}, got {subject!r}")
    return found[subject]


def derivation(name: str) -> Derivation:
    r"""Return one derivation by its name.

    Raises
    ------
    ValueError
        If there is none of that name.

    >>> derivation("conserved-product").verify()
    """
    return find(derivations(), name)
