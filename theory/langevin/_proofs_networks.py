"""Proofs on networks: the three-layer scalar network, and the temperature of gradient noise."""

from typing import Any

import sympy as sp

from ..derivation import Derivation

_THETA = sp.Symbol("theta", positive=True)


def depth_three_hessian() -> Derivation:
    def residual() -> tuple[Any, ...]:
        target, decay = sp.symbols("s b", positive=True)
        size = sp.Symbol("u", real=True)
        weights = sp.symbols("w_1:4", real=True)
        product = weights[0] * weights[1] * weights[2]
        loss = (product - target) ** 2 / 2 + decay * sum(w**2 for w in weights) / 2
        found: list[Any] = []
        for signs in ((1, 1, 1), (1, -1, -1)):
            place = dict(zip(weights, [sign * size for sign in signs], strict=True))
            gradient = sp.Matrix([sp.diff(loss, w) for w in weights]).subs(place)
            hessian = sp.hessian(loss, weights).subs(place)
            # At a stationary point s u = u^4 + b.
            on_shell = {target: size**3 + decay / size}
            found += [sp.simplify(entry.subs(on_shell)) for entry in gradient]
            diagonal = size**4 + decay
            off_diagonal = size**4 + (size**3 - target) * size
            along, across = sp.Matrix(signs), sp.Matrix([signs[0], -signs[1], 0])
            for vector, value in (
                (along, diagonal + 2 * off_diagonal),
                (across, diagonal - off_diagonal),
            ):
                found += [sp.expand(entry) for entry in hessian * vector - value * vector]
        return tuple(found)

    return Derivation(
        name="depth-three-hessian",
        statement=r"\nabla f(\pm u) = 0\ \Leftrightarrow\ u^4-su+b = 0;\qquad "
        r"\lambda = u^4+b+2O,\ u^4+b-O\ (2\times),\quad O = u^4+(u^3-s)u",
        source="derived",
        steps=(
            (
                "The gradient on the diagonal; signs with positive product give the same",
                r"\partial_1f = (u^3-s)u^2+bu",
            ),
            (
                "Diagonal and off-diagonal entries of the Hessian",
                r"D = u^4+b,\quad O = u^4+(u^3-s)u",
            ),
            (
                "The diagonal is an eigenvector, and so is everything across it",
                r"D+2O,\quad D-O,\quad D-O",
            ),
        ),
        residual=residual,
    )


def spinodal() -> Derivation:
    def residual() -> tuple[Any, ...]:
        target, decay, size = sp.symbols("s b u", positive=True)
        polynomial = size**4 - target * size + decay
        merged = (target / 4) ** sp.Rational(1, 3)
        critical = sp.Rational(3, 4) * target * merged
        off_diagonal = size**4 + (size**3 - target) * size
        soft = size**4 + decay + 2 * off_diagonal
        return (
            sp.simplify(polynomial.subs({size: merged, decay: critical})),
            sp.simplify(sp.diff(polynomial, size).subs(size, merged)),
            sp.simplify(soft.subs({size: merged, decay: critical})),
        )

    return Derivation(
        name="spinodal",
        statement=r"b_c = \tfrac34s\,(s/4)^{1/3}",
        source="derived",
        steps=(
            (
                "Saddle and trained state merge in a double root",
                r"u^4-su+b = 0,\quad 4u^3-s = 0",
            ),
            ("Eliminate the root", r"u = (s/4)^{1/3},\quad b_c = su-u^4 = \tfrac34su"),
            ("There the curvature along the diagonal vanishes", r"u^4+b_c+2O = 0"),
        ),
        residual=residual,
    )


def gradient_noise_temperature() -> Derivation:
    def residual() -> tuple[Any, ...]:
        rate, batch = sp.symbols("eta B", positive=True)
        dimension = sp.Symbol("d", positive=True)
        noise = sp.Symbol("c", positive=True)
        temperature = sp.solve(sp.Eq(2 * rate * _THETA, rate**2 * noise / batch), _THETA)[0]
        trace = dimension * noise
        # A harmonic minimum with noise as large as the curvature: all modes equally wide.
        curvature = sp.Symbol("h", positive=True)
        variance = temperature.subs(noise, curvature) / curvature
        return (
            sp.simplify(temperature - rate * trace / (2 * batch * dimension)),
            sp.diff(variance, curvature),
        )

    return Derivation(
        name="gradient-noise-temperature",
        statement=r"\theta = \frac\eta{2Bd}\operatorname{tr}C",
        source="derived",
        steps=(
            (
                "The noise of one step of stochastic gradient descent and of Langevin dynamics",
                r"\frac{\eta^2}BC\quad\text{and}\quad 2\eta\,\theta I",
            ),
            (
                "Equal in the mean over directions",
                r"\theta = \frac\eta{2B}\frac{\operatorname{tr}C}d",
            ),
            (
                "Noise as anisotropic as the curvature makes a minimum isotropic: each mode has "
                "a temperature of its own",
                r"C = H:\quad \langle x_i^2\rangle = \frac\eta{2B}",
            ),
        ),
        residual=residual,
    )


def anisotropic_escape() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, r, start = sp.symbols("x r a", real=True)
        rate, batch = sp.symbols("eta B", positive=True)
        energy = sp.Function("f")
        variance = sp.Function("C", positive=True)
        exponent = (
            2 * batch / rate * sp.Integral(sp.diff(energy(r), r) / variance(r), (r, start, x))
        )
        scale = sp.exp(exponent)  # slope of the harmonic function of the diffusion
        diffusion = rate * variance(x) / (2 * batch)
        harmonic = diffusion * sp.diff(scale, x) - sp.diff(energy(x), x) * scale
        height, share = sp.symbols("L s", positive=True)
        well, top, level = sp.symbols("H_a H_b l", positive=True)
        integral = sp.integrate(1 / well, (level, 0, share * height)) + sp.integrate(
            1 / top, (level, share * height, height)
        )
        claimed = height * (share / well + (1 - share) / top)
        return (sp.simplify(harmonic / scale), sp.simplify(integral - claimed))

    return Derivation(
        name="anisotropic-escape",
        statement=r"\ln\tau\simeq\frac{2B}\eta\int_a^b\frac{f'}C\,dx,\qquad "
        r"C = H_a,\lvert H_b\rvert:\ \frac{2B\,\Delta L}\eta"
        r"\left(\frac s{H_a}+\frac{1-s}{\lvert H_b\rvert}\right)",
        source="derived",
        steps=(
            (
                "Noise that depends on the place is a diffusion with a coefficient of its own",
                r"dx = -f'\,dt+\sqrt{2D(x)}\,dW,\quad D = \frac\eta{2B}C(x)",
            ),
            (
                "Its exit is governed by the scale function, whose slope grows exponentially",
                r"D\,s''-f's' = 0,\quad s' = \exp\int_a^x\frac{f'}D",
            ),
            (
                "If the noise is constant up to a share s of the height, and again beyond",
                r"\int\frac{df}C = \Delta L\left(\frac s{H_a}+\frac{1-s}{\lvert H_b\rvert}\right)",
            ),
        ),
        residual=residual,
    )


def derivations() -> tuple[Derivation, ...]:
    return (
        depth_three_hessian(),
        spinodal(),
        gradient_noise_temperature(),
        anisotropic_escape(),
    )
