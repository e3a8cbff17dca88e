"""Charts of a resolution: what a user can check, and how they print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from ._blow_ups import Leaf
from ._polynomial_arguments import Problem
from ._real_zeros import sample
from ._strata import LOCAL_POSITIVE, Stratum
from .coefficients import LearningCoefficient


@dataclass(frozen=True)
class Chart:
    r"""A family of points of the resolution, where $K\asymp\sum_v|x|^v$."""

    substitution: Mapping[sp.Symbol, sp.Expr]
    """The original variables as functions of those of the chart, which have the same names."""
    local: tuple[sp.Symbol, ...]
    """Variables that vanish at the points; the others are parameters."""
    non_negative: frozenset[sp.Symbol]
    """Local variables that are taken non-negative."""
    monomials: tuple[tuple[Fraction, ...], ...]
    """Exponents v of the local variables in K."""
    jacobian: tuple[Fraction, ...]
    """Exponents h of the local variables in prior times Jacobian."""
    parameters: Mapping[sp.Symbol, sp.Rational]
    """A point of the family; empty where none was needed or the point is irrational."""
    functions: tuple[sp.Expr, ...]
    """Functions of the parameters that are further local variables, after those in ``local``."""
    coefficient: LearningCoefficient
    """Of the points of the family."""
    steps: tuple[str, ...]
    """How the chart was reached."""

    def __str__(self) -> str:
        names = [*map(str, self.local), *(f"[{function}]" for function in self.functions)]

        def monomial(exponents: Sequence[Fraction]) -> str:
            powers = zip(names, exponents, strict=True)
            return " ".join(f"{n}^{e}" if e != 1 else n for n, e in powers if e) or "1"

        total = " + ".join(monomial(exponents) for exponents in self.monomials)
        return f"K ~ {total}, volume ~ {monomial(self.jacobian)}: {self.coefficient}"


@dataclass(frozen=True)
class Resolution:
    """A learning coefficient and its proof."""

    coefficient: LearningCoefficient
    """Learning coefficient and multiplicity."""
    method: str
    """``newton polyhedron`` or ``blow-ups``."""
    charts: tuple[Chart, ...]
    """All families of points above the one in question, those that decide first."""
    ideal: tuple[sp.Expr, ...]
    """Generators, moved to the origin; one of them if K itself was given."""
    is_squared: bool
    """Whether K is the sum of their squares, or the one generator itself."""

    def __str__(self) -> str:
        return f"{self.coefficient} (by {self.method}, {len(self.charts)} charts)"

    def explain(self, max_charts: int = 12) -> str:
        """Tell how the coefficient was found, chart by chart."""
        total = " + ".join(f"({g})^2" if self.is_squared else f"{g}" for g in self.ideal)
        lines = [f"K = {total} at the origin: lambda = {self.coefficient}, by {self.method}"]
        for number, chart in enumerate(self.charts[:max_charts], start=1):
            lines += [f"chart {number}: {chart}"]
            lines += [f"    {step}" for step in chart.steps]
            if chart.parameters:
                values = ", ".join(f"{k} = {v}" for k, v in chart.parameters.items())
                lines += [f"    for example at {values}"]
        if len(self.charts) > max_charts:
            lines += [f"and {len(self.charts) - max_charts} charts with no smaller lambda"]
        return "\n".join(lines)


def resolution(given: Problem, found: list[Leaf]) -> Resolution:
    """Describe solved strata, those that decide first."""
    charts = [_chart(given, leaf) for leaf in found]
    inhabited = next(i for i, leaf in enumerate(found) if leaf.is_inhabited())
    charts.insert(0, charts.pop(inhabited))
    is_direct = all(leaf.stratum.num_blow_ups == 0 for leaf in found)
    return Resolution(
        coefficient=charts[0].coefficient,
        method="newton polyhedron" if is_direct else "blow-ups",
        charts=tuple(charts),
        ideal=tuple(poly.as_expr() for poly in given.generators),
        is_squared=given.is_squared,
    )


def _chart(given: Problem, leaf: Leaf) -> Chart:
    stratum, symbols = leaf.stratum, given.generators[0].ring.symbols
    local, size = stratum.local, len(symbols)
    kept = [*local, *range(size, size + (leaf.transversal is not None))]
    scale = 2 if given.is_squared else 1
    value, multiplicity = leaf.threshold
    point = {} if leaf.transversal is not None else sample(stratum.region) or {}
    return Chart(
        substitution=_composed(stratum, symbols),
        local=tuple(symbols[i] for i in local),
        non_negative=frozenset(symbols[i] for i in local if stratum.kinds[i] == LOCAL_POSITIVE),
        monomials=tuple(
            tuple(Fraction(scale * exponent[i]) for i in kept) for exponent in leaf.exponents
        ),
        jacobian=tuple((*stratum.prior, Fraction(0))[i] for i in kept),
        parameters={symbols[i]: point[i] for i in point if i not in local},
        functions=() if leaf.transversal is None else (leaf.transversal[0].as_expr(),),
        coefficient=LearningCoefficient(value * (1 if given.is_squared else 2), multiplicity),
        steps=tuple(text for text, _ in stratum.steps),
    )


def _composed(stratum: Stratum, symbols: Sequence[sp.Symbol]) -> dict[sp.Symbol, sp.Expr]:
    """Original variables as functions of those of the last chart."""
    found: dict[sp.Symbol, sp.Expr] = {symbol: symbol for symbol in symbols}
    for _, mapping in reversed(stratum.steps):
        inner = {
            symbols[i]: (upper.as_expr() / lower.as_expr()).xreplace(found)
            for i, (upper, lower) in mapping.items()
        }
        found = {symbol: inner.get(symbol, found[symbol]) for symbol in symbols}
    return found
