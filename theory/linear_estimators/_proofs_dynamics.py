"""Proofs about gradient descent of linear students, with and without penalty."""

import itertools
from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    return (
        decaying_difference(),
        unseen_directions(),
        fitted_noise(),
        gaussian_accuracy(),
        wishart_errors(),
        two_layer_flow(),
        penalized_clocks(),
    )


def decaying_difference() -> Derivation:
    def residual() -> tuple[Any, ...]:
        value, decay, rate, power = sp.symbols("v gamma eta g", positive=True)
        student, teacher = sp.symbols("S T", real=True)

        def difference(factor: sp.Expr) -> sp.Expr:
            share = (factor * value + decay / 2) / (value + decay / 2)
            return factor * student - share * teacher

        now, factor = difference(power), 1 - 2 * rate * (value + decay / 2)
        # S decays as a whole, D is pulled by the data
        step = now - 2 * rate * value * now - rate * decay * (now + teacher)
        later = difference(power * factor)
        start = difference(sp.Integer(1)) - (student - teacher)
        return (sp.cancel(later - step), sp.cancel(start))

    return Derivation(
        name="decaying-difference",
        statement=r"D_n = g^nS_0-\frac{g^nv+\gamma/2}{v+\gamma/2}\,T,\quad "
        r"g = 1-2\eta\Bigl(v+\frac\gamma2\Bigr)",
        source="[levi2023linear, Eq. 15] in discrete time",
        steps=(
            (
                "Along an eigenvector of the covariance",
                r"D_{n+1} = (1-2\eta v)D_n-\eta\gamma(D_n+T)",
            ),
            ("A step multiplies the student's part by g", r"g^nS_0\to g^{n+1}S_0"),
            (
                "The teacher's part goes to its fixed point",
                r"\frac{\gamma/2}{v+\gamma/2} = g\,\frac{\gamma/2}{v+\gamma/2}+\eta\gamma",
            ),
        ),
        residual=residual,
    )


def unseen_directions() -> Derivation:
    def loss(is_published: bool) -> tuple[Any, ...]:
        decay, time = sp.symbols("gamma t", positive=True)
        student, teacher = sp.symbols("S T", real=True)
        path = sp.Function("x")(time)
        solved: Any = sp.dsolve(
            sp.diff(path, time) + decay * path, path, ics={path.subs(time, 0): student}
        )
        difference: Any = sp.expand((solved.rhs - teacher) ** 2)
        # Student and teacher are independent, of mean square 1/2 each.
        mean = difference.coeff(student, 2) / 2 + difference.coeff(teacher, 2) / 2
        limit = sp.limit(mean, time, sp.oo)
        if is_published:
            return (limit,)
        return (
            sp.simplify(mean - (1 + sp.exp(-2 * decay * time)) / 2),
            limit - sp.Rational(1, 2),
        )

    return Derivation(
        name="unseen-directions",
        statement=r"\lambda>1:\quad L_{unseen} = \Bigl(1-\frac1\lambda\Bigr)"
        r"\frac{1+e^{-2\gamma\tau}}2",
        source="corrects [levi2023linear, Sec. 3.3], where the test loss goes the way of Eq. 16",
        steps=(
            ("Without data only the decay acts", r"\dot S = -\gamma S"),
            (
                "Student and teacher are independent",
                r"\mathbb E(S-T)^2 = \tfrac12e^{-2\gamma\tau}+\tfrac12",
            ),
            ("A share of the directions is unseen", r"1-\frac1\lambda"),
        ),
        residual=lambda: loss(False),
        published_residual=lambda: loss(True),
    )


def fitted_noise() -> Derivation:
    def residual() -> tuple[Any, ...]:
        value, decay, rate, power, ratio = sp.symbols("v c eta g lambda", positive=True)
        fitted = (1 - power) / (value + decay)
        factor = 1 - 2 * rate * (value + decay)
        later = (1 - power * factor) / (value + decay)
        # weights along a left and right singular pair, driven by unit noise of variance v
        step = fitted - 2 * rate * (value + decay) * fitted + 2 * rate
        seen = sp.Min(1, ratio)
        total = 1 - ratio + ratio * (1 - seen / ratio)
        at_start = [sp.simplify((total + seen - 1).subs(ratio, x)) for x in (sp.Rational(1, 2), 3)]
        return (sp.cancel(later - step), *at_start)

    return Derivation(
        name="fitted-noise",
        statement=r"L_{train}^\sigma = \sigma^2[1-\lambda+\lambda\,\mathbb E(1-vf)^2],\quad "
        r"L_{gen}^\sigma = \sigma^2\lambda\,\mathbb E[vf^2],\quad f = \frac{1-g^n}{v+\gamma/2}",
        source="derived",
        steps=(
            (
                "The noise pulls the weights along an eigenvector with variance",
                r"\mathrm{var}\,\tfrac1N(X^\top\xi)_v = \frac{\sigma^2v}N",
            ),
            ("The weights follow with the factor f", r"f_{n+1} = g\,f_n+2\eta"),
            (
                "Of N samples, d directions (or all, if they are fewer) are fitted",
                r"\xi-XD\to(1-vf)\,\xi",
            ),
        ),
        residual=residual,
    )


def gaussian_accuracy() -> Derivation:
    def residual() -> tuple[Any, ...]:
        threshold, loss, error = sp.symbols("epsilon L z", positive=True)
        density = sp.exp(-(error**2) / (2 * loss)) / sp.sqrt(2 * sp.pi * loss)
        share = 2 * sp.integrate(density, (error, 0, sp.sqrt(threshold)))
        gamma = sp.lowergamma(sp.Rational(1, 2), threshold / (2 * loss)) / sp.gamma(
            sp.Rational(1, 2)
        )
        return (
            sp.simplify(share - sp.erf(sp.sqrt(threshold / (2 * loss)))),
            sp.simplify(gamma.rewrite(sp.erf) - sp.erf(sp.sqrt(threshold / (2 * loss)))),
        )

    return Derivation(
        name="gaussian-accuracy",
        statement=r"P(z^2\le\epsilon) = \operatorname{erf}\sqrt{\frac{\epsilon}{2L}} = "
        r"P\Bigl(\frac12,\frac\epsilon{2L}\Bigr),\quad z\sim\mathcal N(0, L)",
        source="[levi2023linear, Eq. 10]",
        steps=(
            (
                "The error of a fresh sample is Gaussian",
                r"z = D^\top x\sim\mathcal N(0,\lvert D\rvert^2)",
            ),
            (
                "Integrate its density",
                r"2\int_0^{\sqrt\epsilon}\frac{e^{-z^2/2L}}{\sqrt{2\pi L}}\,dz",
            ),
        ),
        residual=residual,
    )


def wishart_errors() -> Derivation:
    def residual() -> tuple[Any, ...]:
        modes, outputs = sp.symbols("k m", positive=True)

        # Moments of a Wishart matrix by Wick's theorem, enumerated at small sizes.
        def moments(k: int, m: int) -> tuple[int, int]:
            square = trace = 0
            for i, j, a, b in itertools.product(range(k), range(k), range(m), range(m)):
                # E[D_ia D_ib D_ja D_jb] and E[D_ia D_ia D_jb D_jb]
                pairings = (a == b) + (i == j) + (i == j and a == b)
                square += pairings
                trace += 1 + 2 * (i == j and a == b)
            return square, trace

        ratio = (modes * outputs + 2) / (modes + outputs + 1)
        entries = []
        for k, m in ((1, 1), (1, 3), (2, 3), (4, 2)):
            square, trace = moments(k, m)
            entries.append(ratio.subs({modes: k, outputs: m}) - sp.Rational(trace, square))
        return tuple(entries)

    return Derivation(
        name="wishart-errors",
        statement=r"m_{\mathrm{eff}} = \frac{\mathbb E(\operatorname{tr}W)^2}"
        r"{\mathbb E\operatorname{tr}W^2} = \frac{km+2}{k+m+1},\quad W = D^\top D",
        source="derived, sharpens [levi2023linear, Eq. 13]",
        steps=(
            (
                "Given the student, the squared error of a fresh input has mean and variance",
                r"\operatorname{tr}W,\quad 2\operatorname{tr}W^2",
            ),
            (
                "So has a chi-squared variable of as many degrees of freedom",
                r"m_{\mathrm{eff}} = \frac{(\operatorname{tr}W)^2}{\operatorname{tr}W^2}",
            ),
            (
                "Pair the Gaussian weights",
                r"\mathbb E\operatorname{tr}W^2 = km(k+m+1),\quad "
                r"\mathbb E(\operatorname{tr}W)^2 = km(km+2)",
            ),
        ),
        residual=residual,
    )


def two_layer_flow() -> Derivation:
    def residual() -> tuple[Any, ...]:
        covariance = sp.Matrix(2, 2, lambda i, j: sp.Symbol(f"c{min(i, j)}{max(i, j)}"))
        first = sp.Matrix(2, 2, sp.symbols("a:4"))
        second = sp.Matrix(2, 2, sp.symbols("b:4"))
        teacher = sp.Matrix(2, 2, sp.symbols("t:4"))
        difference = first * second - teacher
        loss = (difference.T * covariance * difference).trace() / 2  # two outputs

        def gradient(layer: sp.Matrix) -> sp.Matrix:
            return sp.Matrix(2, 2, [sp.diff(loss, entry) for entry in layer])

        flow = -(gradient(first) * second + first * gradient(second))
        pull = covariance * difference
        expected = -(pull * second.T * second + first * first.T * pull)
        return tuple(sp.expand(entry) for entry in flow - expected)

    return Derivation(
        name="two-layer-flow",
        statement=r"\dot D = -\frac2m\left(\Sigma D\,S^{(1)\top}S^{(1)}"
        r"+S^{(0)}S^{(0)\top}\Sigma D\right)",
        source="[levi2023linear, Eq. 18]",
        steps=(
            (
                "Both layers follow their gradients",
                r"\dot S^{(0)} = -\tfrac2m\Sigma D\,S^{(1)\top},\quad "
                r"\dot S^{(1)} = -\tfrac2mS^{(0)\top}\Sigma D",
            ),
            (
                "A wide second layer is close to its mean, the first one is smaller by m/h",
                r"S^{(1)\top}S^{(1)}\simeq\frac1{2m}I",
            ),
        ),
        residual=residual,
    )


def penalized_clocks() -> Derivation:
    def residual() -> tuple[Any, ...]:
        number, noise, prior = sp.symbols("n epsilon sigma", positive=True)
        first, second, target = sp.symbols("x_1 x_2 y", real=True)
        sample, unseen = sp.Matrix([[first, second]]), sp.Matrix([-second, first])
        weights = sp.Matrix(sp.symbols("w:2", real=True))
        error = (sample * weights)[0] - target
        loss = (error**2 / noise + weights.dot(weights) / prior) / number
        gradient = sp.Matrix([loss]).jacobian(weights)
        hessian: Any = gradient.jacobian(weights)
        square = sample.dot(sample)
        seen = sample.T
        fast = 2 / number * (square / noise + 1 / prior)
        identity: Any = sp.eye(2)
        along: Any = (hessian - fast * identity) * seen
        across: Any = (hessian - 2 / (number * prior) * identity) * unseen
        entries = [*along, *across]
        return tuple(sp.cancel(sp.together(entry)) for entry in entries)

    return Derivation(
        name="penalized-clocks",
        statement=r"H = \frac2n\Bigl(\frac{s^2}{\epsilon_0}+\frac1\sigma\Bigr)\ \text{along "
        r"samples},\quad \frac{2}{n\sigma}\ \text{across them}",
        source="derived, from [miller2023beyond, Eq. 3]",
        steps=(
            (
                "The Hessian of error and complexity",
                r"H = \frac{2}{n\epsilon_0}X^\top X+\frac{2}{n\sigma}I",
            ),
            (
                "A step of gradient descent contracts by one minus the learning rate times it",
                r"t_{seen} = \frac{n}{2\eta(s^2/\epsilon_0+1/\sigma)},\quad "
                r"t_{unseen} = \frac{n\sigma}{2\eta}",
            ),
        ),
        residual=residual,
    )
