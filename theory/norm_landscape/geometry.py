r"""Grokking time from the shape of the fitted region in the plane of log norm and messiness.

The boundary of the region that fits is a line at an angle $\vartheta$ to the axis of the log norm:
the messier the representation, the larger the norm it needs. A run first decays straight to the
boundary and then slides down along it:

$$ t = \frac{L-h\cot\vartheta}{v}+\frac{h/\sin\vartheta}{v\cos\vartheta}
     = \frac{L+h\tan\vartheta}{v}, \qquad v = \eta_D\gamma . $$
"""

import math
from dataclasses import dataclass

import numpy as np

from ._arguments import refuse_negative, refuse_not_positive
from .landscape import NormLandscape
from .representations import MessinessLandscape


@dataclass(frozen=True)
class Boundary:
    r"""Straight boundary of the region that fits.

    Parameters
    ----------
    ordered_norm
        Norm $w_c$ that the ordered representation, $m = 0$, needs: positive.
    angle
        $\vartheta$ in radians, between the boundary and the axis of $\ln w$, in $(0, \pi)$. From
        $\pi/2$ on a good representation needs no smaller norm than a bad one.
    """

    ordered_norm: float
    angle: float

    def __post_init__(self):
        refuse_not_positive(ordered_norm=self.ordered_norm)
        if not 0 < self.angle < math.pi:
            raise ValueError(f"angle must lie in (0, pi) radians, got {self.angle}")

    def norm(self, messiness: float) -> float:
        r"""Norm that a representation of a given messiness needs, $w_ce^{m\cot\vartheta}$."""
        return self.ordered_norm * math.exp(messiness / math.tan(self.angle))

    def grokking_time(
        self,
        initial_norm: float,
        messiness: float,
        *,
        weight_decay: float,
        decoder_rate: float = 1.0,
        representation_rate: float = 1.0,
        final_messiness: float = 0.0,
    ) -> float:
        r"""Time of :func:`.reduced_flow` from a fitted start to order, behind a steep wall.

        $$ t = \frac{1}{\eta_D\gamma}\left[\ln\frac{w_0}{w_1}
           +\frac{\eta_D\tan^2\vartheta}{2\eta_R}
           \left(\frac1{w_1^2}-\frac1{w_2^2}\right)\right] , $$

        with $w_2$ and $w_1$ the norms that the first and the final messiness need. The log norm has
        the mobility $\eta_D/w^2$: where the norm is large the slide is faster than
        :func:`geometric_grokking_time` has it. Infinite for $\vartheta\ge\pi/2$ and without decay.

        Parameters
        ----------
        initial_norm, messiness
            $w_0 \ge w_2$ and the messiness at the start.
        weight_decay
            $\gamma \ge 0$.
        decoder_rate, representation_rate
            $\eta_D$ and $\eta_R$, positive.
        final_messiness
            Messiness that counts as order, not above the first one.

        Raises
        ------
        ValueError
            For numbers out of range, or a start outside of the fitted region.

        Source: derivation sliding-time, from [liu2022omnigrok, Eqs. 4-6].

        >>> round(Boundary(1.0, math.pi / 4).grokking_time(8.0, 1.0, weight_decay=0.1), 3)
        25.118
        """
        refuse_not_positive(
            initial_norm=initial_norm,
            decoder_rate=decoder_rate,
            representation_rate=representation_rate,
        )
        refuse_negative(weight_decay=weight_decay)
        if not 0 <= final_messiness <= messiness:
            raise ValueError(
                f"final_messiness must lie in [0, {messiness}], the messiness at the start, "
                f"got {final_messiness}"
            )
        first, last = self.norm(messiness), self.norm(final_messiness)
        if initial_norm < first:
            raise ValueError(
                f"the start must fit: initial_norm must be at least {first:.4g}, what a messiness "
                f"of {messiness} needs, got {initial_norm}"
            )
        if weight_decay == 0 or (self.angle >= math.pi / 2 and messiness > final_messiness):
            return math.inf
        delay = math.tan(self.angle) ** 2 * (last**-2 - first**-2) / 2
        fall = math.log(initial_norm / last) + decoder_rate / representation_rate * delay
        return fall / (decoder_rate * weight_decay)


def geometric_grokking_time(
    distance: float, height: float, angle: float, *, speed: float, rate_ratio: float = 1.0
) -> float:
    r"""Time to decay to a straight boundary and to slide down along it to order.

    $$ t = \frac{L+\rho\,h\tan\vartheta}{v} $$

    Infinite for $\vartheta\ge\pi/2$: the boundary does not lead to order, as below the critical
    size of the data set; and for $v = 0$.

    Parameters
    ----------
    distance
        $L$: log of the initial norm over the norm that the ordered representation needs.
    height
        $h \ge 0$: messiness at the start.
    angle
        $\vartheta$ in radians, in $(0, \pi)$.
    speed
        $v = \eta_D\gamma \ge 0$, of the log norm.
    rate_ratio
        $\rho$: mobility of the log norm over that of the messiness, 1 in the paper. In
        :func:`.reduced_flow` it is $\eta_D/(\eta_Rw^2)$, which :meth:`Boundary.grokking_time`
        takes into account.

    Raises
    ------
    ValueError
        For numbers out of range, or a start outside of the fitted region.

    Source: [liu2022omnigrok, Sec. 5.1]; $\rho$: derivation geometric-time.

    >>> round(geometric_grokking_time(2.0, 1.0, math.pi / 4, speed=0.1), 3)
    30.0
    """
    refuse_not_positive(rate_ratio=rate_ratio)
    refuse_negative(height=height, speed=speed)
    if not 0 < angle < math.pi:
        raise ValueError(f"angle must lie in (0, pi) radians, got {angle}")
    if not distance >= height / math.tan(angle):
        raise ValueError(
            f"the start must fit: distance must be at least height * cot(angle) = "
            f"{height / math.tan(angle):.4g}, got {distance}"
        )
    if speed == 0 or (angle >= math.pi / 2 and height > 0):
        return math.inf
    return (distance + rate_ratio * height * math.tan(angle)) / speed


def fitted_boundary(landscape: MessinessLandscape, *, threshold: float) -> Boundary:
    r"""Fit a straight boundary to the contour of a reduced train loss.

    For every messiness of the grid, the norm from which on the loss is at most the threshold,
    coming from large norms; a least-squares line through the logs of these norms.

    Parameters
    ----------
    landscape
        Reduced train loss on a grid.
    threshold
        Train loss of a network that counts as fitted, positive.

    Raises
    ------
    ValueError
        If the contour crosses the grid at fewer than two values of the messiness.

    Source: derived, makes the angle of [liu2022omnigrok, Sec. 5.1] a number.
    """
    refuse_not_positive(threshold=threshold)
    zeros = np.zeros_like(landscape.norms)
    norms = np.array(
        [
            NormLandscape(landscape.norms, losses, zeros).fitting_norm(threshold)
            for losses in landscape.losses.T
        ]
    )
    crosses = (norms > 0) & np.isfinite(norms)
    if crosses.sum() < 2:
        raise ValueError(
            f"threshold {threshold} must be crossed within the grid of norms at two values of the "
            f"messiness or more, got {crosses.sum()}: widen the grid"
        )
    slope, ordered = np.polyfit(landscape.messiness[crosses], np.log(norms[crosses]), 1)
    return Boundary(math.exp(ordered), math.atan2(1.0, slope))
