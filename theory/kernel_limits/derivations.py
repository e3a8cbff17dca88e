r"""Symbolic proofs of the identities on which this room stands.

Each :class:`Derivation` states an identity, argues for it in steps that can be printed, and can
verify itself: the residual is built with sympy from the definitions of both sides, for symbolic
modulus, weights or coefficients, and must vanish identically. Where the paper prints something
else, the printed form is held to the same residual and must *not* vanish.
"""

from functools import cache

from ..derivation import Derivation as Derivation
from ..derivation import find
from . import _proofs_kernels, _proofs_networks


@cache
def derivations() -> tuple[Derivation, ...]:
    r"""Return all derivations of this room: kernels first, then networks.

    >>> len(derivations()) == len({item.name for item in derivations()})
    True
    """
    return (
        _proofs_kernels.relabeled_correlations(),
        _proofs_kernels.correlation_spectrum(),
        _proofs_kernels.kernel_loss_bound(),
        _proofs_kernels.delta_spectrum(),
        _proofs_kernels.expected_tangent_kernel(),
        _proofs_kernels.tangent_rank(),
        _proofs_networks.explicit_network(),
        _proofs_networks.half_frequencies(),
        _proofs_networks.error_rate(),
    )


def derivation(name: str) -> Derivation:
    r"""Return one derivation by its name.

    Raises
    ------
    ValueError
        If there is none of that name.

    >>> derivation("explicit-network").verify()
    """
    return find(derivations(), name)
