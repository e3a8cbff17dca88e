r"""Why samples with the same label attract each other: a linear decoder trained beside them.

Two inputs $\pm r$ with the same label, through $D(x) = Ax+b$, leave the loss $\lVert Ar\rVert^2$
once the bias has the label. Both factors descend,

$$\dot A = -2\eta_A\,A\,(rr^\top+\gamma), \qquad \dot r = -\eta_x\,A^\top A\,r ,$$

with weight decay $\gamma$ on the decoder. With a slow decoder, $A^\top A\simeq I$, the inputs
attract each other with the energy $\tfrac12\lVert E_i+E_j-E_m-E_n\rVert^2$: the effective loss.
With a fast one the decoder learns to ignore their difference first, and they stop where they are.
In one dimension and without decay

$$\eta_x\,A^2 - 2\eta_A\,r^2 = \text{const},$$

and its sign says which of the two happens.
"""

import math


def final_separation(
    separation: float, *, gain: float, embedding_rate: float, decoder_rate: float
) -> float:
    r"""Return the distance at which two inputs with the same label stop, $r_\infty$.

    $$r_\infty^2 = \max\Bigl(0,\ r_0^2 - \frac{\eta_x}{2\eta_A}A_0^2\Bigr)$$

    Zero: the representation forms. Above zero: the decoder has shrunk to nothing first, and
    memorizes.

    Parameters
    ----------
    separation
        $r_0 \ge 0$, half the distance of the inputs.
    gain
        $A_0 \ge 0$ of the decoder.
    embedding_rate, decoder_rate
        Learning rates $\eta_x > 0$ and $\eta_A > 0$.

    Raises
    ------
    ValueError
        If one of them is out of range.

    Validity: one dimension, $\gamma = 0$.
    Source: derived, from [liu2022effective, App. L].

    >>> final_separation(1.0, gain=1.0, embedding_rate=1e-3, decoder_rate=1e-3).__round__(6)
    0.707107
    >>> final_separation(1.0, gain=1.0, embedding_rate=1e-3, decoder_rate=1e-4)
    0.0
    """
    for name, value in (("separation", separation), ("gain", gain)):
        if not value >= 0:
            raise ValueError(f"{name} must be non-negative, got {value}")
    for name, value in (("embedding_rate", embedding_rate), ("decoder_rate", decoder_rate)):
        if not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")
    return math.sqrt(max(0.0, separation**2 - embedding_rate / (2 * decoder_rate) * gain**2))


def critical_decoder_rate(separation: float, *, gain: float, embedding_rate: float) -> float:
    r"""Return the largest decoder learning rate with which the representation forms,
    $\eta_A = \eta_xA_0^2/(2r_0^2)$.

    Parameters
    ----------
    separation, gain
        $r_0 > 0$ and $A_0 \ge 0$.
    embedding_rate
        $\eta_x > 0$.

    Raises
    ------
    ValueError
        If one of them is out of range.

    Validity: as :func:`final_separation`.
    Source: derived, from [liu2022effective, App. L].

    >>> critical_decoder_rate(0.5, gain=1.0, embedding_rate=1e-3)
    0.002
    """
    if not separation > 0:
        raise ValueError(f"separation must be positive, got {separation}")
    if not gain >= 0:
        raise ValueError(f"gain must be non-negative, got {gain}")
    if not embedding_rate > 0:
        raise ValueError(f"embedding_rate must be positive, got {embedding_rate}")
    return embedding_rate * gain**2 / (2 * separation**2)
