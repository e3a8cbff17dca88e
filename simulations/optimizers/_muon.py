"""Muon on the hidden layer, Adam on everything else, as in the code of the Li2 paper."""

from typing import Any

import jax
import optax
from jaxtyping import Array, Float
from optax.contrib import MuonDimensionNumbers, scale_by_muon

from .coupled import check_rates, coupled_adam

NEWTON_SCHULZ = (
    (4.01, -9.22, 5.80),
    (3.49, -6.38, 3.23),
    (3.34, -6.21, 3.20),
    (3.64, -7.48, 4.43),
    (3.46, -5.35, 2.85),
)
"""Coefficients $(a, b, c)$ of the five steps $X \\leftarrow aX + (bA + cA^2)X$, $A = XX^T$."""


def muon(
    learning_rate: float | Float[Array, ""] | optax.Schedule,
    weight_decay: float | Float[Array, ""] = 0.0,
    *,
    momentum: float = 0.99,
    hidden: str = "hidden",
    others: optax.GradientTransformation | None = None,
) -> optax.GradientTransformation:
    r"""Return the optimizer that orthogonalizes the momentum of the hidden weights.

    $$ m \leftarrow \mu m + (1 - \mu) \nabla J, \qquad
       W \leftarrow (1 - \text{lr}\, \text{wd}) W - \text{lr}\, \operatorname{NS}_5(m), $$

    where $\operatorname{NS}_5(U S V^T) \approx U V^T$ is five Newton-Schulz steps from
    $m / \lVert m \rVert_F$, without Nesterov momentum and without a factor for the shape.

    Parameters
    ----------
    learning_rate, weight_decay
        Shared by Muon (decoupled decay) and, by default, Adam (coupled decay) on the other leaves.
    momentum
        $\mu$ in [0, 1).
    hidden
        Name of the leaf that Muon trains. All its axes but the last are the rows of the matrix: a
        leaf of shape (2, group, width) is orthogonalized as a (2 * group, width) matrix.
    others
        Optimizer of the other leaves; by default
        :func:`.coupled_adam` with the same learning rate and weight decay.

    Raises
    ------
    ValueError
        If a rate has the wrong sign, or (when the state is made) if no leaf is called `hidden` or
        it is a vector: orthogonalization is defined for matrices.

    [tian2025li2, code]
    """
    check_rates(learning_rate, weight_decay)
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must lie in [0, 1), got {momentum}")
    if others is None:
        others = coupled_adam(learning_rate, weight_decay)

    def labels(params: Any) -> Any:
        def label(path, leaf) -> str:
            if _name(path) != hidden:
                return "others"
            if leaf.ndim < 2:
                raise ValueError(
                    f"Muon orthogonalizes matrices, but {hidden!r} has shape {leaf.shape}"
                )
            return "hidden"

        labeled = jax.tree.map_with_path(label, params)
        if "hidden" not in jax.tree.leaves(labeled):
            names = [jax.tree_util.keystr(path) for path, _ in jax.tree.leaves_with_path(params)]
            raise ValueError(f"the model has no leaf called {hidden!r}; its leaves are {names}")
        return labeled

    orthogonalized = optax.chain(
        # optax corrects the bias of the momentum, a factor that the normalization takes out again.
        scale_by_muon(
            NEWTON_SCHULZ, beta=momentum, nesterov=False, weight_dimension_numbers=_matrix_axes
        ),
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_learning_rate(learning_rate),
    )
    return optax.partition({"hidden": orthogonalized, "others": others}, labels)


def _matrix_axes(params: Any) -> Any:
    return jax.tree.map(
        lambda leaf: MuonDimensionNumbers(tuple(range(leaf.ndim - 1)), leaf.ndim - 1), params
    )


def _name(path: tuple[Any, ...]) -> str | None:
    """Return the attribute or dictionary key at which a leaf sits."""
    return getattr(path[-1], "name", getattr(path[-1], "key", None)) if path else None
