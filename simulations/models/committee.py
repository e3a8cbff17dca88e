"""Committee machines: two-layer networks whose output is the mean over hidden units."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._layers import check_sizes
from .frozen import Frozen


class CommitteeMachine(eqx.Module):
    r"""Mean of $N$ weakly nonlinear units,

    $$ f(x) = \frac1N \sum_{i=1}^N v_i\, \phi(w_i \cdot x), \qquad
       \phi(h) = h + \frac{\epsilon}{2} h^k \quad\text{or}\quad h + \frac{\epsilon}{2} He_k(h), $$

    with probabilists' Hermite polynomials $He_k$ ($He_2 = h^2 - 1$).

    Parameters
    ----------
    weights
        $w_i$, one row per unit.
    curvature
        $\epsilon$; not trained, may be traced. Kept as a :class:`~.frozen.Frozen` array.
    readouts
        $v_i$, trained when given; otherwise all 1 and fixed.
    degree
        $k \ge 2$.
    hermite
        Whether the nonlinear part is $He_k$ instead of $h^k$.

    Raises
    ------
    ValueError
        For a degree below 2.

    [kumar2023lazy, Eq. 3, App. 15]
    """

    weights: Float[Array, "width dimension"]
    curvature: Frozen[Float[Array, ""]]
    readouts: Float[Array, " width"] | None
    degree: int = eqx.field(static=True)
    hermite: bool = eqx.field(static=True)

    def __init__(
        self,
        weights: Float[Array, "width dimension"],
        curvature: float | Float[Array, ""] = 1.0,
        readouts: Float[Array, " width"] | None = None,
        *,
        degree: int = 2,
        hermite: bool = False,
    ):
        if degree < 2:
            raise ValueError(f"degree must be at least 2, got {degree}")
        self.weights = weights
        self.curvature = Frozen(jnp.asarray(curvature, weights.dtype))
        self.readouts = readouts
        self.degree = degree
        self.hermite = hermite

    @classmethod
    def init(
        cls,
        dimension: int,
        width: int,
        *,
        curvature: float | Float[Array, ""] = 1.0,
        degree: int = 2,
        hermite: bool = False,
        train_readouts: bool = False,
        scale: float | Float[Array, ""] = 1.0,
        key: Array,
    ) -> CommitteeMachine:
        r"""Draw all weights from $\mathcal N(0, \text{scale}^2)$.

        `train_readouts` draws readouts, too, and has them trained; otherwise they are fixed at 1.

        Raises
        ------
        ValueError
            For a dimension or width below 1 or a degree below 2.
        """
        check_sizes({"dimension": dimension, "width": width})
        weight_key, readout_key = jax.random.split(key)
        weights = scale * jax.random.normal(weight_key, (width, dimension))
        readouts = scale * jax.random.normal(readout_key, (width,)) if train_readouts else None
        return cls(weights, curvature, readouts, degree=degree, hermite=hermite)

    def __call__(self, inputs: Float[Array, " dimension"]) -> Float[Array, ""]:
        """Output for one sample."""
        units = self.activation(self.weights @ inputs)
        return units.mean() if self.readouts is None else self.readouts @ units / units.size

    def batched(self, inputs: Float[Array, "samples dimension"]) -> Float[Array, " samples"]:
        """Outputs for many samples."""
        # Units as rows: the layout in which the product and its gradient are fastest on a CPU.
        units = self.activation(self.weights @ inputs.T)
        if self.readouts is None:
            return units.mean(axis=0)
        return self.readouts @ units / units.shape[0]

    def activation(self, field: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        r"""Return $\phi$, elementwise."""
        bend = _hermite(field, self.degree) if self.hermite else field**self.degree
        return field + self.curvature.value / 2 * bend


def _hermite(x: Float[Array, "*shape"], degree: int) -> Float[Array, "*shape"]:
    """Return the probabilists' Hermite polynomial by its recursion."""
    previous, current = jnp.ones_like(x), x
    for k in range(1, degree):
        previous, current = current, x * current - k * previous
    return current
