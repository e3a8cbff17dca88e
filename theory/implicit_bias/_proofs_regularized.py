"""Proofs for small penalties: what decays, what slides, and what is left."""

from functools import cache
from typing import Any

import sympy as sp

from ..derivation import Derivation


@cache
def derivations() -> tuple[Derivation, ...]:
    """Return the derivations on regularized regression, in the order of a run."""
    return (
        subgradient_bound(),
        null_space_law(),
        ridge_contraction(),
        soft_threshold(),
        sliding_speed(),
        penalty_bias(),
        hadamard_escape(),
    )


def subgradient_bound() -> Derivation:
    def residual() -> tuple[Any, ...]:
        alpha = sp.Symbol("alpha", positive=True)
        point, minimizer, gradient = (sp.Matrix(sp.symbols(f"{x}:3", real=True)) for x in "amg")
        before = (point - minimizer).dot(point - minimizer)
        moved = point - alpha * gradient - minimizer
        expanded = (
            before - 2 * alpha * gradient.dot(point - minimizer) + alpha**2 * gradient.dot(gradient)
        )
        steps, excess, distance, largest = sp.symbols("T e D F", positive=True)
        # 0 <= D^2 - 2 alpha T e + T alpha^2 F^2, solved for the excess e.
        bound = sp.solve(
            distance**2 - 2 * alpha * steps * excess + steps * (alpha * largest) ** 2, excess
        )[0]
        claimed = (distance**2 + steps * alpha**2 * largest**2) / (2 * steps * alpha)
        return (sp.expand(moved.dot(moved) - expanded), sp.simplify(bound - claimed))

    return Derivation(
        name="subgradient-bound",
        statement=r"\min_{t<T}f(a_t)-f^*\ \le\ \frac{\mathrm{dist}^2+T\alpha^2\max\lVert F_t"
        r"\rVert^2}{2T\alpha}",
        source="[notsawo2025norm, Lemma C.12]",
        steps=(
            (
                "Expand one step of the subgradient method",
                r"\lVert a_{t+1}-a^*\rVert^2 = \lVert a_t-a^*\rVert^2"
                r"-2\alpha\,F_t^\top(a_t-a^*)+\alpha^2\lVert F_t\rVert^2",
            ),
            (
                "By convexity the middle term is at least the excess",
                r"F_t^\top(a_t-a^*) \ge f(a_t)-f^*",
            ),
            (
                "Sum over T steps; the last distance is not negative. The inequality bounds the "
                "wait from above only",
                r"2T\alpha\,\min_t(f(a_t)-f^*) \le \mathrm{dist}^2+T\alpha^2\max\lVert F_t\rVert^2",
            ),
        ),
        residual=residual,
    )


def null_space_law() -> Derivation:
    def residual() -> tuple[Any, ...]:
        alpha, beta = sp.symbols("alpha beta", positive=True)
        features = sp.Matrix(2, 3, sp.symbols("x:6", real=True))
        point = sp.Matrix(sp.symbols("a:3", real=True))
        targets = sp.Matrix(sp.symbols("y:2", real=True))
        # The null space of two rows in three dimensions is spanned by their cross product.
        normal = features.row(0).cross(features.row(1)).T
        step = point - alpha * (features.T * (features * point - targets) + beta * point)
        return (sp.expand(normal.dot(step) - (1 - alpha * beta) * normal.dot(point)),)

    return Derivation(
        name="null-space-law",
        statement=r"P\,a_t = (1-\alpha\beta)^t\,P\,a_0,\qquad P = I-X^+X",
        source="derived, sharpens [notsawo2025norm, Thm. 3.6]",
        steps=(
            (
                "The gradient of the data term lies in the range of X^T, which P annihilates",
                r"P\,X^\top(Xa-y) = 0",
            ),
            (
                "What is left of a step is the decay",
                r"P\,a_{t+1} = P\,a_t-\alpha\beta\,P\,a_t",
            ),
        ),
        residual=residual,
    )


def ridge_contraction() -> Derivation:
    def residual() -> tuple[Any, ...]:
        alpha, beta = sp.symbols("alpha beta", positive=True)
        features = sp.Matrix(1, 2, sp.symbols("x:2", real=True))
        point, target = sp.Matrix(sp.symbols("a:2", real=True)), sp.Symbol("y", real=True)
        hessian = features.T * features + beta * sp.eye(2)
        fixed = hessian.inv() * features.T * target
        step = point - alpha * (
            features.T * (features * point - sp.Matrix([target])) + beta * point
        )
        contracted = (sp.eye(2) - alpha * hessian) * (point - fixed)
        return tuple(sp.cancel(sp.together(entry)) for entry in step - fixed - contracted)

    return Derivation(
        name="ridge-contraction",
        statement=r"a_t-\hat a = [I-\alpha(X^\top X+\beta I)]^t(a_0-\hat a),\quad "
        r"\hat a = (X^\top X+\beta I)^{-1}X^\top y",
        source="[notsawo2025norm, Thm. 3.6]",
        steps=(
            (
                "The gradient vanishes at the ridge solution and is linear",
                r"\nabla f(a) = (X^\top X+\beta I)(a-\hat a)",
            ),
            (
                "So a step contracts the offset by a fixed matrix",
                r"a_{t+1}-\hat a = [I-\alpha(X^\top X+\beta I)](a_t-\hat a)",
            ),
        ),
        residual=residual,
    )


def soft_threshold() -> Derivation:
    def residual() -> tuple[Any, ...]:
        point, amount, gap = sp.symbols("x g d", positive=True)
        new = sp.Symbol("z", real=True)
        # Stationarity z - x + g s = 0 with a subgradient s of |z|: s = 1 for z > 0, else |s| <= 1.
        above = sp.solve(new - (amount + gap) + amount, new)[0] - gap
        inside = sp.solve(-point + amount * new, new)[0] - point / amount
        # The subgradient needed at zero, x/g, reaches its limit 1 exactly at the threshold.
        return (above, inside, (point / amount).subs(point, amount) - 1)

    return Derivation(
        name="soft-threshold",
        statement=r"\operatorname*{argmin}_z\ \tfrac12(z-x)^2+g\lvert z\rvert "
        r"= \operatorname{sign}(x)\max(\lvert x\rvert-g, 0)",
        source="[notsawo2025norm, App. B]",
        steps=(
            (
                "The objective is strictly convex: its minimizer is where a subgradient vanishes",
                r"0 \in z-x+g\,\partial\lvert z\rvert",
            ),
            ("A positive minimizer, for x above g", r"z = x-g > 0"),
            (
                "Zero, as long as the subgradient it needs exists",
                r"z = 0,\quad x/g\in[-1,1]",
            ),
            ("Negative x by reflection", r"z = x+g < 0"),
        ),
        residual=residual,
    )


def sliding_speed() -> Derivation:
    def residual() -> tuple[Any, ...]:
        features = sp.Matrix(1, 2, sp.symbols("x:2", real=True, nonzero=True))
        signs = sp.Matrix(sp.symbols("s:2", real=True))
        projector = sp.eye(2) - features.T * features / features.dot(features)
        velocity = -projector * signs
        descent = signs.dot(velocity) + velocity.dot(velocity)
        # The least-squares condition of a sliding coordinate is that it does not move.
        squared = (projector * signs).dot(projector * signs)
        stationary = sp.diff(squared, signs[0]) / 2 + velocity[0]
        kept = (features * velocity)[0]
        return tuple(sp.cancel(sp.together(entry)) for entry in (descent, stationary, kept))

    return Derivation(
        name="sliding-speed",
        statement=r"\dot a = -Ps,\ s=\operatorname*{argmin}_{\partial h}\lVert Ps\rVert:\quad "
        r"X\dot a = 0,\quad \dot h = -\lVert\dot a\rVert^2,\quad \dot a_i = 0\ "
        r"\text{where}\ \lvert s_i\rvert<1",
        source="derived",
        steps=(
            ("The projection keeps the fit", r"X\,P = 0"),
            (
                "P is symmetric and idempotent",
                r"\dot h = s^\top\dot a = -s^\top Ps = -\lVert Ps\rVert^2",
            ),
            (
                "Inside the box the derivative by s_i of the squared speed vanishes",
                r"\tfrac12\partial_{s_i}\lVert Ps\rVert^2 = (Ps)_i = -\dot a_i = 0",
            ),
        ),
        residual=residual,
    )


def penalty_bias() -> Derivation:
    def residual() -> tuple[Any, ...]:
        beta = sp.Symbol("beta", positive=True)
        columns = sp.Matrix(2, 2, sp.symbols("x:4", real=True))
        target = sp.Matrix(sp.symbols("a:2", positive=True))
        signs = sp.ones(2, 1)
        found = target - beta * (columns.T * columns).inv() * signs
        gradient = columns.T * (columns * found - columns * target) + beta * signs
        return tuple(sp.cancel(sp.together(entry)) for entry in gradient)

    return Derivation(
        name="penalty-bias",
        statement=r"\hat a_S-a^*_S = -\beta\,(X_S^\top X_S)^{-1}\operatorname{sign}(a^*_S)",
        source="derived, makes the constant in the bound of [notsawo2025norm, Thm. 3.3] explicit",
        steps=(
            (
                "At the end the gradients of loss and penalty cancel on the support",
                r"X_S^\top X_S(\hat a_S-a^*_S)+\beta\operatorname{sign}(a^*_S) = 0",
            ),
            (
                "Solve; the step has dropped out. Proximal gradient descent stops there, plain "
                "subgradient descent circles around it, the nearer the smaller the step",
                r"\lVert\hat a-a^*\rVert = \beta\,\lVert(X_S^\top X_S)^{-1}"
                r"\operatorname{sign}(a^*_S)\rVert",
            ),
        ),
        residual=residual,
    )


def hadamard_escape() -> Derivation:
    def residual() -> tuple[Any, ...]:
        time, scale, slope, factor, depth = sp.symbols("t kappa g u L", positive=True)
        shallow = scale * sp.exp(slope * time)
        deep_rate = sp.diff(factor ** (2 - depth), factor) * factor ** (depth - 1) * slope
        return (
            sp.diff(shallow, time) - slope * shallow,
            shallow.subs(time, 0) - scale,
            sp.powsimp(deep_rate) + (depth - 2) * slope,
        )

    return Derivation(
        name="hadamard-escape",
        statement=r"u(t) = \kappa e^{gt}\ (L=2),\qquad "
        r"u(t)^{2-L} = \kappa^{2-L}-(L-2)\,g\,t\ (L>2)",
        source="derived, from [notsawo2025norm, Sec. 3.5]",
        steps=(
            (
                "While all coefficients are small the gradient stays at its first value",
                r"\dot u = u^{L-1}g,\quad g = (X^\top y)_k",
            ),
            (
                "Separate and integrate: a logarithm of the scale for two factors, a power of it "
                "for more",
                r"\int_\kappa^u v^{1-L}\,dv = g\,t",
            ),
        ),
        residual=residual,
    )
