r"""Exact coefficients at finite scale of models that are linear in their outer weights.

The Gaussian integral over the outer weights leaves a determinant,

$$Z(s) = \mathbb E_b\,\det\bigl(I+2sG(b)\bigr)^{-N/2}, \qquad
  K = \operatorname{tr}(a^\top G(b)\,a),$$

for $N$ outputs and a standard normal prior, and only the inner weights remain to be integrated.
"""

import math

import numpy as np
from jaxtyping import Float


def rank_zero_regression_coefficient(
    scale: float, *, inputs: int, hidden: int, outputs: int, nodes: int = 400
) -> float:
    r"""Return $\hat\lambda(s)$ of $K = |BA|^2$ under standard normal priors.

    $G = AA^\top$ is a Wishart matrix. With one hidden unit its only eigenvalue is a $\chi^2_M$
    variable; with two, the joint density of both is integrated.

    Parameters
    ----------
    scale
        $s > 0$.
    inputs, hidden, outputs
        $M \ge 1$, $H \in \{1, 2\}$ with $H \le M$, and $N \ge 1$.
    nodes
        Of the quadrature in the logarithm of an eigenvalue.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived; the Wishart eigenvalue density.

    >>> round(rank_zero_regression_coefficient(1e3, inputs=2, hidden=2, outputs=2), 4)
    1.4558
    """
    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}")
    if hidden not in (1, 2) or not hidden <= inputs or outputs < 1:
        raise ValueError(
            "hidden must be 1 or 2, at most inputs, and outputs at least 1, got "
            f"{hidden}, {inputs} and {outputs}"
        )
    low = -math.log(scale) - 60.0
    logs = np.linspace(low, math.log(200.0), nodes)
    eigenvalues = np.exp(logs)
    # Density of an eigenvalue in its logarithm, up to constants, and its share of the determinant.
    log_density = (inputs - hidden + 1) / 2 * logs - eigenvalues / 2
    log_factor = -outputs / 2 * np.log1p(2 * scale * eigenvalues)
    energy = outputs * scale * eigenvalues / (1 + 2 * scale * eigenvalues)
    log_weight = log_density + log_factor
    weight = np.exp(log_weight - log_weight.max())
    if hidden == 1:
        return float(np.sum(weight * energy) / np.sum(weight))
    repulsion = np.abs(eigenvalues[:, None] - eigenvalues[None])
    joint = weight[:, None] * weight[None] * repulsion
    return float(np.sum(joint * (energy[:, None] + energy[None])) / np.sum(joint))


def tanh_pair_coefficient(scale: float, *, nodes: int = 240) -> float:
    r"""Return $\hat\lambda(s)$ of $\sum_{h\le2}a_h\tanh(b_hx)$ at the zero function.

    Inputs are standard normal, and so are the priors of all four weights.

    Parameters
    ----------
    scale
        $s > 0$, up to about $10^{14}$ in double precision.
    nodes
        Of the quadrature in each of the two angles and radii.

    Raises
    ------
    ValueError
        If the scale is not positive.

    Source: derived.
    """
    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}")
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    # Polar coordinates, an eighth of the plane for all by symmetry: radii in the logarithm, angles
    # refined towards the axis, where a unit vanishes, and the diagonal, where both are the same.
    radii, radius_weights = _log_nodes(-0.5 * math.log(scale) - 12.0, math.log(8.0), nodes)
    offsets, offset_weights = _log_nodes(
        -0.5 * math.log(scale) - 12.0, math.log(math.pi / 8), nodes
    )
    prior = radius_weights * radii * np.exp(-(radii**2) / 2)
    angles = np.stack([offsets, math.pi / 4 - offsets])
    units = [radii[None, :, None] * values[:, None] for values in (np.cos(angles), np.sin(angles))]
    mass = np.broadcast_to(prior[None, :, None] * offset_weights, units[0].shape)
    outputs = [np.tanh(unit[..., None] * points) for unit in units]
    diagonal = [np.sum(weights * output**2, axis=-1) for output in outputs]
    # det G without cancellation: the Gram determinant of u and of the difference.
    difference = _tanh_difference(units[0], units[1], points)
    cross = np.sum(weights * outputs[0] * difference, axis=-1)
    determinant = diagonal[0] * np.sum(weights * difference**2, axis=-1) - cross**2
    determinant = np.maximum(determinant, 0.0)
    trace = diagonal[0] + diagonal[1]
    full = 1 + 2 * scale * trace + 4 * scale**2 * determinant
    boltzmann = mass * full**-0.5
    slope = (scale * trace + 4 * scale**2 * determinant) / full
    return float(np.sum(boltzmann * slope) / np.sum(boltzmann))


def _tanh_difference(first: np.ndarray, second: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Difference of two tanh units at all points, exact where the units nearly agree."""
    x, y = first[..., None] * points, second[..., None] * points
    return np.tanh(y - x) * (1 - np.tanh(x) * np.tanh(y))


def _log_nodes(
    low: float, high: float, count: int
) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]]:
    """Nodes of an integral over (0, e^high) in the logarithm, with weights in the variable."""
    points, weights = np.polynomial.legendre.leggauss(count)
    logs = low + (high - low) * (points + 1) / 2
    return np.exp(logs), np.exp(logs) * weights * (high - low) / 2
