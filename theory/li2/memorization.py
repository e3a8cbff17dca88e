r"""Memorization: the node that is best for a single target, by the shape of its activation.

If only one product $h$ is present and its pairs $(g, g^{-1}h)$ are drawn with probabilities $p_g$,
the activation of a node is largest in the mean for

$$\max_{s\ge0}\ \sum_g p_g\,\sigma(s_g), \qquad \sum_g s_g^2\le2, \qquad
  s_g = u_g + v_{g^{-1}h} ,$$

the constraint being $\lVert w\rVert\le1$. In $t_g = s_g^2$ the objective has the slope
$\tfrac12p_g\varphi(s_g)$, $\varphi(x)=\sigma'(x)/x$: it is convex where $\varphi$ does not
decrease, and then one pair is stored (*focused*), and concave where $\varphi$ decreases, and then
all pairs are (*spread*). With a single class present the centered label matrix is zero, so this is
about the activation of a node, not about the energy of stage II.
"""

import math
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import root_scalar
from scipy.special import expit

Activation = Literal["relu", "silu", "tanh", "sigmoid", "square", "cube"]
MemorizationKind = Literal["focused", "spread", "neither"]

_LARGEST = math.sqrt(2)  # the value of s_g that uses up the whole norm


def memorization_kind(
    activation: Activation | Callable[[float], float],
) -> MemorizationKind:
    r"""Classify an activation by the monotonicity of $\varphi(x) = \sigma'(x)/x$ on $(0,\sqrt2]$.

    ``"focused"``: nondecreasing; ``"spread"``: strictly decreasing; else ``"neither"``. Decided on
    a grid of 4096 points for a function that is passed in.

    Parameters
    ----------
    activation
        Name, or the derivative $\sigma'$ as a function of one number, positive on $(0,\sqrt2]$.

    Raises
    ------
    ValueError
        For an unknown name, or a derivative that is not positive.

    Source: [tian2025li2, Thm. 5].

    >>> memorization_kind("square"), memorization_kind("silu")
    ('focused', 'spread')
    """
    derivative = _derivative(activation)
    grid = np.concatenate([np.geomspace(1e-6, 1e-2, 1024), np.linspace(1e-2, _LARGEST, 3073)[1:]])
    slopes = np.array([derivative(float(x)) for x in grid])
    if not np.all(slopes > 0):
        bad = float(grid[~(slopes > 0)][0])
        raise ValueError(
            f"the derivative of the activation must be positive on (0, sqrt 2], got "
            f"{derivative(bad)} at {bad:.4g}"
        )
    ratio = slopes / grid
    steps = np.diff(ratio)
    rounding = 1e-13 * np.abs(ratio[1:])
    if np.all(steps >= -rounding):
        return "focused"
    return "spread" if np.all(steps < 0) else "neither"


def memorized_shape(
    activation: Activation | Callable[[float], float],
    probabilities: Float[np.ndarray, " pairs"],
) -> Float[np.ndarray, " pairs"]:
    r"""Return the pre-activations $s_g$ of the node that is best for one target.

    $$\text{focused: } s_g = \sqrt2\,\delta_{g,\arg\max p}; \qquad
      \text{spread: } \varphi(s_g) = 2\lambda/p_g \text{ with } \sum_g s_g^2 = 2 ,$$

    with $s_g = 0$ where $2\lambda/p_g$ exceeds a finite $\varphi(0^+)$. The first of several equal
    maxima is taken.

    Parameters
    ----------
    activation
        Name, or the derivative $\sigma'$ as a function of one number.
    probabilities
        $p_g\ge0$, summing to one.

    Raises
    ------
    ValueError
        If the probabilities are not a distribution, or $\varphi$ is neither nondecreasing nor
        strictly decreasing (the theorem is silent then).

    Source: [tian2025li2, Thm. 5].

    >>> memorized_shape("relu", np.array([0.4, 0.3, 0.2, 0.1])).round(4).tolist()
    [1.0328, 0.7746, 0.5164, 0.2582]
    """
    _refuse_no_distribution(probabilities)
    match memorization_kind(activation):
        case "focused":
            shape = np.zeros(len(probabilities))
            shape[np.argmax(probabilities)] = _LARGEST
            return shape
        case "spread":
            return _spread_shape(_derivative(activation), probabilities)
        case _:
            raise ValueError(
                "activation must have a monotonic ratio derivative / x on (0, sqrt 2]; this one is "
                "neither focused nor spread, maximize its objective numerically"
            )


def monomial_shape(
    exponent: float, probabilities: Float[np.ndarray, " pairs"]
) -> Float[np.ndarray, " pairs"]:
    r"""Return the best pre-activations for $\sigma(x) = \max(x,0)^q$ in closed form.

    $$q < 2:\ s_g = \sqrt2\,\frac{p_g^{1/(2-q)}}{\lVert p^{1/(2-q)}\rVert_2}; \qquad
      q\ge2:\ s_g = \sqrt2\,\delta_{g,\arg\max p} .$$

    The shape sharpens as $q\to2$ and then freezes; $q = 1$ is relu.

    Parameters
    ----------
    exponent
        $q > 0$.
    probabilities
        $p_g\ge0$, summing to one.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [tian2025li2, Thm. 5]; exponents between, derived.

    >>> monomial_shape(3, np.array([0.2, 0.8])).round(4).tolist()
    [0.0, 1.4142]
    """
    if exponent <= 0:
        raise ValueError(f"exponent must be positive, got {exponent}")
    _refuse_no_distribution(probabilities)
    if exponent >= 2:
        shape = np.zeros(len(probabilities))
        shape[np.argmax(probabilities)] = _LARGEST
        return shape
    # Relative to the largest probability, so that exponents close to 2 do not underflow.
    profile = (probabilities / probabilities.max()) ** (1 / (2 - exponent))
    return _LARGEST * profile / np.linalg.norm(profile)


def memorizing_node(
    shape: Float[np.ndarray, " group"], target: int, *, table: Int[np.ndarray, "group group"]
) -> tuple[Float[np.ndarray, " group"], Float[np.ndarray, " group"]]:
    r"""Return the unit node that has given pre-activations on the pairs of one target.

    $$u_g = v_{g^{-1}h} = \tfrac12 s_g .$$

    Parameters
    ----------
    shape
        $s_g$ for every $g$ in the group, $\sum_g s_g^2 = 2$ for a unit node.
    target
        Index of $h$.
    table
        Cayley table, ``table[g, h]`` the index of $gh$.

    Returns
    -------
    u, v
        Weights on the first and on the second factor.

    Raises
    ------
    ValueError
        If ``shape`` or ``target`` does not fit the group.

    Source: [tian2025li2, Thm. 5].
    """
    order = len(table)
    if len(shape) != order:
        raise ValueError(f"shape must have one entry a group element, got {len(shape)} of {order}")
    if not 0 <= target < order:
        raise ValueError(f"target must lie in [0, {order - 1}], got {target}")
    partners = np.argmax(table == target, axis=1)
    v = np.empty(order)
    v[partners] = shape / 2
    return shape / 2, v


def _spread_shape(
    derivative: Callable[[float], float], probabilities: Float[np.ndarray, " pairs"]
) -> Float[np.ndarray, " pairs"]:
    def ratio(x: float) -> float:
        return derivative(x) / x

    def inverse(level: float) -> float:
        smallest = 1e-12
        if ratio(_LARGEST) >= level:
            return _LARGEST
        if ratio(smallest) <= level:
            return derivative(smallest) / level if derivative(0.0) > 0 else 0.0
        return _root(lambda x: ratio(x) - level, smallest, _LARGEST)

    present = probabilities > 0
    largest = float(probabilities.max())

    def shape_at(log_lambda: float) -> Float[np.ndarray, " pairs"]:
        shape = np.zeros(len(probabilities))
        levels = 2 * math.exp(log_lambda) / probabilities[present]
        shape[present] = [inverse(float(level)) for level in levels]
        return shape

    # At the lower end the most likely pair alone uses up the norm, at the upper end no pair
    # exceeds its equal share.
    equal_share = math.sqrt(2 / np.count_nonzero(present))
    lower = math.log(largest * ratio(_LARGEST) / 2)
    upper = math.log(largest * ratio(equal_share) / 2)
    if upper - lower < 1e-14:
        return shape_at(lower)
    root = _root(lambda x: float(np.sum(shape_at(x) ** 2)) - 2, lower - 1e-9, upper + 1e-9)
    shape = shape_at(root)
    return shape * (_LARGEST / np.linalg.norm(shape))


def _root(function: Callable[[float], float], lower: float, upper: float) -> float:
    solution = root_scalar(function, bracket=(lower, upper), method="brentq", xtol=1e-15)
    return float(solution.root)


def _derivative(
    activation: Activation | Callable[[float], float],
) -> Callable[[float], float]:
    match activation:
        case "relu":
            return lambda x: 1.0
        case "silu":
            return lambda x: float(expit(x) * (1 + x * (1 - expit(x))))
        case "tanh":
            return lambda x: 1 / math.cosh(x) ** 2
        case "sigmoid":
            return lambda x: float(expit(x) * expit(-x))
        case "square":
            return lambda x: 2 * x
        case "cube":
            return lambda x: 3 * x**2
        case str():
            raise ValueError(
                f"activation must be one of {get_args(Activation)} or a derivative, "
                f"got {activation!r}"
            )
        case _:
            return activation


def _refuse_no_distribution(probabilities: np.ndarray) -> None:
    total = float(np.sum(probabilities))
    if np.any(probabilities < 0) or abs(total - 1) > 1e-9:
        raise ValueError(
            "probabilities must be nonnegative and sum to 1, got minimum "
            f"{float(np.min(probabilities)):.4g} and sum {total:.6g}"
        )
