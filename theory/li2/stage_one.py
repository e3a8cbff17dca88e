r"""Stage I, lazy learning: the readout fits random features and sends a gradient back.

With the features $F = \sigma(XW)$ frozen, the readout $V$ follows the gradient flow of

$$J = \tfrac12\lVert\tilde Y - \beta\tilde F V\rVert_F^2 + \tfrac\eta2\lVert V\rVert_F^2 ,$$

and the hidden layer receives $G_F = -\partial J/\partial\tilde F = \beta(\tilde Y - \beta\tilde FV)
V^\top$. Everything here is exact in the singular value decomposition of $\tilde F$, so that a ridge
$\eta = 0$ and any shape of $F$ are allowed. The output multiplier $\beta$ is one in the paper's
main text. How large $G_F$ ends up is the matter of :mod:`~.random_features`.
"""

import numpy as np
from jaxtyping import Float


def center(array: Float[np.ndarray, "samples columns"]) -> Float[np.ndarray, "samples columns"]:
    r"""Subtract from each column its mean over the samples.

    $$\tilde A = P_1 A, \qquad P_1 = I - \tfrac1n 11^\top .$$

    Source: [tian2025li2, Sec. 3].

    >>> center(np.array([[1.0], [3.0]])).ravel().tolist()
    [-1.0, 1.0]
    """
    return array - array.mean(axis=0, keepdims=True)


def backpropagated_gradient(
    features: Float[np.ndarray, "samples nodes"],
    labels: Float[np.ndarray, "samples classes"],
    readout: Float[np.ndarray, "nodes classes"],
    *,
    multiplier: float = 1.0,
) -> Float[np.ndarray, "samples nodes"]:
    r"""Return the gradient that the readout sends to the hidden layer.

    $$G_F = -\frac{\partial J}{\partial\tilde F} = \beta(\tilde Y-\beta\tilde F V)V^\top .$$

    Parameters
    ----------
    features, labels
        Hidden activations $F$ and targets $Y$; centered inside.
    readout
        $V$.
    multiplier
        $\beta$.

    Source: [tian2025li2, Eq. 2]; the multiplier, derived.
    """
    _refuse_mismatch(features, labels)
    residual = center(labels) - multiplier * center(features) @ readout
    return multiplier * residual @ readout.T


def ridge_readout(
    features: Float[np.ndarray, "samples nodes"],
    labels: Float[np.ndarray, "samples classes"],
    *,
    eta: float,
    multiplier: float = 1.0,
) -> Float[np.ndarray, "nodes classes"]:
    r"""Return the readout at which the flow ends, the minimum-norm one if $\eta = 0$.

    $$V_* = \beta\,(\beta^2\tilde F^\top\tilde F + \eta I)^{-1}\tilde F^\top\tilde Y .$$

    Parameters
    ----------
    features, labels
        $F$ and $Y$; centered inside.
    eta
        Ridge $\eta \ge 0$ (see :func:`coupled_weight_decay_to_ridge`).
    multiplier
        $\beta \ne 0$.

    Raises
    ------
    ValueError
        If ``eta`` is negative, ``multiplier`` zero or the numbers of samples differ.

    Source: [tian2025li2, App. C].
    """
    _refuse_bad_ridge(eta, multiplier)
    _refuse_mismatch(features, labels)
    left, values, right = _svd(features)
    gain = multiplier * values / (multiplier**2 * values**2 + eta)
    return right.T @ (gain[:, None] * (left.T @ center(labels)))


def readout_flow(
    features: Float[np.ndarray, "samples nodes"],
    labels: Float[np.ndarray, "samples classes"],
    initial_readout: Float[np.ndarray, "nodes classes"],
    time: float,
    *,
    eta: float,
    multiplier: float = 1.0,
) -> Float[np.ndarray, "nodes classes"]:
    r"""Return the readout after gradient flow for a time $t$.

    $$V(t) = e^{-At}(V_0 - V_*) + V_*, \qquad A = \beta^2\tilde F^\top\tilde F + \eta I .$$

    Parameters
    ----------
    features, labels, eta, multiplier
        As in :func:`ridge_readout`.
    initial_readout
        $V_0$.
    time
        $t \ge 0$, in units in which $\dot V = -\partial J/\partial V$.

    Source: [tian2025li2, App. C].
    """
    _refuse_bad_ridge(eta, multiplier)
    _refuse_mismatch(features, labels)
    if time < 0:
        raise ValueError(f"time must be at least 0, got {time}")
    left, values, right = _svd(features)
    rates = multiplier**2 * values**2 + eta
    end = (multiplier * values / rates)[:, None] * (left.T @ center(labels))
    start = right @ initial_readout
    # Outside the row space of the features nothing but the weight decay acts.
    outside = np.exp(-eta * time) * (initial_readout - right.T @ start)
    return right.T @ (end + np.exp(-rates * time)[:, None] * (start - end)) + outside


def early_gradient(
    features: Float[np.ndarray, "samples nodes"],
    labels: Float[np.ndarray, "samples classes"],
    initial_readout: Float[np.ndarray, "nodes classes"],
    time: float,
    *,
    multiplier: float = 1.0,
) -> Float[np.ndarray, "samples nodes"]:
    r"""Return the backpropagated gradient at small times and small initial readout.

    $$G_F(t) = \beta\,\tilde Y V_0^\top + \beta^2 t\,\tilde Y\tilde Y^\top\tilde F
      + O(t\,\lVert V_0\rVert) + O(t^2) .$$

    Source: [tian2025li2, Prop. 1]; the powers of the multiplier, derived.
    """
    _refuse_mismatch(features, labels)
    targets = center(labels)
    signal = targets @ (targets.T @ center(features))
    return multiplier * targets @ initial_readout.T + multiplier**2 * time * signal


def whitened_labels(
    features: Float[np.ndarray, "samples nodes"],
    labels: Float[np.ndarray, "samples classes"],
    *,
    eta: float,
) -> Float[np.ndarray, "samples classes"]:
    r"""Return the labels that every node sees at the fixed point of stage I.

    $$Z = (S + \eta I)^{-1}\tilde Y, \qquad S = \tilde F\tilde F^\top .$$

    While $Z$ is held, a node ascends $\tfrac12\lVert Z^\top\sigma(Xw)\rVert^2$: the energy of stage
    II with $\tilde Y$ replaced by $Z$.

    Parameters
    ----------
    features, labels
        $F$ and $Y$; centered inside.
    eta
        Ridge $\eta > 0$; for a multiplier $\beta$ pass $\eta/\beta^2$.

    Raises
    ------
    ValueError
        If ``eta`` is not positive (S is singular: it annihilates the constant vector).

    Source: derived (push-through identity applied to [tian2025li2, Eq. 4]).
    """
    if eta <= 0:
        raise ValueError(f"eta must be positive, got {eta}; S itself has no inverse")
    _refuse_mismatch(features, labels)
    left, values, _ = _svd(features)
    fitted, unfitted = _split(left, center(labels))
    return left @ (fitted / (values**2 + eta)[:, None]) + unfitted / eta


def fixed_point_gradient(
    features: Float[np.ndarray, "samples nodes"],
    labels: Float[np.ndarray, "samples classes"],
    *,
    eta: float,
    multiplier: float = 1.0,
) -> Float[np.ndarray, "samples nodes"]:
    r"""Return the backpropagated gradient at the end of stage I.

    $$G_F(\infty) = \eta\,ZZ^\top\tilde F, \qquad
      Z = (\tilde F\tilde F^\top+\eta I)^{-1}\tilde Y ,$$

    and with a multiplier the same with $\eta\to\eta/\beta^2$. It vanishes at $\eta = 0$ if the
    features can interpolate the labels.

    Parameters
    ----------
    features, labels, eta, multiplier
        As in :func:`ridge_readout`.

    Source: derived; equal to [tian2025li2, Eq. 4].
    """
    _refuse_bad_ridge(eta, multiplier)
    _refuse_mismatch(features, labels)
    left, values, right = _svd(features)
    ridge = eta / multiplier**2
    fitted, unfitted = _split(left, center(labels))
    # The residual mode by mode: as a difference it would lose all digits at a small ridge.
    residual = left @ ((ridge / (values**2 + ridge))[:, None] * fitted) + unfitted
    readout = right.T @ ((values / (values**2 + ridge))[:, None] * fitted)
    return residual @ readout.T


def two_sided_fixed_point_gradient(
    features: Float[np.ndarray, "samples nodes"],
    labels: Float[np.ndarray, "samples classes"],
    *,
    eta: float,
) -> Float[np.ndarray, "samples nodes"]:
    r"""Return the same fixed point in the paper's form with two inverses.

    $$G_F(\infty) = \eta\,(\tilde F\tilde F^\top+\eta I)^{-1}\tilde Y\tilde Y^\top\tilde F
      (\tilde F^\top\tilde F+\eta I)^{-1} .$$

    Needs $\eta > 0$. Source: [tian2025li2, Eq. 4].
    """
    if eta <= 0:
        raise ValueError(f"eta must be positive, got {eta}; both inverses need it")
    _refuse_mismatch(features, labels)
    centered, targets = center(features), center(labels)
    num_samples, width = centered.shape
    signal = targets @ (targets.T @ centered)
    left = np.linalg.solve(centered @ centered.T + eta * np.eye(num_samples), signal)
    return eta * np.linalg.solve(centered.T @ centered + eta * np.eye(width), left.T).T


def published_multiplier_gradient(
    features: Float[np.ndarray, "samples nodes"],
    labels: Float[np.ndarray, "samples classes"],
    *,
    eta: float,
    multiplier: float,
) -> Float[np.ndarray, "samples nodes"]:
    r"""Return the paper's fixed point with a multiplier, $G_F(\infty)/\beta^2$.

    Agrees with :func:`fixed_point_gradient` to leading order in small $\eta$ if the features can
    interpolate the labels; if they cannot, the exact limit does not depend on $\beta$ at all.
    Source: [tian2025li2, App. C.3].
    """
    _refuse_bad_ridge(eta, multiplier)
    return fixed_point_gradient(features, labels, eta=eta) / multiplier**2


def interpolation_decay_rate(features: Float[np.ndarray, "samples nodes"]) -> float:
    r"""Return the slowest rate at which the gradient dies without weight decay.

    $$G_F(t) = O(e^{-\sigma_{\min}^2 t}), \qquad \eta = 0 ,$$

    with $\sigma_{\min}$ the smallest non-zero singular value of $\tilde F$.

    Raises
    ------
    ValueError
        If $\tilde F$ has rank below $n-1$: then some labels are never fitted and the gradient does
        not vanish.

    Source: [tian2025li2, Sec. 4.1]; the rate, derived.
    """
    _, values, _ = _svd(features)
    if len(values) < features.shape[0] - 1:
        raise ValueError(
            f"features must have centered rank samples - 1 = {features.shape[0] - 1}, got "
            f"{len(values)}; without interpolation the gradient does not decay to zero"
        )
    return float(values.min() ** 2)


def coupled_weight_decay_to_ridge(num_samples: int, weight_decay: float) -> float:
    r"""Convert the weight decay of the training script to the ridge of the theory.

    $$\eta = \tfrac12\,n\,\lambda ,$$

    because the script averages the squared error over the samples without a factor one half and
    adds $\lambda V$ to the gradient. Source: derived from [tian2025li2, code].

    >>> round(coupled_weight_decay_to_ridge(2016, 2e-4), 4)
    0.2016
    """
    if num_samples < 1 or weight_decay < 0:
        raise ValueError(
            "num_samples must be at least 1 and weight_decay at least 0, got "
            f"{num_samples} and {weight_decay}"
        )
    return num_samples * weight_decay / 2


def _svd(
    features: Float[np.ndarray, "samples nodes"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thin decomposition of the centered features without its numerically zero part."""
    left, values, right = np.linalg.svd(center(features), full_matrices=False)
    floor = values.max(initial=0.0) * max(features.shape) * np.finfo(np.float64).eps
    kept = values > floor
    return left[:, kept], values[kept], right[kept]


def _split(
    left: Float[np.ndarray, "samples modes"], targets: Float[np.ndarray, "samples classes"]
) -> tuple[Float[np.ndarray, "modes classes"], Float[np.ndarray, "samples classes"]]:
    """Coordinates of centered targets in the modes of the features, and what is left of them."""
    fitted = left.T @ targets
    if left.shape[1] == len(targets) - 1:  # the modes span everything but the constant vector
        return fitted, np.zeros_like(targets)
    return fitted, targets - left @ fitted


def _refuse_mismatch(features: np.ndarray, labels: np.ndarray) -> None:
    if features.shape[0] != labels.shape[0]:
        raise ValueError(
            "features and labels must have one row a sample, got "
            f"{features.shape[0]} and {labels.shape[0]} rows"
        )


def _refuse_bad_ridge(eta: float, multiplier: float) -> None:
    if eta < 0:
        raise ValueError(f"eta must be at least 0, got {eta}")
    if multiplier == 0:
        raise ValueError("multiplier must not be 0: the readout would see no labels")
