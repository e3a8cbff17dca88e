r"""Sample law of modular and group tasks: labels on a subset of the pairs, and the threshold.

On a subset of the $M^2$ pairs the terms $u_g^2$ and $v_h^2$ of a node's energy no longer average
out, and they, not the group structure, dominate the plain energy. The fixed point of stage I
removes them: a node sees $Z = (S+\eta I)^{-1}\tilde Y$ instead of $\tilde Y$, and the random
feature kernel $S$ is large exactly on functions of one operand alone. This module gives $Z$ at
infinite width, its limit (labels projected off all indicators of one operand), and the published
laws for the number of samples.
"""

import math

import numpy as np
from jaxtyping import Float, Int

CRITICAL_FRACTION_CONSTANT = 2.7482
r"""$c$ in $p_c = c\ln(M)/M$, fitted to the paper's networks [tian2025li2, code]."""


def operand_kernel(
    first: Int[np.ndarray, " samples"],
    second: Int[np.ndarray, " samples"],
    *,
    kurtosis: float = 3.0,
) -> Float[np.ndarray, "samples samples"]:
    r"""Return the kernel of random quadratic features on a subset of the pairs.

    $$\frac{FF^\top}{Ks_w^4} \to 4I + (\kappa-1)(A+B) + 4\cdot 11^\top ,$$

    with $A$, $B$ = "same first / second operand" and $\kappa$ the kurtosis of the independent
    symmetric first-layer weights of variance $s_w^2$; Gaussian weights have $\kappa = 3$, uniform
    ones $9/5$.

    Parameters
    ----------
    first, second
        Operands of each sample; the pairs must differ from one another.
    kurtosis
        $\kappa = \mathbb E w^4/s_w^4 \ge 1$.

    Raises
    ------
    ValueError
        If the two differ in length, a pair occurs twice, or ``kurtosis`` is below 1.

    Source: derived.

    >>> operand_kernel(np.array([0, 0, 1]), np.array([0, 1, 2]))[0].tolist()
    [12.0, 6.0, 4.0]
    """
    _refuse_bad_pairs(first, second)
    if kurtosis < 1:
        raise ValueError(f"kurtosis must be at least 1, got {kurtosis}; Gaussian weights have 3")
    same_first = first[:, None] == first[None, :]
    same_second = second[:, None] == second[None, :]
    shared = same_first.astype(np.float64) + same_second
    return 4 * np.eye(len(first)) + (kurtosis - 1) * shared + 4


def infinite_width_whitened_labels(
    first: Int[np.ndarray, " samples"],
    second: Int[np.ndarray, " samples"],
    labels: Float[np.ndarray, "samples classes"],
    *,
    ridge: float = 0.0,
    kurtosis: float = 3.0,
) -> Float[np.ndarray, "samples classes"]:
    r"""Return the labels that a node sees in a wide network at the end of stage I.

    $$Z = (\tilde S + \epsilon I)^{-1}\tilde Y, \qquad \tilde S = P_1\left[4I + (\kappa-1)(A+B)
      \right]P_1 , \quad \epsilon = \frac{\eta}{Ks_w^4},$$

    in units of $1/(Ks_w^4)$, on the space orthogonal to the constant vector. On all $M^2$ samples
    of a group task $Z = \tilde Y/(4+\epsilon)$. In the energy of a node, in place of $\tilde Y$, it
    gives the landscape whose maxima survive down to the data threshold of trained networks.

    Parameters
    ----------
    first, second, kurtosis
        As in :func:`operand_kernel`.
    labels
        Label matrix $Y$, one-hot or already centered.
    ridge
        $\epsilon \ge 0$.

    Raises
    ------
    ValueError
        For unequal lengths, repeated pairs or a negative ridge.

    Cost: one dense solve, $O(n^3)$. Source: derived.
    """
    if ridge < 0:
        raise ValueError(f"ridge must be at least 0, got {ridge}")
    if len(labels) != len(first):
        raise ValueError(f"labels must have one row a sample, got {len(labels)} for {len(first)}")
    kernel = operand_kernel(first, second, kurtosis=kurtosis) - 4
    kernel -= kernel.mean(axis=0, keepdims=True)
    kernel -= kernel.mean(axis=1, keepdims=True)
    # Any positive value on the constant vector makes the matrix regular and leaves Z unchanged.
    regular = kernel + 4 / len(first) + ridge * np.eye(len(first))
    return np.linalg.solve(regular, labels - labels.mean(axis=0, keepdims=True))


def labels_off_operands(
    first: Int[np.ndarray, " samples"],
    second: Int[np.ndarray, " samples"],
    labels: Float[np.ndarray, "samples classes"],
) -> Float[np.ndarray, "samples classes"]:
    r"""Return the labels without what a single operand tells about them.

    $$Z_\infty = (I - \Pi)\,Y, \qquad \Pi = \text{projector on }\operatorname{span}\{1_{h_1=g},
      1_{h_2=g}\}_g .$$

    Four times :func:`infinite_width_whitened_labels` tends to it at zero ridge and infinite
    kurtosis, and for Gaussian weights up to terms of order $1/(pM)$. The energy with
    these labels is blind to $u_g^2$ and $v_h^2$ and keeps the product term $2u_{h_1}v_{h_2}$ alone.

    Parameters
    ----------
    first, second
        Operands of each sample.
    labels
        Label matrix $Y$; centering it before changes nothing.

    Source: derived.

    >>> pairs = np.divmod(np.arange(9), 3)
    >>> onehot = np.eye(3)[(pairs[0] + pairs[1]) % 3]
    >>> bool(np.allclose(labels_off_operands(*pairs, onehot), onehot - 1 / 3))
    True
    """
    _refuse_bad_pairs(first, second)
    if len(labels) != len(first):
        raise ValueError(f"labels must have one row a sample, got {len(labels)} for {len(first)}")
    indicators = np.concatenate(
        [
            np.unique(first)[None, :] == first[:, None],
            np.unique(second)[None, :] == second[:, None],
        ],
        axis=1,
    ).astype(np.float64)
    coefficients = np.linalg.lstsq(indicators, labels, rcond=None)[0]
    return labels - indicators @ coefficients


def ideal_feature_overlap(
    u: Float[np.ndarray, "nodes group"], v: Float[np.ndarray, "nodes group"], *, frequency: int
) -> Float[np.ndarray, " nodes"]:
    r"""Return the squared cosine between a node and the nearest ideal Fourier feature.

    $$\max_{\phi_1,\phi_2}\cos^2(w, w_{k\phi_1\phi_2}) =
      \frac{(\lVert P_ku\rVert+\lVert P_kv\rVert)^2}{2\,(\lVert u\rVert^2+\lVert v\rVert^2)} ,$$

    with $P_k$ the projector on frequencies $\pm k$ of $\mathbb Z_M$; one if and only if the node is
    a local maximum of the full-data energy at frequency $k$.

    Parameters
    ----------
    u, v
        Weights on the first and on the second operand.
    frequency
        $k\in\{1,\dots,\lfloor M/2\rfloor\}$.

    Raises
    ------
    ValueError
        If ``frequency`` is out of range, the shapes differ or a node is zero.

    Source: derived.
    """
    if u.shape != v.shape:
        raise ValueError(f"u and v must have one shape, got {u.shape} and {v.shape}")
    modulus = u.shape[-1]
    if not 1 <= frequency <= modulus // 2:
        raise ValueError(f"frequency must lie in [1, {modulus // 2}], got {frequency}")
    norm = np.sum(u**2 + v**2, axis=-1)
    if np.any(norm == 0):
        raise ValueError(f"nodes must not be zero, got {int(np.sum(norm == 0))} zero nodes")
    copies = 1 if 2 * frequency == modulus else 2
    amplitude = sum(np.abs(np.fft.fft(part, axis=-1)[..., frequency]) for part in (u, v))
    return copies / modulus * amplitude**2 / (2 * norm)


def critical_fraction(
    group_order: int,
    *,
    max_irrep_dimension: int = 1,
    constant: float = CRITICAL_FRACTION_CONSTANT,
) -> float:
    r"""Return the train fraction below which networks no longer generalize.

    $$p_c = c\,\frac{\ln M}{M}\,\max(1, \tfrac12 d_{\max}) .$$

    Parameters
    ----------
    group_order
        $M \ge 2$.
    max_irrep_dimension
        $d_{\max}$, 1 for Abelian groups; the factor applies to non-Abelian groups.
    constant
        $c$; the default was fitted to networks of width 2048 trained by Adam.

    Raises
    ------
    ValueError
        If an argument is out of range.

    The law may exceed one for small groups. Source: [tian2025li2, code], form [Thm. 4].

    >>> round(critical_fraction(71), 4)
    0.165
    """
    _refuse_bad_order(group_order, max_irrep_dimension)
    if constant <= 0:
        raise ValueError(f"constant must be positive, got {constant}")
    return constant * math.log(group_order) / group_order * max(1.0, max_irrep_dimension / 2)


def critical_samples(
    group_order: int,
    *,
    max_irrep_dimension: int = 1,
    constant: float = CRITICAL_FRACTION_CONSTANT,
) -> float:
    r"""Return the number of training samples at the threshold.

    $$n_c = p_c M^2 = c\,M\ln M\,\max(1, \tfrac12 d_{\max}) .$$

    Arguments as in :func:`critical_fraction`. Source: [tian2025li2, code].

    >>> round(critical_samples(71))
    832
    """
    return group_order**2 * critical_fraction(
        group_order, max_irrep_dimension=max_irrep_dimension, constant=constant
    )


def sufficient_samples(
    group_order: int, *, irrep_dimension: int = 1, failure_probability: float = 0.05
) -> float:
    r"""Return the scale of the samples that keep the maxima of one irreducible representation.

    $$n \gtrsim d_k^2\,M\ln(M/\delta) .$$

    The theorem leaves the constant open: only the dependence on its arguments is a prediction.

    Parameters
    ----------
    group_order
        $M \ge 2$.
    irrep_dimension
        $d_k$.
    failure_probability
        $\delta\in(0,1)$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [tian2025li2, Thm. 4].

    >>> sufficient_samples(6, irrep_dimension=2) / sufficient_samples(6)
    4.0
    """
    _refuse_bad_order(group_order, irrep_dimension)
    if not 0 < failure_probability < 1:
        raise ValueError(f"failure_probability must lie in (0, 1), got {failure_probability}")
    return irrep_dimension**2 * group_order * math.log(group_order / failure_probability)


def _refuse_bad_pairs(first: np.ndarray, second: np.ndarray) -> None:
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            "first and second must be two lists of one length, got shapes "
            f"{first.shape} and {second.shape}"
        )
    if len(np.unique(np.stack([first, second]), axis=1).T) != len(first):
        raise ValueError("the pairs (first, second) must be distinct, got repeated samples")


def _refuse_bad_order(group_order: int, irrep_dimension: int) -> None:
    if group_order < 2:
        raise ValueError(f"group_order must be at least 2, got {group_order}")
    if irrep_dimension < 1:
        raise ValueError(f"the irrep dimension must be at least 1, got {irrep_dimension}")
