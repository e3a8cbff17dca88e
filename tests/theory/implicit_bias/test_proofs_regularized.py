import dataclasses

import pytest
import sympy as sp

from groktheory.theory.implicit_bias import _proofs_regularized

PROOFS = _proofs_regularized.derivations()


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_the_identity_holds(proof):
    proof.verify()
    assert proof.source and len(proof.steps) >= 2


def test_a_spoiled_residual_is_noticed():
    spoiled = dataclasses.replace(PROOFS[1], residual=lambda: (sp.Symbol("a") ** 2,))
    with pytest.raises(ValueError, match="null-space-law fails"):
        spoiled.verify()
