"""Proofs for products of embeddings: modular addition, and groups that do not commute."""

from functools import cache
from typing import Any

import sympy as sp

from ..derivation import Derivation


@cache
def derivations() -> tuple[Derivation, ...]:
    """Return the derivations on modular addition and on groups."""
    return (modular_sums(), circular_loss(), replicator(), quotient_chain())


def modular_sums() -> Derivation:
    def residual() -> tuple[Any, ...]:
        residuals: list[Any] = []
        for symbols in (3, 5, 7):
            energy = sp.zeros(symbols, symbols)
            for label in range(symbols):
                pairs = [
                    (i, j) for i in range(symbols) for j in range(i, symbols)
                    if (i + j - label) % symbols == 0
                ]  # fmt: skip
                for position, one in enumerate(pairs):
                    for other in pairs[:position]:
                        row = sp.zeros(1, symbols)
                        for pair, sign in ((one, 1), (other, -1)):
                            for index in pair:
                                row[index] += sign
                        energy += row.T * row
            value = sp.Rational(symbols * (symbols + 3), 2)
            residuals += list(
                energy - value * (sp.eye(symbols) - sp.ones(symbols, symbols) / symbols)
            )
        size, total, norm = sp.symbols("p C Z")
        pairs = (size + 1) / 2
        energy = pairs * ((size + 2) * norm + total**2) - ((size + 2) * total**2 + norm)
        return (
            *residuals,
            sp.expand(energy - size * (size + 3) / 2 * (norm - total**2 / size)),
        )

    return Derivation(
        name="modular-sums",
        statement=r"\sum_{P}\lVert E_i+E_j-E_m-E_n\rVert^2 = \frac{p(p+3)}2\Bigl(Z_0-"
        r"\frac{\lVert C\rVert^2}p\Bigr)\qquad(i+j\equiv m+n,\ p\ \text{odd})",
        source="derived",
        steps=(
            (
                "Each residue is the label of n = (p+1)/2 unordered pairs, one of them a double; "
                "their embeddings add up to",
                r"y_s = C+E_{s/2}",
            ),
            (
                "By the energy of a label, summed over labels",
                r"n\bigl[(p+2)Z_0+\lVert C\rVert^2\bigr]-\bigl[(p+2)\lVert C\rVert^2+Z_0\bigr]",
            ),
            (
                "At zero sum the effective loss is a constant: no representation is better than "
                "another",
                r"\ell_{eff} = \text{const}",
            ),
        ),
        residual=residual,
    )


def circular_loss() -> Derivation:
    def residual() -> tuple[Any, ...]:
        size = 3
        real, imaginary = (sp.symbols(f"{name}:{size}", real=True) for name in "uv")
        points = [x + sp.I * y for x, y in zip(real, imaginary, strict=True)]
        root = sp.Rational(-1, 2) + sp.I * sp.sqrt(3) / 2

        def square(value: Any) -> Any:
            return sp.expand(value) * sp.expand(sp.conjugate(value))

        energy: Any = 0
        for label in range(size):
            products = [points[i] * points[(label - i) % size] for i in range(size)]
            energy += sum(
                square(one - other) for i, one in enumerate(products) for other in products[:i]
            )
        waves = [sum(points[k] * root ** (f * k % size) for k in range(size)) for f in range(size)]
        norm = sum(square(point) for point in points)
        claimed = size * norm**2 - sum(square(wave) ** 2 for wave in waves) / size
        return (sp.expand(sp.expand(energy) - sp.expand(claimed)),)

    return Derivation(
        name="circular-loss",
        statement=r"\sum_P\lvert z_iz_j-z_mz_n\rvert^2 = pZ_0^2\Bigl(1-\sum_fq_f^2\Bigr),\qquad "
        r"q_f = \frac{\lvert\hat z_f\rvert^2}{pZ_0}",
        source="derived, from [liu2022effective, App. H]",
        steps=(
            (
                "Each residue is the sum of p ordered pairs; their products add up to a "
                "convolution",
                r"\sum_{a<b}\lvert x_a-x_b\rvert^2 = p\sum_a\lvert x_a\rvert^2-"
                r"\lvert(z*z)_s\rvert^2",
            ),
            (
                "Parseval's theorem, twice",
                r"\sum_s\lvert(z*z)_s\rvert^2 = \frac1p\sum_f\lvert\hat z_f\rvert^4,\qquad "
                r"\sum_f\lvert\hat z_f\rvert^2 = pZ_0",
            ),
        ),
        residual=residual,
    )


def replicator() -> Derivation:
    def residual() -> tuple[Any, ...]:
        count = 3
        # The gradient flow in orthonormal Fourier coordinates, real and imaginary parts apart.
        real, imaginary = (sp.symbols(f"{name}:{count}", real=True) for name in "uv")
        powers = [x**2 + y**2 for x, y in zip(real, imaginary, strict=True)]
        norm, factor = sum(powers), sp.Symbol("kappa", positive=True)
        loss = factor * (1 - sum(power**2 for power in powers) / norm**2)
        residuals = []
        for f in range(count):
            change = sum(2 * part[f] * -sp.diff(loss, part[f]) / norm for part in (real, imaginary))
            concentration = sum(power**2 for power in powers) / norm**2
            share = powers[f] / norm
            claimed = 8 * factor / norm * share * (share - concentration)
            residuals.append(sp.cancel(sp.together(change - claimed)))
        # The closed form: dq/dtau = (dq/ds) / (dtau/ds).
        start, time = sp.symbols(f"q:{count}", positive=True), sp.Symbol("s", positive=True)
        grown = [q / (1 - time * q) for q in start]
        clock = -sum(sp.log(1 - time * q) for q in start)
        shares = [value / sum(grown) for value in grown]
        mean = sum(share**2 for share in shares)
        for share in shares:
            rate = sp.diff(share, time) / sp.diff(clock, time)
            residuals.append(sp.cancel(sp.together(rate - share * (share - mean))))
        return tuple(residuals)

    return Derivation(
        name="replicator",
        statement=r"\frac{dq_f}{d\tau} = q_f\Bigl(q_f-\sum_gq_g^2\Bigr),\qquad q_f(\tau)\propto "
        r"\frac{q_f(0)}{1-s\,q_f(0)},\quad \tau = -\sum_f\ln(1-s\,q_f(0))",
        source="derived",
        steps=(
            (
                "The loss depends on the moduli of the Fourier coefficients only: phases stay",
                r"\ell_{eff} = \kappa\Bigl(1-\sum_fq_f^2\Bigr),\qquad \kappa = \frac2{p(p-1)}",
            ),
            (
                "Its gradient flow at constant norm",
                r"\dot q_f = \frac{8\kappa}{Z_0}\,q_f\Bigl(q_f-\sum_gq_g^2\Bigr)",
            ),
            (
                "Numbers that grow as their squares, normalized, with the time rescaled",
                r"y' = y^2,\qquad q = \frac y{\sum y},\qquad d\tau = \sum_fy_f\,ds",
            ),
        ),
        residual=residual,
    )


def quotient_chain() -> Derivation:
    def residual() -> tuple[Any, ...]:
        b, c, d, e, g = sp.symbols("b c d e g", commutative=False)
        a = b * c * d**-1
        f = e * d * c**-1
        h = e**-1 * f * g
        return (a * d - b * c, f * c - e * d, e * h - f * g, a * h - b * g)

    return Derivation(
        name="quotient-chain",
        statement=r"E_aE_d = E_bE_c,\ E_fE_c = E_eE_d,\ E_eE_h = E_fE_g\ \Rightarrow\ "
        r"E_aE_h = E_bE_g",
        source="[liu2022effective, App. H]",
        steps=(
            (
                "A parallelogram equates a quotient from the left with one from the right",
                r"E_b^{-1}E_a = E_cE_d^{-1},\quad E_e^{-1}E_f = E_dE_c^{-1},\quad "
                r"E_e^{-1}E_f = E_hE_g^{-1}",
            ),
            (
                "The chain of the three",
                r"E_b^{-1}E_a = (E_dE_c^{-1})^{-1} = (E_hE_g^{-1})^{-1} = E_gE_h^{-1}",
            ),
        ),
        residual=residual,
    )
