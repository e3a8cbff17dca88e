r"""Stage III, how many nodes it takes to collect all features: the coupon collector.

Nodes are trained one after another and each falls into one of $L$ features. With growth rates
$\mu_l\alpha_l^2$ and Fréchet-distributed starts $\alpha_l(0)$, $P(\alpha<x) = e^{-x^{-a}}$, node
after node draws feature $l$ with a probability $p_l\propto\mu_l^a$. Muon weakens the features that
are already found and so cuts the number of repeated draws.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.integrate import quad
from scipy.special import digamma


def feature_probabilities(
    strengths: Float[np.ndarray, " features"], *, frechet_shape: float
) -> Float[np.ndarray, " features"]:
    r"""Return the probability that a fresh node falls into each feature.

    $$p_l = P\left(l = \arg\max_k\mu_k\alpha_k\right) = \frac{\mu_l^a}{\sum_k\mu_k^a} .$$

    Parameters
    ----------
    strengths
        $\mu_l > 0$.
    frechet_shape
        $a > 0$ of $P(\alpha<x)=e^{-x^{-a}}$.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: [tian2025li2, Thm. 8].

    >>> feature_probabilities(np.array([1.0, 2.0]), frechet_shape=2.0).tolist()
    [0.2, 0.8]
    """
    if np.any(strengths <= 0):
        raise ValueError(f"strengths must be positive, got a minimum of {float(strengths.min())}")
    _refuse_bad_shape(frechet_shape)
    weights = (strengths / strengths.max()) ** frechet_shape
    return weights / weights.sum()


def expected_nodes(probabilities: Float[np.ndarray, " features"]) -> float:
    r"""Return the expected number of nodes until every feature has been found.

    $$T_0 = \int_0^\infty\Big(1-\prod_{l=1}^L(1-e^{-p_lt})\Big)\,dt .$$

    Parameters
    ----------
    probabilities
        $p_l > 0$, summing to one.

    Raises
    ------
    ValueError
        If the probabilities are not positive or do not sum to one.

    Relative error about 1e-9 for any number of features; each of some thousand evaluations costs
    as many exponentials as there are distinct probabilities. Source: [tian2025li2, Thm. 8].

    >>> round(expected_nodes(np.array([0.5, 0.5])), 9)
    3.0
    """
    _refuse_no_distribution(probabilities)
    values, counts = np.unique(probabilities, return_counts=True)

    def log_all_found(time: float) -> float:
        return float(counts @ np.log(-np.expm1(-values * time)))

    # Before `start` the integrand is one to rounding, after `end` it is zero; between them it
    # changes on a logarithmic scale of time.
    end = (math.log(len(probabilities)) + 45) / float(values[0])
    start = end
    while log_all_found(start) > -45 and start > 1e-20 * end:
        start /= 2
    tail = quad(
        lambda x: -math.exp(x) * math.expm1(log_all_found(math.exp(x))),
        math.log(start),
        math.log(end),
        limit=1000,
        epsabs=0.0,
        epsrel=1e-10,
    )[0]
    return start + tail


def expected_nodes_muon(
    probabilities: Float[np.ndarray, " features"],
    *,
    frechet_shape: float,
    suppression: float = 0.5,
) -> float:
    r"""Return the same number if the strength of found features is suppressed.

    $$T_a = r\,T_0 + (1-r)\,L, \qquad r = \kappa^a ,$$

    with $\kappa = \tfrac12$ in the paper: a node falls into a new feature with probability
    $\sum_{\notin S}p/(r\sum_Sp+\sum_{\notin S}p)$. Exact within the model of one node after
    another; $\kappa$ is an upper bound on what Muon leaves (:func:`~.muon.suppression_factor`).

    Parameters
    ----------
    probabilities
        $p_l$ without suppression, see :func:`feature_probabilities`.
    frechet_shape
        $a > 0$.
    suppression
        $\kappa\in[0,1]$, factor on the strength of a found feature; 0 never draws it again.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [tian2025li2, Thm. 8]; the closed form, derived.

    >>> round(expected_nodes_muon(np.array([0.5, 0.5]), frechet_shape=1.0), 9)
    2.5
    """
    _refuse_bad_shape(frechet_shape)
    if not 0 <= suppression <= 1:
        raise ValueError(f"suppression must lie in [0, 1], got {suppression}")
    kept = suppression**frechet_shape
    return kept * expected_nodes(probabilities) + (1 - kept) * len(probabilities)


def harmonic_nodes(num_features: int) -> float:
    r"""Return the expected number of nodes for equally likely features.

    $$L\,H_L = L\sum_{k=1}^L\frac1k .$$

    Source: [tian2025li2, Thm. 8].

    >>> round(harmonic_nodes(2), 12)
    3.0
    """
    if num_features < 1:
        raise ValueError(f"num_features must be at least 1, got {num_features}")
    return float(num_features * (digamma(num_features + 1) + np.euler_gamma))


def expected_nodes_bound(probabilities: Float[np.ndarray, " features"]) -> float:
    r"""Return the lower bound on the expected number of nodes.

    $$T_0\ge\max\left(\frac1{\min_lp_l},\ L\,H_L\right) ,$$

    the second with equality for equally likely features only.
    Source: [tian2025li2, Thm. 8], proof.

    >>> round(expected_nodes_bound(np.array([0.1, 0.9])), 12)
    10.0
    """
    _refuse_no_distribution(probabilities)
    return max(1 / float(probabilities.min()), harmonic_nodes(len(probabilities)))


def published_expected_nodes_bound(probabilities: Float[np.ndarray, " features"]) -> float:
    r"""Return the bound as the paper's main text prints it, without the factor $L$.

    $$\max\left(\frac1{\min_lp_l},\ H_L\right) .$$

    True, but weaker than :func:`expected_nodes_bound`: since $1/\min p\ge L\ge H_L$, its second
    entry never matters. Source: [tian2025li2, Thm. 8].

    >>> round(published_expected_nodes_bound(np.array([0.5, 0.5])), 12)
    2.0
    """
    _refuse_no_distribution(probabilities)
    count = len(probabilities)
    return max(1 / float(probabilities.min()), harmonic_nodes(count) / count)


def _refuse_bad_shape(frechet_shape: float) -> None:
    if frechet_shape <= 0:
        raise ValueError(f"frechet_shape must be positive, got {frechet_shape}")


def _refuse_no_distribution(probabilities: np.ndarray) -> None:
    total = float(np.sum(probabilities))
    if np.any(probabilities <= 0) or abs(total - 1) > 1e-9:
        raise ValueError(
            "probabilities must be positive and sum to 1, got minimum "
            f"{float(np.min(probabilities)):.4g} and sum {total:.6g}"
        )
