"""Proofs about the Marchenko-Pastur law and averages over it."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    return (
        angular_law(),
        bernstein_szego(),
        bessel_moments(),
        critical_loss(),
        saturation_constants(),
        lambert_time(),
        small_threshold_delay(),
        saturation_delay(),
    )


def angular_law() -> Derivation:
    def residual() -> tuple[Any, ...]:
        angle, root = sp.symbols("theta r", positive=True)
        value = 1 + root**2 + 2 * root * sp.cos(angle)
        # sqrt((v+ - v)(v - v-)) = 2 r sin(theta) on the spectrum
        product = ((1 + root) ** 2 - value) * (value - (1 - root) ** 2)
        height = 2 * root * sp.sin(angle)
        mapped = height / (2 * sp.pi * root**2 * value) * -sp.diff(value, angle)
        law = 2 * sp.sin(angle) ** 2 / (sp.pi * value)
        return (sp.simplify(product - height**2), sp.simplify(mapped - law))

    return Derivation(
        name="angular-law",
        statement=r"\rho(v)\,dv = \frac{2\sin^2\theta}{\pi v}\,d\theta,\quad "
        r"v = 1+\lambda+2\sqrt\lambda\cos\theta",
        source="[levi2023linear, Eq. 6], derived in this form",
        steps=(
            (
                "Half the width of the spectrum times the sine",
                r"\sqrt{(v_+-v)(v-v_-)} = 2\sqrt\lambda\sin\theta",
            ),
            ("Change the variable", r"dv = -2\sqrt\lambda\sin\theta\,d\theta"),
        ),
        residual=residual,
    )


def bernstein_szego() -> Derivation:
    def residual() -> tuple[Any, ...]:
        root, angle = sp.symbols("r theta", positive=True)
        order = sp.Symbol("n", integer=True, positive=True)

        def polynomial(degree: sp.Expr) -> sp.Expr:
            return root**degree * (sp.sin((degree + 1) * angle) + root * sp.sin(degree * angle))

        value = 1 + root**2 + 2 * root * sp.cos(angle)
        # The recurrence of the law, and its first two members, P_0 = 1 and P_1 = v - 1.
        recurrence = polynomial(order + 1) - (
            2 * root * sp.cos(angle) * polynomial(order) - root**2 * polynomial(order - 1)
        )
        first = sp.expand_trig(polynomial(sp.Integer(1))) - (value - 1) * sp.sin(angle)
        slope = sp.diff(sp.atan2(-root * sp.sin(angle), 1 + root * sp.cos(angle)), angle)
        phase = slope + root * (root + sp.cos(angle)) / value
        return (
            sp.simplify(sp.expand(sp.expand_trig(recurrence / root**order))),
            sp.simplify(first),
            sp.simplify(phase),
        )

    return Derivation(
        name="bernstein-szego",
        statement=r"P_n\sin\theta = \lambda^{n/2}[\sin((n+1)\theta)+\sqrt\lambda\sin(n\theta)],"
        r"\quad w_k = \frac{2\sin^2\theta_k}{v_k\,\Theta'(\theta_k)}",
        source="derived",
        steps=(
            (
                "The monic polynomials obey a recurrence with constant coefficients",
                r"P_{n+1} = (v-1-\lambda)P_n-\lambda P_{n-1},\quad P_1 = v-1",
            ),
            (
                "The zeros are where a phase is a multiple of pi",
                r"P_n\propto\sin\Theta,\quad "
                r"\Theta = (n+1)\theta+\arg(1+\sqrt\lambda e^{-i\theta}) = k\pi",
            ),
            (
                "The slope of the phase gives the weights",
                r"\Theta' = n+1-\frac{\lambda+\sqrt\lambda\cos\theta}{v}",
            ),
        ),
        residual=residual,
    )


def bessel_moments(order: int = 7) -> Derivation:
    def residual() -> tuple[Any, ...]:
        ratio, time = sp.symbols("lambda s", positive=True)
        # I_1(2 r s)/(r s) = sum (lambda s^2)^k / (k! (k+1)!)
        bessel = sum(
            (ratio * time**2) ** k / (sp.factorial(k) * sp.factorial(k + 1)) for k in range(order)
        )
        factor = sum((-(1 + ratio) * time) ** k / sp.factorial(k) for k in range(order))
        series = sp.Poly(sp.expand(bessel * factor), time)
        entries = []
        for k in range(order):
            moment = sum(
                sp.Rational(sp.binomial(k + 1, j) * sp.binomial(k + 1, j - 1), k + 1)
                * ratio ** (j - 1)
                for j in range(1, k + 2)
            )
            expected = (-1) ** k * moment / sp.factorial(k)
            entries.append(sp.expand(series.coeff_monomial(time**k) - expected))
        return tuple(entries)

    return Derivation(
        name="bessel-moments",
        statement=r"\mathbb E[v\,e^{-sv}] = e^{-(1+\lambda)s}\,"
        r"\frac{I_1(2\sqrt\lambda s)}{\sqrt\lambda s}",
        source="[levi2023linear, Eq. 9]",
        steps=(
            (
                "The moments of the law are Narayana polynomials",
                r"\mathbb E v^{k} = \sum_{j=1}^{k}\frac1k\binom kj\binom k{j-1}\lambda^{j-1}",
            ),
            (
                "Expand both sides in s and compare, here to the seventh order",
                r"\frac{(-1)^k}{k!}\,\mathbb E v^{k+1}",
            ),
        ),
        residual=residual,
    )


def critical_loss() -> Derivation:
    def residual() -> tuple[Any, ...]:
        time = sp.Symbol("s", positive=True)
        loss = sp.exp(-2 * time) * (sp.besseli(0, 2 * time) + sp.besseli(1, 2 * time))
        # d/dx I_1(x) = I_0(x) - I_1(x)/x, d/dx I_0(x) = I_1(x)
        slope = (
            sp.exp(-2 * time)
            * (
                2 * sp.besseli(1, 2 * time)
                + 2 * (sp.besseli(0, 2 * time) - sp.besseli(1, 2 * time) / (2 * time))
            )
            - 2 * loss
        )
        train = sp.exp(-2 * time) * sp.besseli(1, 2 * time) / time
        return (sp.expand(slope + train), loss.subs(time, 0) - 1)

    return Derivation(
        name="critical-loss",
        statement=r"\lambda = 1:\quad \mathbb E[e^{-sv}] = e^{-2s}[I_0(2s)+I_1(2s)]",
        source="derived",
        steps=(
            (
                "The train loss is minus the slope of the test loss",
                r"\frac{d}{ds}\mathbb E[e^{-sv}] = -\mathbb E[v\,e^{-sv}]",
            ),
            (
                "Differentiate, with the recurrences of the Bessel functions",
                r"-\frac{d}{ds}e^{-2s}[I_0(2s)+I_1(2s)] = e^{-2s}\frac{I_1(2s)}{s}",
            ),
        ),
        residual=residual,
    )


def _inverse_moments(ratio: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """Means of 1/v and 1/v^2, from the equation of the Stieltjes transform at zero."""
    first, second = sp.symbols("m_1 m_2", positive=True)
    argument = sp.Symbol("z")
    transform = first + second * argument
    equation = sp.expand(ratio * argument * transform**2 - (1 - ratio - argument) * transform + 1)
    low, high = equation.coeff(argument, 0), equation.coeff(argument, 1)
    (one,) = sp.solve(low, first)
    (two,) = sp.solve(high.subs(first, one), second)
    return one, two


def saturation_constants() -> Derivation:
    def losses() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
        decay, ratio = sp.Symbol("gamma", positive=True), sp.Symbol("lambda", positive=True)
        one, two = _inverse_moments(ratio)
        unit = decay**2 / (1 - ratio)
        return (
            sp.Rational(1, 2) * (decay / 2) ** 2 * one / unit,
            (sp.Rational(1, 2) * (decay / 2) ** 2 * two * (1 - ratio) ** 2 / unit),
            unit,
        )

    def residual() -> tuple[Any, ...]:
        train, generalization, _ = losses()
        return (
            sp.simplify(train - sp.Rational(1, 8)),
            sp.simplify(generalization - sp.Rational(1, 8)),
        )

    def published() -> tuple[Any, ...]:
        train, generalization, _ = losses()
        return (
            sp.simplify(train - sp.Rational(1, 4)),
            sp.simplify(generalization - sp.Rational(1, 4)),
        )

    return Derivation(
        name="saturation-constants",
        statement=r"L_{train} = \frac{\gamma^2}{8(1-\lambda)},\quad "
        r"L_{gen} = \frac{\gamma^2}{8(1-\lambda)^3}",
        source="corrects [levi2023linear, Eq. 16], which prints 4 for 8",
        steps=(
            (
                "At infinite time only the teacher's part is left, and its square is a half",
                r"L_q = \tfrac12\mathbb E\Bigl[q\,\frac{(\gamma/2)^2}{(v+\gamma/2)^2}\Bigr]"
                r"\simeq\frac{\gamma^2}8\,\mathbb E\Bigl[\frac q{v^2}\Bigr]",
            ),
            (
                "Inverse moments from the Stieltjes transform near zero",
                r"\lambda zM^2-(1-\lambda-z)M+1 = 0,\quad "
                r"M(z) = \mathbb E\frac1{v-z}",
            ),
            (
                "Order by order",
                r"\mathbb E\,v^{-1} = \frac1{1-\lambda},\quad "
                r"\mathbb E\,v^{-2} = \frac1{(1-\lambda)^3}",
            ),
        ),
        residual=residual,
        published_residual=published,
    )


def lambert_time() -> Derivation:
    def residual() -> tuple[Any, ...]:
        gap, ratio, threshold = sp.symbols("g lambda epsilon", positive=True)
        product = sp.Symbol("W", positive=True)  # W of its argument x, so that x = W exp(W)
        time = 3 * product / (8 * gap)
        entries = []
        for power, divisor in ((1, 1), (sp.Rational(1, 3), gap)):
            loss = 1 / (16 * sp.sqrt(sp.pi) * ratio ** sp.Rational(3, 4)) / divisor
            loss *= time ** sp.Rational(-3, 2)  # and exp(-4 g t) = exp(-3 W / 2)
            argument = (
                2 ** sp.Rational(5, 3)
                * gap**power
                / (3 * sp.pi ** sp.Rational(1, 3) * sp.sqrt(ratio))
                / threshold ** sp.Rational(2, 3)
            )
            # exp(-3W/2) = (W/x)^(3/2)
            reached = loss * (product / argument) ** sp.Rational(3, 2)
            entries.append(sp.simplify(reached / (threshold / 4) - 1))
        return tuple(entries)

    return Derivation(
        name="lambert-time",
        statement=r"\frac{e^{-4g\tau}}{16\sqrt\pi\lambda^{3/4}\tau^{3/2}g^{0,1}} "
        r"= \frac\epsilon4:\quad \tau = \frac{3}{8g}W(Ag^{1,\,1/3})",
        source="[levi2023linear, Eq. 24], simplified",
        steps=(
            (
                "Take the power -2/3 of both sides",
                r"\frac{8g\tau}3e^{8g\tau/3} = Ag^{1,\,1/3}",
            ),
            (
                "This is Lambert's equation",
                r"A = \frac{2^{5/3}}{3\pi^{1/3}\lambda^{1/2}\epsilon^{2/3}}",
            ),
        ),
        residual=residual,
    )


def small_threshold_delay() -> Derivation:
    def residual() -> tuple[Any, ...]:
        gap, delay = sp.symbols("d t", positive=True)  # d = 1 - sqrt(lambda)
        # Both losses fall at the rate 4 d^2; the test loss is 1/d^2 times larger.
        (found,) = sp.solve(sp.Eq(4 * gap**2 * delay, -2 * sp.log(gap)), delay)
        near = sp.Symbol("x", positive=True)  # 1 - lambda = x, so that d = x/2 to first order
        limit = sp.limit((1 - sp.sqrt(1 - near)) / near, near, 0)
        divergence = found.subs(gap, near / 2) - sp.log(4 / near**2) / near**2
        return (
            sp.simplify(found + sp.log(gap) / (2 * gap**2)),
            limit - sp.Rational(1, 2),
            sp.simplify(sp.expand_log(divergence, force=True)),
        )

    return Derivation(
        name="small-threshold-delay",
        statement=r"\Delta\tau\to\frac{1}{2(1-\sqrt\lambda)^2}\ln\frac1{1-\sqrt\lambda}"
        r"\simeq\frac1{(1-\lambda)^2}\ln\frac4{(1-\lambda)^2}",
        source="[levi2023linear, Eq. 12]",
        steps=(
            (
                "At late times both losses are proportional",
                r"L_{gen} = \frac{L_{train}}{(1-\sqrt\lambda)^2}",
            ),
            (
                "As the threshold vanishes only the exponential counts",
                r"4(1-\sqrt\lambda)^2\Delta\tau = -2\ln(1-\sqrt\lambda)",
            ),
            ("Near one", r"1-\sqrt\lambda\simeq\tfrac12(1-\lambda)"),
        ),
        residual=residual,
    )


def saturation_delay() -> Derivation:
    def residual() -> tuple[Any, ...]:
        root, delay = sp.symbols("r t", positive=True)
        transient = 1 / (1 - root) ** 2  # of the test loss over that of the train loss
        saturated = 1 / (1 - root**2) ** 2
        equation = sp.Eq(4 * (1 - root) ** 2 * delay, sp.log(sp.cancel(transient / saturated)))
        (found,) = sp.solve(equation, delay)
        expected = sp.log(1 + root) / (2 * (1 - root) ** 2)
        difference = (found - expected).subs(sp.log(root**2 + 2 * root + 1), 2 * sp.log(1 + root))
        return (sp.simplify(sp.expand_log(sp.factor(difference), force=True)),)

    return Derivation(
        name="saturation-delay",
        statement=r"\Delta\tau_{sat} = \frac{\ln(1+\sqrt\lambda)}{2(1-\sqrt\lambda)^2}",
        source="[levi2023linear, Eq. 16]",
        steps=(
            (
                "Saturation is where the transient has fallen to the saturated loss",
                r"\frac{L_{gen}}{L_{train}} = \frac1{(1-\sqrt\lambda)^2}\ \text{or}\ "
                r"\frac1{(1-\lambda)^2}",
            ),
            (
                "The ratio of the two is made up for at the rate of the transient",
                r"4(1-\sqrt\lambda)^2\Delta\tau = 2\ln(1+\sqrt\lambda)",
            ),
        ),
        residual=residual,
    )
