"""Proofs on the Gibbs measure: stationarity, free energies, and what finite steps change."""

from typing import Any

import sympy as sp

from ..derivation import Derivation

_THETA = sp.Symbol("theta", positive=True)


def fokker_planck_form() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y = place = sp.symbols("x y", real=True)
        energy, density = sp.Function("f")(x, y), sp.Function("u")(x, y)
        expanded = sum(
            _THETA * sp.diff(density, at, 2)
            + sp.diff(density, at) * sp.diff(energy, at)
            + density * sp.diff(energy, at, 2)
            for at in place
        )
        weight = sp.exp(energy / _THETA)
        divergence = sum(
            _THETA * sp.diff(sp.diff(density * weight, at) / weight, at) for at in place
        )
        return (sp.expand(divergence - expanded),)

    return Derivation(
        name="fokker-planck-form",
        statement=r"\theta\Delta u+\nabla u\cdot\nabla f+u\,\Delta f = "
        r"\theta\,\nabla\cdot\left[e^{-f/\theta}\nabla(u\,e^{f/\theta})\right]",
        source="[kozyrev2024langevin, Eq. 2]",
        steps=(
            (
                "Differentiate the inner product",
                r"e^{-f/\theta}\nabla(u\,e^{f/\theta}) = \nabla u+\tfrac1\theta u\nabla f",
            ),
            (
                "Its divergence, times the temperature",
                r"\theta\Delta u+\nabla\cdot(u\nabla f)",
            ),
        ),
        residual=residual,
    )


def gibbs_stationarity() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y = place = sp.symbols("x y", real=True)
        energy = sp.Function("f")(x, y)
        density = sp.exp(-energy / _THETA)
        currents = [-_THETA * sp.diff(density, at) - density * sp.diff(energy, at) for at in place]
        return (*currents, sum(sp.diff(j, at) for j, at in zip(currents, place, strict=True)))

    return Derivation(
        name="gibbs-stationarity",
        statement=r"u = e^{-f/\theta}\ \Rightarrow\ j = -\theta\nabla u-u\nabla f = 0",
        source="[kozyrev2024langevin, Eq. 2]",
        steps=(
            ("The gradient of the Gibbs density", r"\theta\nabla u = -u\nabla f"),
            (
                "The current vanishes at every point, not only its divergence: the dynamics is "
                "reversible, and every pair of regions is in detailed balance",
                r"j = 0",
            ),
        ),
        residual=residual,
    )


def schroedinger_form() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y = place = sp.symbols("x y", real=True)
        energy, wave = sp.Function("f")(x, y), sp.Function("psi")(x, y)
        root = sp.exp(energy / (2 * _THETA))
        density = wave / root
        generator = sum(
            _THETA * sp.diff(sp.diff(density * root**2, at) / root**2, at) for at in place
        )
        potential = sum(
            sp.diff(energy, at) ** 2 / (4 * _THETA) - sp.diff(energy, at, 2) / 2 for at in place
        )
        laplacian = sum(sp.diff(wave, at, 2) for at in place)
        schroedinger = -_THETA * laplacian + potential * wave
        # A = e^{-f/2 theta} grad e^{f/2 theta} and its adjoint, in every direction.
        factorized = sum(
            -_THETA * root * sp.diff(sp.diff(wave * root, at) / root / root, at) for at in place
        )
        return (
            sp.expand(root * generator + schroedinger),
            sp.expand(factorized - schroedinger),
        )

    return Derivation(
        name="schroedinger-form",
        statement=r"e^{f/2\theta}\,L\,e^{-f/2\theta} = -\theta A^*A = "
        r"\theta\Delta-\frac{\lvert\nabla f\rvert^2}{4\theta}+\frac{\Delta f}2,\qquad "
        r"A = e^{-f/2\theta}\nabla e^{f/2\theta}",
        source="[kozyrev2024langevin, Sec. 2]",
        steps=(
            (
                "Insert the density into the divergence form",
                r"u = e^{-f/2\theta}\psi,\quad "
                r"L u = \theta\,\nabla\cdot[e^{-f/\theta}\nabla(e^{f/2\theta}\psi)]",
            ),
            (
                "The outer derivative is minus the adjoint of the inner one",
                r"e^{f/2\theta}\,\nabla\cdot e^{-f/2\theta} = -A^*",
            ),
            (
                "So the spectrum of -L is real and not negative; zero is an eigenvalue exactly if "
                "its vector is square integrable",
                r"A\psi = 0\ \Rightarrow\ \psi\propto e^{-f/2\theta}",
            ),
        ),
        residual=residual,
    )


def harmonic_free_energy() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y = sp.symbols("x y", real=True)
        first, second = sp.symbols("a c", positive=True)
        mixed, energy = sp.Symbol("b", real=True), sp.Symbol("E", real=True)
        determinant = sp.Symbol("D", positive=True)
        hessian = sp.Matrix([[first, mixed], [mixed, second]])
        form = (sp.Matrix([[x, y]]) * hessian * sp.Matrix([x, y]))[0] / 2
        # Complete the square in y; what is left in x carries the rest of the determinant.
        squared = second * (y + mixed * x / second) ** 2 / 2 + hessian.det() / second * x**2 / 2
        inner = sp.integrate(sp.exp(-second * y**2 / (2 * _THETA)), (y, -sp.oo, sp.oo))
        outer = sp.integrate(
            sp.exp(-determinant / second * x**2 / (2 * _THETA)), (x, -sp.oo, sp.oo)
        )
        weight = sp.exp(-energy / _THETA) * inner * outer
        free_energy = -_THETA * sp.expand_log(sp.log(sp.simplify(weight)), force=True)
        claimed = energy - _THETA / 2 * (2 * sp.log(2 * sp.pi * _THETA) - sp.log(determinant))
        return (
            sp.expand(form - squared),
            sp.expand(sp.expand_log(sp.expand(free_energy - claimed), force=True)),
        )

    return Derivation(
        name="harmonic-free-energy",
        statement=r"F = E-\frac\theta2\left[d\ln(2\pi\theta)-\ln\det H\right]",
        source="derived from [kozyrev2024langevin, Sec. 2]",
        steps=(
            (
                "Complete the square in one coordinate",
                r"\tfrac12x^\top Hx = \tfrac12c\,(y+\tfrac bcx)^2+\tfrac12\tfrac{\det H}cx^2",
            ),
            (
                "Every Gaussian integral gives a factor, and the curvatures multiply to the "
                "determinant",
                r"\int e^{-ky^2/2\theta}dy = \sqrt{2\pi\theta/k}",
            ),
            (
                "The logarithm; the first term is the same for all wells of one dimension",
                r"-\theta\ln\left[e^{-E/\theta}(2\pi\theta)^{d/2}(\det H)^{-1/2}\right]",
            ),
        ),
        residual=residual,
    )


def marginal_free_energy() -> Derivation:
    def residual() -> tuple[Any, ...]:
        y = sp.Symbol("y", real=True)
        energy, stiffness = sp.Symbol("V", real=True), sp.Symbol("k", positive=True)
        count = sp.Symbol("n", positive=True, integer=True)
        one = sp.integrate(sp.exp(-stiffness * y**2 / (2 * _THETA)), (y, -sp.oo, sp.oo))
        logarithm = -energy / _THETA + count * sp.log(one)
        profile = energy + _THETA * count / 2 * sp.log(stiffness)
        constant = count / 2 * sp.log(2 * sp.pi * _THETA)
        return (sp.expand(sp.expand_log(logarithm + profile / _THETA - constant, force=True)),)

    return Derivation(
        name="marginal-free-energy",
        statement=r"\int e^{-[V(x)+k(x)\lvert y\rvert^2/2]/\theta}\,dy = "
        r"(2\pi\theta)^{n/2}\,e^{-A(x)/\theta},\qquad A = V+\theta\frac n2\ln k",
        source="derived",
        steps=(
            (
                "Each of the n transverse directions gives a Gaussian integral",
                r"\int e^{-ky^2/2\theta}dy = \sqrt{2\pi\theta/k}",
            ),
            ("Only the stiffness depends on x", r"k(x)^{-n/2} = e^{-\frac n2\ln k(x)}"),
        ),
        residual=residual,
    )


def entropic_force() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y = sp.symbols("x y", real=True)
        stiffness = sp.Symbol("k", positive=True)
        energy, profile = sp.Function("V")(x), sp.Function("kappa", positive=True)(x)
        count = sp.Symbol("n", positive=True, integer=True)
        gaussian = sp.exp(-stiffness * y**2 / (2 * _THETA))
        spread = sp.integrate(y**2 * gaussian, (y, -sp.oo, sp.oo)) / sp.integrate(
            gaussian, (y, -sp.oo, sp.oo)
        )
        mean_slope = sp.diff(energy, x) + count * sp.diff(profile, x) / 2 * spread.subs(
            stiffness, profile
        )
        marginal = energy + _THETA * count / 2 * sp.log(profile)
        return (
            sp.simplify(spread - _THETA / stiffness),
            sp.simplify(mean_slope - marginal.diff(x)),
        )

    return Derivation(
        name="entropic-force",
        statement=r"\langle\partial_xf\rangle_y = V'+\tfrac n2k'\,\frac\theta k = A'(x)",
        source="derived",
        steps=(
            (
                "At rest the transverse spread is that of a harmonic well",
                r"\langle y^2\rangle = \theta/k",
            ),
            (
                "The mean force along the valley is the slope of the free energy: a narrowing "
                "valley pushes back, the harder the warmer",
                r"V'(x)+\tfrac12k'(x)\langle\lvert y\rvert^2\rangle = V'+\theta\tfrac n2(\ln k)'",
            ),
        ),
        residual=residual,
    )


def crossing_temperature() -> Derivation:
    def residual() -> tuple[Any, ...]:
        narrow, wide = sp.symbols("E_n E_w", real=True)
        stiff, soft = sp.symbols("D_n D_w", positive=True)

        def free_energy(energy: Any, determinant: Any) -> Any:
            return energy + _THETA / 2 * sp.log(determinant)

        difference = free_energy(wide, soft) - free_energy(narrow, stiff)
        crossing = 2 * (wide - narrow) / (sp.log(stiff) - sp.log(soft))
        return (sp.simplify(difference.subs(_THETA, crossing)),)

    return Derivation(
        name="crossing-temperature",
        statement=r"F_w(\theta^*) = F_n(\theta^*),\qquad "
        r"\theta^* = \frac{2(E_w-E_n)}{\ln\det H_n-\ln\det H_w}",
        source="derived",
        steps=(
            (
                "The difference of two harmonic free energies is linear in the temperature",
                r"F_w-F_n = E_w-E_n-\tfrac\theta2(\ln\det H_n-\ln\det H_w)",
            ),
            ("It changes sign once", r"\theta^*>0\ \text{if the wider well is the higher one}"),
        ),
        residual=residual,
    )


def discretized_variance() -> Derivation:
    def residual() -> tuple[Any, ...]:
        stiffness, step = sp.symbols("k eta", positive=True)
        variance = _THETA / (stiffness * (1 - step * stiffness / 2))
        moved = (1 - step * stiffness) ** 2 * variance + 2 * step * _THETA
        return (sp.simplify(moved - variance),)

    return Derivation(
        name="discretized-variance",
        statement=r"\langle x^2\rangle = \frac\theta{k\,(1-\eta k/2)}",
        source="derived",
        steps=(
            (
                "One step in a harmonic well",
                r"\langle x_{t+1}^2\rangle = (1-\eta k)^2\langle x_t^2\rangle+2\eta\theta",
            ),
            ("Its fixed point", r"[1-(1-\eta k)^2]\,\langle x^2\rangle = 2\eta\theta"),
        ),
        residual=residual,
    )


def discretized_mean_force() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x, y = sp.symbols("x y", real=True)
        step, count = sp.symbols("eta n", positive=True)
        stiffness, small = sp.symbols("k epsilon", positive=True)
        profile = sp.Function("k", positive=True)(x)
        spread = _THETA / (profile * (1 - step * profile / 2))
        mean_force = count * sp.diff(profile, x) / 2 * spread
        free_energy = _THETA * count / 2 * sp.log(profile / (1 - step * profile / 2))
        # The first order again, from the energy that finite steps sample (one mode, V = 0).
        changed = (
            stiffness * y**2 / 2 - small * (stiffness * y) ** 2 / 4 + small * _THETA * stiffness / 2
        )
        weight = sp.series(sp.exp(-(changed - stiffness * y**2 / 2) / _THETA), small, 0, 2)
        gaussian = sp.exp(-stiffness * y**2 / (2 * _THETA))
        ratio = sp.integrate(
            sp.expand(weight.removeO() * gaussian), (y, -sp.oo, sp.oo)
        ) / sp.integrate(gaussian, (y, -sp.oo, sp.oo))
        expected = sp.series((1 - small * stiffness / 2) ** sp.Rational(1, 2), small, 0, 2)
        return (
            sp.simplify(mean_force - sp.diff(free_energy, x)),
            sp.simplify(ratio - expected.removeO()),
        )

    return Derivation(
        name="discretized-mean-force",
        statement=r"A_\eta = V+\theta\frac n2\ln\frac k{1-\eta k/2}",
        source="derived",
        steps=(
            (
                "Fast modes across the valley have the variance of finite steps",
                r"\langle y^2\rangle = \frac\theta{k(1-\eta k/2)}",
            ),
            (
                "They push along the valley with the mean force, which integrates to a free energy",
                r"\tfrac n2k'\langle y^2\rangle = \theta\tfrac n2\frac d{dx}\ln\frac k{1-\eta k/2}",
            ),
            (
                "To first order the same as the integral over the energy that finite steps sample: "
                "the term with the second derivative outweighs the wider Gaussian",
                r"\int e^{-\tilde f/\theta}dy\propto k^{-1/2}\,(1-\tfrac{\eta k}4)",
            ),
        ),
        residual=residual,
    )


def discretized_gibbs() -> Derivation:
    def residual() -> tuple[Any, ...]:
        x = sp.Symbol("x", real=True)
        energy = sp.Function("f")(x)
        slope = sp.diff(energy, x)
        gibbs = sp.exp(-energy / _THETA)
        correction = (slope**2 / 4 - _THETA / 2 * sp.diff(energy, x, 2)) / _THETA
        # Adjoints of the generator and of the second order of one step, on the density.
        generated = _THETA * sp.diff(gibbs * correction, x, 2) + sp.diff(
            slope * gibbs * correction, x
        )
        second = (
            sp.diff(slope**2 * gibbs, x, 2) / 2
            + _THETA * sp.diff(slope * gibbs, x, 3)
            + _THETA**2 * sp.diff(gibbs, x, 4) / 2
        )
        return (sp.expand((generated + second) / gibbs),)

    return Derivation(
        name="discretized-gibbs",
        statement=r"u_\eta\propto e^{-\tilde f/\theta}\,[1+O(\eta^2)],\qquad "
        r"\tilde f = f-\frac\eta4f'^2+\frac{\eta\theta}2f''",
        source="derived",
        steps=(
            (
                "Expand the mean of a test function after one step, with normal noise",
                r"\langle\varphi(x_{t+1})\rangle = \varphi+\eta(\theta\varphi''-f'\varphi')"
                r"+\eta^2(\tfrac12f'^2\varphi''-\theta f'\varphi'''+\tfrac12\theta^2\varphi'''')",
            ),
            (
                "Stationarity at second order, with u = (1 + eta v) exp(-f/theta)",
                r"L(v\,e^{-f/\theta})+\tfrac12(f'^2e^{-f/\theta})''"
                r"+\theta(f'e^{-f/\theta})'''+\tfrac12\theta^2(e^{-f/\theta})'''' = 0",
            ),
            ("Solved by", r"v = \frac1\theta\left(\tfrac14f'^2-\tfrac\theta2f''\right)"),
        ),
        residual=residual,
    )


def derivations() -> tuple[Derivation, ...]:
    return (
        fokker_planck_form(),
        gibbs_stationarity(),
        schroedinger_form(),
        harmonic_free_energy(),
        marginal_free_energy(),
        entropic_force(),
        crossing_temperature(),
        discretized_variance(),
        discretized_mean_force(),
        discretized_gibbs(),
    )
