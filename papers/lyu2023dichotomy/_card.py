"""The card of the paper: what it says, in formulas, and where the package sharpens it."""

from ...theory import implicit_bias
from ..bench import Correction, Equation, Paper

KEY = "lyu2023dichotomy"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Dichotomy of Early and Late Phase Implicit Biases Can Provably Induce Grokking",
    authors="Kaifeng Lyu, Jikai Jin, Zhiyuan Li, Simon S. Du, Jason D. Lee, Wei Hu",
    year=2023,
    arxiv="2311.18817",
    core=True,
    summary=(
        "A homogeneous network that starts large, with zero output, and is trained with a small "
        "weight decay first only shrinks, and fits the data by tiny deviations from its initial "
        "direction: it is a kernel machine, with the largest L2 margin or the least L2 norm. When "
        "the decay has brought the weights down to the size that the data ask for, after a time "
        "of ln(alpha) / lambda, the direction is released and goes to the margin or norm that the "
        "architecture prefers: L1 for diagonal networks, the nuclear norm for matrix "
        "factorizations. If that late bias suits the data, the network groks; if the early one "
        "does, accuracy collapses late (misgrokking). For diagonal networks and symmetric "
        "factorizations the product of the two factors is an exact clock, beta = alpha^2 "
        "exp(-2 lambda t), and the switch happens where it crosses the size of the weights."
    ),
    equations=(
        Equation(
            "early phase of a homogeneous network",
            r"f(\theta; x) = \alpha^L e^{-L \lambda t} \left\langle \nabla f(\bar\theta; x),"
            r" \frac{e^{\lambda t}}{\alpha} \theta - \bar\theta \right\rangle + \cdots",
            _cite("Sec. 3.2.1"),
        ),
        Equation(
            "window of the transition",
            r"T^\mp = \frac{1 \mp c}{\lambda} \ln \alpha, \qquad 0 < c < 1",
            _cite("Thms. 3.4, 3.5, 3.9, 3.10"),
        ),
        Equation(
            "early and late bias of a diagonal network",
            r"\max_w \min_i \frac{y_i\, w \cdot x_i}{\lVert w \rVert_2}"
            r" \quad \to \quad \max_w \min_i \frac{y_i\, w \cdot x_i}{\lVert w \rVert_1}",
            _cite("Cors. 3.6, 3.7"),
        ),
        Equation(
            "conserved product, the clock",
            r"u_k v_k = \beta(t) = \alpha^2 e^{-2 \lambda t}, \qquad"
            r" \lVert u \rVert^2 + \lVert v \rVert^2 = \sum_k \sqrt{w_k^2 + 4 \beta^2}",
            "derived",
        ),
        Equation(
            "dual flow of a diagonal network",
            r"w = 2 \beta \sinh(4 Z^\top A), \qquad \dot A_i = - \frac{1}{n} \ell'(m_i)",
            "derived",
        ),
        Equation(
            "time of the transition",
            r"t^* = \frac{1}{2 \lambda} \ln \frac{2 \alpha^2}{w_{typ}}",
            "derived, sharpens " + _cite("Thm. 3.5"),
        ),
        Equation(
            "regression after the fit",
            r"w(t) = \operatorname{argmin}_{X w = y} \sum_k \left[ w_k \operatorname{arsinh}"
            r" \frac{w_k}{2 \beta} - \sqrt{w_k^2 + 4 \beta^2} \right]",
            "derived; its ends are " + _cite("Thms. 3.9, 3.10"),
        ),
        Equation(
            "time of the transition without decay",
            r"\ln t^* = \frac{2 \alpha^2}{w_{rms}} + \ln \frac{\lVert w_2 \rVert^2}{8 \alpha^2}",
            "derived, explains " + _cite("App. B.1"),
        ),
        Equation(
            "symmetric factorization",
            r"U^\top V = \beta I, \qquad W = P - \beta^2 P^{-1}, \qquad"
            r" \lVert U \rVert_F^2 + \lVert V \rVert_F^2"
            r" = \operatorname{tr} \sqrt{W^2 + 4 \beta^2}",
            "derived",
        ),
        Equation(
            "matrix completion: early, and final error",
            r"W_{ij} = X^*_{ij} [(i,j) \text{ or } (j,i) \text{ observed}], \qquad"
            r" \lVert W_\infty - X^* \rVert_F = O(\sqrt{\lambda \lVert X^* \rVert_*}\,"
            r" \mu^2 \ln d)",
            _cite("Cor. 3.11, Thm. 3.12"),
        ),
    ),
    corrections=(
        Correction(
            "Where the transition is at finite initialization",
            r"t^* = \frac{1}{\lambda} \ln \alpha",
            r"t^* = \frac{1}{\lambda} \left( \ln \alpha + \frac{1}{2} \ln \frac{2}{w_{typ}}"
            r" \right)",
            "The theorem is about the limit of large alpha, where the second term drops out. At "
            "any alpha that can be trained it is as large as the first, and the only one for the "
            "paper's own headline run, whose initial norm 128 in 2e5 weights means alpha = 0.29 "
            "per coordinate, ln alpha < 0 (derivations conserved-product, smoothed-limits).",
        ),
        Correction(
            "How sharp the transition is",
            r"\Delta t = \frac{2 c}{\lambda} \ln \alpha \text{ for any } c > 0",
            r"\Delta t = O(1 / \lambda) \text{ for any } \alpha",
            "Runs from all initializations collapse on lambda t - ln alpha (derivation "
            "hyperbolic-entropy): sharp only in comparison with the waiting time.",
        ),
    ),
    derivations=lambda: implicit_bias.derivations.derivations("clock"),
)
