"""What a user may give as a polynomial: checks, and the translation to the origin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import sympy as sp
from sympy.polys.polyerrors import CoercionFailed, PolynomialError
from sympy.polys.rings import PolyElement

from ._real_zeros import value_at


@dataclass(frozen=True)
class Problem:
    """An ideal at the origin, and a prior."""

    generators: tuple[PolyElement, ...]
    is_squared: bool
    """Whether K is the sum of the squares of the generators, or the one generator."""
    prior: tuple[Fraction, ...]
    one_sided: frozenset[int]
    """Variables that are taken non-negative."""


def problem(
    polynomial: sp.Expr | sp.Poly | Sequence[sp.Expr | sp.Poly],
    variables: Sequence[sp.Symbol] | None,
    *,
    prior: Sequence[Fraction | int] | Mapping[sp.Symbol, Fraction | int] | None,
    at: Sequence[Fraction | int] | Mapping[sp.Symbol, Fraction | int] | None,
    domain: str,
) -> Problem:
    """Check the arguments and move the point to the origin."""
    if domain not in ("ball", "orthant"):
        raise ValueError(f"domain must be 'ball' or 'orthant', got {domain!r}")
    given = list(polynomial) if isinstance(polynomial, Sequence) else [polynomial]
    expressions = [g.as_expr() if isinstance(g, sp.Poly) else sp.sympify(g) for g in given]
    is_squared = isinstance(polynomial, Sequence)
    if not is_squared and (roots := squares(expressions[0])) is not None:
        expressions, is_squared = roots, True
    symbols = _symbols(expressions, variables)
    point = _coordinates(at, symbols, name="at")
    exponents = _coordinates(prior, symbols, name="prior")
    if min(exponents) <= -1:
        raise ValueError(
            f"prior must have exponents above -1 to be integrable, got {min(exponents)}"
        )
    if domain == "orthant" and min(point) < 0:
        raise ValueError(f"at must lie in the orthant, got the coordinate {min(point)}")
    ring = sp.ring(symbols, sp.QQ)[0]
    shift = dict(zip(symbols, map(_rational, point), strict=True))
    generators = []
    for expression in expressions:
        if expression.has(sp.Float):
            raise ValueError(_irrational(expression))
        moved = expression.subs({s: s + c for s, c in shift.items() if c}, simultaneous=True)
        try:
            generators.append(ring.from_expr(sp.expand(moved)))
        except (CoercionFailed, PolynomialError, ValueError) as error:
            raise ValueError(_irrational(expression)) from error
    generators = [poly for poly in generators if poly != 0]
    if not generators:
        raise ValueError("polynomial must not vanish identically, got 0")
    origin = (0,) * len(symbols)
    values = [poly.get(origin, 0) for poly in generators]
    if any(values):
        raise ValueError(
            f"at must be a zero of polynomial, got the value {next(filter(None, values))} there"
        )
    return Problem(
        generators=tuple(generators),
        is_squared=is_squared,
        prior=tuple(h if not c else Fraction(0) for h, c in zip(exponents, point, strict=True)),
        one_sided=frozenset(i for i, c in enumerate(point) if domain == "orthant" and c == 0),
    )


def _irrational(expression: sp.Expr) -> str:
    return (
        f"polynomial must have rational coefficients, got {expression}: write decimals as "
        "sympy.Rational"
    )


def squares(expression: sp.Expr) -> list[sp.Expr] | None:
    """Generators g of an expression written as a sum of positive multiples of squares g^2."""
    roots = []
    for term in sp.Add.make_args(expression):
        root: sp.Expr = sp.Integer(1)
        for factor in sp.Mul.make_args(term):
            base, exponent = factor.as_base_exp()
            if factor.is_number and factor.is_positive:
                continue
            if not (exponent.is_integer and exponent.is_positive and exponent.is_even):
                return None
            root *= base ** (exponent / 2)
        roots.append(root)
    return roots


def refuse_negative(polynomial: PolyElement, one_sided: frozenset[int]) -> None:
    """Look for negative values of K near the origin, on many scales."""
    random = Random(0)
    for trial in range(600):
        scale = Fraction(1, 4 ** (1 + trial % 5))
        point = []
        for i in range(polynomial.ring.ngens):
            power = random.choice((0, 1, 1, 1, 2, 3))
            size = Fraction(random.randint(-12, 12), 12) * scale**power
            point.append(_rational(abs(size) if i in one_sided else size))
        if max(map(abs, point)) <= sp.Rational(1, 4) and value_at(polynomial, point) < 0:
            where = ", ".join(
                f"{s}={x}" for s, x in zip(polynomial.ring.symbols, point, strict=True)
            )
            raise ValueError(
                f"polynomial must be non-negative near the point, got {value_at(polynomial, point)}"
                f" at {where} from it; give [polynomial] for its square"
            )


def _symbols(
    expressions: Sequence[sp.Expr], variables: Sequence[sp.Symbol] | None
) -> tuple[sp.Symbol, ...]:
    used = {symbol for expression in expressions for symbol in expression.free_symbols}
    known = sorted(used, key=str) if variables is None else list(variables)
    missing = sorted(map(str, used - set(known)))
    if missing:
        raise ValueError(
            f"variables must contain all symbols of polynomial, {missing[0]} is missing"
        )
    if not known:
        raise ValueError("polynomial must have a variable, got a constant")
    return tuple(symbol for symbol in known if isinstance(symbol, sp.Symbol))


def _coordinates(
    given: Sequence[Fraction | int] | Mapping[sp.Symbol, Fraction | int] | None,
    symbols: Sequence[sp.Symbol],
    *,
    name: str,
) -> list[Fraction]:
    if given is None:
        return [Fraction(0)] * len(symbols)
    if isinstance(given, Mapping):
        unknown = [str(key) for key in given if key not in symbols]
        if unknown:
            raise ValueError(f"{name} must name variables of polynomial, got {unknown[0]}")
        given = [given.get(symbol, 0) for symbol in symbols]
    if len(given) != len(symbols):
        raise ValueError(f"{name} must have {len(symbols)} entries, got {len(given)}")
    try:
        return [
            Fraction(str(sp.Rational(x))) if isinstance(x, sp.Expr) else Fraction(x) for x in given
        ]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must have rational entries, got {given!r}") from error


def _rational(number: Fraction) -> Any:
    return sp.Rational(number.numerator, number.denominator)
