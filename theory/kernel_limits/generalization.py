r"""How few samples small weights need: upper bounds from the largest weight, and the separation.

The dependence on $n$, $p$, width and norm is the prediction. The numerical constants are either
left open by the paper or have not been re-derived here, so each of them is a named argument:

- ``rademacher_constant``: the paper prints 324; **not re-derived**, nor are the logarithms.
- ``constant`` of :func:`regression_loss_bound` and :func:`classification_error_bound`: not stated
  by the paper, so there is no default.

With any plausible constants the bounds are vacuous below $p\sim 10^3$: they are laws, not numbers.
"""

import math
from typing import Literal

PUBLISHED_RADEMACHER_CONSTANT = 324.0
"""Prefactor of the Rademacher bound as printed in [mohamadi2024kernel, App. E]; not re-derived."""

DATA_EXPONENTS = {
    ("regression", "kernel"): 3.0,
    ("regression", "rich"): 2.0,
    ("classification", "kernel"): 2.0,
    ("classification", "rich"): 5 / 3,
}
r"""Exponents $\alpha$ of the necessary ("kernel") or sufficient ("rich") samples $n\sim p^\alpha$.

Up to logarithms. [mohamadi2024kernel, Thm. 3.4, Prop. 3.7, Thm. 4.5-4.6]
"""


def rademacher_bound(
    num_samples: int,
    modulus: int,
    *,
    width: int,
    max_norm: float,
    rademacher_constant: float = PUBLISHED_RADEMACHER_CONSTANT,
) -> float:
    r"""Return the bound on the Rademacher complexity of networks with bounded weights.

    $$\mathcal R_n \le C\,h\,R^3\sqrt{p/n}, \qquad \lVert\theta\rVert_\infty\le R .$$

    Parameters
    ----------
    num_samples, modulus, width
        $n \ge 1$, $p \ge 2$, $h \ge 1$.
    max_norm
        $R > 0$.
    rademacher_constant
        $C$; the default is the printed 324, which has **not been re-derived**.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [mohamadi2024kernel, App. E].

    >>> rademacher_bound(400, 4, width=10, max_norm=1.0)
    324.0
    """
    _refuse_bad_sizes(num_samples=num_samples, modulus=modulus, width=width)
    _refuse_not_positive(max_norm=max_norm, rademacher_constant=rademacher_constant)
    return rademacher_constant * width * max_norm**3 * math.sqrt(modulus / num_samples)


def regression_loss_bound(
    num_samples: int,
    modulus: int,
    *,
    width: int,
    max_norm: float,
    constant: float,
    failure_probability: float,
) -> float:
    r"""Return the bound on the population loss of an interpolating network.

    $$L \le C\,\frac{R^6h^2\left(p\ln^3 n + \ln(1/\delta)\right)}{n} .$$

    With $h\sim p$ and $R\sim 1$ this is $L/L_0 = \tilde O(p^2/n)$, $L_0 = p$.

    Parameters
    ----------
    num_samples, modulus, width
        $n \ge 1$, $p \ge 2$, $h \ge 1$.
    max_norm
        $R > 0$, a bound on all weights.
    constant
        $C > 0$. The paper leaves it open and it has **not been derived**: use ratios only.
    failure_probability
        $\delta\in(0,1)$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [mohamadi2024kernel, Prop. 3.7, App. E].
    """
    _refuse_bad_sizes(num_samples=num_samples, modulus=modulus, width=width)
    _refuse_not_positive(max_norm=max_norm, constant=constant)
    if not 0 < failure_probability < 1:
        raise ValueError(f"failure_probability must lie in (0, 1), got {failure_probability}")
    logarithms = modulus * math.log(num_samples) ** 3 + math.log(1 / failure_probability)
    return constant * max_norm**6 * width**2 * logarithms / num_samples


def error_rate_bound(loss: float, modulus: int) -> float:
    r"""Return the largest fraction of misclassified pairs at a given regression loss.

    $$\text{error rate} \le \frac{2L}{p} ,$$

    with $L$ the mean over all triples of $(f - p\,1[a+b=c])^2$: in a misclassified pair a wrong
    output reaches the right one, and both together miss their targets by at least $p^2/2$.

    Parameters
    ----------
    loss
        $L \ge 0$; the zero predictor has $p$.
    modulus
        $p \ge 2$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [mohamadi2024kernel, App. E]; derivation error-rate.

    >>> error_rate_bound(0.11, 11)
    0.02
    """
    _refuse_bad_sizes(modulus=modulus)
    if loss < 0:
        raise ValueError(f"loss must be at least 0, got {loss}")
    return min(2 * loss / modulus, 1.0)


def classification_error_bound(
    num_samples: int,
    modulus: int,
    *,
    width: int,
    normalized_margin: float,
    constant: float,
    margin_loss: float = 0.0,
) -> float:
    r"""Return the margin bound on the error rate of a classifier.

    $$\Pr[\text{error}] \le \text{margin loss} +
      C\sqrt{\frac pn}\left(\frac{h^2}{\gamma/\lVert\theta\rVert_\infty^3}\right)^{1/3} .$$

    With $h\sim p$ and a normalized margin of order $p$, this is $\tilde O(\sqrt{p^{5/3}/n})$.

    Parameters
    ----------
    num_samples, modulus, width
        $n \ge 1$, $p \ge 2$, $h \ge 1$.
    normalized_margin
        $\gamma/\lVert\theta\rVert_\infty^3 > 0$.
    constant
        $C > 0$, logarithms included. The paper leaves it open and it has **not been derived**: use
        ratios only.
    margin_loss
        Fraction of training pairs with a margin below $\gamma$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [mohamadi2024kernel, Thm. 4.5-4.6].
    """
    _refuse_bad_sizes(num_samples=num_samples, modulus=modulus, width=width)
    _refuse_not_positive(normalized_margin=normalized_margin, constant=constant)
    if not 0 <= margin_loss <= 1:
        raise ValueError(f"margin_loss must lie in [0, 1], got {margin_loss}")
    complexity = (width**2 / normalized_margin) ** (1 / 3)
    return margin_loss + constant * math.sqrt(modulus / num_samples) * complexity


def separation(modulus: int, *, problem: Literal["regression", "classification"]) -> float:
    r"""Return how many times fewer samples the rich regime needs, up to constants and logarithms.

    $$\frac{n_{\text{kernel}}}{n_{\text{rich}}} \sim
      \begin{cases} p & \text{regression}\\ p^{1/3} & \text{classification}\end{cases}$$

    Parameters
    ----------
    modulus
        $p \ge 2$.
    problem
        `regression` on triples or `classification` of pairs.

    Raises
    ------
    ValueError
        For an unknown problem or a modulus below 2.

    Source: [mohamadi2024kernel, Thm. 3.4 and Prop. 3.7; Thm. 4.5-4.6].

    >>> separation(27, problem="regression"), round(separation(27, problem="classification"), 9)
    (27.0, 3.0)
    """
    _refuse_bad_sizes(modulus=modulus)
    if problem not in ("regression", "classification"):
        raise ValueError(f"problem must be 'regression' or 'classification', got {problem!r}")
    kernel, rich = DATA_EXPONENTS[problem, "kernel"], DATA_EXPONENTS[problem, "rich"]
    return modulus ** (kernel - rich)


def _refuse_bad_sizes(**sizes: int) -> None:
    for name, value in sizes.items():
        least = 2 if name == "modulus" else 1
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")


def _refuse_not_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")
