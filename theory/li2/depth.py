r"""Deeper networks: the gradient of stage I at every layer, written with gates.

For $\sigma(x) = C\sigma'(x)x$ (relu: $C=1$; $x^q$: $C=1/q$) a sample sees a linear network once its
gates $D_{m,i} = \operatorname{diag}\sigma'(f_m^{(i)}W_m)$ are known, $F_{m+1} = \sigma(F_mW_m)$:

$$f_L^{(i)} = C^{L-l}f_l^{(i)}A_{l,i}, \qquad A_{l,i} = W_lD_{l,i}\cdots W_{L-1}D_{L-1,i} .$$

The readout of stage I, $V\approx t\tilde F_L^\top\tilde Y$, then sends to layer $l$ a gradient that
is linear in the features of that layer, dressed by gates on both sides: layer by layer the
ascent of $\tfrac12\lVert\tilde Y^\top F_L\rVert^2$. A residual branch, $F_{m+1} = F_m +
\sigma(F_mW_m)$, adds the undressed signal of the top layer to every layer below.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from .stage_one import center


def relu_gate(preactivation: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    r"""Return the gate $\sigma'(x) = 1_{x>0}$ of relu, for which $C = 1$.

    Source: [tian2025li2, Sec. 6].

    >>> relu_gate(np.array([-1.0, 2.0])).tolist()
    [0.0, 1.0]
    """
    return (preactivation > 0).astype(np.float64)


def homogeneous_features(
    inputs: Float[np.ndarray, "samples inputs"],
    weights: Sequence[Float[np.ndarray, "_ _"]],
    *,
    gate: Callable[[np.ndarray], np.ndarray] = relu_gate,
    homogeneity: float = 1.0,
    residual: bool = False,
) -> tuple[Float[np.ndarray, "samples _"], ...]:
    r"""Return the activations of all layers, the inputs first.

    $$F_{l+1} = \sigma(F_lW_l)\ [\,+F_l\,], \qquad \sigma(x) = C\,\sigma'(x)\,x .$$

    Parameters
    ----------
    inputs
        $F_1$.
    weights
        $W_1,\dots,W_{L-1}$; square ones if ``residual``.
    gate
        $\sigma'$, elementwise.
    homogeneity
        $C > 0$; with ``gate`` it defines the activation.
    residual
        Whether each layer adds its input.

    Raises
    ------
    ValueError
        If ``homogeneity`` is not positive or the shapes do not chain.

    Source: [tian2025li2, Sec. 6].
    """
    _refuse_bad_stack(inputs, weights, homogeneity, residual)
    layers = [inputs]
    for weight in weights:
        preactivation = layers[-1] @ weight
        activation = homogeneity * gate(preactivation) * preactivation
        layers.append(layers[-1] + activation if residual else activation)
    return tuple(layers)


def gate_products(
    inputs: Float[np.ndarray, "samples inputs"],
    weights: Sequence[Float[np.ndarray, "_ _"]],
    *,
    gate: Callable[[np.ndarray], np.ndarray] = relu_gate,
    homogeneity: float = 1.0,
    residual: bool = False,
) -> tuple[
    tuple[Float[np.ndarray, "samples _ top"], ...],
    tuple[Float[np.ndarray, "samples _ top"], ...],
]:
    r"""Return, sample by sample, how a layer is carried to the top and how gradients come back.

    $$f_L^{(i)} = f_l^{(i)}T_{l,i}, \quad T_{l,i} = \prod_{m=l}^{L-1}[I+]\,C\,W_mD_{m,i};$$
    $$J_{l,i} = \frac{\partial f_L^{(i)}}{\partial f_l^{(i)}}
      = \prod_{m=l}^{L-1}[I+]\,W_mD_{m,i} ,$$

    the identities being there for a residual network only; without them $T = C^{L-l}J$.

    Parameters
    ----------
    inputs, weights, gate, homogeneity, residual
        As in :func:`homogeneous_features`.

    Returns
    -------
    transports, jacobians
        One array a layer, $l = 1,\dots,L$, the last being identities.

    Memory: samples x width x top width a layer. Source: derived.
    """
    layers = homogeneous_features(
        inputs, weights, gate=gate, homogeneity=homogeneity, residual=residual
    )
    num_samples, top = layers[-1].shape
    transport = jacobian = np.broadcast_to(np.eye(top), (num_samples, top, top))
    transports, jacobians = [transport], [jacobian]
    for features, weight in zip(layers[-2::-1], weights[::-1], strict=True):
        gated = weight[None] * gate(features @ weight)[:, None, :]
        branch = homogeneity * gated @ transport
        transport = transport + branch if residual else branch
        jacobian = jacobian + gated @ jacobian if residual else gated @ jacobian
        transports.append(transport)
        jacobians.append(jacobian)
    return tuple(transports[::-1]), tuple(jacobians[::-1])


def deep_backpropagated_gradients(
    inputs: Float[np.ndarray, "samples inputs"],
    weights: Sequence[Float[np.ndarray, "_ _"]],
    labels: Float[np.ndarray, "samples classes"],
    readout: Float[np.ndarray, "top classes"],
    *,
    gate: Callable[[np.ndarray], np.ndarray] = relu_gate,
    homogeneity: float = 1.0,
    residual: bool = False,
) -> tuple[Float[np.ndarray, "samples _"], ...]:
    r"""Return the gradient that reaches each layer for a given readout.

    $$G_l^{(i)} = -\frac{\partial J}{\partial f_l^{(i)}}
      = \big[(\tilde Y-\tilde F_LV)V^\top\big]^{(i)}J_{l,i}^\top, \qquad
      J = \tfrac12\lVert\tilde Y-\tilde F_LV\rVert_F^2 .$$

    Parameters
    ----------
    inputs, weights, gate, homogeneity, residual
        As in :func:`homogeneous_features`.
    labels
        $Y$; centered inside.
    readout
        $V$.

    Returns
    -------
    gradients
        $G_1,\dots,G_L$, of the shapes of the layers.

    Source: derived.
    """
    layers = homogeneous_features(
        inputs, weights, gate=gate, homogeneity=homogeneity, residual=residual
    )
    gradient = (center(labels) - center(layers[-1]) @ readout) @ readout.T
    gradients = [gradient]
    for features, weight in zip(layers[-2::-1], weights[::-1], strict=True):
        branch = (gradient * gate(features @ weight)) @ weight.T
        gradient = gradient + branch if residual else branch
        gradients.append(gradient)
    return tuple(gradients[::-1])


def early_deep_gradients(
    inputs: Float[np.ndarray, "samples inputs"],
    weights: Sequence[Float[np.ndarray, "_ _"]],
    labels: Float[np.ndarray, "samples classes"],
    *,
    gate: Callable[[np.ndarray], np.ndarray] = relu_gate,
    homogeneity: float = 1.0,
    residual: bool = False,
) -> tuple[Float[np.ndarray, "samples _"], ...]:
    r"""Return the early gradient of each layer per unit time of training the readout from zero.

    $$\dot G_l^{(i)}(0) = \sum_{i'}(\tilde Y\tilde Y^\top)_{ii'}\,
      f_l^{(i')}\,T_{l,i'}\,J_{l,i}^\top ,$$

    which is the gradient of $\tfrac12\lVert\tilde Y^\top F_L\rVert^2$ with respect to $F_l$. For
    the top layer it is $\tilde Y\tilde Y^\top\tilde F_L$, as in a two-layer network.

    Parameters
    ----------
    inputs, weights, gate, homogeneity, residual
        As in :func:`homogeneous_features`.
    labels
        $Y$; centered inside.

    Returns
    -------
    gradients
        One array a layer, of the shape of the layer.

    Source: derived; exact form of the sketch in [tian2025li2, Sec. 6].
    """
    layers = homogeneous_features(
        inputs, weights, gate=gate, homogeneity=homogeneity, residual=residual
    )
    transports, jacobians = gate_products(
        inputs, weights, gate=gate, homogeneity=homogeneity, residual=residual
    )
    targets = center(labels)
    gradients = []
    for features, transport, jacobian in zip(layers, transports, jacobians, strict=True):
        carried = np.einsum("ik,ikt->it", features, transport)
        signal = targets @ (targets.T @ carried)
        gradients.append(np.einsum("it,ikt->ik", signal, jacobian))
    return tuple(gradients)


def _refuse_bad_stack(
    inputs: np.ndarray, weights: Sequence[np.ndarray], homogeneity: float, residual: bool
) -> None:
    if homogeneity <= 0:
        raise ValueError(f"homogeneity must be positive, got {homogeneity}")
    width = inputs.shape[1]
    for index, weight in enumerate(weights):
        if weight.shape[0] != width:
            raise ValueError(
                f"weights[{index}] must have {width} rows to follow the layer below, "
                f"got {weight.shape[0]}"
            )
        if residual and weight.shape[1] != width:
            raise ValueError(
                f"weights[{index}] must be square in a residual network, got {weight.shape}"
            )
        width = weight.shape[1]
