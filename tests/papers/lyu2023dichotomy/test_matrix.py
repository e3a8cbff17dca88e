"""Matrix completion: another early matrix costs the verdict."""

from groktheory.validation import Outcome

SMALL = (((30, 0.2, (3.0, 10.0)), (16, 0.35, (2.0, 5.0))),)


def test_matrix_completion(judge_claim, plant):
    assert judge_claim("matrix-completion", smaller=SMALL) is Outcome.SUPPORTED
    plant("zero_fill_in", lambda matrix: matrix + 0.5)
    assert judge_claim("matrix-completion", smaller=SMALL) is Outcome.REFUTED
