r"""Modular addition: embeddings that multiply, and how they unfold into a circle.

Sums of embeddings cannot represent addition modulo $p$: with $E_i+E_j = E_m+E_n$ for all
$i+j = m+n$ modulo $p$ all embeddings are equal, and at zero mean the effective loss of sums is the
same for all of them (it does not move). Products can. For complex embeddings, which are the
two-by-two matrices of rotations and scalings, and all pairs of residues

$$\ell_{\mathrm{eff}} = \frac1{Z_0^2|P|}\sum_{P}|z_iz_j - z_mz_n|^2
   = \frac2{p(p-1)}\Bigl(1-\sum_fq_f^2\Bigr), \qquad
   q_f = \frac{|\hat z_f|^2}{\sum_g|\hat z_g|^2},$$

where $\hat z$ is the discrete Fourier transform. The gradient flow keeps $Z_0 = \sum_k|z_k|^2$ and
all Fourier phases, and the shares compete as replicators,

$$\frac{dq_f}{d\tau} = q_f\Bigl(q_f-\sum_gq_g^2\Bigr), \qquad
  \tau = \frac{16\,t}{p(p-1)\,Z_0} .$$

The frequency that is strongest at the start wins; when it has won, $z_k\propto e^{2\pi ifk/p}$, a
circle on which the symbols stand in steps of $f$.
"""

import numpy as np
from jaxtyping import Complex, Float


def fourier_shares(
    embedding: Complex[np.ndarray, "*batch symbols"],
) -> Float[np.ndarray, "*batch symbols"]:
    r"""Return the shares $q_f$ of the frequencies $f = 0,\dots,p-1$ in the norm.

    Raises
    ------
    ValueError
        If an embedding is zero, or there are fewer than three symbols.

    Source: derived.

    >>> circle = np.exp(2j * np.pi * 3 * np.arange(7) / 7)
    >>> fourier_shares(circle).round(12).tolist()
    [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    """
    _refuse_bad(embedding)
    powers = np.abs(np.fft.fft(embedding, axis=-1)) ** 2
    return powers / powers.sum(axis=-1, keepdims=True)


def circular_loss(embedding: Complex[np.ndarray, "*batch symbols"]) -> Float[np.ndarray, "*batch"]:
    r"""Return the effective loss of products, $\frac2{p(p-1)}(1-\sum_fq_f^2)$.

    It is the mean of $|z_iz_j-z_mz_n|^2/Z_0^2$ over all unordered pairs of distinct ordered pairs
    of residues with the same sum.

    Raises
    ------
    ValueError
        As :func:`fourier_shares`.

    Source: derived, from the generalized parallelograms of [liu2022effective, App. H].
    """
    symbols = embedding.shape[-1]
    concentration = np.sum(fourier_shares(embedding) ** 2, axis=-1)
    return np.asarray(2 / (symbols * (symbols - 1)) * (1 - concentration))


def circular_flow(
    embedding: Complex[np.ndarray, " symbols"], times: Float[np.ndarray, " times"]
) -> Complex[np.ndarray, "times symbols"]:
    r"""Return the embeddings along the flow of the effective loss of products, in closed form.

    $$q_f(\tau) \propto \frac{q_f(0)}{1-s\,q_f(0)}, \qquad \tau = -\sum_f\ln(1-s\,q_f(0)),$$

    with $s$ from zero up to $1/\max_fq_f(0)$, the solution of a scalar equation for each time.

    Parameters
    ----------
    embedding
        $z(0)$, one complex number a residue.
    times
        $t \ge 0$, in the unit of :func:`circular_loss`; see :func:`circular_time`.

    Raises
    ------
    ValueError
        If a time is negative, or as :func:`fourier_shares`.

    Source: derived.

    >>> rng = np.random.default_rng(0)
    >>> start = rng.standard_normal(5) + 1j * rng.standard_normal(5)
    >>> end = circular_flow(start, np.array([1e4]))[0]
    >>> round(float(np.ptp(np.abs(end))), 9)
    0.0
    """
    moments = np.asarray(times, dtype=np.float64)
    if moments.ndim != 1 or not np.all(moments >= 0):
        raise ValueError(f"times must be non-negative, got {times}")
    shares = fourier_shares(embedding)
    norm, symbols = float(np.sum(np.abs(embedding) ** 2)), len(embedding)
    intrinsic = 16 * moments / (symbols * (symbols - 1) * norm)
    grown = _unnormalized_shares(shares, intrinsic)
    now = grown / grown.sum(axis=1, keepdims=True)
    phases = np.exp(1j * np.angle(np.fft.fft(embedding)))
    return np.fft.ifft(np.sqrt(now * norm * symbols) * phases, axis=1)


def circular_time(embedding: Complex[np.ndarray, " symbols"], remaining: float) -> float:
    r"""Return the time at which all frequencies but the winner have a share ``remaining`` left.

    Parameters
    ----------
    embedding
        $z(0)$; its strongest frequency must be the only one of its strength.
    remaining
        In (0, 1), below what is there at the start.

    Raises
    ------
    ValueError
        If two frequencies are equally strong, or ``remaining`` is out of range.

    Source: derived.

    >>> start = np.exp(2j * np.pi * np.arange(5) / 5) + 0.5
    >>> time = circular_time(start, 0.01)
    >>> round(float(1 - fourier_shares(circular_flow(start, np.array([time])))[0].max()), 9)
    0.01
    """
    from scipy.optimize import brentq

    shares = np.sort(fourier_shares(embedding))[::-1]
    if shares[0] - shares[1] < 1e-12:
        raise ValueError(
            f"embedding must have one strongest frequency, got shares {shares[0]:.6f} and "
            f"{shares[1]:.6f}: neither ever wins"
        )
    if not 0 < remaining < 1 - shares[0]:
        raise ValueError(
            f"remaining must lie in (0, {1 - shares[0]:.6g}), what the others have at the start, "
            f"got {remaining}"
        )

    def excess(log_gap: float) -> float:
        # 1 - s q_1 = exp(log_gap): the winner's share of all, relative to what the others keep
        grown = _grown(shares, np.array([log_gap]))[0]
        return float(grown[1:].sum() / grown.sum() - remaining)

    log_gap = float(brentq(excess, np.log(remaining) - 40.0, 0.0, xtol=1e-14))  # pyright: ignore[reportArgumentType]
    intrinsic = float(_clock(shares, np.array([log_gap]))[0])
    symbols, norm = len(embedding), float(np.sum(np.abs(embedding) ** 2))
    return intrinsic * symbols * (symbols - 1) * norm / 16


def _unnormalized_shares(shares: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Solve the clock for each time, by bisection in the logarithm of 1 - s max q."""
    # The clock is at least -log_gap, and at most that times the number of frequencies.
    low, high = -times, -times / len(shares)
    for _ in range(100):
        middle = (low + high) / 2
        is_late = _clock(shares, middle) > times
        low, high = np.where(is_late, middle, low), np.where(is_late, high, middle)
    return _grown(shares, (low + high) / 2)


def _grown(shares: np.ndarray, log_gaps: np.ndarray) -> np.ndarray:
    """Shares at 1 - s max q = exp(log_gap), all multiplied by that number."""
    gaps = np.exp(log_gaps)[:, None]
    # Late on both are zero for the winner, whose quotient is one at all times.
    is_first = shares == shares.max()
    return shares * np.where(is_first, 1.0, gaps / np.where(is_first, 1.0, _others(shares, gaps)))


def _clock(shares: np.ndarray, log_gaps: np.ndarray) -> np.ndarray:
    is_first = shares == shares.max()
    others = _others(shares, np.exp(log_gaps)[:, None])[:, ~is_first]
    return -np.log(others).sum(axis=1) - log_gaps * is_first.sum()


def _others(shares: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """1 - s q at 1 - s max q = gap."""
    return 1 - (1 - gaps) * (shares / shares.max())


def _refuse_bad(embedding: np.ndarray) -> None:
    if embedding.shape[-1] < 3:
        raise ValueError(f"embedding must have at least 3 symbols, got {embedding.shape[-1]}")
    if np.any(np.all(embedding == 0, axis=-1)):
        raise ValueError("embedding must not be zero: the effective loss is a quotient by its norm")
