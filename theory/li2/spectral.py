r"""The loss on modular addition as a sum over Fourier triples.

With unitary transforms $\hat u_{kj} = M^{-1/2}\sum_x u_j(x)e^{-2\pi ikx/M}$, $\hat v$ likewise, and
$\hat V_{jk} = M^{-1/2}\sum_z V_j(z)e^{+2\pi ikz/M}$, the centered squared error of
$\hat Y = \sum_j(u_j(x) + v_j(y))^2V_j(z)$ on all pairs is a sum of independent squares, one per
triple $(k_1, k_2, k)$ of frequencies of first operand, second operand and class. Learning means
driving the *monomial potentials* $\sum_j\hat u_{k_1j}\hat v_{k_2j}\hat V_{jk}$ to $\sqrt M/2$ on
the diagonal $k_1 = k_2 = k$ and to 0 elsewhere.
"""

import numpy as np
from jaxtyping import Complex, Float


def monomial_potentials(
    u: Float[np.ndarray, "nodes modulus"],
    v: Float[np.ndarray, "nodes modulus"],
    readout: Float[np.ndarray, "nodes modulus"],
) -> Complex[np.ndarray, "first second output"]:
    r"""Order parameters of a quadratic network on modular addition:

    $$r_{k_1k_2k} = \sum_j \hat u_{k_1j}\,\hat v_{k_2j}\,\hat V_{jk} .$$

    Parameters
    ----------
    u, v : [nodes, modulus]
        Hidden weights on the first and second operand.
    readout : [nodes, modulus]
        Weights from nodes to classes.

    Returns
    -------
    [modulus, modulus, modulus] complex array, axes $k_1, k_2, k$

    Notes
    -----
    O(nodes · modulus³) time; memory for the result, 16 modulus³ bytes.

    Source: derived (the potentials of composing global optimizers, in unitary normalization).
    """
    _check_network(u, v, readout)
    u_hat, v_hat, readout_hat = _transform(u, v, readout)
    return np.stack([(column[:, None] * v_hat).T @ readout_hat for column in u_hat.T])


def spectral_residual(
    u: Float[np.ndarray, "nodes modulus"],
    v: Float[np.ndarray, "nodes modulus"],
    readout: Float[np.ndarray, "nodes modulus"],
) -> Complex[np.ndarray, "first second output"]:
    r"""Residual of the centered labels, Fourier transformed in both operands and the class:

    $$R_{k_1k_2k} = \sqrt M\,\delta_{k_1=k_2=k} - 2\,r_{k_1k_2k}
      - \sqrt M\,\delta_{k_2=0}\sum_j\widehat{(u^2)}_{k_1j}\hat V_{jk}
      - \sqrt M\,\delta_{k_1=0}\sum_j\widehat{(v^2)}_{k_2j}\hat V_{jk},$$

    and 0 at $(k_1, k_2) = (0, 0)$, which centering over the samples removes.

    Parameters and cost as for :func:`monomial_potentials`.

    Source: derived (unitary Fourier transform of the residual).
    """
    residual = -2 * monomial_potentials(u, v, readout)
    modulus = residual.shape[0]
    u2_hat, v2_hat, readout_hat = _transform(u**2, v**2, readout)
    root = np.sqrt(modulus)
    diagonal = np.arange(modulus)
    residual[diagonal, diagonal, diagonal] += root
    residual[:, 0] -= root * u2_hat.T @ readout_hat
    residual[0, :] -= root * v2_hat.T @ readout_hat
    residual[0, 0] = 0
    return residual


def spectral_loss(
    u: Float[np.ndarray, "nodes modulus"],
    v: Float[np.ndarray, "nodes modulus"],
    readout: Float[np.ndarray, "nodes modulus"],
) -> float:
    r"""Centered squared error on all pairs, from the Fourier triples (Parseval):

    $$\lVert\tilde Y - \tilde FV\rVert_F^2 = \sum_{k_1,k_2,k} \lvert R_{k_1k_2k}\rvert^2 .$$

    Parameters and cost as for :func:`monomial_potentials`.

    Returns
    -------
    float
        Sum over all pairs and classes; $M(M-1)$ for a network that outputs 0.

    Source: derived (unitary Fourier transform of the residual).

    >>> nothing = np.zeros((1, 5))
    >>> round(spectral_loss(nothing, nothing, nothing), 10)
    20.0
    """
    return float((np.abs(spectral_residual(u, v, readout)) ** 2).sum())


def _transform(u: np.ndarray, v: np.ndarray, readout: np.ndarray) -> tuple[np.ndarray, ...]:
    return (
        np.fft.fft(u, norm="ortho"),
        np.fft.fft(v, norm="ortho"),
        np.fft.ifft(readout, norm="ortho"),
    )


def _check_network(u: np.ndarray, v: np.ndarray, readout: np.ndarray) -> None:
    shapes = [np.shape(u), np.shape(v), np.shape(readout)]
    if len(set(shapes)) != 1 or len(shapes[0]) != 2:
        raise ValueError(
            "u, v and readout must have one and the same shape [nodes, modulus], got "
            + ", ".join(map(str, shapes))
        )
