r"""The effective loss of a representation, its gradient flow in closed form, and the time law.

Training samples with the same label attract each other through the decoder. The effective loss
keeps that attraction and nothing else,

$$\ell_{\mathrm{eff}} = \frac{\ell_0}{Z_0}, \qquad
  \ell_0 = \frac1{|P_0(D)|}\sum_{(i,j,m,n)\in P_0(D)}\lVert E_i+E_j-E_m-E_n\rVert^2, \qquad
  Z_0 = \sum_k\lVert E_k\rVert^2 .$$

With $H = 2A^\top A/(Z_0|P_0(D)|)$ its flow is
$\dot E = -HE + (2\ell_0/Z_0^2)\,E$. It conserves $Z_0$, so that $H$ is a constant, and the last
term only rescales,

$$E(t) = \sqrt{Z_0}\;\frac{e^{-Ht}E(0)}{\lVert e^{-Ht}E(0)\rVert}$$

for every start. $H$ has two zero modes, shift and scale of the linear representation; if it has no
more, everything else decays at the rates $\lambda_3\le\lambda_4\le\dots$, and the representation is
in order after some $1/\lambda_3$.
"""

import math

import numpy as np
from jaxtyping import Float, Int

from ._arguments import refuse_bad_samples, refuse_few_symbols


def effective_loss(
    embedding: Float[np.ndarray, "*batch symbols dimensions"], samples: Int[np.ndarray, "samples 2"]
) -> Float[np.ndarray, "*batch"]:
    r"""Return $\ell_{\mathrm{eff}} = \ell_0/Z_0$.

    Parameters
    ----------
    embedding
        One vector a symbol; more axes in front for more representations.
    samples
        The training set, distinct pairs $i\le j$.

    Raises
    ------
    ValueError
        If the embeddings are all zero, or a sample is out of range, not written as $i\le j$, or
        comes twice.

    Source: [liu2022effective, Eqs. 4, 5].

    >>> float(effective_loss(np.array([[0.0], [1.0], [3.0]]), np.array([[0, 2], [1, 1]])))
    0.1
    """
    norm = _squared_norm(embedding)
    energy, count = energy_matrix(samples, embedding.shape[-2])
    terms = np.sum(embedding * (energy @ embedding), axis=(-2, -1))
    return np.asarray(terms / max(count, 1) / norm)


def effective_velocity(
    embedding: Float[np.ndarray, "*batch symbols dimensions"], samples: Int[np.ndarray, "samples 2"]
) -> Float[np.ndarray, "*batch symbols dimensions"]:
    r"""Return the velocity of the flow,
    $\dot E = -\nabla\ell_{\mathrm{eff}} = -\nabla\ell_0/Z_0 + (2\ell_0/Z_0^2)\,E$.

    Parameters
    ----------
    embedding, samples
        As :func:`effective_loss`.

    Raises
    ------
    ValueError
        As :func:`effective_loss`.

    Source: [liu2022effective, App. F]; the last term, which the paper drops, derived.
    """
    norm = _squared_norm(embedding)[..., None, None]
    energy, count = energy_matrix(samples, embedding.shape[-2])
    pull = 2 / max(count, 1) * (energy @ embedding)
    growth = np.sum(embedding * pull, axis=(-2, -1), keepdims=True) / norm
    return (growth * embedding - pull) / norm


def sum_growth_rate(
    embedding: Float[np.ndarray, "*batch symbols dimensions"], samples: Int[np.ndarray, "samples 2"]
) -> Float[np.ndarray, "*batch"]:
    r"""Return the rate at which the sum of the embeddings grows,

    $$\frac{dC}{dt} = \frac{2\ell_0}{Z_0^2}\,C, \qquad C = \sum_kE_k .$$

    So $C$ is conserved only if it is zero, or the representation in order.

    Raises
    ------
    ValueError
        As :func:`effective_loss`.

    Source: derived, corrects [liu2022effective, App. F].
    """
    return np.asarray(2 * effective_loss(embedding, samples) / _squared_norm(embedding))


def effective_flow(
    embedding: Float[np.ndarray, "*batch symbols dimensions"],
    samples: Int[np.ndarray, "samples 2"],
    times: Float[np.ndarray, " times"],
) -> Float[np.ndarray, "*batch times symbols dimensions"]:
    r"""Return the embeddings along the flow of the effective loss, in closed form.

    $$E(t) = \sqrt{Z_0}\;\frac{e^{-Ht}E(0)}{\lVert e^{-Ht}E(0)\rVert}$$

    Parameters
    ----------
    embedding
        $E(0)$, not zero; standardized in the paper. More axes in front for more starts.
    samples
        The training set, distinct pairs $i\le j$.
    times
        $t \ge 0$, in any order.

    Raises
    ------
    ValueError
        If a time is negative, or as :func:`effective_loss`.

    Cost: one eigendecomposition, whatever the number of starts and times.
    Source: derived; [liu2022effective, Sec. 3.2] prints the linear flow without its norm.

    >>> start = np.array([[-1.0], [0.5], [1.5]])
    >>> end = effective_flow(start, np.array([[0, 2], [1, 1]]), np.array([1e3]))
    >>> np.diff(end[0, :, 0]).round(6).tolist()
    [1.257508, 1.257508]
    """
    moments = np.asarray(times, dtype=np.float64)
    if moments.ndim != 1 or not np.all(moments >= 0):
        raise ValueError(f"times must be non-negative, got {times}")
    norms = _squared_norm(embedding).reshape(-1)
    symbols, dimensions = embedding.shape[-2:]
    energy, count = energy_matrix(samples, symbols)
    values, modes = np.linalg.eigh(energy * (2 / max(count, 1)))
    amplitudes = np.moveaxis(modes.T @ embedding.reshape(-1, symbols, dimensions), 2, 1)
    powers = np.sum(amplitudes**2, axis=1)
    paths = np.empty((len(norms), len(moments), dimensions, symbols))
    path, back = np.empty(paths.shape[1:]), np.ascontiguousarray(modes.T)
    before, decay, squares = (0.0, 0.0), np.empty(0), np.empty(0)
    # One start at a time: what it needs stays in the cache.
    for start, norm in enumerate(norms.tolist()):
        # Decay relative to the slowest mode that a start has: nothing underflows altogether.
        slowest = float(values[powers[start] > 0][0])
        if slowest != before[1] or abs(norm - before[0]) > 1e-13 * norm:
            decay = np.exp(-moments[:, None] * (np.maximum(values - slowest, 0.0) / norm))
            before, squares = (norm, slowest), decay**2
        np.multiply(decay[:, None], amplitudes[start], out=path)
        path *= np.sqrt(norm / (squares @ powers[start]))[:, None, None]
        np.matmul(path.reshape(-1, symbols), back, out=paths[start].reshape(-1, symbols))
    shape = (*embedding.shape[:-2], len(moments), symbols, dimensions)
    return np.swapaxes(paths, 2, 3).reshape(shape)


def hessian_spectrum(
    samples: Int[np.ndarray, "samples 2"], num_symbols: int, *, squared_norm: float | None = None
) -> Float[np.ndarray, " symbols"]:
    r"""Return the eigenvalues of $H = 2A^\top A/(Z_0|P_0(D)|)$, the rates, in increasing order.

    The first two are zero, up to rounding. Without any parallelogram all are.

    Parameters
    ----------
    samples
        The training set, distinct pairs $i\le j$.
    num_symbols
        $p \ge 3$.
    squared_norm
        $Z_0 > 0$; $p$ by default, as of embeddings with variance one (the paper's unit).

    Raises
    ------
    ValueError
        If ``squared_norm`` is not positive, or a sample is out of range, not written as $i\le j$,
        or comes twice.

    Source: [liu2022effective, Eqs. 8, 9].

    >>> from groktheory.theory.representation import all_samples
    >>> round(float(hessian_spectrum(all_samples(10), 10)[2]), 6) == round(0.6 / 7, 6)
    True
    """
    norm = num_symbols if squared_norm is None else squared_norm
    if not norm > 0:
        raise ValueError(f"squared_norm must be positive, got {squared_norm}")
    energy, count = energy_matrix(samples, num_symbols)
    return np.linalg.eigvalsh(energy) * (2 / max(count, 1) / norm)


def grokking_rate(
    samples: Int[np.ndarray, "samples 2"], num_symbols: int, *, squared_norm: float | None = None
) -> float:
    r"""Return the grokking rate $\lambda_3$, zero unless the linear representation is the only one.

    For all samples of an even number of symbols $\lambda_3 = (p/2)(p/2+1)\cdot2/(Z_0|P_0|)$.

    Parameters
    ----------
    samples, num_symbols, squared_norm
        As :func:`hessian_spectrum`.

    Raises
    ------
    ValueError
        As :func:`hessian_spectrum`.

    Source: [liu2022effective, Sec. 3.2]; all samples derived.

    >>> grokking_rate(np.array([[0, 1], [0, 2]]), 3)
    0.0
    """
    spectrum = hessian_spectrum(samples, num_symbols, squared_norm=squared_norm)
    return float(spectrum[2]) if spectrum[2] > 1e-9 * spectrum[-1] else 0.0


def grokking_steps(
    samples: Int[np.ndarray, "samples 2"],
    num_symbols: int,
    *,
    learning_rate: float,
    squared_norm: float | None = None,
) -> float:
    r"""Return the steps that the slowest mode needs, $n_h = 1/(\lambda_3\eta)$.

    Infinite without a unique representation. The paper's released code leaves out the average over
    parallelograms and takes all of them: 150 instead of 11667 steps for all samples of ten symbols
    at $\eta = 10^{-3}$. Adaptive optimizers do not follow the flow; compare trends, or calibrate
    one constant.

    Parameters
    ----------
    samples, num_symbols, squared_norm
        As :func:`hessian_spectrum`.
    learning_rate
        $\eta > 0$ of the embeddings.

    Raises
    ------
    ValueError
        If the learning rate is not positive, or as :func:`hessian_spectrum`.

    Source: [liu2022effective, Sec. 3.2].

    >>> from groktheory.theory.representation import all_samples
    >>> round(grokking_steps(all_samples(10), 10, learning_rate=1e-3))
    11667
    """
    if not learning_rate > 0:
        raise ValueError(f"learning_rate must be positive, got {learning_rate}")
    rate = grokking_rate(samples, num_symbols, squared_norm=squared_norm)
    return 1 / (rate * learning_rate) if rate > 0 else math.inf


def energy_matrix(
    samples: Int[np.ndarray, "samples 2"], num_symbols: int
) -> tuple[Float[np.ndarray, "symbols symbols"], int]:
    r"""Return $A^\top A$ and the number of parallelograms, without listing them.

    $$A^\top A = \sum_s\Bigl[n_s\sum_{a\in D_s}x_ax_a^\top - y_sy_s^\top\Bigr], \qquad
      y_s = \sum_{a\in D_s}x_a$$

    with the vector $x_a = e_i + e_j$ of a sample and the $n_s$ samples $D_s$ of a label.

    Raises
    ------
    ValueError
        If a sample is out of range, not written as $i\le j$, or comes twice.

    Source: derived.
    """
    refuse_few_symbols(num_symbols)
    refuse_bad_samples(samples, num_symbols)
    one, two = samples.T
    labels = one + two
    sizes = np.bincount(labels, minlength=2 * num_symbols - 1)
    # Each sample has the four entries (i, i), (i, j), (j, i), (j, j) of its square.
    rows, columns = np.concatenate([one, one, two, two]), np.concatenate([one, two, one, two])
    within = np.bincount(
        rows * num_symbols + columns, np.tile(sizes[labels], 4), num_symbols**2
    ).reshape(num_symbols, num_symbols)
    places = np.concatenate([labels, labels]) * num_symbols + np.concatenate([one, two])
    sums = np.bincount(places, minlength=len(sizes) * num_symbols).astype(np.float64)
    sums = sums.reshape(len(sizes), num_symbols)
    return within - sums.T @ sums, int(np.sum(sizes * (sizes - 1)) // 2)


def _squared_norm(embedding: np.ndarray) -> np.ndarray:
    norm = np.asarray(np.sum(np.square(embedding), axis=(-2, -1)))
    if not np.all(norm > 0):
        raise ValueError("embedding must not be zero: the effective loss is a quotient by its norm")
    return norm
