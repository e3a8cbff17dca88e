r"""Toy models of superposition: population loss, regular polygons, and the plateaus of training.

$$f(x) = \mathrm{ReLU}(W^\top Wx+b), \qquad
  x = \mu e_i,\ i\text{ uniform among }c\text{ features} .$$
"""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float


def population_loss(
    weights: Float[np.ndarray, "hidden features"], biases: Float[np.ndarray, " features"]
) -> float:
    r"""Return the exact loss for $\mu$ uniform in $[0, 1]$, summed over outputs.

    $$L = \frac1c\sum_i\Bigl[\sum_{j\ne i}S(g_{ij}, b_j)+\tfrac13-2X(g_{ii}, b_i)+S(g_{ii}, b_i)
      \Bigr], \quad g = W^\top W,$$

    with $S(g, b) = \int_0^1\mathrm{ReLU}(\mu g+b)^2d\mu$ and
    $X(g, b) = \int_0^1\mu\,\mathrm{ReLU}(\mu g+b)\,d\mu$ in closed form, without cancellation
    near $g = 0$.

    Parameters
    ----------
    weights, biases
        $W$ and $b$.

    Raises
    ------
    ValueError
        If there is not one bias a feature.

    Source: [chen2023dynamical], derived in closed form.

    >>> round(population_loss(np.zeros((2, 6)), np.zeros(6)), 6)
    0.333333
    """
    count = weights.shape[1]
    if biases.shape != (count,):
        raise ValueError(f"biases must be one a feature, {count}, got {biases.shape}")
    overlaps = weights.T @ weights
    squares, crosses = mean_square(overlaps, biases[None]), mean_cross(overlaps, biases[None])
    return float((squares.sum() - 2 * np.trace(crosses)) / count + 1 / 3)


def mean_square(
    overlap: Float[np.ndarray, "*shape"], bias: Float[np.ndarray, "*#shape"]
) -> Float[np.ndarray, "*shape"]:
    r"""Return $S(g, b) = \int_0^1\mathrm{ReLU}(\mu g+b)^2\,d\mu$.

    On the interval $[\ell, h]$ in which the unit is active it is
    $\frac{g^2}3(h^3-\ell^3)+gb\,(h^2-\ell^2)+b^2(h-\ell)$.

    >>> round(float(mean_square(np.array(1.0), np.array(0.0))), 6)
    0.333333
    """
    low, high = _active_interval(overlap, bias)
    return np.asarray(
        overlap**2 * (high**3 - low**3) / 3
        + overlap * bias * (high**2 - low**2)
        + bias**2 * (high - low)
    )


def mean_cross(
    overlap: Float[np.ndarray, "*shape"], bias: Float[np.ndarray, "*#shape"]
) -> Float[np.ndarray, "*shape"]:
    r"""Return $X(g, b) = \int_0^1\mu\,\mathrm{ReLU}(\mu g+b)\,d\mu$.

    >>> round(float(mean_cross(np.array(1.0), np.array(0.0))), 6)
    0.333333
    """
    low, high = _active_interval(overlap, bias)
    return np.asarray(overlap * (high**3 - low**3) / 3 + bias * (high**2 - low**2) / 2)


def _active_interval(overlap: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the part of [0, 1] in which $\\mu g+b > 0$."""
    overlap, bias = np.broadcast_arrays(overlap, bias)
    zero = np.divide(-bias, overlap, out=np.zeros_like(overlap * 1.0), where=overlap != 0)
    zero = np.clip(zero, 0.0, 1.0)
    starts, ends = bias > 0, overlap + bias > 0
    low = np.where(starts, 0.0, np.where(ends, zero, 1.0))
    high = np.where(ends, 1.0, np.where(starts, zero, 1.0))
    return low, high


class Polygon(NamedTuple):
    """A regular polygon among the features, the others dead or constant, and its loss."""

    length: float
    bias: float
    loss: float

    def parameters(
        self, sides: int, features: int, *, constant: int = 0
    ) -> tuple[Float[np.ndarray, "hidden features"], Float[np.ndarray, " features"]]:
        r"""Weights and biases: $k$ columns of the same length, all others zero.

        Of the other features `constant` have the bias $1/2c$, which is the best constant; the rest
        are dead, at a bias of $-1$.
        """
        angles = 2 * np.pi * np.arange(sides) / sides
        weights = np.zeros((2, features))
        weights[:, :sides] = self.length * np.stack([np.cos(angles), np.sin(angles)])
        biases = np.full(features, -1.0)
        biases[:sides] = self.bias
        biases[sides : sides + constant] = 1 / (2 * features)
        return weights, biases


def polygon(sides: int, *, features: int, constant: int = 0) -> Polygon:
    r"""Minimize the population loss over regular polygons in two hidden dimensions.

    Polygons with up to four sides have length one and bias zero, without any error on their own
    features. A dead feature costs $\frac1{3c}$, one of the best constant output
    $\frac1c\bigl(\frac13-\frac1{4c}\bigr)$.

    Parameters
    ----------
    sides
        $k$ from 2 to `features`.
    features
        $c$.
    constant
        How many of the other features output the best constant instead of nothing.

    Raises
    ------
    ValueError
        If a number is out of range.

    Source: [chen2023dynamical], computed here.

    >>> found = polygon(5, features=6)
    >>> round(found.length, 4), round(found.bias, 4), round(found.loss, 5)
    (1.1705, -0.2823, 0.06874)
    """
    if not 2 <= sides <= features:
        raise ValueError(f"sides must lie between 2 and {features}, got {sides}")
    if not 0 <= constant <= features - sides:
        raise ValueError(
            f"constant must lie between 0 and the {features - sides} other features, got {constant}"
        )

    def loss(vector: np.ndarray) -> float:
        shape = Polygon(float(vector[0]), float(vector[1]), 0.0)
        return population_loss(*shape.parameters(sides, features, constant=constant))

    if sides <= 4:
        return Polygon(1.0, 0.0, loss(np.array([1.0, 0.0])))
    from scipy.optimize import minimize

    found = minimize(
        loss, [1.2, -0.3], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-15}
    )
    return Polygon(float(found.x[0]), float(found.x[1]), float(found.fun))


def polygon_rank(sides: int) -> int:
    r"""Return the number of stiff directions at a polygon with dead other features, $3k-1$.

    $2k$ weights and $k$ biases, but for one rotation; the coefficient is half of it.

    Raises
    ------
    ValueError
        For fewer than five sides: these sit at the kink of the activation, where there is no
        Hessian.

    Source: derived, tested by the Hessian's eigenvalues.

    >>> polygon_rank(5)
    14
    """
    if sides < 5:
        raise ValueError(
            f"sides must be at least 5, got {sides}: polygons with fewer sit at a bias of zero, at "
            "the kink of the activation, where the loss has no Hessian"
        )
    return 3 * sides - 1


def plateaus(
    features: int,
    *,
    data: Literal["binary", "uniform"] = "binary",
    others: Literal["dead", "constant"] = "dead",
) -> Float[np.ndarray, " levels"]:
    r"""Return the losses at which training may rest, polygons from two sides on.

    `binary`: $x = e_i$, loss averaged over the outputs. $k$ active features without error leave
    $\frac{c-k}{c^2}$ if the others are dead, and $\frac{c-k}{c^2}\bigl(1-\frac1c\bigr)$ if these
    output the best constant, $1/c$. `uniform`: the losses of :func:`polygon`.

    Parameters
    ----------
    features
        $c \ge 2$.
    data, others
        Which data, and what the other features do.

    Returns
    -------
    The levels for $k = 2\dots c$, from the highest.

    Raises
    ------
    ValueError
        For another kind of data or of other features, or fewer than two features.

    Source: derived (derivation constant-output), for [lakkapragada2025slt, Sec. 3].

    >>> plateaus(3).round(6).tolist()
    [0.111111, 0.0]
    """
    if features < 2:
        raise ValueError(f"features must be at least 2, got {features}")
    if data not in ("binary", "uniform"):
        raise ValueError(f"data must be 'binary' or 'uniform', got {data!r}")
    if others not in ("dead", "constant"):
        raise ValueError(f"others must be 'dead' or 'constant', got {others!r}")
    left = features - np.arange(2, features + 1)
    if data == "binary":
        saved = 1 / features if others == "constant" else 0.0
        return left / features**2 * (1 - saved)
    return np.array(
        [
            polygon(features - k, features=features, constant=k if others == "constant" else 0).loss
            for k in left.tolist()
        ]
    )
