"""Claims on exact identities, and planted errors of some per cent that cost the verdict."""

from groktheory.theory import implicit_bias as theory
from groktheory.validation import Outcome


def test_dual_flow(judge_claim, monkeypatch):
    assert judge_claim("dual-flow") is Outcome.SUPPORTED
    right = theory.diagonal_flow

    def wrong(*arguments, scale, **options):
        return right(*arguments, scale=1.05 * scale, **options)

    monkeypatch.setattr(theory, "diagonal_flow", wrong, raising=False)
    assert judge_claim("dual-flow") is Outcome.REFUTED


def test_conserved_products(judge_claim, plant):
    assert judge_claim("conserved-products") is Outcome.SUPPORTED
    plant("factor_product", lambda product: 1.1 * product)
    assert judge_claim("conserved-products") is Outcome.REFUTED
