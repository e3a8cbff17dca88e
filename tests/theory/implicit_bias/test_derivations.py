import dataclasses

import pytest
import sympy as sp

from groktheory.theory.implicit_bias import derivations

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


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name must be one of conserved-product, .* got 'nothing'"):
        derivations.derivation("nothing")


def test_subjects_part_the_derivations():
    parts = [derivations.derivations(subject) for subject in ("clock", "regularized")]
    assert all(parts)
    assert [item.name for part in parts for item in part] == [item.name for item in ALL]


def test_unknown_subject_is_refused():
    with pytest.raises(ValueError, match="subject must be one of all, clock, regularized, got 'x'"):
        derivations.derivations("x")
