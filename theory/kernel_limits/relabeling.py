r"""Lower bounds for kernels: the second moment of randomly relabeled modular addition.

With independent uniform permutations $\sigma_i$, the relabeled task
$\Psi(x) = 1[\sum_i \sigma_i(x_i) = 0 \bmod p]$ on $x \in [p]^m$ has the second moment
$\Sigma(x, x') = C_d$, which depends on the number $d$ of differing coordinates alone:

$$C_d = \frac{1 - (1-p)^{-(d-1)}}{p^2}, \qquad C_0 = \frac1p, \quad C_1 = 0 .$$

Its eigenfunctions are products of one function per coordinate, constant or of zero mean. Only two
kinds have an eigenvalue other than zero: the constant, and the $(p-1)^m$ functions that have zero
mean in *every* coordinate. This flatness is what makes the task hard for any fixed set of
functions.
"""

import math

import numpy as np
from jaxtyping import Float, Int


def relabeled_correlations(modulus: int, *, num_inputs: int = 3) -> Float[np.ndarray, " distances"]:
    r"""Return the second moment of the relabeled task at every Hamming distance.

    $$C_d = \mathbb E\,\Psi(x)\Psi(x') = p^{-2}\left(1 - (1-p)^{-(d-1)}\right),
      \qquad d = 0, \dots, m .$$

    Parameters
    ----------
    modulus
        $p \ge 2$.
    num_inputs
        $m \ge 2$: 3 for samples $(a, b, c)$.

    Returns
    -------
    $C_0, \dots, C_m$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [mohamadi2024kernel, Lemma D.10]; derivation relabeled-correlations.

    >>> relabeled_correlations(3).round(4).tolist()
    [0.3333, 0.0, 0.1667, 0.0833]
    """
    _refuse_bad_sizes(modulus, num_inputs)
    distances = np.arange(num_inputs + 1)
    return (1 - np.power(1.0 - modulus, 1 - distances)) / modulus**2


def correlation_spectrum(
    modulus: int, *, num_inputs: int = 3
) -> tuple[Float[np.ndarray, " kinds"], Int[np.ndarray, " kinds"]]:
    r"""Return eigenvalues and multiplicities of the second moment of the relabeled task.

    For functions that have zero mean in $s$ of the coordinates and are constant in the others,

    $$\lambda_0 = p^{m-2}, \qquad \lambda_1 = \dots = \lambda_{m-1} = 0, \qquad
      \lambda_m = \frac1p\Bigl(\frac{p}{p-1}\Bigr)^{m-1},$$

    with multiplicities $\binom ms (p-1)^s$; the trace is $p^{m-1}$.

    Parameters
    ----------
    modulus, num_inputs
        $p \ge 2$ and $m \ge 2$.

    Returns
    -------
    Eigenvalues and multiplicities by $s = 0, \dots, m$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived (derivation correlation-spectrum).

    >>> eigenvalues, multiplicities = correlation_spectrum(3)
    >>> eigenvalues.tolist(), multiplicities.tolist()
    ([3.0, 0.0, 0.0, 0.75], [1, 6, 12, 8])
    """
    _refuse_bad_sizes(modulus, num_inputs)
    eigenvalues = np.zeros(num_inputs + 1)
    eigenvalues[0] = float(modulus) ** (num_inputs - 2)
    eigenvalues[-1] = (modulus / (modulus - 1)) ** (num_inputs - 1) / modulus
    counts = [math.comb(num_inputs, s) * (modulus - 1) ** s for s in range(num_inputs + 1)]
    return eigenvalues, np.array(counts, dtype=np.int64)


def uncaptured_fraction(eigenvalues: Float[np.ndarray, " dimensions"], num_functions: int) -> float:
    r"""Return the part of a random function that a fixed set of functions must miss.

    $$\frac{\mathbb E\min_\alpha\lVert\sum_t\alpha_t\phi_t - \Psi\rVert^2}
      {\mathbb E\lVert\Psi\rVert^2} \ge
      \frac{\sum_{i>n}\lambda_i}{\sum_i\lambda_i},$$

    with $\lambda_1\ge\lambda_2\ge\dots$ the eigenvalues of the second moment of $\Psi$; the $n$
    leading eigenfunctions attain it.

    Parameters
    ----------
    eigenvalues
        All eigenvalues, with repetitions, in any order; not negative, not all zero.
    num_functions
        $n \ge 0$.

    Raises
    ------
    ValueError
        For negative or vanishing eigenvalues, or a negative number of functions.

    Source: [mohamadi2024kernel, Thm. D.1].

    >>> uncaptured_fraction(np.array([1.0, 3.0, 4.0]), 1)
    0.5
    """
    if num_functions < 0:
        raise ValueError(f"num_functions must be at least 0, got {num_functions}")
    if np.any(eigenvalues < 0) or not np.any(eigenvalues > 0):
        raise ValueError(
            "eigenvalues must be >= 0 and not all zero, got a smallest one of "
            f"{np.min(eigenvalues, initial=np.inf):.3g}"
        )
    ordered = np.sort(eigenvalues)
    kept = max(len(ordered) - num_functions, 0)
    return float(ordered[:kept].sum() / ordered.sum())


def kernel_loss_bound(
    num_samples: int | Int[np.ndarray, "*sizes"], modulus: int, *, num_inputs: int = 3
) -> Float[np.ndarray, "*sizes"]:
    r"""Return the least population loss of a relabeling-invariant kernel method, as a fraction.

    $$\frac{L}{L_0} \ge \Bigl(1-\frac1p\Bigr)\Bigl(1-\frac{n-1}{(p-1)^m}\Bigr)_+ ,
      \qquad 1 \text{ for } n = 0 ,$$

    in units of the loss $L_0$ of the zero predictor; the average is over all $p^m$ points, training
    points included. It holds for any $n$ functions that were chosen without a look at the labels,
    such as the sections of a kernel at $n$ training points.

    Parameters
    ----------
    num_samples
        $n \ge 0$, one or many.
    modulus, num_inputs
        $p \ge 2$ and $m \ge 2$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived (derivation kernel-loss-bound); sharpens [mohamadi2024kernel, Thm. D.2].

    >>> round(float(kernel_loss_bound(998, 11)), 4)
    0.0027
    """
    _refuse_bad_sizes(modulus, num_inputs)
    n = _counts(num_samples)
    bound = (1 - 1 / modulus) * np.maximum(1 - (n - 1) / (modulus - 1.0) ** num_inputs, 0.0)
    return np.where(n == 0, 1.0, bound)


def published_kernel_loss_bound(
    num_samples: int | Int[np.ndarray, "*sizes"], modulus: int, *, num_inputs: int = 3
) -> Float[np.ndarray, "*sizes"]:
    r"""Return the lower bound in the paper's rounded form, which may be negative.

    $$\frac{L}{L_0} \ge 1 - \frac1p - \frac{n}{p^m}\,e^{(m-1)/(p-1)} .$$

    Never above :func:`kernel_loss_bound`. Arguments as there.
    Source: [mohamadi2024kernel, Cor. D.8].

    >>> round(float(published_kernel_loss_bound(998, 11)), 4)
    -0.0067
    """
    _refuse_bad_sizes(modulus, num_inputs)
    n = _counts(num_samples)
    growth = math.exp((num_inputs - 1) / (modulus - 1))
    return np.asarray(1 - 1 / modulus - n / modulus**num_inputs * growth)


def classification_loss_bound(
    num_samples: int | Int[np.ndarray, "*sizes"], modulus: int
) -> Float[np.ndarray, "*sizes"]:
    r"""Return the lower bound for $p$-class classification from pairs.

    A labeled pair reveals $p$ triples, so that $n$ becomes $np$ in :func:`kernel_loss_bound`:

    $$\frac{L}{L_0} \ge \Bigl(1-\frac1p\Bigr)\Bigl(1-\frac{np-1}{(p-1)^3}\Bigr)_+ .$$

    The loss is the squared error on one-hot targets, not the error rate.

    Parameters
    ----------
    num_samples
        Number of pairs $n \ge 0$, one or many.
    modulus
        $p \ge 2$.

    Source: derived (derivation kernel-loss-bound); sharpens [mohamadi2024kernel, Cor. D.8].

    >>> round(float(classification_loss_bound(60, 11)), 4)
    0.31
    """
    return kernel_loss_bound(num_samples * modulus, modulus)


def published_classification_loss_bound(
    num_samples: int | Int[np.ndarray, "*sizes"], modulus: int
) -> Float[np.ndarray, "*sizes"]:
    r"""Return the lower bound for classification in the paper's rounded form.

    $$\frac{L}{L_0} \ge 1 - \frac1p - \frac{n}{p^2}\,e^{2/(p-1)} .$$

    Arguments as in :func:`classification_loss_bound`. Source: [mohamadi2024kernel, Cor. D.8].

    >>> round(float(published_classification_loss_bound(60, 11)), 4)
    0.3034
    """
    return published_kernel_loss_bound(num_samples * modulus, modulus)


def half_loss_samples(modulus: int, *, num_inputs: int = 3) -> float:
    r"""Return the number of samples below which the loss stays above one half of $L_0$.

    $$n_{1/2} = 1 + (p-1)^m\,\frac{p-2}{2(p-1)} \approx \tfrac12 p^m .$$

    Parameters
    ----------
    modulus, num_inputs
        $p \ge 2$ and $m \ge 2$.

    Source: derived (:func:`kernel_loss_bound` at one half); gives the constant of
    [mohamadi2024kernel, Thm. 3.4].

    >>> half_loss_samples(11)
    451.0
    """
    _refuse_bad_sizes(modulus, num_inputs)
    return 1 + (modulus - 1) ** num_inputs * (modulus - 2) / (2 * (modulus - 1))


def _counts(num_samples: int | np.ndarray) -> Float[np.ndarray, "*sizes"]:
    counts = np.asarray(num_samples, dtype=np.float64)
    if np.any(counts < 0):
        raise ValueError(f"num_samples must be at least 0, got {num_samples}")
    return counts


def _refuse_bad_sizes(modulus: int, num_inputs: int) -> None:
    if modulus < 2:
        raise ValueError(f"modulus must be at least 2, got {modulus}")
    if num_inputs < 2:
        raise ValueError(
            f"num_inputs must be at least 2, got {num_inputs}; a sample (a, b, c) has 3"
        )
