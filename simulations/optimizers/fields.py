"""A rule of its own for every part of a model."""

from __future__ import annotations

from typing import Any

import jax
import optax


def by_field(**transformations: optax.GradientTransformation) -> optax.GradientTransformation:
    """Return a transformation that treats every field of a model by a rule of its own.

    Parameters
    ----------
    transformations
        Name of a field of the model -> what updates all parameters under it. Every field with
        parameters must be named; `optax.set_to_zero()` keeps one where it is. Hyper-parameters may
        be traced.

    Raises
    ------
    ValueError
        When training starts: if a field with parameters has no rule, or a rule has no field.

    >>> import jax.numpy as jnp
    >>> rule = by_field(embedding=optax.sgd(1.0), decoder=optax.sgd(0.1))
    >>> weights = {"embedding": jnp.ones(1), "decoder": jnp.ones(1)}
    >>> updates, _ = rule.update(weights, rule.init(weights))
    >>> updates["embedding"].item(), round(updates["decoder"].item(), 3)
    (-1.0, -0.1)
    """

    def labels(weights: Any) -> Any:
        named = jax.tree_util.tree_map_with_path(lambda path, _: _field_of(path), weights)
        found = set(jax.tree.leaves(named))
        if found != set(transformations):
            raise ValueError(
                f"by_field must name the fields with parameters, {sorted(found)}, and no other, "
                f"got {sorted(transformations)}"
            )
        return named

    return optax.partition({**transformations}, labels)


def _field_of(path: tuple[Any, ...]) -> str:
    first = path[0]
    return str(first.name if isinstance(first, jax.tree_util.GetAttrKey) else first.key)
