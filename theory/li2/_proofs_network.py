"""Proofs for stages I and III: how the readout, Muon and other nodes act on a node."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def fixed_point() -> Derivation:
    def residual() -> tuple[Any, ...]:
        eta = sp.Symbol("eta", positive=True)
        features = sp.Matrix(3, 2, sp.symbols("f:6", real=True))
        left, right = features * features.T, features.T * features
        push_through = (left + eta * sp.eye(3)) * features - features * (right + eta * sp.eye(2))
        # The rest for a 2 x 2 feature matrix with its inverses written out.
        square = sp.Matrix(2, 2, sp.symbols("f:4", real=True))
        labels = sp.Matrix(sp.symbols("y:2", real=True))
        sample_inverse = (square * square.T + eta * sp.eye(2)).inv()
        node_inverse = (square.T * square + eta * sp.eye(2)).inv()
        readout = node_inverse * square.T * labels
        whitened = sample_inverse * labels
        gradient = (labels - square * readout) * readout.T
        difference = gradient - eta * whitened * whitened.T * square
        return tuple(push_through) + tuple(sp.cancel(sp.together(entry)) for entry in difference)

    return Derivation(
        name="fixed-point",
        statement=r"G_F(\infty) = \eta\,ZZ^\top\tilde F,\quad "
        r"Z = (\tilde F\tilde F^\top+\eta I)^{-1}\tilde Y",
        source="[tian2025li2, Eq. 4] in one-sided form",
        steps=(
            (
                "The readout of ridge regression, by the push-through identity",
                r"V_* = (\tilde F^\top\tilde F+\eta I)^{-1}\tilde F^\top\tilde Y "
                r"= \tilde F^\top(\tilde F\tilde F^\top+\eta I)^{-1}\tilde Y = \tilde F^\top Z",
            ),
            (
                "The residual follows from the definition of Z",
                r"\tilde Y-\tilde FV_* = \tilde Y-\tilde F\tilde F^\top Z = \eta Z",
            ),
            (
                "Their product is the gradient; every node sees the same labels Z",
                r"G_F = (\tilde Y-\tilde FV_*)V_*^\top = \eta\,ZZ^\top\tilde F",
            ),
        ),
        residual=residual,
    )


def label_eigenvalue() -> Derivation:
    def residual() -> tuple[Any, ...]:
        scale, kurtosis = sp.symbols("s kappa", positive=True)
        weights = sp.symbols("u u1 v v1")

        def average(polynomial: sp.Expr) -> Any:
            moments = {0: 1, 2: scale**2, 4: kurtosis * scale**4}
            return sum(
                coefficient * sp.prod([moments.get(power, 0) for power in powers])
                for powers, coefficient in sp.Poly(sp.expand(polynomial), *weights).terms()
            )

        first, other_first, second, other_second = weights
        base = (first + second) ** 2
        same = average(base * base)
        shared = average(base * (first + other_second) ** 2)
        none = average(base * (other_first + other_second) ** 2)
        gaussian = [
            value.subs(kurtosis, 3) - 4 * scale**4 * (1 + 2 * rho**2)
            for value, rho in ((same, 1), (shared, sp.Rational(1, 2)), (sp.sympify(none), 0))
        ]
        return (same - 2 * shared + none - 4 * scale**4, *gaussian)

    return Derivation(
        name="label-eigenvalue",
        statement=r"S\tilde Y = Kc_1\tilde Y,\quad c_1 = k(1)-2k(\tfrac12)+k(0) "
        r"= 4s_w^4 \ \text{ for } \sigma=x^2",
        source="derived, replaces the constants of [tian2025li2, Lemma 1]",
        steps=(
            (
                "At infinite width the Gram matrix knows only which operands two samples share",
                r"\tfrac1KFF^\top = k(0)\,11^\top + [k(\tfrac12)-k(0)](A+B) "
                r"+ [k(1)-2k(\tfrac12)+k(0)]\,I",
            ),
            (
                "On all pairs every label occurs once for each first and each second operand",
                r"A\tilde Y = B\tilde Y = 11^\top\tilde Y = 0",
            ),
            (
                "For the square, with moments s^2 and kappa s^4 of the weights, kappa cancels",
                r"k(1)-2k(\tfrac12)+k(0) = [(2\kappa+6)-2(\kappa+3)+4]\,s_w^4 = 4s_w^4",
            ),
        ),
        residual=residual,
    )


def repulsion() -> Derivation:
    def residual() -> tuple[Any, ...]:
        eta = sp.Symbol("eta", positive=True)
        features = sp.Matrix(2, 3, sp.symbols("f:6", real=True))
        first, second, rest = (features.col(column) for column in range(3))
        coefficient = (features.T * features + eta * sp.eye(3)).inv()[0, 1]
        projector = sp.eye(2) - rest * rest.T / ((rest.T * rest)[0] + eta)
        overlap = (first.T * projector * second)[0]
        norms = [eta + (node.T * projector * node)[0] for node in (first, second)]
        claimed = -overlap / (norms[0] * norms[1] - overlap**2)
        return (sp.cancel(sp.together(coefficient - claimed)),)

    return Derivation(
        name="repulsion",
        statement=r"b_{jl} = -\frac{c}{(\eta+\tilde f_j^\top P\tilde f_j)"
        r"(\eta+\tilde f_l^\top P\tilde f_l)-c^2},\quad c=\tilde f_j^\top P\tilde f_l",
        source="[tian2025li2, Thm. 6]",
        steps=(
            (
                "The block of an inverse is the inverse of the Schur complement",
                r"B_{\{j,l\}} = \big[F_{jl}^\top F_{jl}+\eta I-F_{jl}^\top F_r"
                r"(F_r^\top F_r+\eta I)^{-1}F_r^\top F_{jl}\big]^{-1} "
                r"= (F_{jl}^\top PF_{jl}+\eta I)^{-1}",
            ),
            (
                "Invert two by two; the determinant is positive, so the signs are opposite",
                r"\begin{pmatrix}\alpha&c\\c&\beta\end{pmatrix}^{-1}_{12} "
                r"= \frac{-c}{\alpha\beta-c^2}",
            ),
        ),
        residual=residual,
    )


def muon_suppression() -> Derivation:
    def residual() -> tuple[Any, ...]:
        strength, parallel, orthogonal = sp.symbols("c a b", positive=True)
        gradient = sp.Matrix([[strength, parallel], [0, orthogonal]])
        total = orthogonal + strength
        polar = sp.Matrix([[total, parallel], [-parallel, total]])
        polar /= sp.sqrt(parallel**2 + total**2)
        stretch = polar.T * gradient
        ratio = polar[0, 1] / polar[1, 1] - orthogonal / total * parallel / orthogonal
        # Symmetric with positive trace and determinant: the stretch is positive definite.
        trace = stretch.trace() - sp.sqrt(parallel**2 + total**2)
        determinant = sp.simplify(stretch.det() - strength * orthogonal)
        return (
            *(sp.simplify(entry) for entry in polar.T * polar - sp.eye(2)),
            sp.simplify(stretch[0, 1] - stretch[1, 0]),
            sp.simplify(trace),
            determinant,
            sp.simplify(ratio),
        )

    return Derivation(
        name="muon-suppression",
        statement=r"\frac{\parallel}{\perp}\ \mapsto\ \frac{\lVert g_\perp\rVert}"
        r"{\lVert e\rVert+\lVert g_\perp\rVert}\,\frac{\parallel}{\perp}",
        source="derived; bound of one half in [tian2025li2, Thm. 8]",
        steps=(
            (
                "In the plane of the found direction e and of the second gradient g",
                r"G = (e,g) = \begin{pmatrix}c&a\\0&b\end{pmatrix},\quad "
                r"c=\lVert e\rVert,\ a=\lVert g_\parallel\rVert,\ b=\lVert g_\perp\rVert",
            ),
            (
                "Its polar factor is proportional to G plus its cofactor matrix",
                r"UV^\top = \frac1{\sqrt{a^2+(b+c)^2}}\begin{pmatrix}b+c&a\\-a&b+c\end{pmatrix}",
            ),
            (
                "The second column leans less towards e than g does",
                r"\frac a{b+c} = \frac b{b+c}\cdot\frac ab\ \le\ \frac12\cdot\frac ab"
                r"\quad\text{for } b\le c",
            ),
        ),
        residual=residual,
    )


def collection_time() -> Derivation:
    def residual() -> tuple[Any, ...]:
        kept = sp.Symbol("r", positive=True)
        probabilities = sp.symbols("p:2", positive=True)
        probabilities = (*probabilities, 1 - sum(probabilities))

        def remaining(found: frozenset[int]) -> sp.Expr:
            missing = [index for index in range(3) if index not in found]
            if not missing:
                return sp.Integer(0)
            new = sum(probabilities[index] for index in missing)
            wait = (kept * (1 - new) + new) / new
            return wait + sum(
                probabilities[index] / new * remaining(found | {index}) for index in missing
            )

        subsets = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
        plain = sum(
            (-1) ** (len(subset) + 1) / sum(probabilities[index] for index in subset)
            for subset in subsets
        )
        claimed = kept * plain + (1 - kept) * 3
        return (sp.cancel(sp.together(remaining(frozenset()) - claimed)),)

    return Derivation(
        name="collection-time",
        statement=r"T_a = 2^{-a}\,T_0+(1-2^{-a})\,L",
        source="[tian2025li2, Thm. 8] in closed form (checked for L = 3, any probabilities)",
        steps=(
            (
                "With the set S found, its strength times 2^-a, and Q the rest of the "
                "probability, a new feature takes on average",
                r"\frac{r(1-Q)+Q}{Q} = \frac rQ+(1-r)\ \text{ nodes},\quad r=2^{-a}",
            ),
            (
                "Which new feature it is does not depend on r, so the sequences of sets are "
                "those of the plain process",
                r"P(l\mid l\notin S) = p_l/Q",
            ),
            (
                "Sum over the L discoveries",
                r"T_a = r\sum\langle 1/Q\rangle+(1-r)L = r\,T_0+(1-r)\,L",
            ),
        ),
        residual=residual,
    )
