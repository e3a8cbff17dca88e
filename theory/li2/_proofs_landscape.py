"""Proofs for stage II: the energy of a single node, its spectral form and its dynamics."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp
from jaxtyping import Int

from ..derivation import Derivation


def energy_gradient() -> Derivation:
    class slope(sp.Function):
        pass

    class sigma(sp.Function):
        def fdiff(self, argindex: int = 1) -> Any:
            return slope(self.args[0])

    def residual() -> tuple[Any, ...]:
        data = sp.Matrix(3, 2, sp.symbols("x:6", real=True))
        labels = sp.Matrix(3, 2, sp.symbols("y:6", real=True))
        node = sp.Matrix(sp.symbols("w:2", real=True))
        activation = (data * node).applyfunc(sigma)
        projected = labels.T * activation
        energy = (projected.T * projected)[0] / 2
        gates = sp.diag(*(data * node).applyfunc(slope))
        claimed = data.T * gates * labels * labels.T * activation
        return tuple(
            sp.expand(sp.diff(energy, weight) - entry)
            for weight, entry in zip(node.flat(), claimed.flat(), strict=True)
        )

    return Derivation(
        name="energy-gradient",
        statement=r"\nabla_w\tfrac12\lVert\tilde Y^\top\sigma(Xw)\rVert^2 "
        r"= X^\top D\,\tilde Y\tilde Y^\top\sigma(Xw),\quad D=\operatorname{diag}\sigma'(Xw)",
        source="[tian2025li2, Thm. 1]",
        steps=(
            (
                "The activation changes with the weights through its gates",
                r"d\,\sigma(Xw) = D\,X\,dw",
            ),
            (
                "The energy is a quadratic form in the activation",
                r"dE = \sigma(Xw)^\top\tilde Y\tilde Y^\top\,d\,\sigma(Xw) "
                r"= \sigma(Xw)^\top\tilde Y\tilde Y^\top DX\,dw",
            ),
            (
                "This is the dynamics of a node whose gradient is the early one of stage I",
                r"\dot w = X^\top D\,g,\quad g\propto\tilde Y\tilde Y^\top\sigma(Xw)",
            ),
        ),
        residual=residual,
    )


def convolution() -> Derivation:
    def residual() -> tuple[Any, ...]:
        entries = []
        for table in (_cyclic_table(3), _symmetric_table()):
            order = len(table)
            u, v = _weights(order)
            sums: list[Any] = [sp.Integer(0)] * order
            products: list[Any] = [sp.Integer(0)] * order
            for g in range(order):
                for h in range(order):
                    sums[table[g, h]] += (u[g] + v[h]) ** 2
                    products[table[g, h]] += u[g] * v[h]
            entries += [
                sp.expand(left - 2 * right)
                for left, right in zip(_without_mean(sums), _without_mean(products), strict=True)
            ]
        return tuple(entries)

    return Derivation(
        name="convolution",
        statement=r"E(u,v) = 2\,\lVert u*v-\overline{u*v}\rVert^2,\quad "
        r"(u*v)(h)=\sum_g u(g)\,v(g^{-1}h)",
        source="derived (checked on the groups Z3 and S3)",
        steps=(
            (
                "Collect the samples of one label",
                r"z_h = \sum_{h_1h_2=h}(u_{h_1}+v_{h_2})^2 "
                r"= \sum_g(u_g^2+v_g^2) + 2\,(u*v)(h)",
            ),
            (
                "The first term is the same for all labels and drops out on centering",
                r"\tilde z = 2\,(u*v-\overline{u*v})",
            ),
            (
                "The energy is half the square of what is left",
                r"E = \tfrac12\lVert\tilde z\rVert^2",
            ),
        ),
        residual=residual,
    )


def spectral_energy() -> Derivation:
    u, v = _weights(6)
    table = _symmetric_table()

    def products() -> list[Any]:
        sums: list[Any] = [sp.Integer(0)] * 6
        for g in range(6):
            for h in range(6):
                sums[table[g, h]] += u[g] * v[h]
        return sums

    def residual() -> tuple[Any, ...]:
        product = products()
        standard, sign = _symmetric_irreps()
        entries: list[Any] = []
        for irrep in (standard, sign):
            entries += list(
                _transform(product, irrep) - _transform(u, irrep) * _transform(v, irrep)
            )
        # Parseval without the trivial representation, for an arbitrary function on the group.
        function = sp.symbols("x:6", real=True)
        norm = sum(entry**2 for entry in _without_mean(function))
        blocks = [(2, _transform(function, standard)), (1, _transform(function, sign))]
        entries.append(norm - sum(dim * (block.T * block).trace() for dim, block in blocks) / 6)
        return tuple(sp.expand(entry) for entry in entries)

    def published_residual() -> tuple[Any, ...]:
        at_point = [(symbol, index**2 % 5) for index, symbol in enumerate((*u, *v), start=1)]
        standard, sign = _symmetric_irreps()
        norm = sp.Add(*(entry**2 for entry in _without_mean(products())))
        traces = sp.Add(
            *(
                dim * (_transform(u, irrep) * _transform(v, irrep)).trace() ** 2
                for dim, irrep in ((2, standard), (1, sign))
            )
        )
        return ((2 * norm - traces / 12).subs(at_point),)

    return Derivation(
        name="spectral-energy",
        statement=r"E = \frac2M\sum_{\rho\ne1}d_\rho\,\lVert\hat u(\rho)\hat v(\rho)\rVert_F^2,"
        r"\quad \hat u(\rho)=\sum_gu(g)\rho(g)",
        source="derived, replaces the traces of [tian2025li2, Eqs. 20-21] (checked on S3)",
        steps=(
            (
                "Representations turn the convolution into a matrix product",
                r"\widehat{u*v}(\rho) = \hat u(\rho)\,\hat v(\rho)",
            ),
            (
                "Parseval on the group; centering removes the trivial representation",
                r"\lVert x-\bar x\rVert^2 = "
                r"\frac1M\sum_{\rho\ne1}d_\rho\lVert\hat x(\rho)\rVert_F^2",
            ),
            ("Insert into the convolution form", r"E = 2\,\lVert u*v-\overline{u*v}\rVert^2"),
        ),
        residual=residual,
        published_residual=published_residual,
    )


def schur_orthogonality() -> Derivation:
    def outer_sum() -> sp.Matrix:
        standard, _ = _symmetric_irreps()
        total = sp.zeros(4, 4)
        for matrix in standard:
            total += matrix.vec() * matrix.vec().H
        return total

    def residual() -> tuple[Any, ...]:
        return tuple(outer_sum() - 3 * sp.eye(4))

    def published_residual() -> tuple[Any, ...]:
        identity = sp.eye(2).vec()
        return tuple(outer_sum() - 3 * identity * identity.T)

    return Derivation(
        name="schur-orthogonality",
        statement=r"\sum_h\operatorname{vec}C(h)\,\operatorname{vec}C(h)^* = \frac Md\,I_{d^2}",
        source=r"corrects a proof line of [tian2025li2, Thm. 2] (checked on the 2-d irrep of S3)",
        steps=(
            (
                "Matrix elements of a unitary irreducible representation are orthogonal",
                r"\sum_hC_{ij}(h)\,\overline{C_{kl}(h)} = \frac Md\,\delta_{ik}\delta_{jl}",
            ),
            (
                "As a matrix in the index pairs this is the identity, of rank d^2; "
                "the printed right hand side has rank one",
                r"\frac Md\,I_{d^2}\ \ne\ \frac Md\operatorname{vec}I\,(\operatorname{vec}I)^*",
            ),
        ),
        residual=residual,
        published_residual=published_residual,
    )


def blowup_time() -> Derivation:
    def residual() -> tuple[Any, ...]:
        power, start, other = sp.symbols("p a b", positive=True)
        gap = start - other
        antiderivative = sp.log((power - gap) / power) / gap
        elapsed = sp.limit(antiderivative, power, sp.oo) - antiderivative.subs(power, start)
        claimed = sp.log(start / other) / gap
        return (
            sp.together(sp.diff(antiderivative, power) - 1 / (power * (power - gap))),
            sp.expand_log(elapsed - claimed),
            sp.limit(claimed, other, start) - 1 / start,
        )

    return Derivation(
        name="blowup-time",
        statement=r"t_* = \frac{\ln(a/b)}{a-b},\quad a=|\hat u_k(0)|^2,\ b=|\hat v_k(0)|^2",
        source="derived, sharpens [tian2025li2, Lemma 8]",
        steps=(
            (
                "For a commutative group the powers of each frequency obey, in units of the rate,",
                r"\dot p = pq,\quad \dot q = pq \quad\Rightarrow\quad p-q = a-b",
            ),
            ("One equation remains", r"\dot p = p\,[p-(a-b)],\quad p(0)=a"),
            (
                "It diverges after the time",
                r"t_* = \int_a^\infty\frac{dp}{p\,(p-a+b)} = \frac{\ln(a/b)}{a-b}"
                r"\ \xrightarrow{\,b\to a\,}\ \frac1a",
            ),
        ),
        residual=residual,
    )


def four_nodes() -> Derivation:
    def residual() -> tuple[Any, ...]:
        theta, psi = sp.symbols("theta psi", real=True)
        cos_t, sin_t, cos_p, sin_p = sp.cos(theta), sp.sin(theta), sp.cos(psi), sp.sin(psi)
        even = (cos_t + cos_p) ** 2 + (sin_t - sin_p) ** 2 - 2 - 2 * sp.cos(theta + psi)
        odd = (cos_t + sin_p) ** 2 + (sin_t + cos_p) ** 2 - 2 - 2 * sp.sin(theta + psi)
        return sp.simplify(even), sp.simplify(odd)

    return Derivation(
        name="four-nodes",
        statement=r"\cos(\theta+\psi),\ \sin(\theta+\psi)\ \text{ from four squares; } "
        r"\theta=\tfrac{2\pi kx}M,\ \psi=\tfrac{2\pi ky}M",
        source="derived, sharpens [tian2025li2, Thm. 3] to real weights",
        steps=(
            (
                "Two nodes give the cosine of the sum",
                r"(\cos\theta+\cos\psi)^2+(\sin\theta-\sin\psi)^2 = 2+2\cos(\theta+\psi)",
            ),
            (
                "Two more give its sine",
                r"(\cos\theta+\sin\psi)^2+(\sin\theta+\cos\psi)^2 = 2+2\sin(\theta+\psi)",
            ),
            (
                "Four nodes for each of the (M-1)/2 frequencies, constants drop out on centering",
                r"K = 2\,(M-1)\quad(M\text{ odd})",
            ),
        ),
        residual=residual,
    )


def _cyclic_table(order: int) -> Int[np.ndarray, "group group"]:
    return np.add.outer(np.arange(order), np.arange(order)) % order


def _symmetric_table() -> Int[np.ndarray, "group group"]:
    """Cayley table of S3 as r^i s^j, index i + 3j, with s r = r^-1 s."""
    rotation, flip = np.arange(6) % 3, np.arange(6) // 3
    sign = 1 - 2 * flip
    product = (rotation[:, None] + sign[:, None] * rotation[None, :]) % 3
    return product + 3 * ((flip[:, None] + flip[None, :]) % 2)


def _symmetric_irreps() -> tuple[list[sp.Matrix], list[sp.Matrix]]:
    """Two-dimensional and sign representation of S3, in the order of its table."""
    cosine, sine = sp.Rational(-1, 2), sp.sqrt(3) / 2
    turn, mirror = sp.Matrix([[cosine, -sine], [sine, cosine]]), sp.diag(1, -1)
    standard = [turn**i * mirror**j for j in range(2) for i in range(3)]
    return standard, [sp.Matrix([[(-1) ** j]]) for j in range(2) for _ in range(3)]


def _weights(order: int) -> tuple[tuple[sp.Symbol, ...], tuple[sp.Symbol, ...]]:
    u, v = (sp.symbols(f"{letter}:{order}", real=True) for letter in "uv")
    return u, v


def _without_mean(values: Sequence[Any]) -> list[Any]:
    mean = sum(values) / len(values)
    return [value - mean for value in values]


def _transform(function: Sequence[Any], irrep: list[sp.Matrix]) -> sp.Matrix:
    total = sp.zeros(*irrep[0].shape)
    for value, matrix in zip(function, irrep, strict=True):
        total += value * matrix
    return total
