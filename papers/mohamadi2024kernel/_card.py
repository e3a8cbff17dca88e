"""The card of the paper: what it says, in formulas, and where its printed formulas slip."""

from ...theory import kernel_limits
from ..bench import Correction, Equation, Paper

KEY = "mohamadi2024kernel"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Why Do You Grok? A Theoretical Analysis of Grokking Modular Addition",
    authors="Mohamad Amin Mohamadi, Zhiyuan Li, Lei Wu, Danica J. Sutherland",
    year=2024,
    arxiv="2407.12332",
    core=False,
    summary=(
        "Modular addition looks the same after any relabeling of both operands and of the result. "
        "A kernel that does not know the labels, such as that of a wide network near its "
        "initialization, must be able to fit all relabeled tasks at once, and this takes a "
        "constant fraction of all equations; fitting the training set takes very little. Outside "
        "of the kernel regime a quadratic network with small weights generalizes from a vanishing "
        "fraction, and such networks exist: eight hidden nodes a frequency, no weight above one. "
        "Grokking is the late passage from the one regime to the other."
    ),
    equations=(
        Equation(
            "second moment of the relabeled task, d differing coordinates",
            r"C_d = \frac{1 - (1-p)^{-(d-1)}}{p^2}",
            _cite("Lemma D.10"),
        ),
        Equation(
            "its eigenvalues: constant, zero mean in all m coordinates, all others",
            r"p^{m-2}, \qquad \frac{1}{p} \left( \frac{p}{p-1} \right)^{m-1}, \qquad 0",
            "derived",
        ),
        Equation(
            "loss of a kernel method with n samples",
            r"\frac{L}{L_0} \ge \left( 1 - \frac{1}{p} \right)"
            r" \left( 1 - \frac{n-1}{(p-1)^m} \right)",
            "derived, sharpens " + _cite("Thm. D.2, Cor. D.8"),
        ),
        Equation(
            "expected tangent kernel per hidden node",
            r"K = \delta_c \left( s_W^4 \left( 4 + (\kappa - 1)(\delta_a + \delta_b)"
            r" + 4 \delta_a \delta_b \right) + 4 s_V^2 s_W^2"
            r" \left( \delta_a + \delta_b + 2 \delta_a \delta_b \right) \right)",
            _cite("App. B.3") + ", full form derived",
        ),
        Equation(
            "width that interpolates all labels, and width that cannot",
            r"h > 36 \rho_c \ln \frac{n}{\delta}, \qquad h < \frac{n}{3 p - 2}",
            _cite("Thm. 3.1") + ", the second derived",
        ),
        Equation(
            "explicit network, eight nodes for each of the p frequencies",
            r"f_q(n, m) = 4 \sum_k \cos \frac{2 \pi k (n + m - q)}{p} = 4 p\, 1(n + m = q)",
            _cite("Prop. 3.8"),
        ),
        Equation(
            "loss of an interpolating network with small weights",
            r"L \le C \frac{R^6 h^2 (p \ln^3 n + \ln(1/\delta))}{n},"
            r" \qquad R = \max \lvert \theta \rvert",
            _cite("Prop. 3.7") + ", constant not derived",
        ),
        Equation(
            "error rate of a classifier with a margin",
            r"\text{error} \le C \sqrt{\frac{p}{n}}"
            r" \left( \frac{h^2 R^3}{\gamma} \right)^{1/3}",
            _cite("Thm. 4.5-4.6") + ", constant not derived",
        ),
        Equation(
            "data that kernels need and that suffice for small weights",
            r"n \sim p^3 \text{ and } p^2 \text{ (regression)}, \qquad"
            r" p^2 \text{ and } p^{5/3} \text{ (classification)}",
            _cite("Thm. 3.4, Prop. 3.7, Thm. 4.5-4.6"),
        ),
    ),
    corrections=(
        Correction(
            "The lower bound for kernels has an exact form",
            r"1 - \frac{1}{p} - \frac{n}{p^m} e^{(m-1)/(p-1)}",
            r"\left( 1 - \frac{1}{p} \right) \left( 1 - \frac{n-1}{(p-1)^m} \right)",
            "The spectrum of the second moment has two nonzero eigenvalues only (derivations "
            "correlation-spectrum, kernel-loss-bound); the printed form rounds it.",
        ),
        Correction(
            "Signs of the last two of the eight nodes in the explicit network",
            r"(\cos, -\cos, -\cos, \cos, \sin, -\sin, -\sin, \sin)",
            r"(\cos, -\cos, -\cos, \cos, \sin, -\sin, \sin, -\sin)",
            "As printed the sines give sin(theta - psi) (derivation explicit-network).",
        ),
        Correction(
            "Rank of the tangent kernel",
            r"3 p h",
            r"(3 p - 2) h",
            "Two combinations of the weights of each node leave the network as it is (derivation "
            "tangent-rank).",
        ),
    ),
    derivations=lambda: kernel_limits.derivations.derivations(),
)
