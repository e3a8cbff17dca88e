"""Proofs about learning coefficients and free energies."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    """Return the proofs of this file."""
    return normal_crossing(), direct_sum(), multiplicity_bias(), transition_size(), rank_family()


def normal_crossing() -> Derivation:
    def residual() -> tuple[Any, ...]:
        z, k, h = sp.symbols("z k h", positive=True)
        w = sp.Symbol("w", positive=True)
        # The zeta function of one variable, where its integral converges.
        integral = sp.integrate(w ** (2 * k * z + h), (w, 0, 1))
        zeta = 1 / (2 * k * z + h + 1)
        x = sp.Symbol("x", real=True)
        root = sp.solve(2 * k * x + h + 1, x)[0]
        # Two variables of the same ratio share the pole, which is then double.
        both = (2 * x + 1) * (4 * x + 2)
        return (
            sp.simplify(integral - zeta),
            sp.simplify(root + (h + 1) / (2 * k)),
            sp.Integer(sp.roots(sp.expand(both), x)[-sp.Rational(1, 2)] - 2),
        )

    return Derivation(
        name="normal-crossing",
        statement=r"\lambda = \min_j\frac{h_j+1}{2k_j},\quad m = \#\{j\text{ that attain it}\}",
        source="derived",
        steps=(
            (
                "The zeta function of a monomial factorizes over the variables, each an elementary "
                "integral where it converges.",
                r"\zeta(z) = \prod_j\int_0^1w_j^{2k_jz+h_j}\,dw_j = \prod_j\frac1{2k_jz+h_j+1}",
            ),
            (
                "Every factor has one simple pole; the largest is the coefficient with its sign "
                "reversed, and coinciding poles add their orders.",
                r"z_j = -\frac{h_j+1}{2k_j}",
            ),
        ),
        residual=residual,
    )


def direct_sum() -> Derivation:
    def residual() -> tuple[Any, ...]:
        s, a, b = sp.symbols("s a b", positive=True)
        log = sp.Symbol("L", positive=True)
        first, second = sp.symbols("m_1 m_2", positive=True)
        parts = [s**-a * log ** (first - 1), s**-b * log ** (second - 1)]
        product = parts[0] * parts[1]
        expected = s ** -(a + b) * log ** (first + second - 1 - 1)
        return (sp.simplify(product / expected - 1),)

    return Derivation(
        name="direct-sum",
        statement=r"K_1(u)+K_2(v):\quad \lambda = \lambda_1+\lambda_2,\ m = m_1+m_2-1",
        source="derived",
        steps=(
            (
                "The partition functions of separate variables multiply.",
                r"Z(s) = \int e^{-sK_1}\,du\int e^{-sK_2}\,dv",
            ),
            (
                "Powers of the scale and of its logarithm add up.",
                r"s^{-\lambda_1}\ln^{m_1-1}s\cdot s^{-\lambda_2}\ln^{m_2-1}s"
                r" = s^{-(\lambda_1+\lambda_2)}\ln^{(m_1+m_2-1)-1}s",
            ),
        ),
        residual=residual,
    )


def multiplicity_bias() -> Derivation:
    def residual() -> tuple[Any, ...]:
        log, rate, count = sp.symbols("L lambda m", positive=True)
        # ln Z in the variable L = ln s.
        log_partition = -rate * log + (count - 1) * sp.log(log)
        general = -sp.diff(log_partition, log) - (rate - (count - 1) / log)
        # Two equal factors exactly: u = w_1 w_2 has the density -ln u.
        s, k = sp.symbols("s k", positive=True)
        u = sp.Symbol("u", positive=True)
        mellin = sp.gamma(rate) * (sp.log(s) - sp.digamma(rate)) * s**-rate / (4 * k**2)
        # d/d lambda of the elementary integral of s^-lambda Gamma(lambda).
        elementary = sp.gamma(rate) * s**-rate
        derived = -sp.diff(elementary, rate) / (4 * k**2)
        coefficient = -sp.diff(sp.log(mellin), s) * s
        claimed = rate - 1 / (sp.log(s) - sp.digamma(rate))
        density = sp.integrate(1 / u, (u, sp.Symbol("v", positive=True), 1))
        return (
            sp.simplify(general),
            sp.simplify(sp.expand_func(derived - mellin)),
            sp.simplify(coefficient - claimed),
            density + sp.log(sp.Symbol("v", positive=True)),
        )

    return Derivation(
        name="multiplicity-bias",
        statement=r"\hat\lambda(s) = \lambda-\frac{m-1}{\ln s}+O(\ln^{-2}s),\quad"
        r" (w_1w_2)^{2k}:\ \hat\lambda = \lambda-\frac1{\ln s-\psi(\lambda)}",
        source="derived",
        steps=(
            (
                "Differentiate the logarithm of the partition function.",
                r"-\frac{d}{d\ln s}\bigl[-\lambda\ln s+(m-1)\ln\ln s\bigr]",
            ),
            (
                "For two equal factors the product of two uniform variables has the density "
                "-ln u, and the logarithm is a derivative by the exponent.",
                r"Z(s)\simeq\frac1{4k^2}\int_0^\infty(-\ln t)\,t^{\lambda-1}e^{-st}\,dt"
                r" = -\frac1{4k^2}\frac{d}{d\lambda}\,s^{-\lambda}\Gamma(\lambda)",
            ),
        ),
        residual=residual,
    )


def transition_size() -> Derivation:
    def residual() -> tuple[Any, ...]:
        g = sp.Symbol("g", positive=True)
        # With W e^W = -g: n = -W/g satisfies g n = ln n, as ln n = ln(W / -g) = -W.
        w = sp.Symbol("W", negative=True)
        gap = -w * sp.exp(w)
        size = -w / gap
        return (
            sp.simplify(sp.log(size) + w),
            sp.simplify(gap * size - sp.log(size)),
            sp.simplify(
                sp.solve(
                    sp.diff(
                        g * sp.Symbol("n", positive=True) - sp.log(sp.Symbol("n", positive=True)),
                        sp.Symbol("n", positive=True),
                    ),
                    sp.Symbol("n", positive=True),
                )[0]
                - 1 / g
            ),
        )

    return Derivation(
        name="transition-size",
        statement=r"n_c\,(L_A-L_B) = (\lambda_B-\lambda_A)\ln n_c,\quad"
        r" n_c = -\frac1gW_{-1}(-g)",
        source="derived, from [lakkapragada2025slt, Sec. 1]",
        steps=(
            (
                "The Lambert function undoes the product with an exponential.",
                r"We^W = -g,\quad n = -\frac Wg = e^{-W}\ \Rightarrow\ gn = -W = \ln n",
            ),
            (
                "The difference of both sides is least at n = 1/g, so that there are two solutions "
                "for g < 1/e, and the lower branch is the larger one.",
                r"\frac{d}{dn}(gn-\ln n) = g-\frac1n",
            ),
        ),
        residual=residual,
    )


def rank_family() -> Derivation:
    def residual() -> tuple[Any, ...]:
        d, r = sp.symbols("d r", positive=True)
        m, h, n = d, r, d
        doubled = 2 * (h + r) * (m + n) + 2 * m * n - (h + r) ** 2 - m**2 - n**2
        family = r * (2 * d - r) / 2
        return (
            sp.expand(doubled / 8 - family),
            sp.solve(sp.diff(family, r), r)[0] - d,
        )

    return Derivation(
        name="low-rank-family",
        statement=r"M = N = d,\ H = r:\quad\lambda = \tfrac12r(2d-r),\quad\text{largest at }r = d",
        source="derived, from Aoyagi and Watanabe",
        steps=(
            (
                "Insert the widths into the first case; their sum is even.",
                r"\frac18\bigl[8rd+2d^2-4r^2-2d^2\bigr] = rd-\frac{r^2}2",
            ),
        ),
        residual=residual,
    )
