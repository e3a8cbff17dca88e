"""The exponentially late release without decay: twice the exponent costs the verdict."""

from groktheory.validation import Outcome

SMALL = ((100, 1000, 1000), (60, 600, 400)), ((0.4, 0.5, 0.6, 1.0), (0.4, 0.6, 1.0)), (4, 3)


def test_no_decay(judge_claim, plant):
    assert judge_claim("no-decay", smaller=SMALL) is Outcome.SUPPORTED
    plant("undecayed_log_release_time", lambda log_time: 2 * log_time)
    assert judge_claim("no-decay", smaller=SMALL) is Outcome.REFUTED
