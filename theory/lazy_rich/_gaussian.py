"""Symbolic Gaussian averages, for the proofs of this room."""

from collections.abc import Callable
from typing import Any

import sympy as sp


def mean_over(*points: Any) -> Callable[[Any], Any]:
    r"""Return the average of polynomials over independent $x\sim\mathcal N(0, I_D/D)$.

    $$ \mathbb E\,x_i^{2k} = (2k-1)!!\,D^{-k} $$
    """
    variables = [entry for point in points for entry in list(point)]
    variance = sp.Rational(1, len(points[0]))

    def mean(polynomial: Any) -> Any:
        total: Any = sp.Integer(0)
        for powers, coefficient in sp.Poly(sp.expand(polynomial), *variables).terms():
            if all(power % 2 == 0 for power in powers):
                moments = (sp.factorial2(power - 1) * variance ** (power // 2) for power in powers)
                total += coefficient * sp.prod(moments)
        return sp.expand(total)

    return mean


def vector(name: str, dimension: int) -> Any:
    """Return a symbolic column vector."""
    return sp.Matrix(sp.symbols(f"{name}:{dimension}", real=True))


def symmetric(name: str, dimension: int) -> Any:
    """Return a symbolic symmetric matrix."""
    return sp.Matrix(
        dimension,
        dimension,
        lambda i, j: sp.Symbol(f"{name}{min(i, j)}{max(i, j)}", real=True),
    )
