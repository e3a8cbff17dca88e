r"""Learning coefficients with their multiplicities, and the rules by which they combine.

$$F_n = nL_n(w^*)+\lambda\ln n-(m-1)\ln\ln n+O_p(1), \qquad
  \int_{K<\epsilon}\varphi\,dw \sim c\,\epsilon^\lambda(-\ln\epsilon)^{m-1} .$$
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

Rational = int | Fraction


@dataclass(frozen=True, order=False)
class LearningCoefficient:
    r"""The real log canonical threshold $\lambda$ of a function $K\ge0$, and its multiplicity.

    Parameters
    ----------
    value
        $\lambda > 0$, exact: an int or a `Fraction`.
    multiplicity
        $m \ge 1$, the order of the pole of the zeta function at $-\lambda$.

    Raises
    ------
    ValueError
        If one of them is out of range.

    Source: [lakkapragada2025slt, Sec. 1].

    >>> print(LearningCoefficient(Fraction(7, 2), 2))
    7/2, multiplicity 2
    """

    value: Fraction
    multiplicity: int = 1

    def __init__(self, value: Rational, multiplicity: int = 1):
        if not value > 0:
            raise ValueError(f"value must be positive, got {value}")
        if multiplicity < 1:
            raise ValueError(f"multiplicity must be at least 1, got {multiplicity}")
        object.__setattr__(self, "value", Fraction(value))
        object.__setattr__(self, "multiplicity", multiplicity)

    def __float__(self) -> float:
        """Return the value as a number."""
        return float(self.value)

    def __str__(self) -> str:
        return f"{self.value}, multiplicity {self.multiplicity}"


def direct_sum(*parts: LearningCoefficient) -> LearningCoefficient:
    r"""Combine $K_1(u)+K_2(v)+\dots$ of separate variables.

    $$\lambda = \sum_i\lambda_i, \qquad m-1 = \sum_i(m_i-1) .$$

    Raises
    ------
    ValueError
        Without any part.

    Source: derived (derivation direct-sum).

    >>> print(direct_sum(LearningCoefficient(Fraction(1, 2), 2), LearningCoefficient(1)))
    3/2, multiplicity 2
    """
    _refuse_nothing(parts)
    return LearningCoefficient(
        sum((part.value for part in parts), Fraction(0)),
        1 + sum(part.multiplicity - 1 for part in parts),
    )


def product(*parts: LearningCoefficient) -> LearningCoefficient:
    r"""Combine $K_1(u)K_2(v)\cdots$ of separate variables.

    $$\lambda = \min_i\lambda_i, \qquad m = \sum_{i:\,\lambda_i=\lambda}m_i .$$

    Raises
    ------
    ValueError
        Without any part.

    Source: derived: zeta functions of separate variables multiply.

    >>> print(product(LearningCoefficient(Fraction(1, 2)), LearningCoefficient(Fraction(1, 2))))
    1/2, multiplicity 2
    """
    _refuse_nothing(parts)
    least = min(part.value for part in parts)
    return LearningCoefficient(
        least, sum(part.multiplicity for part in parts if part.value == least)
    )


def monomial(
    exponents: Sequence[int], prior_exponents: Sequence[Rational] | None = None
) -> LearningCoefficient:
    r"""Return the coefficient of $K = \prod_jw_j^{2k_j}$ under a prior $\prod_j|w_j|^{h_j}$ at 0.

    $$\lambda = \min_{j:\,k_j>0}\frac{h_j+1}{2k_j}, \qquad m = \#\{j\text{ that attain it}\} .$$

    Parameters
    ----------
    exponents
        $k_j \ge 0$, at least one positive.
    prior_exponents
        $h_j > -1$; zeros if not given.

    Raises
    ------
    ValueError
        If the numbers are out of range, or the lengths differ.

    Source: derived (derivation normal-crossing); Watanabe's normal crossings.

    >>> print(monomial([1, 1, 2], [0, 0, 1]))
    1/2, multiplicity 3
    """
    priors = [0] * len(exponents) if prior_exponents is None else list(prior_exponents)
    if len(priors) != len(exponents):
        raise ValueError(
            f"prior_exponents must be as many as exponents, {len(exponents)}, got {len(priors)}"
        )
    if not any(exponents) or min(exponents) < 0:
        raise ValueError(f"exponents must be at least 0 and not all zero, got {list(exponents)}")
    if not min(priors) > -1:
        raise ValueError(f"prior_exponents must be above -1, got {priors}")
    ratios = [Fraction(h + 1) / (2 * k) for k, h in zip(exponents, priors, strict=True) if k]
    return LearningCoefficient(min(ratios), ratios.count(min(ratios)))


def regular(num_parameters: int) -> LearningCoefficient:
    r"""Return the coefficient of a regular model, $\lambda = D/2$, $m = 1$.

    Also that of a Morse-Bott minimum, a manifold of minima with $D$ stiff directions across it:
    $D$ is then the rank of the Hessian, for linearized models that of the Fisher matrix.

    Raises
    ------
    ValueError
        If the number is not positive.

    >>> print(regular(5))
    5/2, multiplicity 1
    """
    if num_parameters < 1:
        raise ValueError(f"num_parameters must be at least 1, got {num_parameters}")
    return LearningCoefficient(Fraction(num_parameters, 2))


def _refuse_nothing(parts: Sequence[LearningCoefficient]) -> None:
    if not parts:
        raise ValueError("at least one coefficient must be given to combine")
