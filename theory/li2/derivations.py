r"""Symbolic proofs of the identities on which this room stands.

Each :class:`Derivation` states an identity, argues for it in steps that can be printed, and can
verify itself: the residual is built with sympy from the definitions of both sides, for symbolic
weights, data or probabilities, and must vanish identically. Where the paper prints something
else, the printed form is held to the same residual and must *not* vanish.
"""

from functools import cache

from ..derivation import Derivation as Derivation
from ..derivation import find
from . import _proofs_landscape, _proofs_network


@cache
def derivations() -> tuple[Derivation, ...]:
    r"""Return all derivations of this room, in the order of the three stages.

    >>> len(derivations()) == len({item.name for item in derivations()})
    True
    """
    return (
        _proofs_network.fixed_point(),
        _proofs_network.label_eigenvalue(),
        _proofs_landscape.energy_gradient(),
        _proofs_landscape.convolution(),
        _proofs_landscape.spectral_energy(),
        _proofs_landscape.schur_orthogonality(),
        _proofs_landscape.blowup_time(),
        _proofs_landscape.four_nodes(),
        _proofs_network.repulsion(),
        _proofs_network.muon_suppression(),
        _proofs_network.collection_time(),
    )


def derivation(name: str) -> Derivation:
    r"""Return one derivation by its name.

    Raises
    ------
    ValueError
        If there is none of that name.

    >>> derivation("four-nodes").verify()
    """
    return find(derivations(), name)
