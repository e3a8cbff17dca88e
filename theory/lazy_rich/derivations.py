r"""Symbolic proofs of the identities on which this room stands.

Each :class:`Derivation` states an identity, argues for it in steps that can be printed, and can
verify itself: the residual is built with sympy from the definitions of both sides, for symbolic
weights, data and matrices in few dimensions, and must vanish identically. Where the paper prints
something else, the printed form is held to the same residual and must *not* vanish.
"""

from functools import cache

from ..derivation import Derivation as Derivation
from ..derivation import find
from . import _proofs_dynamics, _proofs_moments


@cache
def derivations() -> tuple[Derivation, ...]:
    r"""Return all derivations of this room: the dynamics first, then Gaussian moments.

    >>> len(derivations()) == len({item.name for item in derivations()})
    True
    """
    return (
        _proofs_dynamics.closed_map(),
        _proofs_dynamics.lazy_expansion(),
        _proofs_dynamics.population_flow(),
        _proofs_dynamics.norm_growth(),
        _proofs_moments.tangent_kernel(),
        _proofs_moments.loss_terms(),
        _proofs_moments.kernel_modes(),
        _proofs_moments.alignment_power(),
        _proofs_moments.kernel_power(),
    )


def derivation(name: str) -> Derivation:
    r"""Return one derivation by its name.

    Raises
    ------
    ValueError
        If there is none of that name.

    >>> derivation("tangent-kernel").verify()
    """
    return find(derivations(), name)
