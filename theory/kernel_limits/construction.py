r"""An explicit network for modular addition, with small weights.

At each frequency $k$, with $\theta = 2\pi ka/p$, $\psi = 2\pi kb/p$ and $\omega = 2\pi kc/p$, eight
quadratic nodes

$$\cos\theta\pm\cos\psi, \quad \sin\theta\pm\sin\psi, \quad \sin\theta\pm\cos\psi, \quad
  \cos\theta\pm\sin\psi$$

with the readouts $(+,-,-,+)\cos\omega$, $(+,-,+,-)\sin\omega$ give
$4\cos(\theta+\psi-\omega)$. The sum over all $p$ frequencies is $4p\,1[a + b = c]$: $8p$ nodes, all
weights at most one. Frequencies $1, \dots, (p-1)/2$ alone give $2p\,1[a+b=c] - 2$ with $4(p-1)$
nodes.
"""

import numpy as np
from jaxtyping import Float

SIGNS = (1, -1, -1, 1, 1, -1, 1, -1)
"""Signs of the eight readouts, for which the network is right."""

PUBLISHED_SIGNS = (1, -1, -1, 1, 1, -1, -1, 1)
"""Signs as printed in [mohamadi2024kernel, App. F]: those of the last two nodes are swapped."""

Weights = tuple[
    Float[np.ndarray, "modulus width"],
    Float[np.ndarray, "modulus width"],
    Float[np.ndarray, "modulus width"],
]
"""$(Q, R, V)$: first operand, second operand, readout; one row per value."""


def explicit_network(
    modulus: int,
    *,
    half: bool = False,
    num_copies: int = 1,
    signs: tuple[int, ...] = SIGNS,
) -> Weights:
    r"""Return the weights of a network that computes $a + b \bmod p$ exactly.

    $$f_c(a, b) = \sum_k V_{ck}(Q_{ak}+R_{bk})^2 = \begin{cases}4p\,1[a+b=c]\\
      2p\,1[a+b=c] - 2 & \text{half}\end{cases}$$

    Parameters
    ----------
    modulus
        $p \ge 2$; odd for ``half``.
    half
        Take the frequencies $1, \dots, (p-1)/2$ instead of all $p$: half of the nodes.
    num_copies
        $r \ge 1$: repeat every node $r$ times and divide all weights by $r^{1/3}$, which leaves the
        outputs as they are.
    signs
        Of the eight readouts; :data:`PUBLISHED_SIGNS` gives the network as printed.

    Returns
    -------
    $Q$, $R$, $V$ with $8pr$ columns, or $4(p-1)r$ for ``half``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [mohamadi2024kernel, Prop. 3.8, App. F] with two signs corrected; half network derived
    (derivations explicit-network, half-frequencies).

    >>> outputs = network_outputs(*explicit_network(5))
    >>> bool(np.allclose(outputs[2, 4], [0, 20, 0, 0, 0]))
    True
    """
    if modulus < 2:
        raise ValueError(f"modulus must be at least 2, got {modulus}")
    if half and modulus % 2 == 0:
        raise ValueError(f"modulus must be odd for half of the frequencies, got {modulus}")
    if num_copies < 1:
        raise ValueError(f"num_copies must be at least 1, got {num_copies}")
    if len(signs) != 8:
        raise ValueError(f"signs must be eight, one a node of a frequency, got {len(signs)}")
    frequencies = np.arange(1, (modulus + 1) // 2) if half else np.arange(modulus)
    angles = 2 * np.pi * np.outer(np.arange(modulus), frequencies) / modulus
    cos, sin = np.cos(angles), np.sin(angles)
    first = [cos, cos, sin, sin, sin, sin, cos, cos]
    second = [cos, -cos, sin, -sin, cos, -cos, sin, -sin]
    waves = [cos, cos, cos, cos, sin, sin, sin, sin]
    readout = [sign * wave for sign, wave in zip(signs, waves, strict=True)]
    scale = num_copies ** (-1 / 3)
    q, r, v = (
        scale * np.tile(np.concatenate(part, axis=1), num_copies)
        for part in (first, second, readout)
    )
    return q, r, v


def network_outputs(
    first: Float[np.ndarray, "modulus width"],
    second: Float[np.ndarray, "modulus width"],
    readout: Float[np.ndarray, "modulus width"],
) -> Float[np.ndarray, "modulus modulus modulus"]:
    r"""Return all outputs $f_c(a, b) = \sum_k V_{ck}(Q_{ak}+R_{bk})^2$, index $[a, b, c]$.

    Source: [mohamadi2024kernel, Sec. 2].
    """
    return np.square(first[:, None, :] + second[None, :, :]) @ readout.T


def margins(
    outputs: Float[np.ndarray, "modulus modulus modulus"],
) -> Float[np.ndarray, "modulus modulus"]:
    r"""Return the margin of every pair: the right output minus the largest wrong one.

    $$q(a, b) = f_{a+b}(a, b) - \max_{c\ne a+b} f_c(a, b) .$$

    Source: [mohamadi2024kernel, Sec. 4].

    >>> float(margins(network_outputs(*explicit_network(5, half=True))).min().round(9))
    10.0
    """
    modulus = len(outputs)
    a, b = np.indices((modulus, modulus))
    right = outputs[a, b, (a + b) % modulus]
    wrong = outputs.copy()
    wrong[a, b, (a + b) % modulus] = -np.inf
    return right - wrong.max(axis=-1)


def largest_weight(
    first: Float[np.ndarray, "modulus width"],
    second: Float[np.ndarray, "modulus width"],
    readout: Float[np.ndarray, "modulus width"],
) -> float:
    r"""Return $\lVert\theta\rVert_\infty$, the largest weight of both layers in absolute value."""
    return float(max(np.abs(part).max() for part in (first, second, readout)))


def normalized_margin(
    first: Float[np.ndarray, "modulus width"],
    second: Float[np.ndarray, "modulus width"],
    readout: Float[np.ndarray, "modulus width"],
) -> float:
    r"""Return $\min_{a,b} q(a, b)/\lVert\theta\rVert_\infty^3$ over all pairs.

    The network is homogeneous of degree three: scaling all weights does not change it.
    :func:`explicit_network` has $4pr$, its half $2pr$ for $r$ copies.

    Source: [mohamadi2024kernel, Sec. 4].

    >>> round(normalized_margin(*explicit_network(5, num_copies=2)), 9)
    40.0
    """
    outputs = network_outputs(first, second, readout)
    return float(margins(outputs).min()) / largest_weight(first, second, readout) ** 3


def sufficient_max_norm(width: int, modulus: int, *, peak: float) -> float:
    r"""Return a largest weight that suffices to put ``peak`` on the right output and 0 elsewhere.

    $$\min\lVert\theta\rVert_\infty \le
      \left(\frac{y}{4p\,\lfloor h/8p\rfloor}\right)^{1/3} .$$

    Parameters
    ----------
    width
        $h \ge 8p$.
    modulus
        $p \ge 2$.
    peak
        $y > 0$: $p$ for the regression targets $p\,1[a+b=c]$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived (:func:`explicit_network`, all weights scaled alike); at $y = 4p$
    [mohamadi2024kernel, Prop. 3.8].

    >>> round(sufficient_max_norm(80, 5, peak=2.5), 9)
    0.396850263
    """
    if modulus < 2:
        raise ValueError(f"modulus must be at least 2, got {modulus}")
    if width < 8 * modulus:
        raise ValueError(f"width must be at least 8 p = {8 * modulus}, got {width}")
    if peak <= 0:
        raise ValueError(f"peak must be positive, got {peak}")
    return (peak / (4 * modulus * (width // (8 * modulus)))) ** (1 / 3)
