"""Proofs about the dynamics: the closed map, its lazy expansion, its population limit."""

from typing import Any

import sympy as sp

from ..derivation import Derivation
from ._gaussian import mean_over, symmetric, vector

_EPSILON, _ALPHA, _KAPPA = sp.symbols("epsilon alpha kappa", positive=True)


def closed_map() -> Derivation:
    def residual() -> tuple[Any, ...]:
        # Two units, two inputs, two dimensions: gradients by differentiation of the loss.
        units: Any = sp.Matrix(2, 2, sp.symbols("w:4", real=True))
        inputs: Any = sp.Matrix(2, 2, sp.symbols("x:4", real=True))
        residuals = vector("r", 2)
        width, samples, dimension = 2, 2, 2

        def output(sample: int) -> Any:
            overlaps = [(units.row(i) * inputs.row(sample).T)[0] for i in range(width)]
            return _ALPHA / width * sum(h + _EPSILON * h**2 / 2 for h in overlaps)

        slope = (inputs.T * residuals) / samples
        curved = sum(
            (residuals[mu] * inputs.row(mu).T * inputs.row(mu) / samples for mu in range(samples)),
            sp.zeros(dimension),
        )
        # One step with rate kappa N/alpha on the loss sum (y - f)^2 / 2P, whose gradient in w is
        # minus the sum of residual times the gradient of the output.
        rate = _KAPPA * width / _ALPHA
        stepped = units + rate / samples * sum(
            (residuals[mu] * output(mu).diff(units) for mu in range(samples)),
            sp.zeros(width, dimension),
        )
        mean = units.T * sp.ones(width, 1) / width
        second = units.T * units / width
        new_mean = stepped.T * sp.ones(width, 1) / width
        new_second = stepped.T * stepped / width
        drift = slope + _EPSILON * curved * mean
        turning = slope * mean.T + _EPSILON * curved * second
        claimed = second + _KAPPA * (turning + turning.T)
        claimed += _KAPPA**2 * (drift * slope.T + _EPSILON * turning * curved)
        affine = units + _KAPPA * (sp.ones(width, 1) * slope.T + _EPSILON * units * curved)
        return (*(stepped - affine), *(new_mean - mean - _KAPPA * drift), *(new_second - claimed))

    return Derivation(
        name="closed-map",
        statement=r"\bar w\leftarrow\bar w+\kappa d,\quad M\leftarrow M+\kappa(H+H^\top)"
        r"+\kappa^2(d\,b^\top+\epsilon HS),\quad d=b+\epsilon S\bar w,\ "
        r"H=b\bar w^\top+\epsilon SM",
        source="derived; the statistics are those of [kumar2023lazy, Eq. 4] "
        "(checked for two units, two samples, two dimensions)",
        steps=(
            (
                "The slope of the activation is affine in the preactivation, so that every unit "
                "moves by the same affine map",
                r"w_i\leftarrow w_i+\kappa\,\frac1P\sum_\mu\Delta_\mu(1+\epsilon w_i\cdot x_\mu)"
                r"\,x_\mu = w_i+\kappa\,(b+\epsilon Sw_i)",
            ),
            (
                "Average the map, and its square, over the units",
                r"\langle w_iw_i^\top\rangle\to\langle(w_i+\kappa\dot w_i)(w_i+\kappa\dot w_i)^\top"
                r"\rangle,\quad \langle\dot w_iw_i^\top\rangle=H,\quad "
                r"\langle\dot w_i\dot w_i^\top\rangle=d\,b^\top+\epsilon HS",
            ),
            (
                "The residuals depend on the two moments alone, which closes the map at any width",
                r"\Delta_\mu=y_\mu-\alpha\,\bar w\cdot x_\mu"
                r"-\tfrac{\alpha\epsilon}2\,x_\mu^\top Mx_\mu",
            ),
        ),
        residual=residual,
    )


def lazy_expansion() -> Derivation:
    def residual() -> tuple[Any, ...]:
        order = sp.Symbol("a")  # 1/alpha
        mean, second = vector("w", 2), symmetric("m", 2)
        inputs: Any = sp.Matrix(2, 2, sp.symbols("x:4", real=True))
        targets = vector("y", 2)
        lazy, rich = ((vector(f"u{k}_", 2), symmetric(f"q{k}_", 2)) for k in range(2))

        def forces(linear: Any, quadratic: Any, goal: Any) -> tuple[Any, Any]:
            rows = [inputs.row(mu) for mu in range(2)]
            gaps = [
                goal[mu] - (row * linear)[0] - _EPSILON / 2 * (row * quadratic * row.T)[0]
                for mu, row in enumerate(rows)
            ]
            slope = sum(
                (gap * row.T / 2 for gap, row in zip(gaps, rows, strict=True)), sp.zeros(2, 1)
            )
            curved = sum(
                (gap * row.T * row / 2 for gap, row in zip(gaps, rows, strict=True)), sp.zeros(2)
            )
            return slope, _EPSILON * curved

        def drive(slope: Any, curved: Any, first: Any, square: Any) -> tuple:
            turning = slope * first.T + curved * square
            return curved * first, turning + turning.T

        full = forces(lazy[0] + order * rich[0], lazy[1] + order * rich[1], targets)
        moved = drive(
            full[0],
            full[1],
            mean + order * (lazy[0] + order * rich[0]),
            second + order * (lazy[1] + order * rich[1]),
        )
        exact = (full[0] + moved[0], moved[1])
        slope_0, curved_0 = forces(*lazy, targets)
        slope_1, curved_1 = forces(*rich, sp.zeros(2, 1))
        zeroth = drive(slope_0, curved_0, mean, second)
        first = drive(slope_1, curved_1, mean, second)
        mixed = drive(slope_0, curved_0, *lazy)
        claimed = (
            (slope_0 + zeroth[0], slope_1 + first[0] + mixed[0]),
            (zeroth[1], first[1] + mixed[1]),
        )
        return tuple(
            sp.expand(entry).coeff(order, k) - sp.expand(term)
            for part, terms in zip(exact, claimed, strict=True)
            for k in range(2)
            for entry, term in zip(part, terms[k], strict=True)
        )

    return Derivation(
        name="lazy-expansion",
        statement=r"\dot u=b+\epsilon S(\bar w_0+u/\alpha),\quad "
        r"\dot Q=2\operatorname{sym}\big[b\bar w_0^\top+\epsilon SM_0"
        r"+\tfrac1\alpha(bu^\top+\epsilon SQ)\big]",
        source="derived (checked for two samples in two dimensions)",
        steps=(
            (
                "Write the moments as initial values plus the centered function",
                r"\bar w=\bar w_0+u/\alpha,\quad M=M_0+Q/\alpha,\quad "
                r"f=u\cdot x+\tfrac\epsilon2x^\top Qx",
            ),
            (
                "In the time of the kernel the scale is left in the terms of feature learning only",
                r"t=\kappa\alpha\times\text{steps}=\eta_0\times\text{steps}",
            ),
            (
                "Collect powers of the inverse scale; the residual of first order is minus the "
                "function of first order",
                r"\Delta_0=y-f_0,\quad\Delta_1=-f_1",
            ),
        ),
        residual=residual,
    )


def population_flow() -> Derivation:
    def residual() -> tuple[Any, ...]:
        norm, parallel, orthogonal = sp.symbols("beta m1 m2", positive=True)
        entries = []
        for dimension in (2, 3):
            point = vector("x", dimension)
            axis = sp.zeros(dimension)
            axis[0, 0] = 1
            rest = sp.eye(dimension) - axis
            second = parallel * axis + orthogonal * rest
            form = norm**2 * axis - _ALPHA * _EPSILON * (second - sp.eye(dimension))
            gap = (point.T * form * point)[0] / 2
            curved = (gap * point * point.T).applyfunc(mean_over(point))
            slope = (gap * point).applyfunc(mean_over(point))
            velocity = _KAPPA * _EPSILON * (curved * second + second * curved)
            gaps = (
                norm**2 - _ALPHA * _EPSILON * (parallel - 1),
                -_ALPHA * _EPSILON * (orthogonal - 1),
            )
            trace = gaps[0] + (dimension - 1) * gaps[1]
            speeds = [
                2 * _KAPPA * _EPSILON * m * (trace + 2 * a) / (2 * dimension**2)
                for m, a in zip((parallel, orthogonal), gaps, strict=True)
            ]
            loss = (trace / dimension) ** 2 / 4
            loss += (gaps[0] ** 2 + (dimension - 1) * gaps[1] ** 2) / (2 * dimension**2)
            entries += [*slope, *(velocity - speeds[0] * axis - speeds[1] * rest)]
            entries.append(mean_over(point)(gap**2) - loss)
        return tuple(entries)

    return Derivation(
        name="population-flow",
        statement=r"\dot m_\parallel=\tfrac{\kappa\epsilon}{D^2}m_\parallel(T+2a_\parallel),\quad "
        r"\dot m_\perp=\tfrac{\kappa\epsilon}{D^2}m_\perp(T+2a_\perp)",
        source="derived (checked for D = 2 and 3)",
        steps=(
            (
                "Residual of a centered, isotropic start",
                r"\Delta=\tfrac12x^\top Ax,\quad A=a_\parallel nn^\top+a_\perp(I-nn^\top),\quad "
                r"a_\parallel=|\beta|^2-\alpha\epsilon(m_\parallel-1),\ "
                r"a_\perp=-\alpha\epsilon(m_\perp-1)",
            ),
            (
                "Its Gaussian moments; the odd one vanishes, so that the mean stays at zero",
                r"b=\langle\Delta x\rangle=0,\quad S=\langle\Delta xx^\top\rangle="
                r"\tfrac1{2D^2}(T I+2A),\quad T=\operatorname{tr}A",
            ),
            (
                "Insert them into the flow of the second moment, which keeps its axes",
                r"\dot M=\kappa\epsilon(SM+MS)",
            ),
        ),
        residual=residual,
    )


def norm_growth() -> Derivation:
    def residual() -> tuple[Any, ...]:
        entries = []
        for dimension in (2, 3):
            point = vector("x", dimension)
            target = symmetric("t", dimension)
            gap = (point.T * target * point)[0] / 2
            curved = (gap * point * point.T).applyfunc(mean_over(point))
            # Start: M = I, mean 0.
            speed = (2 * _KAPPA * _EPSILON * curved).trace()
            claimed = _KAPPA * _EPSILON * sp.Rational(dimension + 2, dimension**2) * target.trace()
            # End: the form A = B - alpha epsilon (M - M_0) vanishes.
            change = target / (_ALPHA * _EPSILON)
            growth = target.trace() / (_ALPHA * _EPSILON)
            entries += [speed - claimed, change.trace() - growth]
            entries += [*(target - _ALPHA * _EPSILON * change)]
        return tuple(entries)

    return Derivation(
        name="norm-growth",
        statement=r"\tfrac1N\textstyle\sum_i(|w_i|^2-|w_i(0)|^2)=\operatorname{tr}B/\alpha\epsilon",
        source="derived (checked for D = 2 and 3)",
        steps=(
            (
                "The norm is a trace",
                r"\textstyle\sum_i|w_i|^2=N\operatorname{tr}M",
            ),
            (
                "The test error vanishes only if its three terms do (derivation loss-terms)",
                r"\bar w=\bar w_0,\quad M-M_0=B/\alpha\epsilon",
            ),
            (
                "It grows from the first step on, at M = I and zero mean",
                r"\operatorname{tr}\dot M=2\kappa\epsilon\operatorname{tr}S="
                r"\kappa\epsilon\tfrac{D+2}{D^2}\operatorname{tr}B>0",
            ),
        ),
        residual=residual,
    )
