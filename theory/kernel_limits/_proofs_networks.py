"""Proofs for the explicit network and for what its loss says about errors."""

from typing import Any

import sympy as sp

from ..derivation import Derivation
from .construction import PUBLISHED_SIGNS, SIGNS


def _frequency_output(signs: tuple[int, ...]) -> Any:
    """Return the sum over the eight nodes of one frequency."""
    theta, psi, omega = sp.symbols("theta psi omega", real=True)
    first = [sp.cos(theta)] * 2 + [sp.sin(theta)] * 4 + [sp.cos(theta)] * 2
    second = [sp.cos(psi), sp.sin(psi), sp.cos(psi), sp.sin(psi)]
    waves = [sp.cos(omega)] * 4 + [sp.sin(omega)] * 4
    total = sum(
        sign * wave * (first[node] + (-1) ** node * second[node // 2]) ** 2
        for node, (sign, wave) in enumerate(zip(signs, waves, strict=True))
    )
    return sp.expand(sp.expand_trig(total - 4 * sp.cos(theta + psi - omega)))


def explicit_network() -> Derivation:
    return Derivation(
        name="explicit-network",
        statement=r"\sum_{j=1}^8 V_{cj}(Q_{aj}+R_{bj})^2 = 4\cos\frac{2\pi k(a+b-c)}p",
        source="[mohamadi2024kernel, Eq. F.10] with the signs of the last two nodes corrected",
        steps=(
            (
                "Opposite signs cancel the squares and leave the products",
                r"(x+y)^2-(x-y)^2 = 4xy",
            ),
            (
                "The first four nodes",
                r"4(\cos\theta\cos\psi-\sin\theta\sin\psi)\cos\omega "
                r"= 4\cos(\theta+\psi)\cos\omega",
            ),
            (
                "The last four nodes",
                r"4(\sin\theta\cos\psi+\cos\theta\sin\psi)\sin\omega "
                r"= 4\sin(\theta+\psi)\sin\omega",
            ),
            ("Together", r"4\cos(\theta+\psi-\omega)"),
            (
                "All frequencies: the characters of the cyclic group are orthogonal",
                r"\sum_{k=0}^{p-1}4\cos\frac{2\pi k(a+b-c)}p = 4p\,1[a+b=c]",
            ),
        ),
        residual=lambda: (_frequency_output(SIGNS),),
        published_residual=lambda: (_frequency_output(PUBLISHED_SIGNS),),
    )


def half_frequencies() -> Derivation:
    def residual() -> tuple[Any, ...]:
        angle, k = sp.symbols("x k", real=True)
        half = angle / 2
        step = 2 * sp.sin(half) * sp.cos(k * angle)
        step -= sp.sin(k * angle + half) - sp.sin(k * angle - half)
        # x = 2 pi j / p and K = (p - 1)/2: the upper end sin((K + 1/2) x) = sin(pi j) is zero.
        j = sp.Symbol("j", integer=True, nonzero=True)
        p = sp.Symbol("p", integer=True, positive=True)
        upper_end = sp.sin(((p - 1) / 2 + sp.Rational(1, 2)) * 2 * sp.pi * j / p)
        return (sp.expand(sp.expand_trig(step)), sp.simplify(upper_end))

    return Derivation(
        name="half-frequencies",
        statement=r"\sum_{k=1}^{(p-1)/2}4\cos\frac{2\pi kj}p = 2p\,1[j=0]-2",
        source="derived",
        steps=(
            (
                "The sum telescopes",
                r"2\sin\tfrac x2\cos kx = \sin(k+\tfrac12)x-\sin(k-\tfrac12)x",
            ),
            (
                "At x = 2 pi j/p the upper end vanishes, for j other than 0",
                r"\sum_{k=1}^{(p-1)/2}\cos\frac{2\pi kj}p = "
                r"\frac{\sin\pi j}{2\sin(\pi j/p)}-\frac12 = -\frac12",
            ),
            ("At j = 0 every term is one", r"\sum_{k=1}^{(p-1)/2}4 = 2(p-1)"),
        ),
        residual=residual,
    )


def error_rate() -> Derivation:
    def residual() -> tuple[Any, ...]:
        right, wrong, p = sp.symbols("f g p", real=True)
        pair = (right - p) ** 2 + wrong**2
        split = (right + wrong - p) ** 2 / 2 + (wrong - right + p) ** 2 / 2
        return (sp.expand(pair - split),)

    return Derivation(
        name="error-rate",
        statement=r"\text{error rate}\le\frac{2L}p",
        source="[mohamadi2024kernel, App. E]",
        steps=(
            (
                "The right output f and a wrong output g miss their targets p and 0 by",
                r"(f-p)^2+g^2 = \tfrac12(f+g-p)^2+\tfrac12(g-f+p)^2",
            ),
            ("In a misclassified pair some g is at least f", r"(f-p)^2+g^2\ge\tfrac12p^2"),
            (
                "L averages over all triples, of which a pair has p",
                r"L\ge\frac{1}{p^3}\cdot\frac{p^2}2\cdot p^2\cdot\text{error rate}",
            ),
        ),
        residual=residual,
    )
