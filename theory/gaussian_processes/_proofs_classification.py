"""Proofs about probit classification: the divergence of Gaussians, and the averaged probit."""

from typing import Any

import sympy as sp

from ..derivation import Derivation


def derivations() -> tuple[Derivation, ...]:
    """Return the proofs of this file."""
    return gaussian_divergence(), probit_average()


def _density(value: Any, mean: Any, variance: Any) -> Any:
    return sp.exp(-((value - mean) ** 2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)


def gaussian_divergence() -> Derivation:
    def residual() -> tuple[Any, ...]:
        f, mu, m = sp.symbols("f mu m", real=True)
        big, small = sp.symbols("K S", positive=True)
        log_ratio = (
            (f - m) ** 2 / (2 * big)
            - (f - mu) ** 2 / (2 * small)
            + sp.log(big) / 2
            - sp.log(small) / 2
        )
        average = sp.integrate(
            sp.expand(log_ratio.subs(f, f + mu)) * _density(f, 0, small), (f, -sp.oo, sp.oo)
        )
        claimed = (small / big + (mu - m) ** 2 / big - 1 + sp.log(big) - sp.log(small)) / 2
        return (sp.simplify(average - claimed),)

    return Derivation(
        name="gaussian-divergence",
        statement=r"\mathrm{KL} = \tfrac12[\operatorname{tr}K^{-1}S+(\mu-m)^\top K^{-1}(\mu-m)-n"
        r"+\ln\det K-\ln\det S]",
        source="[miller2023beyond, Eq. 6] (standard)",
        steps=(
            (
                "A common change of basis turns both covariances diagonal, and the divergence into "
                "a sum over independent numbers",
                r"\mathrm{KL} = \sum_i \mathrm{KL}(\mathcal N(\mu_i,S_i)\Vert\mathcal N(m_i,K_i))",
            ),
            (
                "Average the logarithm of the ratio of two densities",
                r"\tfrac12\Bigl[\frac{S+(\mu-m)^2}K-1+\ln\frac KS\Bigr]",
            ),
        ),
        residual=residual,
    )


def probit_average() -> Derivation:
    def residual() -> tuple[Any, ...]:
        f, mu = sp.symbols("f mu", real=True)
        v = sp.Symbol("v", positive=True)
        slope = sp.integrate(
            sp.expand(_density(f, 0, 1) * _density(f, mu, v)), (f, -sp.oo, sp.oo), conds="none"
        )
        closed = (1 + sp.erf(mu / sp.sqrt(2 * (1 + v)))) / 2
        return (sp.simplify(slope - sp.diff(closed, mu)), closed.subs(mu, 0) - sp.Rational(1, 2))

    return Derivation(
        name="probit-average",
        statement=r"\mathbb E_{\mathcal N(\mu,v)}\Phi(f) = \Phi\Bigl(\frac\mu{\sqrt{1+v}}\Bigr)",
        source="standard",
        steps=(
            (
                "Differentiate by the mean: the average of a Gaussian is the density of a sum",
                r"\partial_\mu\mathbb E\,\Phi(f) = \mathbb E\,\varphi(f) = \mathcal N(\mu;0,1+v)",
            ),
            (
                "By symmetry the average is one half at zero mean; integrate",
                r"\mathbb E\,\Phi = \tfrac12",
            ),
        ),
        residual=residual,
    )
