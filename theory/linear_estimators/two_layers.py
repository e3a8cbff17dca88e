r"""Wide students of two layers: the kernel of a linear student, on a slower clock.

$S = S^{(0)}S^{(1)}$ with $d_{in}\times h$ and $h\times m$ entries of variance
$\frac1{2d_{in}h}$ and $\frac1{2mh}$. While the layers hardly move,

$$ \dot D = -\frac2m\left(\Sigma D\,S^{(1)\top}S^{(1)} + S^{(0)}S^{(0)\top}\Sigma D\right)
   \simeq -\frac1m\Bigl(\frac1m+\frac1{d_{in}}\Bigr)\Sigma D \qquad (h \gg m), $$

so that the losses are those of one layer on clocks that are slower by about $2m^2$.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._arguments import checked_times, refuse_no_output, refuse_not_positive
from .losses import LossCurves, loss_curves
from .marchenko_pastur import spectral_quadrature

_CLOCKS = 24


def two_layer_loss_curves(
    times: ArrayLike,
    *,
    aspect_ratio: float,
    num_hidden: int,
    num_outputs: int,
    num_inputs: int | None = None,
) -> LossCurves:
    r"""Return both losses of a wide linear student and teacher of two layers.

    $$ L(\tau) = \frac1{2hm}\,\mathbb E_\kappa\left[\frac{1+\kappa}2\,L^{(m=1)}\left(
       \frac\tau{2m^2}\Bigl(\kappa+\frac m{d_{in}}\Bigr)\right)\right], \qquad
       \kappa\sim\text{Marchenko-Pastur}(m/h) . $$

    Each direction of the outputs has its own clock, an eigenvalue of
    $2m\,S^{(1)\top}S^{(1)}$, and starts with as much of the student as it is fast. For $h\gg m$ all
    clocks are one, and the paper's $\frac1{2hm}L^{(m=1)}(\tau/2m^2)$ is left. The small term
    $S^{(0)}S^{(0)\top}\Sigma D$ enters with its mean; it is uneven, and makes the losses fall
    faster in the end, by a factor of four when they have fallen by eight orders of magnitude.

    Parameters
    ----------
    times
        $\tau \ge 0$, learning rate times steps.
    aspect_ratio
        $\lambda = d_{in}/N$.
    num_hidden, num_outputs
        $h > m \ge 1$.
    num_inputs
        $d_{in}$; infinite by default, as in the paper.

    Raises
    ------
    ValueError
        For arguments out of range, or a hidden layer that is not wider than the outputs.

    Source: [levi2023linear, Eqs. 18, 19] for the widest layers; the clocks of single directions
    derived from two-layer-flow.

    >>> start = two_layer_loss_curves(0.0, aspect_ratio=0.5, num_hidden=50, num_outputs=5)
    >>> round(start.train.item(), 9)
    0.002
    """
    refuse_no_output(num_outputs)
    if num_hidden <= num_outputs:
        raise ValueError(
            f"num_hidden must exceed num_outputs = {num_outputs}, got {num_hidden}: the closed "
            "form is for a wide hidden layer"
        )
    if num_inputs is not None:
        refuse_not_positive(num_inputs=num_inputs)
    inner = 0.0 if num_inputs is None else num_outputs / num_inputs
    clocks, shares = spectral_quadrature(num_outputs / num_hidden, num_nodes=_CLOCKS)
    times = checked_times(times)
    slowed = np.multiply.outer(times, clocks + inner) / (2 * num_outputs**2)
    shares = shares * (1 + clocks) / 2 / (2 * num_hidden * num_outputs)
    train, generalization = loss_curves(slowed, aspect_ratio=aspect_ratio)
    return LossCurves(np.asarray(train @ shares), np.asarray(generalization @ shares))
