"""The card of the paper: what it says, in formulas, and where its printed formulas slip."""

from ...theory import lazy_rich
from ..bench import Correction, Equation, Paper

KEY = "kumar2023lazy"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Grokking as the Transition from Lazy to Rich Training Dynamics",
    authors="Tanishq Kumar, Blake Bordelon, Samuel J. Gershman, Cengiz Pehlevan",
    year=2024,
    arxiv="2310.06110",
    core=True,
    summary=(
        "A network with a large output scale first trains as a linear model in its initial "
        "features. If the target is badly aligned with them, and the training set is too small for "
        "a kernel but large enough for a learner of features, it memorizes with a high test error. "
        "Its features move on a clock that is slower by the output scale, and the test error falls "
        "when they arrive: grokking without weight decay, while the norm of the weights grows. "
        "The minimal model is a committee machine with a slightly curved activation that learns a "
        "quadratic function of one direction; everything depends on two moments of its weights, "
        "which obey a closed dynamics at any width."
    ),
    equations=(
        Equation(
            "network and its two moments",
            r"f(x) = \frac{\alpha}{N} \sum_{i=1}^{N} \left( w_i \cdot x + \frac{\epsilon}{2}"
            r" (w_i \cdot x)^2 \right) = \alpha\, \bar w \cdot x + \frac{\alpha \epsilon}{2}"
            r"\, x^\top M x",
            _cite("Eq. 4"),
        ),
        Equation(
            "tangent kernel",
            r"\frac{N}{\alpha^2} K(x, x') = (x \cdot x')"
            r" \left( 1 + \epsilon\, \bar w \cdot (x + x') + \epsilon^2\, x^\top M x' \right)",
            _cite("Eq. 5") + " with its prefactor",
        ),
        Equation(
            "test error: variance, misalignment, linear power",
            r"L = \frac{1}{4} \left( \frac{\operatorname{tr} A}{D} \right)^2"
            r" + \frac{\lVert A \rVert_F^2}{2 D^2} + \frac{\alpha^2}{D} \lvert \bar w - \bar w_0"
            r" \rvert^2, \qquad A = \beta \beta^\top - \alpha \epsilon (M - M_0)",
            _cite("Eq. 6"),
        ),
        Equation(
            "closed dynamics of the moments",
            r"\bar w \to \bar w + \kappa d, \qquad M \to M + \kappa (H + H^\top)"
            r" + \kappa^2 (d\, b^\top + \epsilon H S), \qquad d = b + \epsilon S \bar w, \qquad"
            r" H = b \bar w^\top + \epsilon S M",
            "derived",
        ),
        Equation(
            "modes of the initial kernel",
            r"\lambda_{lin} = \frac{1}{D}, \qquad \lambda_{quad} = \frac{2 \epsilon^2}{D^2}, \qquad"
            r" \lambda_{tr} = \frac{\epsilon^2 (D + 2)}{D^2}",
            "derived, corrects " + _cite("Eq. 16"),
        ),
        Equation(
            "displacement of a lazy network",
            r"\lvert w - w_0 \rvert^2 = y^\top K^{-1} y",
            _cite("Eq. 8-9"),
        ),
        Equation(
            "lazy plateau, averaged over training sets",
            r"E = \frac{1}{1 - \gamma} \sum_k w_k^2 \left( \frac{\kappa}{\kappa + P \lambda_k}"
            r" \right)^2, \qquad \kappa = \sum_k \frac{n_k \kappa \lambda_k}"
            r"{\kappa + P \lambda_k}, \qquad \gamma = \sum_k \frac{n_k P \lambda_k^2}"
            r"{(\kappa + P \lambda_k)^2}",
            "learning curve of kernel regression, specialized (derived)",
        ),
        Equation(
            "rich clock, in steps",
            r"t_{rich} = \frac{\alpha}{\epsilon \eta_0} \frac{D^2}{3 \lvert \beta \rvert^2}"
            r" \ln \frac{\lvert \beta \rvert^2}{\alpha \epsilon}",
            "derived (an estimate)",
        ),
        Equation(
            "alignment of kernel and target",
            r"\frac{y^\top K y}{\lVert K \rVert_F \lvert y \rvert^2}, \qquad"
            r" \langle y K y' \rangle = \frac{\epsilon^2}{4 D^4} \left( \lvert \beta \rvert^4"
            r" \operatorname{tr} M + 8 \lvert \beta \rvert^2 \beta^\top M \beta \right)",
            "derived, corrects " + _cite("Eq. 20"),
        ),
        Equation(
            "growth of the norm on the way to zero test error",
            r"\frac{1}{N} \sum_i \left( \lvert w_i \rvert^2 - \lvert w_i(0) \rvert^2 \right)"
            r" = \frac{\lvert \beta \rvert^2}{\alpha \epsilon}",
            "derived from " + _cite("Eq. 6"),
        ),
    ),
    corrections=(
        Correction(
            "Eigenvalue of the quadratic modes",
            r"\lambda_{quad} = \frac{2 \epsilon}{D^2}",
            r"\lambda_{quad} = \frac{2 \epsilon^2}{D^2}",
            "The kernel of two curved slopes carries the curvature squared; Gaussian pairings "
            "(derivation kernel-modes). The two agree at curvature one only.",
        ),
        Correction(
            "Power of the target in the kernel",
            r"\frac{\epsilon^2}{D^4} \left( \lvert \beta \rvert^4 \operatorname{tr} M"
            r" + 8 \lvert \beta \rvert^2 \beta^\top M \beta \right)",
            r"\frac{\epsilon^2}{4 D^4} \left( \lvert \beta \rvert^4 \operatorname{tr} M"
            r" + 8 \lvert \beta \rvert^2 \beta^\top M \beta \right)",
            "Both targets are one half of a square (derivation alignment-power).",
        ),
        Correction(
            "Prefactor of the tangent kernel",
            r"K(x, x') = (x \cdot x') \left( 1 + \cdots \right)",
            r"\nabla f(x) \cdot \nabla f(x') = \frac{\alpha^2}{N} (x \cdot x')"
            r" \left( 1 + \cdots \right)",
            "Sum of products of gradients over the units (derivation tangent-kernel); a learning "
            "rate proportional to the inverse square of the scale compensates it.",
        ),
    ),
    derivations=lambda: lazy_rich.derivations.derivations(),
)
