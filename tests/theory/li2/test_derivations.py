import dataclasses

import pytest
import sympy as sp

from groktheory.theory.li2 import derivations

ALL = derivations.derivations()


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_derivation_holds_and_prints(item):
    item.verify()
    assert item.residual()
    text = str(item)
    assert item.name in text and item.statement in text
    for sentence, formula in item.steps:
        assert sentence in text and formula in text
        assert formula.count("{") == formula.count("}")


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_a_perturbed_residual_is_noticed(item):
    def perturbed():
        first, *rest = item.residual()
        return (first + sp.Rational(1, 1000) * sp.Symbol("x"), *rest)

    with pytest.raises(ValueError, match=f"derivation {item.name} fails: the residual is"):
        dataclasses.replace(item, residual=perturbed).verify()


def test_a_published_form_that_holds_is_noticed():
    item = derivations.derivation("schur-orthogonality")
    with pytest.raises(ValueError, match="the published form holds after all"):
        dataclasses.replace(item, published_residual=item.residual).verify()


def test_the_printed_forms_that_are_refuted():
    refuted = [item.name for item in ALL if item.published_residual is not None]
    assert refuted == ["spectral-energy", "schur-orthogonality"]


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name must be one of fixed-point, .* got 'nothing'"):
        derivations.derivation("nothing")
