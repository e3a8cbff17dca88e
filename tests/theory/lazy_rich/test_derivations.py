import dataclasses

import pytest
import sympy as sp

from groktheory.theory.lazy_rich import derivations

ALL = derivations.derivations()


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_derivation_holds_and_prints(item):
    item.verify()
    text = str(item)
    assert item.name in text and item.statement in text
    for sentence, formula in item.steps:
        assert sentence in text and formula in text
        assert formula.count("{") == formula.count("}")

    def perturbed():
        return (item.residual()[0] + sp.Rational(1, 1000) * sp.Symbol("z"),)

    with pytest.raises(ValueError, match=f"derivation {item.name} fails: the residual is"):
        dataclasses.replace(item, residual=perturbed, published_residual=None).verify()


def test_the_printed_forms_that_are_refuted():
    refuted = [item.name for item in ALL if item.published_residual is not None]
    assert refuted == ["kernel-modes", "alignment-power"]


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name must be one of closed-map, .* got 'nothing'"):
        derivations.derivation("nothing")
