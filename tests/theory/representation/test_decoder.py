import numpy as np
import pytest
from scipy.integrate import solve_ivp

from groktheory.theory import representation as theory


@pytest.mark.parametrize(("slow", "fast"), [(1.0, 0.2), (1.0, 2.0), (0.3, 1.0)])
def test_final_separation_is_where_the_descent_ends(slow, fast):
    gain, separation = 1.2, 0.8

    def rate(time, state):
        a, r = state
        # Gradient of a^2 r^2, halved for each of the two inputs.
        return [-fast * 2 * a * r**2, -slow * a**2 * r]

    end = solve_ivp(rate, (0, 300), [gain, separation], rtol=1e-10, atol=1e-12).y[1, -1]
    found = theory.final_separation(separation, gain=gain, embedding_rate=slow, decoder_rate=fast)
    assert found == pytest.approx(end, abs=1e-6)


def test_the_critical_rate_divides_the_outcomes():
    settings = {"gain": 1.0, "embedding_rate": 1e-3}
    critical = theory.critical_decoder_rate(0.7, **settings)
    below, above = (
        theory.final_separation(0.7, decoder_rate=factor * critical, **settings)
        for factor in (0.99, 1.01)
    )
    assert below == 0 < above < 0.1
    assert np.isclose(theory.final_separation(0.7, decoder_rate=1e9, **settings), 0.7)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"separation": -1.0}, "separation must be non-negative, got -1.0"),
        ({"gain": -1.0}, "gain must be non-negative, got -1.0"),
        ({"embedding_rate": 0.0}, "embedding_rate must be positive, got 0.0"),
        ({"decoder_rate": 0.0}, "decoder_rate must be positive, got 0.0"),
    ],
)
def test_bad_arguments_are_refused(changed, message):
    values = {"separation": 1.0, "gain": 1.0, "embedding_rate": 1.0, "decoder_rate": 1.0}
    with pytest.raises(ValueError, match=message):
        theory.final_separation(**(values | changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"separation": 0.0}, "separation must be positive, got 0.0"),
        ({"gain": -1.0}, "gain must be non-negative, got -1.0"),
        ({"embedding_rate": 0.0}, "embedding_rate must be positive, got 0.0"),
    ],
)
def test_bad_critical_arguments_are_refused(changed, message):
    values = {"separation": 1.0, "gain": 1.0, "embedding_rate": 1.0}
    with pytest.raises(ValueError, match=message):
        theory.critical_decoder_rate(**(values | changed))
