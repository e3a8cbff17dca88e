"""Proofs of the exact reductions behind the early-late dichotomy: clocks, duals, potentials."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    """Return the proofs of this file, diagonal networks first."""
    return (
        conserved_product(),
        dual_flow(),
        deep_conservation(),
        smoothed_limits(),
        hyperbolic_entropy(),
        undecayed_margin(),
        matrix_conservation(),
        gram_relation(),
        gram_flow(),
    )


_TIME = sp.Symbol("t", nonnegative=True)
_SCALE, _DECAY = sp.symbols("alpha lambda", positive=True)


def conserved_product() -> Derivation:
    def residual() -> tuple[Any, ...]:
        u, v, decay, pull = sp.symbols("u v lambda g", real=True)
        # u' = 2 u g - lambda u and v' = -2 v g - lambda v, g the pull of the data on w.
        u_rate, v_rate = 2 * u * pull - decay * u, -2 * v * pull - decay * v
        product_rate = u_rate * v + u * v_rate
        weight, product = u**2 - v**2, u * v
        return (
            product_rate + 2 * decay * product,
            (u**2 + v**2) ** 2 - (weight**2 + 4 * product**2),
        )

    return Derivation(
        name="conserved-product",
        statement=r"u_kv_k = \alpha^2e^{-2\lambda t} = \beta,\qquad "
        r"u_k^2+v_k^2 = \sqrt{w_k^2+4\beta^2}",
        source="derived",
        steps=(
            (
                "The loss depends on w = u^2 - v^2 alone, so its pull g on w acts on both factors",
                r"\dot u = 2ug-\lambda u,\quad \dot v = -2vg-\lambda v",
            ),
            (
                "It drops out of the product",
                r"\tfrac{d}{dt}(uv) = -2\lambda\,uv",
            ),
            (
                "Sum and difference of the squares",
                r"(u^2+v^2)^2 = (u^2-v^2)^2 + 4u^2v^2",
            ),
        ),
        residual=residual,
    )


def dual_flow() -> Derivation:
    def residual() -> tuple[Any, ...]:
        rows = sp.Matrix(2, 2, sp.symbols("z:4", real=True))
        duals = sp.Matrix([sp.Function(f"A{i}", real=True)(_TIME) for i in range(2)])
        potential = rows.T * duals
        product = _SCALE**2 * sp.exp(-2 * _DECAY * _TIME)
        entries: list[Any] = []
        weights = []
        for k in range(2):
            u = _SCALE * sp.exp(-_DECAY * _TIME + 2 * potential[k])
            v = _SCALE * sp.exp(-_DECAY * _TIME - 2 * potential[k])
            pull = sp.diff(potential[k], _TIME)  # sum_i z_ik A_i', with A_i' = -l'_i / n
            entries += [
                sp.diff(u, _TIME) - (2 * u * pull - _DECAY * u),
                sp.diff(v, _TIME) - (-2 * v * pull - _DECAY * v),
            ]
            weights.append(2 * product * sp.sinh(4 * potential[k]))
            entries.append((u**2 - v**2 - weights[k].rewrite(sp.exp)).expand())
        margins = rows * sp.Matrix(weights)
        hyperbolic = sp.diag(*(sp.cosh(4 * entry) for entry in potential))
        claimed = 8 * product * rows * hyperbolic * rows.T
        entries += list(margins.jacobian(duals) - claimed)
        return tuple(entries)

    return Derivation(
        name="dual-flow",
        statement=r"w = 2\beta\sinh(4Z^\top A),\quad \dot A_i = -\ell'_i/n,\quad "
        r"\frac{\partial m}{\partial A} = 8\beta Z\operatorname{diag}\cosh(4Z^\top A)\,Z^\top",
        source="derived",
        steps=(
            (
                "The pull of the data on w_k is a combination of the samples",
                r"g_k = -\tfrac1n\sum_i\ell'_iz_{ik} = (Z^\top\dot A)_k",
            ),
            (
                "The factors integrate to exponentials",
                r"u_k,v_k = \alpha e^{-\lambda t\pm2(Z^\top A)_k}",
            ),
            (
                "Subtract the squares",
                r"w_k = u_k^2-v_k^2 = 2\alpha^2e^{-2\lambda t}\sinh(4(Z^\top A)_k)",
            ),
        ),
        residual=residual,
    )


def deep_conservation() -> Derivation:
    def residual() -> tuple[Any, ...]:
        entries: list[Any] = []
        grown = sp.Symbol("q", real=True)
        for depth in (3, 4, 5):
            stretch = depth * (depth - 2) * _SCALE ** (depth - 2)
            for sign in (1, -1):
                # With u = e^{-lambda t} U, U' = +-L U^{L-1} q': U as a function of q.
                factor = _SCALE * (1 - sign * stretch * grown) ** sp.Rational(-1, depth - 2)
                rate = sp.diff(factor, grown) - sign * depth * factor ** (depth - 1)
                ratio = sp.simplify(rate / factor ** (depth - 1))
                entries.append(ratio)
            reciprocal = sum(
                (_SCALE ** (2 - depth)) * (1 - sign * stretch * grown) for sign in (1, -1)
            )
            entries.append(reciprocal - 2 * _SCALE ** (2 - depth))
        return tuple(entries)

    return Derivation(
        name="deep-conservation",
        statement=r"u_k^{2-L}+v_k^{2-L} = 2(\alpha e^{-\lambda t})^{2-L}\quad(L>2)",
        source="derived, for L = 3, 4, 5",
        steps=(
            (
                "Take the decay out of the factors; homogeneity leaves a power of it",
                r"u = e^{-\lambda t}U:\quad \dot U = L\,U^{L-1}\dot q,\quad "
                r"\dot q = e^{-(L-2)\lambda t}\,(X^\top\dot A)_k",
            ),
            (
                "Integrate; v sees the opposite sign",
                r"U^{2-L} = \alpha^{2-L}-L(L-2)\,q,\quad V^{2-L} = \alpha^{2-L}+L(L-2)\,q",
            ),
        ),
        residual=residual,
    )


def smoothed_limits() -> Derivation:
    def residual() -> tuple[Any, ...]:
        weight, product = sp.symbols("w beta", positive=True)
        root = sp.sqrt(weight**2 + 4 * product**2)
        early = sp.limit((root - 2 * product) * 4 * product / weight**2, product, sp.oo)
        late = sp.limit(root, product, 0, "+")
        # Leading terms w^2 / 4 beta and w, to be compared at 2 beta = w.
        crossing = sp.solve(sp.Eq(weight**2 / (2 * product), weight), product)
        return (early - 1, late - weight, crossing[0] - weight / 2)

    return Derivation(
        name="smoothed-limits",
        statement=r"\sqrt{w^2+4\beta^2} \to 2\beta+\frac{w^2}{4\beta}\ (\beta\gg|w|),\qquad "
        r"\to |w|\ (\beta\ll|w|)",
        source="derived",
        steps=(
            (
                "Expand the root at a large and at a small clock",
                r"\sqrt{w^2+4\beta^2} = 2\beta\sqrt{1+(w/2\beta)^2} = |w|\sqrt{1+(2\beta/w)^2}",
            ),
            (
                "The slopes of the two limits in w agree where the clock meets the weight",
                r"\frac w{2\beta} = 1 \iff 2\beta = w",
            ),
        ),
        residual=residual,
    )


def hyperbolic_entropy() -> Derivation:
    def residual() -> tuple[Any, ...]:
        weight, product = sp.symbols("w beta", positive=True)
        potential = (
            weight * sp.asinh(weight / (2 * product))
            - sp.sqrt(weight**2 + 4 * product**2)
            + 2 * product
        )
        gradient = sp.simplify(sp.diff(potential, weight) - sp.asinh(weight / (2 * product)))
        # Early: in x = w / 2 beta, Q = 2 beta (x asinh x - sqrt(1 + x^2) + 1) = beta x^2 + ...
        x = sp.Symbol("x", positive=True)
        early = sp.limit((x * sp.asinh(x) - sp.sqrt(1 + x**2) + 1) / x**2, x, 0) * 2 - 1
        late = sp.limit(
            (weight * sp.log((weight + sp.sqrt(weight**2 + 4 * product**2)) / (2 * product)))
            / (weight * sp.log(1 / product)),
            product,
            0,
            "+",
        )
        logarithm = sp.asinh(x).rewrite(sp.log) - sp.log(x + sp.sqrt(x**2 + 1))
        return (gradient, early, late - 1, logarithm)

    return Derivation(
        name="hyperbolic-entropy",
        statement=r"w(t) = \arg\min_{Xw=y}Q_\beta(w),\quad "
        r"Q_\beta = \sum_kw_k\operatorname{arsinh}\frac{w_k}{2\beta}-\sqrt{w_k^2+4\beta^2}+2\beta",
        source="derived, for regression at small weight decay",
        steps=(
            (
                "Invert the dual form of the weights",
                r"w = 2\beta\sinh(4X^\top A) \iff \operatorname{arsinh}(w/2\beta) = 4X^\top A",
            ),
            (
                "The left side is the gradient of a convex potential, the right side is a "
                "combination of the rows: the stationarity condition on all interpolants",
                r"\nabla Q_\beta(w) = 4X^\top A,\quad Xw = y+O(\lambda)",
            ),
            (
                "The two ends",
                r"Q_\beta \simeq \frac{\lVert w\rVert_2^2}{4\beta},\qquad "
                r"Q_\beta \simeq \lVert w\rVert_1\ln\frac1\beta",
            ),
        ),
        residual=residual,
    )


def undecayed_margin() -> Derivation:
    def residual() -> tuple[Any, ...]:
        norm = sp.Symbol("N", positive=True)
        margin = sp.log(1 + 8 * _SCALE**2 * _TIME / norm)
        flow = sp.simplify(sp.diff(margin, _TIME) - 8 * _SCALE**2 * sp.exp(-margin) / norm)
        # A = K^{-1} 1 m / (8 beta) gives every sample the margin m; its sum is m |w2|^2 / 8 beta.
        gram = sp.Matrix([[sp.Symbol("a", positive=True), sp.Symbol("b", real=True)]] * 2)
        gram[1, 0], gram[1, 1] = gram[0, 1], sp.Symbol("c", positive=True)
        ones = sp.ones(2, 1)
        duals = gram.inv() * ones
        solution_norm = sp.cancel((duals.T * gram * duals)[0] - (ones.T * duals)[0])
        return (flow, margin.subs(_TIME, 0), solution_norm)

    return Derivation(
        name="undecayed-margin",
        statement=r"m(t) = \ln\Bigl(1+\frac{8\alpha^2t}{\lVert w_2\rVert^2}\Bigr)"
        r"\quad(\lambda = 0)",
        source="derived, for the exponential loss and support vectors only",
        steps=(
            (
                "In the kernel regime the weights are linear in the duals",
                r"w = 8\beta Z^\top A,\quad \beta = \alpha^2",
            ),
            (
                "Equal margins make them a multiple of the hard-margin solution",
                r"A = \frac m{8\beta}(ZZ^\top)^{-1}1,\quad "
                r"1^\top A = \frac{m\,\lVert w_2\rVert^2}{8\beta}",
            ),
            (
                "Sum the dual flow over the samples and integrate",
                r"1^\top\dot A = e^{-m} \Rightarrow \dot m = "
                r"\frac{8\alpha^2}{\lVert w_2\rVert^2}e^{-m}",
            ),
        ),
        residual=residual,
    )


def _symbolic_factors() -> tuple[sp.Matrix, sp.Matrix, sp.Matrix, sp.Symbol]:
    """Return U, V with U^T V = beta I, a symmetric pull H, and beta; all two by two."""
    product = sp.Symbol("beta", positive=True)
    first = sp.Matrix(2, 2, sp.symbols("u:4", real=True))
    second = product * first.inv().T
    a, b, c = sp.symbols("a b c", real=True)
    return first, second, sp.Matrix([[a, b], [b, c]]), product


def _cancelled(matrix: sp.Matrix) -> tuple[Any, ...]:
    return tuple(sp.cancel(sp.together(entry)) for entry in matrix)


def matrix_conservation() -> Derivation:
    def residual() -> tuple[Any, ...]:
        first = sp.Matrix(2, 2, sp.symbols("u:4", real=True))
        second = sp.Matrix(2, 2, sp.symbols("v:4", real=True))
        _, _, pull, _ = _symbolic_factors()
        first_rate = -pull * first - _DECAY * first
        second_rate = pull * second - _DECAY * second
        rate = first_rate.T * second + first.T * second_rate
        # The slope of the loss in U for a loss with gradient D in W: (D + D^T) U.
        slope = sp.Matrix(2, 2, sp.symbols("d:4", real=True))
        gram = first * first.T - second * second.T
        energy = sum(slope[i] * gram[i] for i in range(4))
        gradient = sp.Matrix(2, 2, [sp.diff(energy, symbol) for symbol in first])
        return tuple((rate + 2 * _DECAY * first.T * second).expand()) + tuple(
            (gradient - (slope + slope.T) * first).expand()
        )

    return Derivation(
        name="matrix-conservation",
        statement=r"U^\top V = \alpha^2e^{-2\lambda t}I \quad\text{from } U=V=\alpha I",
        source="derived",
        steps=(
            (
                "With the gradient D of the loss in W and H = D + D^T",
                r"\dot U = -HU-\lambda U,\quad \dot V = +HV-\lambda V",
            ),
            (
                "H is symmetric and drops out",
                r"\tfrac d{dt}U^\top V = -U^\top H^\top V+U^\top HV-2\lambda U^\top V "
                r"= -2\lambda U^\top V",
            ),
        ),
        residual=residual,
    )


def gram_relation() -> Derivation:
    def residual() -> tuple[Any, ...]:
        first, second, _, product = _symbolic_factors()
        positive, negative = first * first.T, second * second.T
        matrix = positive - negative
        root = positive + negative
        return (
            *_cancelled(negative - product**2 * positive.inv()),
            *_cancelled(root * root - (matrix * matrix + 4 * product**2 * sp.eye(2))),
            *_cancelled(positive * matrix - matrix * positive),
            *_cancelled(2 * positive - matrix - root),
        )

    return Derivation(
        name="gram-relation",
        statement=r"P = UU^\top = \tfrac12\bigl(W+\sqrt{W^2+4\beta^2}\bigr),\qquad "
        r"\lVert U\rVert_F^2+\lVert V\rVert_F^2 = \operatorname{Tr}\sqrt{W^2+4\beta^2}",
        source="derived",
        steps=(
            (
                "The conserved product determines the second factor",
                r"V = \beta U^{-\top} \Rightarrow VV^\top = \beta^2P^{-1},\quad "
                r"W = P-\beta^2P^{-1}",
            ),
            (
                "P and W commute, and the sum of the Gram matrices is a positive square root",
                r"(P+\beta^2P^{-1})^2 = W^2+4\beta^2I",
            ),
        ),
        residual=residual,
    )


def gram_flow() -> Derivation:
    def residual() -> tuple[Any, ...]:
        first, second, pull, _ = _symbolic_factors()
        entries: list[Any] = []
        for factor, sign in ((first, -1), (second, 1)):
            rate = sign * pull * factor - _DECAY * factor
            gram = factor * factor.T
            claimed = sign * (pull * gram + gram * pull) - 2 * _DECAY * gram
            entries += _cancelled(rate * factor.T + factor * rate.T - claimed)
        return tuple(entries)

    return Derivation(
        name="gram-flow",
        statement=r"\dot P = -(HP+PH)-2\lambda P,\qquad \dot Q = +(HQ+QH)-2\lambda Q",
        source="derived",
        steps=(
            (
                "Differentiate the Gram matrices of the two factors",
                r"\dot P = \dot UU^\top+U\dot U^\top,\quad \dot Q = \dot VV^\top+V\dot V^\top",
            ),
        ),
        residual=residual,
    )
