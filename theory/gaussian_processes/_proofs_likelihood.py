"""Proofs about the marginal likelihood: its split, its gradient, and its short-scale limit."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    """Return the proofs of this file."""
    return (
        likelihood_split(),
        likelihood_gradient(),
        short_scale_limit(),
        best_signal(),
        fit_falls(),
    )


def _pair() -> tuple[sp.Matrix, sp.Matrix, sp.Symbol]:
    """A covariance of two targets that depends on a parameter, and their residuals."""
    q = sp.Symbol("q", real=True)
    one, two, three = (sp.Function(name, real=True)(q) for name in ("u", "v", "w"))
    residual = sp.Matrix(sp.symbols("r:2", real=True))
    return sp.Matrix([[one, three], [three, two]]), residual, q


def likelihood_split() -> Derivation:
    def residual() -> tuple[Any, ...]:
        a, b, c = sp.symbols("a b c", positive=True)
        first, second = sp.symbols("r:2", real=True)
        lower = sp.Matrix([[a, 0], [c, b]])
        covariance = lower * lower.T
        r = sp.Matrix([first, second])
        # The density as a product of conditional densities, without any matrix inversion.
        conditional_mean = covariance[1, 0] / covariance[0, 0] * first
        conditional_variance = covariance[1, 1] - covariance[1, 0] ** 2 / covariance[0, 0]
        direct = (
            first**2 / (2 * covariance[0, 0])
            + (second - conditional_mean) ** 2 / (2 * conditional_variance)
            + sp.log(2 * sp.pi * covariance[0, 0]) / 2
            + sp.log(2 * sp.pi * conditional_variance) / 2
        )
        split = (r.T * covariance.inv() * r)[0] / 2 + sp.log(covariance.det()) / 2
        difference = sp.simplify(direct - split - sp.log(2 * sp.pi))
        return (sp.simplify(sp.expand_log(difference, force=True)),)

    return Derivation(
        name="likelihood-split",
        statement=r"-\ln p(y) = \tfrac12 r^\top C^{-1}r+\tfrac12\ln\det C+\tfrac n2\ln2\pi",
        source="[miller2023beyond, Sec. 2.3.1]",
        steps=(
            (
                "Write the density target by target, each given those before it",
                r"p(y) = \prod_i \mathcal N(y_i;\, \bar y_i,\, v_i)",
            ),
            (
                "The conditional variances are the squared diagonal of the Cholesky factor",
                r"\prod_i v_i = \det C,\qquad \sum_i (y_i-\bar y_i)^2/v_i = r^\top C^{-1}r",
            ),
        ),
        residual=residual,
    )


def likelihood_gradient() -> Derivation:
    def residual() -> tuple[Any, ...]:
        covariance, r, q = _pair()
        inverse, slope = covariance.inv(), covariance.diff(q)
        forces = inverse * r
        fit = (r.T * inverse * r)[0] / 2
        return (
            sp.simplify(sp.diff(fit, q) + (forces.T * slope * forces)[0] / 2),
            sp.simplify(sp.diff(sp.log(covariance.det()) / 2, q) - (inverse * slope).trace() / 2),
            sp.simplify(sp.diff(fit, r[0]) + sp.diff(fit, r[1]) - sum(forces)),
        )

    return Derivation(
        name="likelihood-gradient",
        statement=r"\partial_q\,\tfrac12r^\top C^{-1}r = -\tfrac12 a^\top(\partial_qC)a,\quad "
        r"\partial_q\,\tfrac12\ln\det C = \tfrac12\operatorname{tr}C^{-1}\partial_qC,\quad "
        r"a = C^{-1}r",
        source="[miller2023beyond, Sec. 2.3.1] (standard)",
        steps=(
            ("Differentiate the inverse", r"\partial_q C^{-1} = -C^{-1}(\partial_qC)\,C^{-1}"),
            (
                "and the logarithm of the determinant (Jacobi)",
                r"\partial_q\ln\det C = \operatorname{tr}C^{-1}\partial_qC",
            ),
            (
                "The mean moves all residuals at once",
                r"\partial_m\,\tfrac12r^\top C^{-1}r = -\sum_ia_i",
            ),
        ),
        residual=residual,
    )


def short_scale_limit() -> Derivation:
    def residual() -> tuple[Any, ...]:
        s, nu = sp.symbols("s nu", positive=True)
        r = sp.Matrix(sp.symbols("r:3", real=True))
        covariance = (s + nu) * sp.eye(3)
        square = r.dot(r) / 3
        fit = (r.T * covariance.inv() * r)[0] / 6
        left = r - s * covariance.inv() * r
        return (
            sp.simplify(fit - square / (2 * (s + nu))),
            sp.expand_log(sp.log(sp.factor(covariance.det())), force=True) / 6 - sp.log(s + nu) / 2,
            sp.simplify(left.dot(left) / 3 - (nu / (s + nu)) ** 2 * square),
        )

    return Derivation(
        name="short-scale-limit",
        statement=r"K = sI:\quad \text{fit} = \frac{\langle r^2\rangle}{2(s+\nu)},\quad "
        r"\text{complexity} = \tfrac12\ln(s+\nu),\quad "
        r"E_\text{train} = \Bigl(\frac\nu{s+\nu}\Bigr)^2\langle r^2\rangle",
        source="derived",
        steps=(
            ("Different inputs are independent", r"C = (s+\nu)\,I"),
            (
                "At a train input the prediction is a shrunk target, elsewhere the mean",
                r"\bar f(x_i)-m = \frac s{s+\nu}\,r_i,\qquad \bar f(x_*) = m",
            ),
        ),
        residual=residual,
    )


def best_signal() -> Derivation:
    def residual() -> tuple[Any, ...]:
        s, nu, square = sp.symbols("s nu R", positive=True)
        loss = square / (2 * (s + nu)) + sp.log(s + nu) / 2
        slope = s * sp.diff(loss, s)
        claimed = s / (2 * (s + nu)) * (1 - square / (s + nu))
        return (sp.simplify(slope - claimed), claimed.subs(s, square - nu))

    return Derivation(
        name="best-signal",
        statement=r"\frac{\partial L}{\partial\ln s} = \frac s{2(s+\nu)}\Bigl(1-"
        r"\frac{\langle r^2\rangle}{s+\nu}\Bigr)\quad\text{at } \ell\to0,\qquad "
        r"s+\nu = \langle r^2\rangle \text{ at the bottom}",
        source="derived",
        steps=(
            (
                "Differentiate fit and complexity of the short-scale limit",
                r"L = \frac{\langle r^2\rangle}{2(s+\nu)}+\tfrac12\ln(s+\nu)",
            ),
            (
                "At a large signal the slope is 1/2, whatever the length scale: the signal settles "
                "within a time of order one, long before a short length scale has moved",
                r"\frac{\partial L}{\partial\ln s}\to\tfrac12",
            ),
        ),
        residual=residual,
    )


def fit_falls() -> Derivation:
    def residual() -> tuple[Any, ...]:
        s, nu = sp.symbols("s nu", positive=True)
        overlap = sp.Symbol("k", real=True)
        r = sp.Matrix(sp.symbols("r:2", real=True))
        gram = sp.Matrix([[1, overlap], [overlap, 1]])
        inverse = (s * gram + nu * sp.eye(2)).inv()
        fit = (r.T * inverse * r)[0] / 4
        forces = inverse * r
        claimed = -s * (forces.T * gram * forces)[0] / 4
        return (sp.simplify(s * sp.diff(fit, s) - claimed), sp.limit(fit, s, sp.oo))

    return Derivation(
        name="fit-falls",
        statement=r"\frac{\partial\,\text{fit}}{\partial\ln s} = -\frac{a^\top K a}{2n} < 0,\qquad "
        r"\text{fit}\to0 \text{ for } s\to\infty \text{ at every length scale}",
        source="derived",
        steps=(
            ("K is proportional to s", r"\frac{\partial C}{\partial\ln s} = K"),
            (
                "A kernel matrix is positive, so the fit has no minimum at a finite signal",
                r"a^\top Ka > 0",
            ),
            (
                "In the limit every length scale is as good as any other: without the complexity "
                "nothing selects the one that generalizes",
                r"r^\top(sK_1+\nu I)^{-1}r \le \frac{\lVert r\rVert^2}{s\,\lambda_{\min}(K_1)}\to0",
            ),
        ),
        residual=residual,
    )
