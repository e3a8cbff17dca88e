"""Proofs on the decay of the norm, its rest, and the geometry of the fitted region."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    """Return the derivations in the order of a run."""
    return (
        norm_decay(),
        radial_motion(),
        constrained_gradient(),
        resting_norm(),
        geometric_time(),
        sliding_time(),
    )


def norm_decay() -> Derivation:
    initial, critical, rate, decay = sp.symbols("w_0 w_c eta gamma", positive=True)
    steps = sp.Symbol("n", positive=True)
    kept = 1 - rate * decay

    def residual() -> tuple[Any, ...]:
        norm = initial * kept**steps
        found = sp.log(initial / critical) / -sp.log(kept)
        recursion = sp.powsimp(norm.subs(steps, steps + 1) - kept * norm)
        # The log of the norm after the claimed number of steps, minus that of the critical norm.
        reached = sp.log(initial) + found * sp.log(kept) - sp.log(critical)
        # Many small steps take the time t = eta n of the flow.
        time = sp.limit(rate * found, rate, 0)
        return (
            sp.simplify(recursion),
            norm.subs(steps, 0) - initial,
            sp.simplify(sp.expand_log(reached)),
            sp.simplify(time - sp.log(initial / critical) / decay),
        )

    return Derivation(
        name="norm-decay",
        statement=r"w_n = w_0(1-\eta\gamma)^n,\qquad "
        r"n_{grok} = \frac{\ln(w_0/w_c)}{-\ln(1-\eta\gamma)}",
        source="derived, sharpens [liu2022omnigrok, Sec. 2]",
        steps=(
            (
                "Without a gradient decoupled decay multiplies all weights by one number",
                r"\theta_{n+1} = (1-\eta\gamma)\,\theta_n",
            ),
            ("Solve for the step at which the norm is the critical one", r"w_n = w_c"),
            (
                "For small steps this is the time of the flow; at finite ones decay is faster",
                r"\eta\,n_{grok} \to \frac1\gamma\ln\frac{w_0}{w_c}",
            ),
        ),
        residual=residual,
    )


def radial_motion() -> Derivation:
    def residual() -> tuple[Any, ...]:
        time = sp.Symbol("t")
        decay = sp.Symbol("gamma", positive=True)
        first, second = (sp.Function(name)(time) for name in ("theta_1", "theta_2"))
        slopes = sp.symbols("g_1 g_2", real=True)
        weights = (first, second)
        rates: dict[Any, Any] = {
            sp.diff(weight, time): -slope - decay * weight
            for weight, slope in zip(weights, slopes, strict=True)
        }
        square = first**2 + second**2
        radial = sum(weight * slope for weight, slope in zip(weights, slopes, strict=True))
        fall = -sp.diff(sp.log(square) / 2, time).subs(rates)
        return (sp.simplify(fall - decay - radial / square),)

    return Derivation(
        name="radial-motion",
        statement=r"\ln\frac{w(0)}{w(t)} = \gamma t+\int_0^t\frac{\theta\cdot\nabla\ell}"
        r"{\lVert\theta\rVert^2}\,dt'",
        source="derived",
        steps=(
            (
                "Gradient flow with decay",
                r"\dot\theta = -\nabla\ell-\gamma\theta",
            ),
            (
                "Differentiate the log of the norm and integrate",
                r"-\frac{d}{dt}\ln\lVert\theta\rVert = -\frac{\theta\cdot\dot\theta}"
                r"{\lVert\theta\rVert^2} = \gamma+\frac{\theta\cdot\nabla\ell}"
                r"{\lVert\theta\rVert^2}",
            ),
        ),
        residual=residual,
    )


def constrained_gradient() -> Derivation:
    def residual() -> tuple[Any, ...]:
        norm = sp.Symbol("w", positive=True)
        angle = sp.Function("phi")(norm)
        weights = (norm * sp.cos(angle), norm * sp.sin(angle))
        slopes = sp.symbols("g_1 g_2", real=True)
        # Stationary on the sphere: the gradient is orthogonal to the tangent.
        parallel = {
            slopes[0]: sp.Symbol("mu") * weights[0],
            slopes[1]: sp.Symbol("mu") * weights[1],
        }
        change = sum(
            slope * sp.diff(weight, norm) for slope, weight in zip(slopes, weights, strict=True)
        )
        radial = sum(slope * weight for slope, weight in zip(slopes, weights, strict=True)) / norm
        return (sp.simplify((change - radial).subs(parallel)),)

    return Derivation(
        name="constrained-gradient",
        statement=r"\tilde\ell'(w) = \frac{\theta^*\cdot\nabla\ell(\theta^*)}{w}",
        source="derived, the slope in [liu2022omnigrok, Eq. 4]",
        steps=(
            (
                "At the minimum on the sphere the gradient is radial",
                r"\nabla\ell(\theta^*) = \mu\,\theta^*",
            ),
            (
                "The minimizers of neighboring spheres differ by one unit of norm",
                r"\theta^*\cdot\frac{d\theta^*}{dw} = \frac12\frac{d}{dw}w^2 = w",
            ),
            (
                "So the direction in which the minimizer moves has no part in the slope",
                r"\tilde\ell' = \nabla\ell\cdot\frac{d\theta^*}{dw} = \mu w",
            ),
        ),
        residual=residual,
    )


def resting_norm() -> Derivation:
    def residual() -> tuple[Any, ...]:
        norm, corner, wall, decay = sp.symbols("w w_c A gamma", positive=True)
        total = wall * (corner - norm) ** 2 / 2 + decay * norm**2 / 2
        rest = sp.solve(sp.diff(total, norm), norm)[0]
        return (
            sp.simplify(rest - corner / (1 + decay / wall)),
            sp.simplify(total.subs(norm, rest) - decay * corner**2 / 2 / (1 + decay / wall)),
            sp.limit(rest, decay, 0) - corner,
        )

    return Derivation(
        name="resting-norm",
        statement=r"\tilde\ell = \tfrac A2(w_c-w)_+^2:\qquad w_\infty = \frac{w_c}{1+\gamma/A}",
        source="derived, from [liu2022omnigrok, Sec. 3]",
        steps=(
            (
                "At rest the slope of the wall holds the decay",
                r"A(w_c-w) = \gamma w",
            ),
            (
                "The norm rests inside of the wall, the deeper the stronger the decay",
                r"w_\infty < w_c,\qquad w_\infty\to w_c\ (\gamma\to0)",
            ),
        ),
        residual=residual,
    )


def geometric_time() -> Derivation:
    def residual() -> tuple[Any, ...]:
        distance, height, speed, ratio, push = sp.symbols("L h v rho lambda", positive=True)
        angle = sp.Symbol("vartheta", positive=True)
        sine, cosine = sp.sin(angle), sp.cos(angle)
        straight = (distance - height * cosine / sine) / speed
        paper = straight + height / sine / (speed * cosine)
        # The wall pushes along its normal, with mobilities rho : 1 of the two coordinates.
        velocity = (-speed + push * ratio * sine, -push * cosine)
        held = sp.solve(sine * velocity[0] - cosine * velocity[1], push)[0]
        slide = height / -velocity[1].subs(push, held)
        claimed = (distance + ratio * height * sine / cosine) / speed
        return (
            sp.simplify(paper - (distance + height * sp.tan(angle)) / speed),
            sp.simplify(straight + slide - claimed),
            sp.simplify((straight + slide).subs(ratio, 1) - paper),
        )

    return Derivation(
        name="geometric-time",
        statement=r"t = \frac{L-h\cot\vartheta}{v}+\frac{h/\sin\vartheta}{v\cos\vartheta}"
        r" = \frac{L+h\tan\vartheta}{v};\qquad "
        r"t = \frac{L+\rho\,h\tan\vartheta}{v}\ \text{for unequal mobilities}",
        source="[liu2022omnigrok, Sec. 5.1]; unequal mobilities derived",
        steps=(
            (
                "Decay straight to the boundary, at the messiness of the start",
                r"L-h\cot\vartheta",
            ),
            (
                "There the wall pushes along its normal until the motion is along the wall",
                r"(-v+\lambda\rho\sin\vartheta)\sin\vartheta+\lambda\cos^2\vartheta = 0",
            ),
            (
                "The messiness falls at the rate of the push",
                r"-\dot m = \lambda\cos\vartheta = \frac{v\sin\vartheta\cos\vartheta}"
                r"{\rho\sin^2\vartheta+\cos^2\vartheta}",
            ),
        ),
        residual=residual,
    )


def sliding_time() -> Derivation:
    mess, start, end = sp.symbols("m m_0 m_1", positive=True)
    decoder, representation, decay, ordered = sp.symbols("eta_D eta_R gamma w_c", positive=True)
    tangent = sp.Symbol("T", positive=True)
    norm = ordered * sp.exp(mess / tangent)  # along the boundary

    def slide() -> sp.Expr:
        push, slope = sp.symbols("lambda s")
        # The train loss depends on the depth m / T - ln w behind the wall alone.
        in_log_norm = -decoder * (slope * -push / norm**2 + decay)
        in_mess = -representation * push / tangent
        held = sp.solve((in_log_norm - in_mess / tangent).subs(slope, 1), push)[0]
        speed = -in_mess.subs(push, held)
        return sp.integrate(sp.expand(sp.simplify(1 / speed)), (mess, end, start))

    def residual() -> tuple[Any, ...]:
        first, last = norm.subs(mess, start), norm.subs(mess, end)
        fall = (start - end) / tangent
        delay = decoder * tangent**2 / (2 * representation) * (last**-2 - first**-2)
        return (sp.simplify(slide() - (fall + delay) / (decoder * decay)),)

    def published() -> tuple[Any, ...]:
        at_unit = slide().subs({decoder: 1, representation: 1, ordered: 1})
        return (sp.simplify(at_unit - (start - end) * (1 / tangent + tangent) / decay),)

    return Derivation(
        name="sliding-time",
        statement=r"t = \frac{1}{\eta_D\gamma}\left[\ln\frac{w_0}{w_1}+\frac{\eta_D\tan^2\vartheta}"
        r"{2\eta_R}\left(\frac1{w_1^2}-\frac1{w_2^2}\right)\right]",
        source="derived, corrects [liu2022omnigrok, Sec. 5.1] for [liu2022omnigrok, Eqs. 4-6]",
        steps=(
            (
                "The gradient moves the log norm with the mobility eta_D / w^2",
                r"\frac{d\ln w}{dt} = -\eta_D\left(\frac1{w^2}\frac{\partial\tilde\ell}"
                r"{\partial\ln w}+\gamma\right)",
            ),
            (
                "On the boundary ln w = ln w_c + m cot(theta), so the push of the wall follows",
                r"\frac{d\ln w}{dt} = \cot\vartheta\,\dot m",
            ),
            (
                "Integrate over the messiness; the first part is the decay of the norm alone",
                r"-\frac{dt}{dm} = \frac{1}{\eta_D\gamma}\left(\cot\vartheta+\frac{\eta_D}"
                r"{\eta_Rw^2}\tan\vartheta\right)",
            ),
        ),
        residual=residual,
        published_residual=published,
    )
