"""Proofs of Gaussian moments: the kernel, its modes, the test error, the alignment."""

from typing import Any

import sympy as sp

from ..derivation import Derivation
from ._gaussian import mean_over, symmetric, vector

_EPSILON, _ALPHA = sp.symbols("epsilon alpha", positive=True)


def tangent_kernel() -> Derivation:
    def residual() -> tuple[Any, ...]:
        width, dimension = 3, 2
        units: Any = sp.Matrix(width, dimension, sp.symbols(f"w:{width * dimension}", real=True))
        points = [vector(name, dimension) for name in "xz"]

        def gradient(point: Any) -> Any:
            overlaps = units * point
            output = _ALPHA / width * sum(h + _EPSILON * h**2 / 2 for h in overlaps)
            return sp.Matrix([output.diff(unit) for unit in units])

        kernel = (gradient(points[0]).T * gradient(points[1]))[0]
        mean = units.T * sp.ones(width, 1) / width
        second = units.T * units / width
        linear = (mean.T * (points[0] + points[1]))[0]
        quadratic = (points[0].T * second * points[1])[0]
        bracket = 1 + _EPSILON * linear + _EPSILON**2 * quadratic
        claimed = _ALPHA**2 / width * (points[0].T * points[1])[0] * bracket
        return (sp.expand(kernel - claimed),)

    return Derivation(
        name="tangent-kernel",
        statement=r"\nabla f(x)\cdot\nabla f(x')=\tfrac{\alpha^2}N(x\cdot x')"
        r"\left[1+\epsilon\,\bar w\cdot(x+x')+\epsilon^2x^\top Mx'\right]",
        source="[kumar2023lazy, Eq. 5], which drops the prefactor (checked for three units)",
        steps=(
            (
                "Gradient of the output in one unit",
                r"\nabla_{w_i}f(x)=\tfrac\alpha N(1+\epsilon w_i\cdot x)\,x",
            ),
            (
                "Sum the products over the units; the two moments appear",
                r"\tfrac{\alpha^2}{N^2}(x\cdot x')\textstyle\sum_i"
                r"(1+\epsilon w_i\cdot x)(1+\epsilon w_i\cdot x')",
            ),
        ),
        residual=residual,
    )


def loss_terms() -> Derivation:
    def residual() -> tuple[Any, ...]:
        entries = []
        for dimension in (2, 3):
            linear, form = vector("u", dimension), symmetric("a", dimension)
            point = vector("x", dimension)
            gap = (point.T * form * point)[0] / 2 - (linear.T * point)[0]
            loss = mean_over(point)(gap**2)
            variance = (form.trace() / dimension) ** 2 / 4
            misalignment = sum(entry**2 for entry in form) / (2 * dimension**2)
            power = sum(entry**2 for entry in linear) / dimension
            entries.append(sp.expand(loss - variance - misalignment - power))
        return tuple(entries)

    return Derivation(
        name="loss-terms",
        statement=r"\mathbb E(f-y)^2=\tfrac14(\operatorname{tr}A/D)^2+\lVert A\rVert_F^2/2D^2"
        r"+|u|^2/D",
        source="[kumar2023lazy, Eq. 6] (checked for D = 2 and 3)",
        steps=(
            (
                "The error is a quadratic form and a linear one",
                r"y-f=\tfrac12x^\top Ax-u\cdot x,\quad A=B-\epsilon Q",
            ),
            (
                "Fourth moments of a Gaussian are sums over pairings; odd moments vanish",
                r"\mathbb E(x^\top Ax)^2=\tfrac1{D^2}\left[(\operatorname{tr}A)^2"
                r"+2\operatorname{tr}A^2\right],\quad\mathbb E(u\cdot x)^2=\tfrac1D|u|^2",
            ),
        ),
        residual=residual,
    )


def kernel_modes() -> Derivation:
    def images(dimension: int) -> tuple[Any, ...]:
        """Operator on a quadratic form at general M, and on the three modes at M = I."""
        point, other = vector("x", dimension), vector("z", dimension)
        form, second = symmetric("q", dimension), symmetric("m", dimension)
        variance = sp.Rational(1, dimension)

        def image(function: Any, moment: Any) -> Any:
            overlap = (point.T * other)[0]
            kernel = overlap * (1 + _EPSILON**2 * (point.T * moment * other)[0])
            return mean_over(other)(kernel * function)

        claimed = form.trace() * second + second * form + form * second
        claimed *= (_EPSILON / dimension) ** 2
        traceless = other[0] * other[1]
        squared = (other.T * other)[0]
        back = dict(zip(other, point, strict=True))
        unit = sp.eye(dimension)
        return (
            image((other.T * form * other)[0], second) - (point.T * claimed * point)[0],
            image(other[0], unit) - point[0] / dimension,
            image(traceless, unit),
            traceless.subs(back),
            image(squared, unit) - _EPSILON**2 * (dimension + 2) * variance**2 * squared.subs(back),
        )

    def residual() -> tuple[Any, ...]:
        entries = []
        for dimension in (2, 3):
            general, linear, quadratic, mode, trace = images(dimension)
            entries += [general, linear, trace]
            entries.append(quadratic - 2 * _EPSILON**2 / sp.Integer(dimension) ** 2 * mode)
        return tuple(entries)

    def published() -> tuple[Any, ...]:
        _, _, quadratic, mode, _ = images(2)
        return (quadratic - 2 * _EPSILON / sp.Integer(4) * mode,)

    return Derivation(
        name="kernel-modes",
        statement=r"\lambda_{\rm lin}=\tfrac1D,\quad\lambda_{\rm quad}=\tfrac{2\epsilon^2}{D^2},"
        r"\quad\lambda_{\rm tr}=\tfrac{\epsilon^2(D+2)}{D^2}",
        source="corrects [kumar2023lazy, Eq. 16, App. 11.1] (checked for D = 2 and 3)",
        steps=(
            (
                "Average the kernel of a wide start against a quadratic form: pairings of four",
                r"\mathbb E_{x'}(x\cdot x')\,\epsilon^2(x^\top Mx')\,x'^\top Qx'="
                r"\tfrac{\epsilon^2}{D^2}\,x^\top(\operatorname{tr}Q\,M+MQ+QM)\,x",
            ),
            (
                "At M = I a traceless form is multiplied by two units, the identity by D + 2",
                r"Q\to\tfrac{\epsilon^2}{D^2}(\operatorname{tr}Q\,I+2Q)",
            ),
        ),
        residual=residual,
        published_residual=published,
    )


def alignment_power() -> Derivation:
    def difference(prefactor: sp.Expr) -> tuple[Any, ...]:
        entries = []
        for dimension in (2, 3):
            direction, second = vector("b", dimension), symmetric("m", dimension)
            mean = vector("w", dimension)
            point, other = vector("x", dimension), vector("z", dimension)
            overlap = (point.T * other)[0]
            bracket = 1 + _EPSILON * (mean.T * (point + other))[0]
            bracket += _EPSILON**2 * (point.T * second * other)[0]
            targets = [(direction.T * z)[0] ** 2 / 2 for z in (point, other)]
            power = targets[0] * mean_over(other)(overlap * bracket * targets[1])
            squared = (direction.T * direction)[0]
            claimed = squared**2 * second.trace()
            claimed += 8 * squared * (direction.T * second * direction)[0]
            claimed *= prefactor * _EPSILON**2 / sp.Integer(dimension) ** 4
            entries.append(sp.expand(mean_over(point)(power) - claimed))
        return tuple(entries)

    return Derivation(
        name="alignment-power",
        statement=r"\mathbb E\,yK(x,x')y'=\tfrac{\epsilon^2}{4D^4}\left(|\beta|^4\operatorname{tr}M"
        r"+8|\beta|^2\beta^\top M\beta\right)",
        source="corrects [kumar2023lazy, Eq. 20] (checked for D = 2 and 3)",
        steps=(
            (
                "Only the quadratic part of the kernel is even in both inputs; the average "
                "factorizes",
                r"\mathbb E\,yKy'=\epsilon^2\operatorname{tr}(CMC),\quad "
                r"C=\mathbb E\,y\,xx^\top",
            ),
            (
                "Fourth moments",
                r"C=\tfrac1{2D^2}\left(|\beta|^2I+2\beta\beta^\top\right)",
            ),
            (
                "Multiply out; the factor 1/4 of the two targets is lost in print",
                r"\operatorname{tr}\,(|\beta|^2+2\beta\beta^\top)M(|\beta|^2+2\beta\beta^\top)="
                r"|\beta|^4\operatorname{tr}M+8|\beta|^2\beta^\top M\beta",
            ),
        ),
        residual=lambda: difference(sp.Rational(1, 4)),
        published_residual=lambda: difference(sp.Integer(1)),
    )


def kernel_power() -> Derivation:
    def residual() -> tuple[Any, ...]:
        entries = []
        for dimension in (2, 3):
            mean, second = vector("w", dimension), symmetric("m", dimension)
            point, other = vector("x", dimension), vector("z", dimension)
            variance = sp.Rational(1, dimension)
            bracket = 1 + _EPSILON * (mean.T * (point + other))[0]
            bracket += _EPSILON**2 * (point.T * second * other)[0]
            kernel = (point.T * other)[0] * bracket
            power = mean_over(point, other)(kernel**2)
            squares = sum(entry**2 for entry in second)
            norm = sum(entry**2 for entry in mean)
            claimed = variance + 2 * _EPSILON**2 * norm * (dimension + 2) * variance**3
            bracket = (dimension + 6) * squares + 2 * second.trace() ** 2
            claimed += _EPSILON**4 * bracket * variance**4
            entries.append(sp.expand(power - claimed))
        return tuple(entries)

    return Derivation(
        name="kernel-power",
        statement=r"\mathbb E\,K^2=\tfrac1D+\tfrac{2\epsilon^2(D+2)}{D^3}|\bar w|^2"
        r"+\tfrac{\epsilon^4}{D^4}\left[(D+6)\operatorname{tr}M^2+2(\operatorname{tr}M)^2\right]",
        source="derived (checked for D = 2 and 3)",
        steps=(
            (
                "Average over the second input: two and four of it, pairings",
                r"\mathbb E_{x'}(x\cdot x')^2=\tfrac1D|x|^2,\quad "
                r"\mathbb E_{x'}(x\cdot x')^2(x^\top Mx')^2=\tfrac1{D^2}\left[|x|^2\,|Mx|^2"
                r"+2(x^\top Mx)^2\right]",
            ),
            (
                "Then over the first",
                r"\mathbb E|x|^2|Mx|^2=\tfrac{D+2}{D^2}\operatorname{tr}M^2,\quad "
                r"\mathbb E(x^\top Mx)^2=\tfrac1{D^2}\left[(\operatorname{tr}M)^2"
                r"+2\operatorname{tr}M^2\right]",
            ),
        ),
        residual=residual,
    )
