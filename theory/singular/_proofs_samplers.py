"""Proofs about what samplers see, and about toy models of superposition."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    """Return the proofs of this file."""
    return (
        localized_modes(),
        sampler_steps(),
        momentum_steps(),
        superposition_integrals(),
        constant_output(),
    )


def localized_modes() -> Derivation:
    def residual() -> tuple[Any, ...]:
        s, h, gamma = sp.symbols("s h gamma", positive=True)
        x = sp.Symbol("x", real=True)
        partition = sp.integrate(sp.exp(-(s * h + gamma) * x**2 / 2), (x, -sp.oo, sp.oo))
        coefficient = -s * sp.diff(sp.log(partition), s)
        return (
            sp.simplify(coefficient - s * h / (s * h + gamma) / 2),
            sp.limit(s * h / (s * h + gamma), gamma, 0) - 1,
        )

    return Derivation(
        name="localized-modes",
        statement=r"\hat\lambda = \frac12\sum_i\frac{sh_i}{sh_i+\gamma}",
        source="derived",
        steps=(
            (
                "The partition function is a product of Gaussian integrals.",
                r"Z(s)\propto\prod_i(sh_i+\gamma)^{-1/2}",
            ),
            ("Differentiate its logarithm.", r"-s\frac{d\ln Z}{ds}"),
        ),
        residual=residual,
    )


def sampler_steps() -> Derivation:
    def residual() -> tuple[Any, ...]:
        eps, a, s, h = sp.symbols("epsilon a s h", positive=True)
        variance = sp.Symbol("v", positive=True)
        contraction = 1 - eps * a / 2
        stationary = sp.solve(contraction**2 * variance + eps - variance, variance)[0]
        claimed = 1 / (a * (1 - eps * a / 4))
        # The published reading of the estimator without the correction, as a rival.
        uncorrected = sp.limit(claimed, eps, 0)
        stable = sp.solve(sp.Eq(contraction, -1), eps)[0]
        return (
            sp.simplify(stationary - claimed),
            sp.simplify(s * h * claimed / 2 - s * h / (2 * a * (1 - eps * a / 4))),
            sp.simplify(uncorrected - 1 / a),
            sp.simplify(stable - 4 / a),
        )

    return Derivation(
        name="sampler-steps",
        statement=r"\hat\lambda = \frac12\sum_i\frac{sh_i}{a_i(1-\epsilon a_i/4)},\quad"
        r" \epsilon a_i < 4",
        source="derived",
        steps=(
            (
                "A step contracts a harmonic mode and adds noise; its variance is stationary where "
                "both balance.",
                r"v = \Bigl(1-\frac{\epsilon a}2\Bigr)^2v+\epsilon,\qquad a = sh+\gamma",
            ),
            ("Insert it into the mean loss.", r"s\cdot\tfrac12h\,v"),
        ),
        residual=residual,
    )


def momentum_steps() -> Derivation:
    def residual() -> tuple[Any, ...]:
        eta, a, zeta, noise = sp.symbols("eta a zeta q", positive=True)
        square, cross, kinetic = sp.symbols("W C V")
        met = (1 - zeta) * cross - eta * a * square  # the old position and the new velocity
        balance = (
            (1 - zeta) ** 2 * kinetic
            - 2 * (1 - zeta) * eta * a * cross
            + (eta * a) ** 2 * square
            + noise
            - kinetic,
            met + kinetic - cross,
            2 * met + kinetic,
        )
        (found,) = sp.solve(balance, (square, cross, kinetic), dict=True)
        epsilon = 2 * eta
        momentum = found[square].subs(noise, zeta * epsilon)
        return (
            sp.simplify(a * found[square] - (1 - zeta / 2) * found[kinetic] / eta),
            sp.simplify(momentum - 1 / (a * (1 - epsilon * a / (8 - 4 * zeta)))),
        )

    return Derivation(
        name="momentum-steps",
        statement=r"a\langle w^2\rangle = \Bigl(1-\frac\zeta2\Bigr)"
        r"\frac{\langle v^2\rangle}\eta,\quad\text{whatever the noise; }"
        r"\langle w^2\rangle = \frac1{a(1-\epsilon a/(8-4\alpha))}"
        r"\text{ for }\zeta = \alpha",
        source="derived",
        steps=(
            (
                "A harmonic mode with momentum and friction.",
                r"v' = (1-\zeta)v-\eta aw+\sqrt q\,\xi,\qquad w' = w+v'",
            ),
            (
                "The mean square of the position is stationary where it meets the new velocity "
                "with minus half the kinetic energy; insert the velocity.",
                r"2\langle wv'\rangle+\langle v^2\rangle = 0,\qquad"
                r"\langle wv'\rangle = \tfrac12(1-\zeta)\langle v^2\rangle"
                r"-\eta a\langle w^2\rangle",
            ),
            ("Stationary velocities fix the second for given noise.", r"q = \alpha\epsilon"),
        ),
        residual=residual,
    )


def superposition_integrals() -> Derivation:
    def residual() -> tuple[Any, ...]:
        mu, low, high = sp.symbols("mu l h", positive=True)
        g, b = sp.symbols("g b", real=True)
        square = sp.integrate(sp.expand((mu * g + b) ** 2), (mu, low, high))
        cross = sp.integrate(sp.expand(mu * (mu * g + b)), (mu, low, high))
        claimed_square = (
            g**2 * (high**3 - low**3) / 3 + g * b * (high**2 - low**2) + b**2 * (high - low)
        )
        claimed_cross = g * (high**3 - low**3) / 3 + b * (high**2 - low**2) / 2
        # The compact form agrees where the unit is active from a border on, and divides by g.
        border = sp.simplify(claimed_square.subs({low: -b / g, high: 1}) - (g + b) ** 3 / (3 * g))
        return sp.expand(square - claimed_square), sp.expand(cross - claimed_cross), border

    return Derivation(
        name="superposition-integrals",
        statement=r"S(g,b) = \tfrac{g^2}3(h^3-\ell^3)+gb(h^2-\ell^2)+b^2(h-\ell),\quad"
        r" X(g,b) = \tfrac g3(h^3-\ell^3)+\tfrac b2(h^2-\ell^2)",
        source="derived",
        steps=(
            (
                "The unit is active on one interval of the amplitude; integrate polynomials there.",
                r"\int_\ell^h(\mu g+b)^2\,d\mu,\qquad\int_\ell^h\mu(\mu g+b)\,d\mu",
            ),
        ),
        residual=residual,
    )


def constant_output() -> Derivation:
    def residual() -> tuple[Any, ...]:
        c, b = sp.symbols("c b", positive=True)
        mu = sp.Symbol("mu", positive=True)
        # One output of a feature that is on with probability 1/c.
        binary = (1 - b) ** 2 / c + (1 - 1 / c) * b**2
        uniform = sp.integrate((mu - b) ** 2, (mu, 0, 1)) / c + (1 - 1 / c) * b**2
        best = [sp.solve(sp.diff(loss, b), b)[0] for loss in (binary, uniform)]
        return (
            sp.simplify(best[0] - 1 / c),
            sp.simplify(binary.subs(b, best[0]) - (1 - 1 / c) / c),
            sp.simplify(best[1] - 1 / (2 * c)),
            sp.simplify(uniform.subs(b, best[1]) - (sp.Rational(1, 3) - 1 / (4 * c)) / c),
        )

    return Derivation(
        name="constant-output",
        statement=r"\text{binary: }b = \tfrac1c,\ \tfrac1c(1-\tfrac1c);\quad"
        r"\text{uniform: }b = \tfrac1{2c},\ \tfrac1c(\tfrac13-\tfrac1{4c})",
        source="derived",
        steps=(
            (
                "A feature that the network ignores costs the square of its amplitude when it is "
                "on, and the square of its bias when it is not.",
                r"\frac1c\langle(\mu-b)^2\rangle+\Bigl(1-\frac1c\Bigr)b^2",
            ),
        ),
        residual=residual,
    )
