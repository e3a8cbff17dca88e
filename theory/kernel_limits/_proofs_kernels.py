"""Proofs for kernels: spectra of invariant matrices, the lower bound, the tangent kernel."""

import itertools
from typing import Any

import sympy as sp

from ..derivation import Derivation

P = sp.Symbol("p", positive=True)


def _correlation(distance: Any) -> Any:
    return (1 - (1 - P) ** (1 - distance)) / P**2


def relabeled_correlations() -> Derivation:
    def residual() -> tuple[Any, ...]:
        distance = sp.Symbol("d", integer=True, nonnegative=True)

        def vanishes(count: Any) -> Any:
            """Probability that a sum of `count` independent nonzero residues is zero."""
            return (1 - (1 - P) ** (1 - count)) / P

        recursion = vanishes(distance + 1) - (1 - vanishes(distance)) / (P - 1)
        return (
            sp.simplify(vanishes(0) - 1),
            sp.simplify(recursion),
            sp.simplify(_correlation(distance) - vanishes(distance) / P),
        )

    return Derivation(
        name="relabeled-correlations",
        statement=r"C_d = p^{-2}\left(1-(1-p)^{-(d-1)}\right)",
        source="[mohamadi2024kernel, Lemma D.10]",
        steps=(
            (
                "Where x and x' differ, the labels of a random permutation differ by a uniform "
                "nonzero residue, whatever the first label is",
                r"D_i = \sigma_i(x_i')-\sigma_i(x_i),\quad "
                r"P(D_i = r) = \frac1{p-1}\ \text{ for } r\ne0",
            ),
            (
                "Both sums vanish if the first one does and the differences cancel",
                r"C_d = \frac1p\,q_d,\quad q_d = P(D_1+\dots+D_d = 0)",
            ),
            (
                "The last difference must be one given residue, possible unless the others cancel",
                r"q_{d+1} = \frac{1-q_d}{p-1},\quad q_0 = 1",
            ),
            ("Solution", r"q_d = \frac{1-(1-p)^{1-d}}p"),
        ),
        residual=residual,
    )


def correlation_spectrum() -> Derivation:
    def residual() -> tuple[Any, ...]:
        mark = sp.Symbol("z")
        entries = []
        for inputs in range(2, 6):
            trace = sp.Integer(0)
            for free in range(inputs + 1):
                # A coordinate adds 1 (equal) or z (different): p - 1 values, or -1 in sum.
                orbit = sp.Poly((1 + (P - 1) * mark) ** (inputs - free) * (1 - mark) ** free, mark)
                eigenvalue = sum(
                    coefficient * _correlation(distance)
                    for (distance,), coefficient in orbit.terms()
                )
                expected = {
                    0: P ** (inputs - 2),
                    inputs: (P / (P - 1)) ** (inputs - 1) / P,
                }.get(free, sp.Integer(0))
                entries.append(sp.cancel(sp.together(eigenvalue - expected)))
                trace += sp.binomial(inputs, free) * (P - 1) ** free * expected
            entries.append(sp.cancel(sp.together(trace - P ** (inputs - 1))))
        return tuple(entries)

    return Derivation(
        name="correlation-spectrum",
        statement=r"\lambda_0 = p^{m-2},\quad \lambda_m = \frac1p"
        r"\left(\frac p{p-1}\right)^{m-1},\quad \text{else } 0",
        source="derived (checked for m = 2 to 5 and any p)",
        steps=(
            (
                "On functions with zero mean in s coordinates, constant in the others, summing "
                "z^d over all points gives",
                r"\sum_{x'}z^{d(x,x')}\to(1+(p-1)z)^{m-s}(1-z)^s",
            ),
            (
                "The correlations are two geometric series",
                r"C_d = \frac1{p^2}\left(1^d-(1-p)\left(\frac1{1-p}\right)^d\right)",
            ),
            (
                "At z = 1 only s = 0 survives, at z = 1/(1-p) only s = m",
                r"\frac{p^m}{p^2}\,\delta_{s0}+\frac{p-1}{p^2}"
                r"\left(\frac p{p-1}\right)^m\delta_{sm}",
            ),
        ),
        residual=residual,
    )


def kernel_loss_bound() -> Derivation:
    def residual() -> tuple[Any, ...]:
        inputs, samples, less = sp.symbols("m n q", positive=True)  # q = p - 1
        modulus = less + 1
        top, rest = modulus ** (inputs - 2), modulus ** (inputs - 2) * less ** (1 - inputs)
        trace = top + less**inputs * rest
        bound = (1 - 1 / modulus) * (1 - (samples - 1) / less**inputs)
        missed = (less**inputs - (samples - 1)) * rest / trace
        return (
            sp.simplify(trace / modulus ** (inputs - 1) - 1),
            sp.simplify(missed - bound),
        )

    return Derivation(
        name="kernel-loss-bound",
        statement=r"\frac L{L_0}\ge\left(1-\frac1p\right)\left(1-\frac{n-1}{(p-1)^m}\right)",
        source="derived; sharpens [mohamadi2024kernel, Thm. D.2]",
        steps=(
            (
                "The best fit by n fixed functions, projected on by Pi, misses on average",
                r"\mathbb E\lVert(1-\Pi)\Psi\rVert^2 = \operatorname{tr}\,(1-\Pi)\Sigma"
                r"\ge\sum_{i>n}\lambda_i",
            ),
            (
                "The largest eigenvalue is that of the constant; n - 1 of the others follow",
                r"\sum_{i>n}\lambda_i = \left((p-1)^m-(n-1)\right)\frac1p"
                r"\left(\frac p{p-1}\right)^{m-1}",
            ),
            ("Divide by the trace", r"L_0\propto\operatorname{tr}\Sigma = p^{m-1}"),
            (
                "The rounded form follows from 1 + x < e^x",
                r"\left(\frac p{p-1}\right)^{m-1}\le e^{(m-1)/(p-1)}",
            ),
        ),
        residual=residual,
    )


def delta_spectrum() -> Derivation:
    def residual() -> tuple[Any, ...]:
        modulus = 3
        subsets = list(itertools.product((0, 1), repeat=3))
        kappa = {s: sp.Symbol(f"k{s[0]}{s[1]}{s[2]}") for s in subsets}
        equal, any_value = sp.eye(modulus), sp.ones(modulus)
        f, g = sp.symbols("f g")
        constant, zero_mean = sp.ones(modulus, 1), sp.Matrix([f, g, -f - g])
        kron = sp.kronecker_product
        entries: list[Any] = []
        for means in subsets:
            vectors = [zero_mean if zero else constant for zero in means]
            eigenvalue = sum(
                kappa[s] * modulus ** (3 - sum(s))
                for s in subsets
                if all(chosen >= zero for chosen, zero in zip(s, means, strict=True))
            )
            image = sp.zeros(modulus**3, 1)
            for s in subsets:
                factors = [equal if chosen else any_value for chosen in s]
                # the Kronecker product acts factor by factor
                image += kappa[s] * kron(*(f * v for f, v in zip(factors, vectors, strict=True)))
            entries += list((image - eigenvalue * kron(*vectors)).expand())
        return tuple(entries)

    return Derivation(
        name="delta-spectrum",
        statement=r"\lambda_T = \sum_{S\supseteq T}\kappa_S\,p^{3-|S|}",
        source="derived (checked for p = 3, any coefficients)",
        steps=(
            (
                "Each monomial is a Kronecker product of identities and matrices of ones",
                r"\delta_a^i\delta_b^j\delta_c^k\to A_i\otimes A_j\otimes A_k,\quad "
                r"A_1 = I,\ A_0 = 11^\top",
            ),
            (
                "A factor of ones turns a constant into p and kills a function of zero mean",
                r"11^\top 1 = p\,1,\quad 11^\top f = 0",
            ),
            (
                "So a monomial S counts p for every coordinate outside of S, unless one of these "
                "is in T",
                r"\lambda_T = \sum_{S\supseteq T}\kappa_S\,p^{3-|S|}",
            ),
        ),
        residual=residual,
    )


def _node_gradient(a: int, b: int, c: int) -> list[Any]:
    """Gradient of one node's output in its weights q0, q1, r0, r1, v0, v1 at (a, b, c)."""
    weights = [*sp.symbols("q:2"), *sp.symbols("r:2"), *sp.symbols("v:2")]
    output = weights[4 + c] * (weights[a] + weights[2 + b]) ** 2
    return [sp.diff(output, weight) for weight in weights]


def expected_tangent_kernel() -> Derivation:
    def residual() -> tuple[Any, ...]:
        hidden, readout, kurtosis = sp.symbols("s_W s_V kappa", positive=True)
        weights = [*sp.symbols("q:2"), *sp.symbols("r:2"), *sp.symbols("v:2")]

        def moment(power: int, is_readout: bool) -> Any:
            table = {0: 1, 2: hidden**2, 4: kurtosis * hidden**4}
            return {0: 1, 2: readout**2}[power] if is_readout else table.get(power, 0)

        def average(polynomial: Any) -> Any:
            total = sp.Integer(0)
            for powers, coefficient in sp.Poly(sp.expand(polynomial), *weights).terms():
                if all(power % 2 == 0 for power in powers):
                    total += coefficient * sp.prod(
                        [moment(power, index >= 4) for index, power in enumerate(powers)]
                    )
            return total

        entries = []
        for a, b, c in itertools.product((0, 1), repeat=3):
            left, right = _node_gradient(0, 0, 0), _node_gradient(a, b, c)
            kernel = average(sum(x * y for x, y in zip(left, right, strict=True)))
            same_a, same_b, same_c = 1 - a, 1 - b, 1 - c
            from_readout = hidden**4 * (
                4 + (kurtosis - 1) * (same_a + same_b) + 4 * same_a * same_b
            )
            from_hidden = 4 * readout**2 * hidden**2 * (same_a + same_b + 2 * same_a * same_b)
            entries.append(sp.expand(kernel - same_c * (from_readout + from_hidden)))
        return tuple(entries)

    return Derivation(
        name="expected-tangent-kernel",
        statement=r"K = \delta_c\{s_W^4[4+(\kappa_W-1)(\delta_a+\delta_b)+4\delta_a\delta_b]"
        r"+4s_V^2s_W^2[\delta_a+\delta_b+2\delta_a\delta_b]\}",
        source="derived; the part of V in [mohamadi2024kernel, App. B.3]",
        steps=(
            (
                "Gradient of a node in V, Q and R",
                r"\delta_{c}\,(Q_a+R_b)^2,\quad 2V_c(Q_a+R_b)\text{ at } Q_a \text{ and at } R_b",
            ),
            (
                "Average of the product of squares, for symmetric weights",
                r"\mathbb E(Q_a+R_b)^2(Q_{a'}+R_{b'})^2 = s_W^4"
                r"[4+(\kappa_W-1)(\delta_a+\delta_b)+4\delta_a\delta_b]",
            ),
            (
                "Average of the hidden part; different readouts are uncorrelated",
                r"4\,\mathbb E V_cV_{c'}\,(\delta_a+\delta_b)\,\mathbb E(Q_a+R_b)(Q_{a'}+R_{b'})"
                r" = 4s_V^2\delta_c\,s_W^2(\delta_a+\delta_b)^2",
            ),
        ),
        residual=residual,
    )


def tangent_rank() -> Derivation:
    def residual() -> tuple[Any, ...]:
        hidden = [*sp.symbols("q:2"), *sp.symbols("r:2")]
        readout = list(sp.symbols("v:2"))
        rescaling = [*hidden, *(-2 * weight for weight in readout)]
        shift = [1, 1, -1, -1, 0, 0]
        entries = []
        for a, b, c in itertools.product((0, 1), repeat=3):
            gradient = _node_gradient(a, b, c)
            for direction in (rescaling, shift):
                entries.append(
                    sp.expand(sum(g * d for g, d in zip(gradient, direction, strict=True)))
                )
        return tuple(entries)

    return Derivation(
        name="tangent-rank",
        statement=r"\operatorname{rank}K\le(3p-2)\,h",
        source="derived; sharpens the 3ph of [mohamadi2024kernel, Thm. 3.1]",
        steps=(
            (
                "Two changes of a node's weights leave the network as it is",
                r"(Q,R,V)\to(sQ,sR,V/s^2),\quad (Q,R,V)\to(Q+t,R-t,V)",
            ),
            (
                "Their directions are orthogonal to every gradient",
                r"\nabla f\cdot(Q,R,-2V) = 0,\quad \nabla f\cdot(1,-1,0) = 0",
            ),
        ),
        residual=residual,
    )
