import dataclasses

import pytest
import sympy as sp

from groktheory.theory import (
    gaussian_processes,
    implicit_bias,
    kernel_limits,
    langevin,
    lazy_rich,
    li2,
    linear_estimators,
    norm_landscape,
    representation,
    singular,
)

ROOMS = (
    gaussian_processes,
    implicit_bias,
    kernel_limits,
    langevin,
    lazy_rich,
    li2,
    linear_estimators,
    norm_landscape,
    representation,
    singular,
)
ALL = [item for room in ROOMS for item in room.derivations.derivations()]
REFUTED = {
    "kernel-modes",
    "alignment-power",
    "explicit-network",
    "spectral-energy",
    "schur-orthogonality",
    "eyring-detailed-balance",
    "normalized-flow",
    "sum-growth",
    "sliding-time",
    "two-clocks",
    "saturation-constants",
    "unseen-directions",
}


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


def test_the_printed_forms_that_are_refuted():
    assert {item.name for item in ALL if item.published_residual is not None} == REFUTED


def test_a_published_form_that_holds_is_noticed():
    item = li2.derivations.derivation("schur-orthogonality")
    with pytest.raises(ValueError, match="the published form holds after all"):
        dataclasses.replace(item, published_residual=item.residual).verify()


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_derivations_are_found_by_name(room):
    first = room.derivations.derivations()[0]
    assert room.derivations.derivation(first.name) is first
    with pytest.raises(ValueError, match=f"name must be one of {first.name}, .* got 'nothing'"):
        room.derivations.derivation("nothing")


def test_subjects_of_implicit_bias_part_its_derivations():
    derivations = implicit_bias.derivations.derivations
    parts = [derivations(subject) for subject in ("clock", "regularized")]
    assert all(parts)
    names = [item.name for part in parts for item in part]
    assert names == [item.name for item in derivations()]


def test_unknown_subject_is_refused():
    with pytest.raises(ValueError, match="subject must be one of all, clock, regularized, got 'x'"):
        implicit_bias.derivations.derivations("x")
