r"""Gradient descent with constraints and non-smooth penalties, and with normalized steps.

$$ \theta \leftarrow \operatorname{prox}_{\alpha\beta}(\theta - \alpha \nabla g), \qquad
   \theta \leftarrow \Pi(\theta - \alpha \nabla f), \qquad
   \theta \leftarrow \theta - \alpha \frac{\nabla f}{\lVert \nabla f \rVert} . $$

[notsawo2025norm, mohamadi2024kernel]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.core import Tracer
from jaxtyping import Array, Float

from .coupled import check_rates

Rate = float | Float[Array, ""]
Map = Callable[[Float[Array, "*shape"]], Float[Array, "*shape"]]


def proximal_gradient(
    learning_rate: Rate,
    prox: Callable[[Float[Array, "*shape"], Any], Float[Array, "*shape"]],
    penalty: Rate = 1.0,
) -> optax.GradientTransformation:
    r"""Return proximal gradient descent (ISTA) on $g(\theta) + \beta h(\theta)$.

    $$ \theta \leftarrow \operatorname{prox}_{\alpha\beta h}(\theta - \alpha \nabla g(\theta)),
       \qquad \operatorname{prox}_{\gamma h}(z)
       = \arg\min_x \tfrac12 \lVert x - z \rVert^2 + \gamma h(x) $$

    The loss that is trained is $g$ alone. `prox` acts on every array of the model apart.

    Parameters
    ----------
    learning_rate
        $\alpha > 0$; a number or a traced scalar.
    prox
        `prox(array, amount)`, called with amount $\alpha\beta$: :func:`soft_threshold` for the
        $\ell_1$ norm, :func:`singular_value_threshold` for the nuclear norm.
    penalty
        $\beta \ge 0$; a number or a traced scalar.

    Raises
    ------
    ValueError
        For a concrete learning rate that is not positive or a concrete negative penalty.

    [notsawo2025norm, Sec. 3]
    """
    check_rates(learning_rate)
    check_non_negative("penalty", penalty)
    return _mapped(learning_rate, lambda array: prox(array, learning_rate * penalty))


def projected_gradient(learning_rate: Rate, project: Map) -> optax.GradientTransformation:
    r"""Return projected (sub)gradient descent, $\theta \leftarrow \Pi(\theta - \alpha \nabla f)$.

    Parameters
    ----------
    learning_rate
        $\alpha > 0$; a number or a traced scalar.
    project
        $\Pi$, applied to every array of the model apart; for instance an
        :func:`affine_projection`.

    Raises
    ------
    ValueError
        For a concrete learning rate that is not positive.

    [notsawo2025norm, Sec. 3]
    """
    check_rates(learning_rate)
    return _mapped(learning_rate, project)


def normalized_gradient(learning_rate: Rate) -> optax.GradientTransformation:
    r"""Return gradient descent with steps of fixed length,

    $$ \theta \leftarrow \theta - \alpha\, \frac{\nabla f}{\lVert \nabla f \rVert_2} , $$

    with the norm of all weights together. A zero gradient stays put; gradients whose squares
    underflow are normalized correctly.

    Parameters
    ----------
    learning_rate
        $\alpha > 0$; a number or a traced scalar.

    Raises
    ------
    ValueError
        For a concrete learning rate that is not positive.

    [mohamadi2024kernel, Sec. 4]
    """
    check_rates(learning_rate)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        leaves = jax.tree.leaves(updates)
        largest = jnp.stack([jnp.abs(leaf).max() for leaf in leaves]).max()
        unit = jnp.where(largest > 0, largest, 1)
        # Entries of order one, whose squares neither underflow nor overflow.
        scaled = jax.tree.map(lambda leaf: leaf / unit.astype(leaf.dtype), updates)
        norm = optax.tree.norm(scaled)
        step = learning_rate / jnp.where(largest > 0, norm, 1)
        return jax.tree.map(lambda leaf: -step.astype(leaf.dtype) * leaf, scaled), state

    return optax.GradientTransformation(_no_state, update)


def soft_threshold(array: Float[Array, "*shape"], amount: Rate) -> Float[Array, "*shape"]:
    r"""Return $\operatorname{sign}(x) \max(|x| - \gamma, 0)$, the proximal map of $\ell_1$.

    Parameters
    ----------
    array
        $x$.
    amount
        $\gamma \ge 0$; a number or a traced scalar.

    Raises
    ------
    ValueError
        For a concrete negative amount.
    """
    check_non_negative("amount", amount)
    return jnp.sign(array) * jnp.maximum(jnp.abs(array) - amount, 0)


def singular_value_threshold(
    array: Float[Array, "*rows columns"], amount: Rate
) -> Float[Array, "*rows columns"]:
    r"""Return $U (S - \gamma)_+ V^T$, the proximal map of the nuclear norm.

    Parameters
    ----------
    array
        $U S V^T$; all its axes but the last count as rows.
    amount
        $\gamma \ge 0$; a number or a traced scalar.

    Raises
    ------
    ValueError
        For a concrete negative amount.
    """
    check_non_negative("amount", amount)
    left, values, right = jnp.linalg.svd(array.reshape(-1, array.shape[-1]), full_matrices=False)
    return (left * soft_threshold(values, amount)[None] @ right).reshape(array.shape)


def affine_projection(
    features: Float[Array, "samples dimension"], targets: Float[Array, " samples"]
) -> Map:
    r"""Return the orthogonal projection onto $\{a : X a = y\}$.

    $$ \Pi(a) = a - X^+ (X a - y), $$

    the projection onto the least-squares solutions where no solution exists.

    Parameters
    ----------
    features
        $X$.
    targets
        $y$.

    Raises
    ------
    ValueError
        If there are not as many targets as rows of features.

    [notsawo2025norm, Sec. 3]
    """
    if features.shape[0] != targets.shape[0]:
        raise ValueError(
            f"targets must have one entry per row of features, {features.shape[0]}, "
            f"got {targets.shape[0]}"
        )
    inverse = jnp.linalg.pinv(features)

    def project(array: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        flat = array.reshape(-1)
        return (flat - inverse @ (features @ flat - targets)).reshape(array.shape)

    return project


def check_non_negative(name: str, value: Rate) -> None:
    """Refuse negative concrete values; traced ones cannot be checked."""
    if not isinstance(value, Tracer) and not float(value) >= 0:
        raise ValueError(f"{name} must be non-negative, got {value}")


def _mapped(learning_rate: Rate, transform: Map) -> optax.GradientTransformation:
    """Return plain gradient descent followed by a map of every array."""

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        if params is None:
            raise ValueError("params must be passed to update: the step depends on them")
        return jax.tree.map(
            lambda leaf, slope: transform(leaf - learning_rate * slope) - leaf, params, updates
        ), state

    return optax.GradientTransformation(_no_state, update)


def _no_state(params: Any) -> optax.EmptyState:
    del params
    return optax.EmptyState()
