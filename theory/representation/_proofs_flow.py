"""Proofs for the effective flow of sums: what it conserves, how it goes, how fast."""

from functools import cache
from typing import Any

import sympy as sp

from ..derivation import Derivation


@cache
def derivations() -> tuple[Derivation, ...]:
    """Return the derivations on sums of embeddings, from the decoder to the grokking rate."""
    return (
        linear_decoder(),
        decoder_race(),
        norm_conservation(),
        sum_growth(),
        normalized_flow(),
        label_energy(),
        full_data_rate(),
    )


def _quadratic(zero_sums: bool = False) -> tuple[Any, Any]:
    """Three symbols in two dimensions, and a symmetric matrix for their energy."""
    embedding = sp.Matrix(3, 2, sp.symbols("e:6", real=True))
    a, b, c, d, e, f = sp.symbols("m:6", real=True)
    matrix = sp.Matrix([[a, b, c], [b, d, e], [c, e, f]])
    if zero_sums:
        matrix -= sp.diag(*(matrix * sp.ones(3, 1)))
    return embedding, matrix


def _velocity(embedding: Any, matrix: Any) -> tuple[Any, Any, Any]:
    """Minus the gradient of the quotient of energy and norm, by differentiation."""
    energy, norm = sp.trace(embedding.T * matrix * embedding), sp.trace(embedding.T * embedding)
    velocity = embedding.applyfunc(lambda entry: -sp.diff(energy / norm, entry))
    return velocity, energy, norm


def linear_decoder() -> Derivation:
    def residual() -> tuple[Any, ...]:
        weights: Any = sp.Matrix(2, 2, sp.symbols("a:4", real=True))
        bias, label, first, second = (
            sp.Matrix(sp.symbols(f"{name}:2", real=True)) for name in "byxz"
        )
        decay = sp.Symbol("gamma", positive=True)
        gaps = [weights * point + bias - label for point in (first, second)]
        loss = sum(gap.dot(gap) for gap in gaps) / 2
        penalty = decay * sp.trace(weights.T * weights)
        # Opposite inputs, and the bias at its optimum.
        fitted = dict(zip(second.flat(), (-first).flat(), strict=True)) | dict(
            zip(bias.flat(), label.flat(), strict=True)
        )
        pull = sp.Matrix([sp.diff(loss, entry) for entry in first]).subs(fitted)
        force = weights.applyfunc(lambda entry: sp.diff(loss + penalty, entry)).subs(fitted)
        claimed = 2 * weights * (first * first.T + decay * sp.eye(2))
        residuals = list(pull - weights.T * weights * first) + list(force - claimed)
        # With an isometric decoder the pull is the gradient of the attraction.
        attraction = (first - second).dot(first - second) / 4
        gradient = sp.Matrix([sp.diff(attraction, entry) for entry in first]).subs(fitted)
        return tuple(sp.expand(entry) for entry in [*residuals, *(gradient - first)])

    return Derivation(
        name="linear-decoder",
        statement=r"\dot A = -2\eta_A\,A(rr^\top+\gamma),\qquad \dot r = -\eta_x\,A^\top A\,r",
        source="[liu2022effective, App. L]",
        steps=(
            (
                "Two inputs with one label, around their mean: the bias takes the label",
                r"x_{1,2} = \pm r,\qquad \ell = \tfrac12\sum\lVert Ax+b-y\rVert^2 = "
                r"\lVert Ar\rVert^2",
            ),
            (
                "Differentiate by each input, and by the decoder with its decay",
                r"\partial_x\ell = A^\top A\,r,\qquad "
                r"\partial_A(\ell+\gamma\lVert A\rVert^2) = 2A(rr^\top+\gamma)",
            ),
            (
                "A slow decoder that is an isometry leaves an attraction of the inputs",
                r"A^\top A = I:\quad \dot x = -\eta_x\,\partial_x\,\tfrac14\lVert x_1-x_2\rVert^2",
            ),
        ),
        residual=residual,
    )


def decoder_race() -> Derivation:
    def residual() -> tuple[Any, ...]:
        gain, distance, slow, fast = sp.symbols("A r eta_x eta_A", positive=True)
        conserved = slow * gain**2 - 2 * fast * distance**2
        rate = sp.diff(conserved, gain) * (-2 * fast * gain * distance**2) + sp.diff(
            conserved, distance
        ) * (-slow * gain**2 * distance)
        start, first = sp.symbols("r_0 A_0", positive=True)
        final = start**2 - slow / (2 * fast) * first**2
        level = slow * first**2 - 2 * fast * start**2
        return (sp.expand(rate), sp.expand(-2 * fast * final - level))

    return Derivation(
        name="decoder-race",
        statement=r"\eta_xA^2-2\eta_Ar^2 = \text{const},\qquad "
        r"r_\infty^2 = \max\bigl(0,\ r_0^2-\tfrac{\eta_x}{2\eta_A}A_0^2\bigr)",
        source="derived, from [liu2022effective, App. L]",
        steps=(
            (
                "In one dimension without decay",
                r"\dot A = -2\eta_A\,A\,r^2,\qquad \dot r = -\eta_x\,A^2\,r",
            ),
            (
                "Both squares fall by multiples of the same product",
                r"\partial_tA^2 = -4\eta_A\,A^2r^2,\qquad \partial_tr^2 = -2\eta_x\,A^2r^2",
            ),
            (
                "The flow rests when one of them is zero; the conserved difference says which",
                r"\eta_xA_0^2 < 2\eta_Ar_0^2:\quad A_\infty = 0",
            ),
        ),
        residual=residual,
    )


def norm_conservation() -> Derivation:
    def residual() -> tuple[Any, ...]:
        embedding, matrix = _quadratic()
        velocity, _, _ = _velocity(embedding, matrix)
        return (sp.cancel(sp.together(sp.trace(embedding.T * velocity))),)

    return Derivation(
        name="norm-conservation",
        statement=r"\frac{dZ_0}{dt} = 0,\qquad Z_0 = \sum_k\lVert E_k\rVert^2",
        source="[liu2022effective, App. F]",
        steps=(
            (
                "The effective loss does not change with the scale of the embeddings",
                r"\ell_{eff}(cE) = \ell_{eff}(E)",
            ),
            (
                "So its gradient is orthogonal to them (Euler)",
                r"\dot Z_0 = 2\,\langle E,\dot E\rangle = "
                r"-2\,\langle E,\nabla\ell_{eff}\rangle = 0",
            ),
        ),
        residual=residual,
    )


def sum_growth() -> Derivation:
    def change() -> tuple[list[Any], list[Any]]:
        embedding, matrix = _quadratic(zero_sums=True)
        velocity, energy, norm = _velocity(embedding, matrix)
        total = [sum(embedding.col(column)) for column in range(2)]
        moved = [sum(velocity.col(column)) for column in range(2)]
        return moved, [2 * energy / norm**2 * entry for entry in total]

    def residual() -> tuple[Any, ...]:
        moved, claimed = change()
        return tuple(sp.cancel(sp.together(a - b)) for a, b in zip(moved, claimed, strict=True))

    return Derivation(
        name="sum-growth",
        statement=r"\frac{dC}{dt} = \frac{2\ell_0}{Z_0^2}\,C,\qquad C = \sum_kE_k",
        source="derived, corrects [liu2022effective, App. F]",
        steps=(
            (
                "Differentiate the quotient",
                r"\dot E = -\frac{\nabla\ell_0}{Z_0}+\frac{2\ell_0}{Z_0^2}\,E",
            ),
            (
                "A shift of all embeddings leaves every parallelogram as it is",
                r"\sum_k\nabla_{E_k}\ell_0 = 0",
            ),
            (
                "What remains is the second term, which the paper drops; it vanishes for C = 0",
                r"\sum_k\dot E_k = \frac{2\ell_0}{Z_0^2}\sum_kE_k",
            ),
        ),
        residual=residual,
        published_residual=lambda: tuple(change()[0]),
    )


def normalized_flow() -> Derivation:
    time, norm = sp.symbols("t Z", positive=True)

    def left(is_normalized: bool) -> tuple[Any, ...]:
        rates, amplitudes = sp.symbols("l:3", positive=True), sp.symbols("a:3", positive=True)
        linear = [a * sp.exp(-rate * time) for a, rate in zip(amplitudes, rates, strict=True)]
        length = sp.sqrt(sum(entry**2 for entry in linear))
        path = [sp.sqrt(norm) * entry / length for entry in linear] if is_normalized else linear
        # In the eigenbasis of H the loss is l_0 / Z_0 = sum(rate * entry^2) / 2.
        quotient = sum(rate * entry**2 for rate, entry in zip(rates, path, strict=True)) / norm
        return tuple(
            sp.simplify(sp.diff(entry, time) + rate * entry - quotient * entry)
            for rate, entry in zip(rates, path, strict=True)
        )

    return Derivation(
        name="normalized-flow",
        statement=r"E(t) = \sqrt{Z_0}\,\frac{e^{-Ht}E(0)}{\lVert e^{-Ht}E(0)\rVert}",
        source="derived, corrects [liu2022effective, Sec. 3.2]",
        steps=(
            (
                "The norm is conserved, so that H is constant, and the flow is",
                r"\dot E = -HE+\frac{\langle E,HE\rangle}{Z_0}\,E,\qquad "
                r"H = \frac{2A^\top A}{Z_0\,\lvert P_0(D)\rvert}",
            ),
            (
                "The last term only rescales: the direction is that of the linear flow",
                r"y = e^{-Ht}E(0),\qquad \frac{d}{dt}\frac{y}{\lVert y\rVert} = "
                r"\frac{-Hy}{\lVert y\rVert}+\frac{\langle y,Hy\rangle}{\lVert y\rVert^2}"
                r"\frac{y}{\lVert y\rVert}",
            ),
            (
                "No condition on the sum of the embeddings is needed; without the norm the linear "
                "flow does not solve it",
                r"\lVert E(t)\rVert^2 = Z_0",
            ),
        ),
        residual=lambda: left(True),
        published_residual=lambda: left(False),
    )


def label_energy() -> Derivation:
    def residual() -> tuple[Any, ...]:
        samples = [sp.Matrix(sp.symbols(f"x{k}_:3", real=True)) for k in range(4)]
        pairs = sum(
            (one - other).dot(one - other) for i, one in enumerate(samples) for other in samples[:i]
        )
        total = sum(samples, sp.zeros(3, 1))
        grouped = len(samples) * sum(one.dot(one) for one in samples) - total.dot(total)
        return (sp.expand(pairs - grouped),)

    return Derivation(
        name="label-energy",
        statement=r"A^\top A = \sum_s\Bigl[n_s\sum_{a\in D_s}x_ax_a^\top-y_sy_s^\top\Bigr],\qquad "
        r"y_s = \sum_{a\in D_s}x_a",
        source="derived",
        steps=(
            (
                "The parallelograms of a label are all pairs of its samples",
                r"\sum_{a<b}\lVert x_a-x_b\rVert^2 = \tfrac12\sum_{a,b}\lVert x_a-x_b\rVert^2",
            ),
            (
                "Expand the square; the cross terms are the square of the sum",
                r"= n\sum_a\lVert x_a\rVert^2-\Bigl\lVert\sum_ax_a\Bigr\rVert^2",
            ),
        ),
        residual=residual,
    )


def full_data_rate() -> Derivation:
    def residual() -> tuple[Any, ...]:
        half = sp.Symbol("m", positive=True, integer=True)
        size, index = 2 * half, sp.Symbol("s", positive=True, integer=True)
        rate = half * (half + 1)
        # Row k of A^T A (e_0 + e_{p-1}), by the parity of s and with floor((p-1)/2) = m - 1.
        floors: Any = sp.summation(index, (index, 1, half - 1))
        first = 2 * floors + half - 1
        middle = (half - 1) + 2 - (size + 1) - 1
        general = (
            sp.expand(first - rate * (1 - 2 / size)),
            sp.expand(middle + rate * 2 / size),
        )
        # No other eigenvalue but the two zeros lies below: counted exactly by Sturm's theorem.
        counted = []
        for symbols in (4, 6, 8, 10):
            value = symbols // 2 * (symbols // 2 + 1)
            *leading, one, two = _energy(symbols).charpoly("x").all_coeffs()
            nonzero = sp.Poly(leading, sp.Symbol("x"))
            below = nonzero.count_roots(0, value - sp.Rational(1, 10**6))
            counted += [one, two, nonzero.eval(value), below]
        return tuple(sp.sympify(entry) for entry in (*general, *counted))

    return Derivation(
        name="full-data-rate",
        statement=r"A^\top A\,v = \tfrac p2\bigl(\tfrac p2+1\bigr)v,\qquad "
        r"v = e_0+e_{p-1}-\tfrac2p\mathbf1\qquad(p\ \text{even, all samples})",
        source="derived",
        steps=(
            (
                "Samples with symbol 0 have the labels s < p, each label once; e_0 meets",
                r"A^\top A\,e_0 = \sum_{s=1}^{p-1}\bigl[n_s(e_0+e_s)-y_s\bigr],\qquad "
                r"n_s = \lfloor s/2\rfloor+1",
            ),
            (
                "Its entries, and those of the mirror image by k to p-1-k",
                r"(A^\top A\,e_0)_0 = \sum_{s<p}\lfloor s/2\rfloor,\qquad (A^\top A\,e_0)_k = "
                r"\lfloor k/2\rfloor+1-(p-k)-[2k<p]",
            ),
            (
                "For even p the floors and brackets of both add up to constants",
                r"A^\top A(e_0+e_{p-1}) = \bigl(\tfrac p2+1\bigr)\Bigl[\bigl(\tfrac p2-1\bigr)"
                r"(e_0+e_{p-1})-\sum_{0<k<p-1}e_k\Bigr]",
            ),
            (
                "The constant vector is a zero mode; subtract its part. That only the two zero "
                "modes lie below is counted for p = 4 to 10, and seen numerically beyond",
                r"\lambda_3 = \tfrac p2\bigl(\tfrac p2+1\bigr)",
            ),
        ),
        residual=residual,
    )


def _energy(symbols: int) -> sp.Matrix:
    """A^T A of all samples, parallelogram by parallelogram."""
    energy = sp.zeros(symbols, symbols)
    for label in range(2 * symbols - 1):
        pairs = [(i, label - i) for i in range(symbols) if i <= label - i < symbols]
        for position, (i, j) in enumerate(pairs):
            for m, n in pairs[:position]:
                row = sp.zeros(1, symbols)
                for index, sign in ((i, 1), (j, 1), (m, -1), (n, -1)):
                    row[index] += sign
                energy += row.T * row
    return energy
