r"""Learning coefficients of polynomials, exactly, by resolution of singularities.

The learning coefficient (real log canonical threshold) of $K\ge0$ at a zero is the $\lambda$ of

$$\int_{K<\epsilon}|w|^h\,dw \sim c\,\epsilon^\lambda(-\ln\epsilon)^{m-1}$$

over a small ball around it; $-\lambda$ is the largest pole of $\int K^z|w|^h\,dw$, of order $m$.
Blow-ups turn $K$ into monomials $x^{2k}$ and the volume into $|x|^h\,dx$, where
$\lambda=\min_i(h_i+1)/2k_i$; where $K$ is comparable to a sum of monomials, the Newton polyhedron
gives the pole at once.

Every step is proved, or the answer is :class:`CannotResolve`: that no point of the exceptional set
is missed, that units do not vanish at real points, and that the deciding points exist. What is
proved non-degenerate is so over the real numbers: $x^2+y^2$ has no zero with $xy\ne0$.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal

import sympy as sp
from sympy.polys.rings import PolyElement

from ._blow_ups import Leaf, Limits, Stuck, leaves
from ._charts import Chart as Chart
from ._charts import Resolution, resolution
from ._newton_polyhedron import minimal_exponents, threshold
from ._polynomial_arguments import Problem, problem, refuse_negative
from ._real_zeros import Region
from ._strata import LOCAL, LOCAL_POSITIVE, Stratum

MAX_BLOW_UPS = 12
"""Blow-ups one above another, before a resolution is given up."""


class CannotResolve(ArithmeticError):
    """The learning coefficient was not found: no number rather than a wrong one."""

    def __init__(
        self,
        reason: str,
        *,
        tried: Sequence[str] = (),
        lower_bound: Fraction | None = None,
        upper_bound: Fraction | None = None,
    ):
        self.reason = reason
        """What stood in the way."""
        self.tried = tuple(tried)
        """The methods that were tried, with the reason why each failed."""
        self.lower_bound, self.upper_bound = lower_bound, upper_bound
        """Proved bounds on the learning coefficient; the lower one only for bounded priors."""
        bounds = [
            f"lambda >= {lower_bound}" if lower_bound is not None else "",
            f"lambda <= {upper_bound}" if upper_bound is not None else "",
        ]
        known = " and ".join(bound for bound in bounds if bound)
        super().__init__(f"{reason}" + (f"; proved: {known}" if known else ""))


def real_log_canonical_threshold(
    polynomial: sp.Expr | sp.Poly | Sequence[sp.Expr | sp.Poly],
    variables: Sequence[sp.Symbol] | None = None,
    *,
    prior: Sequence[Fraction | int] | Mapping[sp.Symbol, Fraction | int] | None = None,
    at: Sequence[Fraction | int] | Mapping[sp.Symbol, Fraction | int] | None = None,
    domain: Literal["ball", "orthant"] = "ball",
    max_strata: int = 1500,
) -> Resolution:
    r"""Learning coefficient and multiplicity of a polynomial $K\ge0$ at one of its zeros.

    Parameters
    ----------
    polynomial
        $K$, non-negative near the point, with rational coefficients; or a sequence of generators
        $g_i$ for $K=\sum_i g_i^2$. A $K$ written as a sum of squares is treated as the latter,
        which is easier: keep it unexpanded.
    variables
        All coordinates; those that do not occur in $K$ count with the prior. The sorted symbols of
        the polynomial if not given.
    prior
        Exponents $h_i > -1$ of a prior $\prod_i|w_i|^{h_i}$ times a positive function; zeros if not
        given.
    at
        The point, rational; the origin if not given.
    domain
        ``ball``: a full neighborhood of the point. ``orthant``: its part with all $w_i\ge0$.
    max_strata
        Number of local problems after which each attempt is given up.

    Returns
    -------
    Resolution
        Its ``coefficient`` and the certificate: charts with $K\asymp\sum_v|x|^v$.

    Raises
    ------
    CannotResolve
        If the resolution does not end within the limits, or a proof of positivity is not found.
    ValueError
        If $K$ is no polynomial with rational coefficients, vanishes identically, does not vanish at
        the point, or is negative somewhere near it.

    Notes
    -----
    The local coefficient at one point: the global one is the least over the zeros of $K$. Needed
    algebraic points that are irrational are met only where K is smooth there.

    Source: derived, with Watanabe's theorem that the coefficient is the least one over the charts
    of a resolution, and Varchenko's and Lin's on non-degenerate Newton polyhedra.

    >>> x, y, z = sp.symbols("x y z")
    >>> print(real_log_canonical_threshold(x**2 * y**2 + z**4).coefficient)
    3/4, multiplicity 2
    >>> print(real_log_canonical_threshold([(x + y) ** 2 + x**3]))
    5/12, multiplicity 1 (by blow-ups, 6 charts)
    """
    given = problem(polynomial, variables, prior=prior, at=at, domain=domain)
    tried = []
    for name, generators, prefers_large_centers in _attempts(given):
        limits = Limits(max_strata, MAX_BLOW_UPS, prefers_large_centers)
        start = _start(given, generators)
        try:
            found = sorted(leaves(start, limits), key=_order)
            _refuse_uninhabited(found)
        except Stuck as stuck:
            tried.append(f"{name}: {stuck}")
            continue
        if not given.is_squared:
            refuse_negative(given.generators[0], given.one_sided)
        return resolution(given, found)
    lower, upper = _bounds(given)
    raise CannotResolve(
        f"no resolution found ({tried[0]})", tried=tried, lower_bound=lower, upper_bound=upper
    )


def _order(leaf: Leaf) -> tuple[Fraction, int, int]:
    value, multiplicity = leaf.threshold
    return value, -multiplicity, len(leaf.stratum.steps)


def _refuse_uninhabited(found: list[Leaf]) -> None:
    """Drop leading leaves only if another one of the same threshold is inhabited."""
    if not found:
        raise Stuck("no point found above the given one")
    best = [leaf for leaf in found if leaf.threshold == found[0].threshold]
    if not any(leaf.is_inhabited() for leaf in best):
        raise Stuck(
            f"the points that would decide (lambda = {best[0].threshold[0]}) were not found"
        )


def _attempts(given: Problem) -> list[tuple[str, tuple[PolyElement, ...], bool]]:
    attempts = [
        ("blow-ups at small centers", given.generators, False),
        ("blow-ups at large centers", given.generators, True),
    ]
    if 1 < len(given.generators) and given.generators[0].ring.ngens <= 6:
        basis = sp.groebner(
            [poly.as_expr() for poly in given.generators],
            *given.generators[0].ring.symbols,
            order="grevlex",
        )
        generators = tuple(given.generators[0].ring.from_expr(expr) for expr in basis.exprs)
        attempts.append(("Groebner basis", generators, False))
    return attempts


def _start(given: Problem, generators: tuple[PolyElement, ...]) -> Stratum:
    size = given.generators[0].ring.ngens
    return Stratum(
        generators=generators,
        kinds=tuple(LOCAL_POSITIVE if i in given.one_sided else LOCAL for i in range(size)),
        common=(0,) * size,
        prior=given.prior,
        region=Region(("real",) * size),
    )


def _bounds(given: Problem) -> tuple[Fraction | None, Fraction]:
    """From the order of vanishing of one generator, and from the Newton polyhedron."""
    scale = 1 if given.is_squared else 2
    exponents = minimal_exponents([e for poly in given.generators for e in poly])
    upper = scale * threshold(exponents, given.prior)[0]
    if min(given.prior) < 0:
        return None, upper
    order = min(sum(exponent) for poly in given.generators for exponent in poly)
    return Fraction(scale, 2 * order), upper
