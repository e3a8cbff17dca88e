"""Optimizers with the weight decay inside the gradient."""

import optax
from jax.core import Tracer
from jaxtyping import Array, Float


def coupled_adam(
    learning_rate: float | Float[Array, ""] | optax.Schedule,
    weight_decay: float | Float[Array, ""] = 0.0,
    *,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> optax.GradientTransformation:
    r"""Return Adam with L2 regularization, as `torch.optim.Adam(weight_decay=...)`.

    $$ g = \nabla J + \text{wd}\, \theta, \qquad
       \theta \leftarrow \theta - \text{lr}\, \frac{\hat m(g)}{\sqrt{\hat v(g)} + \epsilon} $$

    The decay passes through the adaptive denominator, so its strength does not scale as in AdamW
    (`optax.adamw`), where it bypasses it.

    Parameters
    ----------
    learning_rate
        Positive; a number, a traced scalar, or a schedule.
    weight_decay
        Non-negative; a number or a traced scalar.
    b1, b2, eps
        Adam's decay rates of the first and the second moment and its denominator offset.

    Raises
    ------
    ValueError
        If a concrete `learning_rate` is not positive or a concrete `weight_decay` is negative.

    Notes
    -----
    For the loss $\tfrac12 \lVert \cdot \rVert^2$ summed over $n$ samples with ridge $\eta/2$, while
    the code averages over samples and has no $\tfrac12$, $\eta = n\, \text{wd} / 2$ (derived).

    [tian2025li2, code]
    """
    check_rates(learning_rate, weight_decay)
    return optax.chain(
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_adam(b1=b1, b2=b2, eps=eps),
        optax.scale_by_learning_rate(learning_rate),
    )


def gradient_descent(
    learning_rate: float | Float[Array, ""] | optax.Schedule,
    weight_decay: float | Float[Array, ""] = 0.0,
) -> optax.GradientTransformation:
    r"""Return plain gradient descent on $J + \frac\lambda2\lVert\theta\rVert^2$.

    $$ \theta \leftarrow \theta - \text{lr}\, (\nabla J + \lambda \theta) $$

    Parameters
    ----------
    learning_rate
        Positive; a number, a traced scalar, or a schedule.
    weight_decay
        $\lambda \ge 0$; a number or a traced scalar.

    Raises
    ------
    ValueError
        If a concrete `learning_rate` is not positive or a concrete `weight_decay` is negative.

    [lyu2023dichotomy, Sec. 2]
    """
    check_rates(learning_rate, weight_decay)
    return optax.chain(
        optax.add_decayed_weights(weight_decay), optax.scale_by_learning_rate(learning_rate)
    )


def check_rates(
    learning_rate: float | Float[Array, ""] | optax.Schedule,
    weight_decay: float | Float[Array, ""] = 0.0,
) -> None:
    """Refuse rates of the wrong sign; traced values and schedules cannot be checked."""
    if not (callable(learning_rate) or isinstance(learning_rate, Tracer)):
        if not float(learning_rate) > 0:
            raise ValueError(f"learning_rate must be positive, got {learning_rate}")
    if not isinstance(weight_decay, Tracer) and not float(weight_decay) >= 0:
        raise ValueError(f"weight_decay must be non-negative, got {weight_decay}")
