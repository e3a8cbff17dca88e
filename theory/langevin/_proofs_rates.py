"""Proofs on times and rates: first passages, Kramers' limit, detailed balance."""

from typing import Any

import sympy as sp

from ..derivation import Derivation

_THETA = sp.Symbol("theta", positive=True)


def mean_first_passage() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y, z, wall, end = sp.symbols("x y z x_l b", real=True)
        energy = sp.Function("f")
        inner = sp.Integral(sp.exp(-energy(z) / _THETA), (z, wall, y))
        time = sp.Integral(sp.exp(energy(y) / _THETA) * inner, (y, x, end)) / _THETA
        slope = sp.diff(time, x)
        equation = _THETA * sp.diff(slope, x) - sp.diff(energy(x), x) * slope + 1
        return (sp.simplify(equation), slope.subs(x, wall).doit(), time.subs(x, end).doit())

    return Derivation(
        name="mean-first-passage",
        statement=r"\tau(x) = \frac1\theta\int_x^bdy\,e^{f(y)/\theta}"
        r"\int_{x_l}^ydz\,e^{-f(z)/\theta}",
        source="derived",
        steps=(
            (
                "The mean time obeys the backward equation, with a reflecting wall and an exit",
                r"\theta\tau''-f'\tau' = -1,\quad \tau'(x_l) = 0,\quad \tau(b) = 0",
            ),
            (
                "With the integrating factor the equation is a total derivative",
                r"\theta\,(e^{-f/\theta}\tau')' = -e^{-f/\theta}",
            ),
            ("Integrate twice", r"\tau' = -\tfrac1\theta e^{f/\theta}\int_{x_l}^xe^{-f/\theta}"),
        ),
        residual=residual,
    )


def kramers_limit() -> Derivation:
    def residual() -> tuple[Any, ...]:
        y, z = sp.symbols("y z", real=True)
        well, top = sp.symbols("k_a k_b", positive=True)
        barrier = sp.Symbol("Delta", positive=True)
        over = sp.integrate(sp.exp(-top * y**2 / (2 * _THETA)), (y, -sp.oo, sp.oo))
        half = sp.integrate(sp.exp(-top * y**2 / (2 * _THETA)), (y, -sp.oo, 0))
        inside = sp.integrate(sp.exp(-well * z**2 / (2 * _THETA)), (z, -sp.oo, sp.oo))
        time = sp.exp(barrier / _THETA) * over * inside / _THETA
        rate = sp.sqrt(well * top) / (2 * sp.pi) * sp.exp(-barrier / _THETA)
        return (sp.simplify(time * rate - 1), sp.simplify(half / over - sp.Rational(1, 2)))

    return Derivation(
        name="kramers-limit",
        statement=r"\tau\to\frac1k,\qquad "
        r"k = \frac{\sqrt{f''(a)\,\lvert f''(b)\rvert}}{2\pi}\,e^{-[f(b)-f(a)]/\theta}",
        source="derived from [kozyrev2024langevin, Eq. 5]",
        steps=(
            (
                "At low temperature the outer integral comes from the top, the inner one from the "
                "well, both as Gaussians",
                r"\tau\simeq\frac1\theta\,e^{[f(b)-f(a)]/\theta}"
                r"\int e^{-\lvert f''(b)\rvert y^2/2\theta}dy\int e^{-f''(a)z^2/2\theta}dz",
            ),
            (
                "A passage that ends at the top takes half of the outer integral: half the time",
                r"\int_{-\infty}^0 = \tfrac12\int_{-\infty}^\infty",
            ),
        ),
        residual=residual,
    )


def kramers_correction() -> Derivation:
    def residual() -> tuple[Any, ...]:
        z = sp.Symbol("z", real=True)
        third, fourth = sp.symbols("g_3 g_4", real=True)
        second, small = sp.symbols("g_2 epsilon", positive=True)
        # Positions in units of the root of the temperature, whose root is epsilon.
        anharmonic = small * third * z**3 / 6 + small**2 * fourth * z**4 / 24
        expanded = sp.series(sp.exp(-anharmonic), small, 0, 3).removeO()
        gaussian = sp.exp(-second * z**2 / 2)
        ratio = sp.integrate(sp.expand(expanded * gaussian), (z, -sp.oo, sp.oo)) / sp.integrate(
            gaussian, (z, -sp.oo, sp.oo)
        )
        correction = 5 * third**2 / (24 * second**3) - fourth / (8 * second**2)
        return (sp.simplify(ratio - 1 - small**2 * correction),)

    return Derivation(
        name="kramers-correction",
        statement=r"\tau\,k = 1+\theta\sum_{g=f_a,\,-f_b}"
        r"\left[\frac{5g_3^2}{24g_2^3}-\frac{g_4}{8g_2^2}\right]+O(\theta^2)",
        source="derived",
        steps=(
            (
                "Both integrals of the passage time are of the form of Laplace",
                r"\int e^{-g(z)/\theta}dz",
            ),
            (
                "Expand the anharmonic part, the cubic term to second order and the quartic one "
                "to first; both are of first order in the temperature",
                r"\left\langle\frac{g_3^2z^6}{72\theta^2}-\frac{g_4z^4}{24\theta}\right\rangle,"
                r"\quad\langle z^4\rangle = \frac{3\theta^2}{g_2^2},\ "
                r"\langle z^6\rangle = \frac{15\theta^3}{g_2^3}",
            ),
            ("At the top the inverted profile stands for g", r"g = -f"),
        ),
        residual=residual,
    )


def langer_prefactor() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y, r = sp.symbols("x y r", real=True)
        unstable, stable, barrier = sp.symbols("lambda mu Delta", positive=True)
        well = sp.Symbol("D_a", positive=True)
        energy = barrier - unstable * x**2 / 2 + stable * y**2 / 2
        committor = sp.sqrt(unstable / (2 * sp.pi * _THETA)) * sp.Integral(
            sp.exp(-unstable * r**2 / (2 * _THETA)), (r, -sp.oo, x)
        )
        backward: Any = sum(
            _THETA * sp.diff(committor, at, 2) - sp.diff(energy, at) * sp.diff(committor, at)
            for at in (x, y)
        )
        flux = sp.exp(-energy / _THETA) * sp.diff(committor, x) ** 2
        across = sp.integrate(sp.exp(-stable * y**2 / (2 * _THETA)), (y, -sp.oo, sp.oo))
        along = sp.integrate(
            sp.simplify(flux * sp.exp((barrier + stable * y**2 / 2) / _THETA)), (x, -sp.oo, sp.oo)
        )
        partition = 2 * sp.pi * _THETA / sp.sqrt(well)
        rate = _THETA * sp.exp(-barrier / _THETA) * across * along / partition
        claimed = unstable / (2 * sp.pi) * sp.sqrt(well / (unstable * stable))
        return (
            sp.simplify(backward),
            sp.simplify(rate / (claimed * sp.exp(-barrier / _THETA)) - 1),
        )

    return Derivation(
        name="langer-prefactor",
        statement=r"k = \frac{\lvert\lambda_-\rvert}{2\pi}"
        r"\sqrt{\frac{\det H_a}{\lvert\det H_s\rvert}}\,e^{-[f(s)-f(a)]/\theta}",
        source="[kozyrev2024langevin, Eq. 5] with the prefactor derived",
        steps=(
            (
                "Around the saddle the probability q to end on the far side depends on the "
                "unstable coordinate alone and solves the backward equation",
                r"\theta\Delta q-\nabla f\cdot\nabla q = 0,\quad "
                r"q = \Phi\!\left(\sqrt{\lvert\lambda_-\rvert/\theta}\;x\right)",
            ),
            (
                "The reactive flux from the well, whose partition function is harmonic",
                r"k = \frac\theta{Z_a}\int e^{-f/\theta}\lvert\nabla q\rvert^2\,dx,\quad "
                r"Z_a = (2\pi\theta)^{d/2}(\det H_a)^{-1/2}",
            ),
            (
                "All integrals are Gaussian; the square of the gradient of q turns the unstable "
                "direction into a stable one",
                r"e^{-f/\theta}\lvert\nabla q\rvert^2\propto"
                r"e^{-(\lvert\lambda_-\rvert x^2+\mu y^2)/2\theta}",
            ),
        ),
        residual=residual,
    )


def eyring_detailed_balance() -> Derivation:
    first, second, top = sp.symbols("F_0 F_1 F_s", real=True)

    def rate(start: Any, end: Any) -> Any:
        return sp.exp(-(end - start) / _THETA)

    balance = rate(first, second)  # p_1 / p_0 in equilibrium

    def residual() -> tuple[Any, ...]:
        return (sp.simplify(rate(first, top) / rate(second, top) - balance),)

    def published_residual() -> tuple[Any, ...]:
        return (sp.simplify(rate(first, second) / rate(second, first) - balance),)

    return Derivation(
        name="eyring-detailed-balance",
        statement=r"\frac{k_{0\to1}}{k_{1\to0}} = \frac{e^{-(F_s-F_0)/\theta}}"
        r"{e^{-(F_s-F_1)/\theta}} = e^{-(F_1-F_0)/\theta} = \frac{p_1}{p_0}",
        source="corrects [kozyrev2024langevin, Sec. 3]",
        steps=(
            (
                "In equilibrium no net flux crosses between two states",
                r"p_0\,k_{0\to1} = p_1\,k_{1\to0}",
            ),
            (
                "With the transition state in both exponents its free energy cancels",
                r"k_{0\to1}/k_{1\to0} = e^{-(F_1-F_0)/\theta}",
            ),
            (
                "With the free energy of the final state instead, the ratio is the square",
                r"e^{-(F_1-F_0)/\theta}/e^{-(F_0-F_1)/\theta} = e^{-2(F_1-F_0)/\theta}",
            ),
        ),
        residual=residual,
        published_residual=published_residual,
    )


def two_state_relaxation() -> Derivation:
    def residual() -> tuple[Any, ...]:
        time, ahead, back = sp.symbols("t k_1 k_2", positive=True)
        start = sp.Symbol("p_0", real=True)
        final = ahead / (ahead + back)
        population = final + (start - final) * sp.exp(-(ahead + back) * time)
        rate = ahead * (1 - population) - back * population
        return (sp.simplify(sp.diff(population, time) - rate), population.subs(time, 0) - start)

    return Derivation(
        name="two-state-relaxation",
        statement=r"p(t) = p_\infty+(p_0-p_\infty)\,e^{-(k_1+k_2)t}",
        source="derived",
        steps=(
            ("Gain and loss", r"\dot p = k_1(1-p)-k_2p"),
            (
                "A linear equation whose rate is the sum of both",
                r"\dot p = -(k_1+k_2)(p-p_\infty),\quad p_\infty = k_1/(k_1+k_2)",
            ),
        ),
        residual=residual,
    )


def flat_ravine() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y, z = sp.symbols("x y z", real=True)
        length, count = sp.symbols("L n", positive=True)
        stiffness = sp.Function("k", positive=True)
        power = count / 2

        def time(theta: Any) -> Any:
            inner = sp.Integral(sp.exp(-theta * power * sp.log(stiffness(z)) / theta), (z, 0, y))
            outer = sp.exp(theta * power * sp.log(stiffness(y)) / theta) * inner
            return sp.Integral(outer, (y, 0, length)) / theta

        product = sp.diff(_THETA * time(_THETA), _THETA).doit()
        constant = sp.integrate(sp.integrate(1, (z, 0, y)), (y, 0, length)) / _THETA
        walk = (length**2 - x**2) / (2 * _THETA)
        return (
            sp.simplify(product),
            sp.simplify(constant - length**2 / (2 * _THETA)),
            _THETA * sp.diff(walk, x, 2) + 1,
        )

    return Derivation(
        name="flat-ravine",
        statement=r"V = const:\quad \tau\,\theta = "
        r"\int_0^Lds\,k(s)^{n/2}\int_0^sds'\,k(s')^{-n/2},\qquad "
        r"k = const:\ \tau = \frac{L^2}{2\theta}",
        source="derived, for [kozyrev2024langevin, Sec. 3]",
        steps=(
            (
                "The reduced free energy of a valley without slope does not hold the temperature",
                r"A(s)/\theta = \tfrac n2\ln k(s)",
            ),
            (
                "So the temperature enters the passage time as a factor only",
                r"\partial_\theta(\theta\tau) = 0",
            ),
            ("For constant width both integrals are elementary", r"\int_0^Ls\,ds = L^2/2"),
        ),
        residual=residual,
    )


def two_clocks() -> Derivation:
    length, speed, time = sp.symbols("l v t", positive=True)
    walk = length**2 / (2 * _THETA)
    fall = length / speed

    def residual() -> tuple[Any, ...]:
        x, spread = sp.symbols("x D", real=True)
        # Brownian motion: the heat kernel of diffusion theta, and its second moment.
        kernel = sp.exp(-(x**2) / (4 * _THETA * time)) / sp.sqrt(4 * sp.pi * _THETA * time)
        moment = sp.integrate(x**2 * kernel, (x, -sp.oo, sp.oo))
        return (
            sp.simplify(sp.diff(kernel, time) - _THETA * sp.diff(kernel, x, 2)),
            sp.simplify(moment - 2 * _THETA * time),
            sp.simplify(walk - speed**2 * fall**2 / (2 * _THETA)),
        )

    def published_residual() -> tuple[Any, ...]:
        return (sp.simplify(walk - fall**2),)

    return Derivation(
        name="two-clocks",
        statement=r"t_{grok} = \frac{v^2}{2\theta}\,t_{mem}^2,\qquad "
        r"\langle\Delta x^2\rangle = 2\theta t\ \text{per dimension on the plateau}",
        source="corrects [kozyrev2024langevin, Sec. 3]",
        steps=(
            ("Down the slope, ballistic", r"t_{mem} = l/v"),
            ("On the plateau, diffusive", r"t_{grok} = l^2/(2\theta)"),
            (
                "Eliminate the length that both are assumed to share; the square survives, the "
                "factor 1 does not",
                r"t_{grok} = v^2t_{mem}^2/(2\theta)",
            ),
        ),
        residual=residual,
        published_residual=published_residual,
    )


def data_size_law() -> Derivation:
    def residual() -> tuple[Any, ...]:
        samples, share = sp.symbols("N q", positive=True)
        energy, top = sp.symbols("E F_s", real=True)
        entropy, other = sp.symbols("S_0 S_1", real=True)
        memorizing = entropy + samples * sp.log(1 - share)
        exponent = (top - (energy - _THETA * memorizing)) / _THETA
        slope = sp.diff(exponent, samples)
        threshold = (entropy - other) / -sp.log(1 - share)
        return (
            sp.simplify(slope - sp.log(1 - share)),
            sp.simplify(sp.diff(slope, _THETA)),
            sp.simplify(memorizing.subs(samples, threshold) - other),
        )

    return Derivation(
        name="data-size-law",
        statement=r"\ln t = c-\kappa N,\qquad \kappa = -\ln(1-q),\qquad "
        r"N^* = (S_0-S_1)/\kappa",
        source="[kozyrev2024langevin, Sec. 3] with the transition state in Eyring's rate",
        steps=(
            (
                "Every sample removes a share of the memorizing volume",
                r"S_0(N) = S_0+N\ln(1-q)",
            ),
            (
                "The temperature cancels from the entropic part of the exponent",
                r"\ln t = (F_s-E+\theta S_0(N))/\theta+const",
            ),
            ("The two volumes are equal at the threshold", r"S_0(N^*) = S_1"),
        ),
        residual=residual,
    )


def hypothesis_walk() -> Derivation:
    def residual() -> tuple[Any, ...]:
        step, chance = sp.symbols("t p", positive=True)
        survivors, good, all_bad = sp.symbols("S G M", positive=True)
        share = sp.Symbol("q", positive=True)
        # Sum of t p r^(t-1) with r = 1 - p, as the derivative of the geometric series.
        ratio = sp.Symbol("r", positive=True)
        series = sp.diff(1 / (1 - ratio), ratio)
        mean = chance * series.subs(ratio, 1 - chance)
        given = (1 / chance).subs(chance, good / (survivors + good))
        number = sp.Symbol("n", positive=True, integer=True)
        generating = (share + (1 - share) * step) ** number  # of a binomial number of survivors
        average = sp.diff(generating, step).subs(step, 1)
        return (
            sp.simplify(mean - 1 / chance),
            sp.simplify(given - 1 - survivors / good),
            sp.diff(given, survivors, 2),
            sp.simplify(average - number * (1 - share)),
            sp.simplify(given.subs(survivors, all_bad) - 1 - all_bad / good),
        )

    return Derivation(
        name="hypothesis-walk",
        statement=r"E[t] = 1+\frac MG(1-q)^N",
        source="derived",
        steps=(
            (
                "A uniform walk over survivors hits a generalizing one with a fixed chance",
                r"E[t\mid S] = \frac1p,\quad p = \frac G{S+G}",
            ),
            (
                "The mean is linear in the number of survivors",
                r"E[t\mid S] = 1+\frac SG",
            ),
            ("Each of M hypotheses survives N samples by itself", r"E[S] = M(1-q)^N"),
        ),
        residual=residual,
    )


def derivations() -> tuple[Derivation, ...]:
    return (
        mean_first_passage(),
        kramers_limit(),
        kramers_correction(),
        langer_prefactor(),
        eyring_detailed_balance(),
        two_state_relaxation(),
        flat_ravine(),
        two_clocks(),
        data_size_law(),
        hypothesis_walk(),
    )
