"""Exact integrals: exponents of volumes, the bias of multiplicity, the evidence, the estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ... import simulations as sim
from ...theory import singular
from ...validation import Axis, Evidence, Exact, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    from jax import Array

    from ..bench import Bench

MONOMIALS = (((1, 1), (0, 0)), ((1, 2), (0, 0)), ((3, 1), (4, 0)), ((2, 2, 1), (0, 0, 2)))


@paper.claim(
    "volume-exponents",
    statement="The volume of low loss around a normal crossing shrinks with the exponent "
    "min (h + 1) / 2k, and a logarithm for every further factor that attains it.",
    source="[lakkapragada2025slt, Def. 3.1]; Watanabe",
)
def volume_exponents(bench: Bench) -> Evidence:
    r"""Count random points below a ladder of losses and fit $\ln V-(m-1)\ln(-\ln\epsilon)$.

    Points are drawn from the prior $\prod_j(h_j+1)w_j^{h_j}$ on the unit cube. The rivals are half
    the number of parameters, and half of the exponents, as if the volume were that of
    $\sqrt K < \epsilon$.
    """
    count, groups = bench.pick(quick=(400_000, 10), full=(4_000_000, 40))
    rng = bench.generator("points")
    slopes = np.empty((groups, len(MONOMIALS)))
    labels = []
    for column, (exponents, priors) in enumerate(MONOMIALS):
        coefficient = singular.monomial(exponents, priors)
        labels.append("$" + "".join(f"w_{j}^{{{2 * k}}}" for j, k in enumerate(exponents, 1)) + "$")
        powers = 1 / (np.array(priors) + 1.0)
        for group in range(groups):
            logs = np.log(rng.random((count, len(exponents)))) * powers
            loss = 2 * logs @ np.array(exponents)
            # Levels at which some thousands of points are left, as deep as that allows.
            levels = np.quantile(loss, np.geomspace(2e-3, 0.02, 8))
            volume = np.log([np.mean(loss < level) for level in levels])
            volume -= (coefficient.multiplicity - 1) * np.log(-levels)
            slopes[group, column] = np.polyfit(levels, volume, 1)[0]
    expected = np.array([float(singular.monomial(*each)) for each in MONOMIALS])
    sizes = np.array([len(exponents) / 2 for exponents, _ in MONOMIALS])
    return Evidence(
        quantity=r"exponent of the volume of $K < \epsilon$",
        form=Form.LAW,
        control=Axis("loss $K$", tuple(labels)),
        prediction=Prediction(expected, 0.03, label=r"$\min(h_j+1)/2k_j$"),
        measurement=Samples(slopes),
        rivals=(
            Prediction(sizes, label="half the number of parameters"),
            Prediction(2 * expected, label=r"exponent of $\sqrt{K}$"),
        ),
    )


def product_coefficient(scale: ArrayLike) -> Float[np.ndarray, "*scales"]:
    r"""Coefficient of $(ab)^2$ at a scale, $1/2-1/(\ln s-\psi(1/2))$; derived."""
    return np.asarray(0.5 - 1 / (np.log(scale) + np.euler_gamma + 2 * np.log(2)))


@paper.claim(
    "multiplicity-bias",
    statement="Multiplicity shows as a bias of one over the logarithm of the scale: an estimate "
    "at any attainable scale is below the learning coefficient.",
    source="derived",
    headline=True,
)
def multiplicity_bias(bench: Bench) -> tuple[Evidence, ...]:
    r"""Compare $1/2-1/(\ln s-\psi(1/2))$, the coefficient of $(ab)^2$ at a scale, with quadrature
    up to $s = 10^{16}$, and with the mean loss under random walks at $s = 1000$.

    The sampler moves by Metropolis-adjusted Langevin steps in the logarithms of both parameters,
    with the volume element, so that it has no error of the step size and reaches the axes.
    """
    scales = np.array([1e2, 1e4, 1e8, 1e16])
    closed = product_coefficient(scales)
    exact = np.array([singular.monomial_coefficient(scale, [1, 1]) for scale in scales.tolist()])
    sampled = bench.cached("walks", lambda: {"coefficients": _sampled_product(bench, 1e3)})
    fine = np.geomspace(10.0, 1e17, 60)
    return (
        Evidence(
            quantity=r"$\hat\lambda$ of $(ab)^2$ by quadrature",
            form=Form.IDENTITY,
            control=Axis("scale $s$", scales, scale="log"),
            prediction=Prediction(closed, 1e-5, label=r"$1/2-1/(\ln s-\psi(1/2))$"),
            measurement=Exact(exact),
            rivals=(
                Prediction(0.5, label=r"$\lambda$"),
                Prediction(0.5 - 1 / np.log(scales), label=r"$\lambda-1/\ln s$ alone"),
            ),
            panel=Panel(
                r"$1/\ln s$",
                r"$\hat\lambda$",
                (
                    Series(
                        "theory",
                        1 / np.log(fine),
                        product_coefficient(fine),
                        style="line",
                    ),
                    Series("quadrature", 1 / np.log(scales), exact),
                ),
            ),
        ),
        Evidence(
            quantity=r"$\hat\lambda$ of $(ab)^2$ by sampling at $s = 1000$",
            form=Form.IDENTITY,
            prediction=Prediction(product_coefficient(1e3), 0.01, label="theory"),
            measurement=Samples(sampled["coefficients"]),
            rivals=(Prediction(0.5, label=r"$\lambda$"),),
        ),
    )


def _sampled_product(bench: Bench, scale: float) -> np.ndarray:
    r"""Estimates of $s\langle(ab)^2\rangle$ on the unit square by independent chains."""
    import jax
    import jax.numpy as jnp

    def potential(depths: Array) -> Array:
        # a = e^-x: density e^-x dx on x > 0, reflected at the border by an even continuation.
        folded = jnp.abs(depths)
        return scale * jnp.exp(-2 * folded.sum()) + folded.sum()

    chains = bench.pick(quick=400, full=2000)
    starts = 2 + 3 * jax.random.uniform(bench.key, (chains, 2))  # below the wall of the loss
    found = sim.samplers.mala(
        potential,
        starts,
        step_size=0.2,
        temperature=1.0,
        num_steps=8000,
        record_every=10,
        burn_in=2000,
        measures={"energy": lambda depths: scale * jnp.exp(-2 * jnp.abs(depths).sum())},
        key=jax.random.fold_in(bench.key, 1),
    )
    return found["energy"].values.mean(axis=1)


@paper.claim(
    "information-criterion",
    statement="The mean loss at the inverse temperature 1 / ln n is the free energy: its excess "
    "counts the learning coefficient.",
    source="[lakkapragada2025slt, Sec. 1]; Watanabe",
)
def information_criterion(bench: Bench) -> Evidence:
    r"""Draw Gaussian regressions with five weights and compute both exactly, at three sizes.

    The rivals are the mean loss at inverse temperature one, whose excess over the minimum is
    $D/2$ without the logarithm, and all of the parameters instead of half.
    """
    sizes, draws = (1000, 3000, 10_000), bench.pick(quick=40, full=400)
    rng = bench.generator("data")
    rates = np.empty((draws, len(sizes)))
    for draw in range(draws):
        for column, size in enumerate(sizes):
            inputs = rng.normal(size=(size, 5))
            targets = inputs @ rng.normal(size=5) + rng.normal(size=size)
            best = np.linalg.lstsq(inputs, targets, rcond=None)[0]
            least = np.sum((targets - inputs @ best) ** 2) / 2 + size / 2 * np.log(2 * np.pi)
            criterion = singular.conjugate_wbic(inputs, targets)
            rates[draw, column] = (criterion - least) / np.log(size)
    return Evidence(
        quantity=r"(criterion $- nL_n(\hat w)$) / $\ln n$",
        form=Form.LAW,
        control=Axis("samples $n$", sizes, scale="log"),
        prediction=Prediction(
            np.full(3, float(singular.regular(5))), 0.05, label=r"$\lambda = D/2$"
        ),
        measurement=Samples(rates),
        rivals=(
            Prediction(2.5 / np.log(np.array(sizes)), label="inverse temperature one"),
            Prediction(5.0, label="number of parameters"),
        ),
    )


@paper.claim(
    "estimator-bias",
    statement="The estimator sees a quadratic loss through its localization and its step size, as "
    "computed.",
    source="derived",
)
def estimator_bias(bench: Bench) -> Evidence:
    r"""Estimate the coefficient of a regression with a spread spectrum by the house estimator, at
    three step sizes, up to nine tenths of a temperature per step of the stiffest mode.

    Rivals: half the number of parameters, and the continuum without the correction of the steps.
    """
    import jax
    import jax.numpy as jnp

    curvatures = np.geomspace(1.0, 0.05, 6)
    scale, localization = 200.0, 5.0
    stiffest = scale * curvatures[0] + localization
    steps = np.array([0.2, 0.6, 1.2]) / stiffest
    chains = bench.pick(quick=256, full=1024)
    # Inputs whose second moments are the curvatures: the loss is that of the population.
    inputs = jnp.asarray(np.diag(np.sqrt(6 * curvatures)), jnp.float32)
    loss = sim.learning_coefficients.MatrixLoss(lambda weights: weights[None])
    found = []
    for column, step in enumerate(steps.tolist()):
        estimate = sim.llc(
            loss,
            jnp.zeros(6),
            (inputs, jnp.zeros((6, 1))),
            inverse_temperature=scale / 6,
            localization=localization,
            step_size=step,
            num_chains=chains,
            num_draws=4000,
            burn_in=2000,
            quiet=True,
            key=jax.random.fold_in(bench.key, column),
        )
        found.append(estimate.per_chain)
    expected = [
        singular.localized_coefficient(
            curvatures, scale=scale, localization=localization, step_size=step
        )
        for step in steps.tolist()
    ]
    continuum = singular.localized_coefficient(curvatures, scale=scale, localization=localization)
    return Evidence(
        quantity=r"$\hat\lambda$",
        form=Form.IDENTITY,
        control=Axis(r"step size times largest curvature $\epsilon a$", steps * stiffest),
        prediction=Prediction(expected, 0.02 * np.array(expected), label="modes and steps"),
        measurement=Samples(np.stack(found, axis=1)),
        rivals=(
            Prediction(3.0, label="half the number of parameters"),
            Prediction(continuum, label="without the steps"),
        ),
    )
