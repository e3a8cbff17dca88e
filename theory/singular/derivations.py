r"""Symbolic proofs of the identities on which this room stands.

Each :class:`Derivation` states an identity, argues for it in steps that can be printed, and can
verify itself with sympy, see :mod:`groktheory.theory.derivation`.
"""

from functools import cache

from ..derivation import Derivation as Derivation
from ..derivation import find
from . import _proofs_coefficients, _proofs_samplers


@cache
def derivations() -> tuple[Derivation, ...]:
    r"""Return the derivations of this room.

    >>> len(derivations()) == len({item.name for item in derivations()})
    True
    """
    return (*_proofs_coefficients.derivations(), *_proofs_samplers.derivations())


def derivation(name: str) -> Derivation:
    r"""Return one derivation by its name.

    Raises
    ------
    ValueError
        If there is none of that name.

    >>> derivation("sampler-steps").verify()
    """
    return find(derivations(), name)
