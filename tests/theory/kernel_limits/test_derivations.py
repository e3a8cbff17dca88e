import dataclasses

import pytest
import sympy as sp

from groktheory.theory.kernel_limits import derivations

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


def test_the_printed_form_that_is_refuted():
    refuted = [item.name for item in ALL if item.published_residual is not None]
    assert refuted == ["explicit-network"]


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name must be one of relabeled-.* got 'nothing'"):
        derivations.derivation("nothing")
