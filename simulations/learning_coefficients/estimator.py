"""The estimator of the local learning coefficient."""

import dataclasses
import logging
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ..backend import self_check
from ..samplers._arguments import refuse_unknown
from ..samplers.localized import (
    DAMPING,
    STOCHASTIC_SAMPLERS,
    LocalizedSampler,
    localized_chains,
    settings_of,
)
from ._potentials import (
    Prepare,
    SquaredDistance,
    acceptance,
    landscape,
    split,
)
from ._warnings import warnings_of
from .results import LearningCoefficientEstimate

_log = logging.getLogger("groktheory")
SAMPLERS = (*STOCHASTIC_SAMPLERS, "mala")


def llc(
    loss: Callable[..., Array],
    parameters: PyTree,
    data: PyTree,
    *,
    key: Array,
    inverse_temperature: float | None = None,
    localization: float = 1.0,
    step_size: float | None = None,
    num_chains: int = 8,
    num_draws: int = 1000,
    burn_in: int | None = None,
    record_every: int = 1,
    batch_size: int | None = None,
    sampler: str = "sgld",
    noise: str = "gaussian",
    friction: float = 0.1,
    trainable: Any = None,
    quiet: bool = False,
) -> LearningCoefficientEstimate:
    r"""Estimate the local learning coefficient at a minimum.

    $$\hat\lambda = s\,\big(\mathbb E_w[L(w)]-L(w^*)\big)$$

    Parameters
    ----------
    loss
        `loss(parameters, batch)`: the loss of every sample, or their mean. $s$ acts on it as it is:
        for $\lambda$ to be that of a statistical model it must be the negative log-likelihood of a
        sample. A :class:`~groktheory.simulations.learning_coefficients.MatrixLoss` is exact and
        independent of the number of samples.
    parameters
        $w^*$: any tree; Equinox modules, dictionaries, arrays. float32 is used.
    data
        Tree of arrays with the $n$ samples on their first axis.
    key
        Random key.
    inverse_temperature
        $\beta$, so that $s = n\beta$; $1/\ln n$ by default.
    localization
        $\gamma \ge 0$ of the well around $w^*$.
    step_size
        $\epsilon$; by default a fifth of the inverse of the largest curvature of $U$ at $w^*$ (one
        for `"mala"`, shrinking with the dimension), so that even the stiffest mode is off by 5 %;
        shorter with minibatches, whose noise counts as heat.
    num_chains, num_draws, burn_in, record_every
        Chains, draws, steps before the first draw (as many as half of all others by default), and
        steps that a draw averages over.
    batch_size
        Samples of a step, shared by all chains; None takes all. Draws compare both losses on the
        same batch; $L(w^*)$ is always reported for all data.
    sampler
        One of `SAMPLERS`, see :mod:`~groktheory.simulations.samplers.localized`.
    noise, friction
        As for :class:`~groktheory.simulations.samplers.LocalizedSampler`.
    trainable
        Function of a leaf, or tree of booleans: the parameters that move. By default all that are
        not :class:`~groktheory.simulations.models.Frozen`.
    quiet
        Whether warnings go into the result only, and not to the terminal.

    Raises
    ------
    ValueError
        For arguments out of range, or a loss that is not finite at the parameters.

    Source: E. Lau, D. Murfet and S. Wei (2023), Eq. 13.
    """
    refuse_unknown("sampler", sampler, SAMPLERS)
    data = jax.tree.map(jnp.asarray, data)
    num_samples = _num_samples(data)
    scale = _scale(num_samples, inverse_temperature)
    burn_in = num_draws * record_every // 2 if burn_in is None else burn_in
    for name, number, least in (
        ("num_chains", num_chains, 1),
        ("num_draws", num_draws, 4),
        ("burn_in", burn_in, 0),
        ("record_every", record_every, 1),
    ):
        if number < least:
            raise ValueError(f"{name} must be at least {least}, got {number}")
    if batch_size is not None and not 1 <= batch_size <= num_samples:
        raise ValueError(f"batch_size must lie in [1, {num_samples}], got {batch_size}")
    if sampler == "mala" and batch_size is not None:
        raise ValueError("batch_size must be None for mala: its Metropolis step needs all data")
    self_check()
    center, frozen = split(parameters, trainable)
    prepare = Prepare(loss, center, frozen)
    numbers = np.float32(scale), np.float32(localization)
    samples, reference, potential, *seen = landscape(prepare, data, *numbers, key)
    reference = float(reference)
    if not math.isfinite(reference):
        raise ValueError(f"loss must be finite at the parameters, got {reference}")
    curvature, slope, ratio, growth = (float(number) for number in seen)
    curvature = max(curvature, localization)
    # Variance of the noise of minibatches over the curvature, in units of temperature and step.
    heat = 0.0 if batch_size is None or not ratio > 0 else scale * ratio / batch_size
    heat *= {"sghmc": 1 / friction, "sgnht": 0.0}.get(sampler, 1.0)
    # The stiffest mode, as the conditioner sees it.
    stiffness = curvature
    if sampler == "rmsprop-sgld":
        stiffness /= math.sqrt(curvature * (1 + heat)) / scale + DAMPING
    if step_size is None:
        size = sum(leaf.size for leaf in jax.tree.leaves(center))
        step_size = _default_step(sampler, stiffness, size, heat)
    rule = LocalizedSampler(
        "sgld" if sampler == "mala" else sampler,
        step_size=step_size,
        scale=scale,
        localization=localization,
        friction=friction,
        noise=noise,
    )
    accepted = math.nan
    if sampler == "mala":
        from ..samplers.metropolis import mala

        chains = mala(
            potential,
            jax.tree.map(lambda leaf: jnp.repeat(leaf[None], num_chains, axis=0), center),
            step_size=step_size / 2,
            temperature=1.0,
            num_steps=num_draws * record_every,
            record_every=record_every,
            burn_in=burn_in,
            measures={"excess": potential.excess, "square": SquaredDistance(center)},
            key=key,
        )
        values, squares = chains["excess"].values, chains["square"].values
        accepted = float(chains["acceptance"].mean())
    else:
        seed = np.asarray(jax.random.key_data(key)).tolist()
        recorded = localized_chains(
            rule,
            potential.excess.excess,
            prepare,
            samples,
            center,
            key,
            num_chains=num_chains,
            batch_size=batch_size,
            num_draws=num_draws,
            record_every=record_every,
            burn_in=burn_in,
        )
        values, squares = (np.asarray(array).T for array in recorded[:2])
        if sampler == "sgld":
            accepted = acceptance(potential, recorded[2], step_size, seed)
    result = LearningCoefficientEstimate(
        draws=scale * values.astype(np.float64),
        squared_distances=squares.astype(np.float64),
        reference_loss=reference,
        scale=scale,
        acceptance=accepted,
        shares_minibatches=batch_size is not None,
        information_ratio=ratio,
        warnings=(),
        settings=settings_of(rule)
        | {
            "sampler": sampler,
            "num_samples": num_samples,
            "batch_size": 0 if batch_size is None else batch_size,
            "burn_in": burn_in,
            "record_every": record_every,
            "step_times_curvature": step_size * stiffness,
        },
    )
    heating = step_size * stiffness * heat / 4
    gain = slope / (2 * curvature) if curvature > 0 else 0.0
    # Of the variance of the stiffest mode, as the samplers say.
    delay = {"sghmc": 1 / (8 - 4 * friction), "sgnht": 0.0, "mala": 0.0}.get(sampler, 0.25)
    delay *= step_size * stiffness
    too_hot = delay / (1 - delay) if delay < 1 else math.inf
    found = warnings_of(result, gain=gain, growth=growth, heating=heating, too_hot=too_hot)
    if not quiet:
        for sentence in found:
            _log.warning("llc: %s", sentence)
    return dataclasses.replace(result, warnings=found)


def _num_samples(data: PyTree) -> int:
    lengths = {leaf.shape[0] if leaf.ndim else 0 for leaf in jax.tree.leaves(data)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            "data must be arrays with the same number of samples on their first axis, got lengths "
            f"{sorted(lengths)}"
        )
    return lengths.pop()


def _scale(num_samples: int, inverse_temperature: float | None) -> float:
    """The one place of n beta."""
    if inverse_temperature is None:
        if num_samples < 3:
            raise ValueError(
                f"inverse_temperature must be given for {num_samples} samples: 1 / ln n needs 3"
            )
        inverse_temperature = 1 / math.log(num_samples)
    if not 0 < inverse_temperature < math.inf:
        raise ValueError(
            f"inverse_temperature must be positive and finite, got {inverse_temperature}"
        )
    return num_samples * inverse_temperature


def _default_step(sampler: str, stiffness: float, size: int, heat: float) -> float:
    if stiffness <= 0:
        raise ValueError(
            "step_size must be given: neither curvature nor localization sets a scale here"
        )
    if sampler == "mala":
        return min(1.0, 2 * size ** (-1 / 3)) / stiffness
    return 0.2 / (stiffness * (1 + heat))
