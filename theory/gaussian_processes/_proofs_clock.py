"""Proofs about the pull on a short length scale, and the clock of gradient descent."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    """Return the proofs of this file."""
    return pair_pull(), descent_clock()


def pair_pull() -> Derivation:
    def residual() -> tuple[Any, ...]:
        s, nu, u, k, eps = sp.symbols("s nu u k epsilon", positive=True)
        f, first, second = sp.symbols("f xi_1 xi_2", real=True)
        log_length = sp.Symbol("x", real=True)
        overlap = sp.exp(-((u * sp.exp(-log_length)) ** 2) / 2)
        gram = sp.Matrix([[1, overlap], [overlap, 1]])
        covariance = s * gram + nu * sp.eye(2)
        r = sp.Matrix([f + first, f + second])
        share, rho = s / (s + nu), sp.exp(-(u**2) / 2)

        # One pair, both terms summed over its two samples.
        complexity = sp.diff(sp.log(covariance.det()) / 2, log_length).subs(log_length, 0)
        claimed = -(share**2) * rho**2 * u**2 / (1 - share**2 * rho**2)
        fit = sp.diff((r.T * covariance.inv() * r)[0] / 2, log_length).subs(log_length, 0)
        alike, apart = (2 * f + first + second) ** 2 / 2, (first - second) ** 2 / 2
        claimed_fit = (
            s
            * rho
            * u**2
            / 2
            * (apart / (s * (1 - rho) + nu) ** 2 - alike / (s * (1 + rho) + nu) ** 2)
        )

        # Terms of the geometric series in rho, integrated over a line.
        def over_line(expression: sp.Expr) -> sp.Expr:
            return 2 * sp.integrate(expression, (u, 0, sp.oo))

        first_series = over_line(u**2 * sp.exp(-k * u**2)) - sp.sqrt(sp.pi) / 2 / k ** sp.Rational(
            3, 2
        )
        second_series = k * over_line(u**2 * sp.exp(-k * u**2 / 2)) - sp.sqrt(2 * sp.pi) / sp.sqrt(
            k
        )
        ratio = sp.Symbol("z")
        geometric = sp.series(ratio / (1 - ratio), ratio, 0, 5).removeO()
        square = sp.series(ratio / (1 - ratio) ** 2, ratio, 0, 5).removeO()
        return (
            sp.simplify(complexity - claimed),
            sp.simplify(fit - claimed_fit),
            sp.simplify(first_series),
            sp.simplify(second_series),
            sp.expand(geometric - sum(ratio**n for n in range(1, 5))),
            sp.expand(square - sum(n * ratio**n for n in range(1, 5))),
        )

    return Derivation(
        name="pair-pull",
        statement=r"\frac{\partial\,\text{complexity}}{\partial\ln\ell} = -\frac{(n-1)\varrho\sqrt"
        r"\pi\,\ell}4\,\mathrm{Li}_{3/2}(\varepsilon^2),\quad "
        r"\frac{\partial\,\text{fit}}{\partial\ln\ell} = \frac{(n-1)\varrho\sqrt{2\pi}\,\ell}"
        r"{4(s+\nu)}\,[(2\langle f^2\rangle+\sigma^2)\mathrm{Li}_{1/2}(-\varepsilon)"
        r"+\sigma^2\mathrm{Li}_{1/2}(\varepsilon)]",
        source="derived",
        steps=(
            (
                "At a short length scale an input has at most one neighbor within reach: a pair at "
                "distance u length scales, with overlap rho",
                r"C = (s+\nu)\begin{pmatrix}1&\varepsilon\rho\\\varepsilon\rho&1\end{pmatrix},\quad"
                r"\rho = e^{-u^2/2},\quad \varepsilon = \frac s{s+\nu}",
            ),
            (
                "Differentiate its determinant",
                r"\partial_{\ln\ell}\,\tfrac12\ln\det C = -\frac{\varepsilon^2\rho^2u^2}"
                r"{1-\varepsilon^2\rho^2} = -u^2\sum_{k\ge1}\varepsilon^{2k}e^{-ku^2}",
            ),
            (
                "Differentiate its fit: what the targets share pulls up, their difference pushes "
                "down",
                r"\frac{s\rho u^2}2\Bigl[\frac{r_-^2}{(s(1-\rho)+\nu)^2}-"
                r"\frac{r_+^2}{(s(1+\rho)+\nu)^2}\Bigr],\quad \langle r_-^2\rangle = \sigma^2,\ "
                r"\langle r_+^2\rangle = 2\langle f^2\rangle+\sigma^2",
            ),
            (
                "There are n(n-1)/2 pairs, with distances of density rho_0 at zero; expand in "
                "powers of the overlap and integrate term by term",
                r"\frac1n\cdot\frac{n(n-1)}2\,\varrho\,\ell\int_{-\infty}^\infty du\,(\cdots)",
            ),
            (
                "The sums are polylogarithms. That of order 1/2 diverges at one, so noise on the "
                "targets makes the fit push down at every large enough signal",
                r"\mathrm{Li}_{1/2}(\varepsilon)\simeq\sqrt{\pi s/\nu}\to\infty",
            ),
        ),
        residual=residual,
    )


def descent_clock() -> Derivation:
    def residual() -> tuple[Any, ...]:
        eta, pull, start, time = sp.symbols("eta c ell_0 t", positive=True)
        length = 1 / (1 / start - eta * pull * time)
        end = sp.Symbol("ell", positive=True)
        claimed = (1 / start - 1 / end) / (eta * pull)
        return (
            sp.simplify(sp.diff(sp.log(length), time) - eta * pull * length),
            length.subs(time, 0) - start,
            sp.simplify(length.subs(time, claimed) - end),
        )

    return Derivation(
        name="descent-clock",
        statement=r"\frac{d\ln\ell}{dt} = \eta c\,\ell\ \Rightarrow\ "
        r"t = \frac1{\eta c}\Bigl(\frac1{\ell_0}-\frac1\ell\Bigr)",
        source="derived",
        steps=(
            (
                "In one dimension the pull is proportional to the length scale",
                r"-\frac{\partial L}{\partial\ln\ell} = c\,\ell",
            ),
            (
                "Separate: the inverse length scale falls on a straight line",
                r"\frac d{dt}\frac1\ell = -\eta c",
            ),
        ),
        residual=residual,
    )
