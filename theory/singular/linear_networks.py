r"""Learning coefficients of linear networks, $f(x) = W_L\cdots W_1x$, at a truth of any rank.

Reduced-rank regression in all cases of [aoyagi2005rank], deep networks as in [aoyagi2024deep].
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from .coefficients import LearningCoefficient


def reduced_rank_regression(
    inputs: int, hidden: int, outputs: int, rank: int
) -> LearningCoefficient:
    r"""Return the coefficient of $y = BAx$, with $A$ of $H\times M$ and $B$ of $N\times H$.

    With the true rank $r$, and if no width dominates ($N+r\le M+H$, $M+r\le N+H$, $H+r\le M+N$),

    $$\lambda = \frac18\Bigl[2(H+r)(M+N)+2MN-(H+r)^2-M^2-N^2+p\Bigr], \qquad m = 1+p,$$

    where $p$ is 1 if $M+H+N+r$ is odd, and 0 else. Otherwise $m = 1$ and

    $$\lambda = \begin{cases}
        (HM-Hr+Nr)/2 & M+H < N+r \\ (HN-Hr+Mr)/2 & N+H < M+r \\ MN/2 & M+N < H+r .
      \end{cases}$$

    Parameters
    ----------
    inputs, hidden, outputs
        $M$, $H$ and $N$, at least 1.
    rank
        $r$, from 0 to the smallest of them.

    Raises
    ------
    ValueError
        If a number is out of range.

    Source: [aoyagi2005rank, Main Theorem]; with $M = N = d$ and $H = r$ it is
    [lakkapragada2025slt, Sec. 4].

    >>> print(reduced_rank_regression(2, 2, 2, 1))
    2, multiplicity 2
    """
    refuse_bad_widths((inputs, hidden, outputs), rank)
    m, h, n, r = inputs, hidden, outputs, rank
    if n + r <= m + h and m + r <= n + h and h + r <= m + n:
        odd = (m + h + n + r) % 2
        doubled = 2 * (h + r) * (m + n) + 2 * m * n - (h + r) ** 2 - m**2 - n**2 + odd
        return LearningCoefficient(Fraction(doubled, 8), 1 + odd)
    if m + h < n + r:
        return LearningCoefficient(Fraction(h * m - h * r + n * r, 2))
    if n + h < m + r:
        return LearningCoefficient(Fraction(h * n - h * r + m * r, 2))
    return LearningCoefficient(Fraction(m * n, 2))


def deep_linear_network(widths: Sequence[int], rank: int) -> LearningCoefficient:
    r"""Return the coefficient of a linear network with layers of given widths.

    Of the excess widths $M_j = H_j-r$ the smallest $\ell+1$ form the set $\Sigma$, with $\ell$ such
    that $\ell\max\Sigma\le S < \ell\min\Sigma^c$ for their sum $S$. With $M = \lceil S/\ell\rceil$
    and $a = S-(M-1)\ell$,

    $$\lambda = \frac{r(H_0+H_L)-r^2}2+\frac{a(\ell-a)}{4\ell}-\frac{\ell-1}{4\ell}S^2
      +\frac12\sum_{i<j\in\Sigma}M_iM_j, \qquad m = 1+a(\ell-a) .$$

    Parameters
    ----------
    widths
        $H_0$ (inputs) to $H_L$ (outputs), at least two numbers.
    rank
        Of the true product of all layers, from 0 to the smallest width.

    Raises
    ------
    ValueError
        If a number is out of range.

    Source: [aoyagi2024deep, Theorem 1]; does not depend on the order of the widths at rank 0.

    >>> print(deep_linear_network([10, 8, 6, 10], 3))
    33, multiplicity 3
    """
    if len(widths) < 2:
        raise ValueError(f"widths must name at least inputs and outputs, got {list(widths)}")
    refuse_bad_widths(widths, rank)
    excess = sorted(width - rank for width in widths)
    ell = _number_of_narrow_layers(excess)
    chosen = excess[: ell + 1]
    total = sum(chosen)
    ceiling = -(-total // ell)
    a = total - (ceiling - 1) * ell
    value = (
        Fraction(rank * (widths[0] + widths[-1]) - rank**2, 2)
        + Fraction(a * (ell - a), 4 * ell)
        - Fraction((ell - 1) * total**2, 4 * ell)
        + Fraction(sum(x * y for x, y in combinations(chosen, 2)), 2)
    )
    if value == 0:
        raise ValueError(
            "the truth fixes no parameter: a width equals the rank 0, which leaves nothing to learn"
        )
    return LearningCoefficient(value, 1 + a * (ell - a))


def _number_of_narrow_layers(excess: Sequence[int]) -> int:
    for ell in range(1, len(excess)):
        chosen, others = excess[: ell + 1], excess[ell + 1 :]
        reaches = sum(chosen) >= ell * chosen[-1]
        if reaches and (not others or sum(chosen) < ell * others[0]):
            return ell
    raise AssertionError(f"no set of narrow layers among {excess}: there always is one")


def refuse_bad_widths(widths: Sequence[int], rank: int) -> None:
    """Refuse widths below 1, and ranks that no product of such layers has."""
    if min(widths) < 1:
        raise ValueError(f"widths must be at least 1, got {list(widths)}")
    if not 0 <= rank <= min(widths):
        raise ValueError(
            f"rank must lie between 0 and the smallest width, {min(widths)}, got {rank}"
        )
