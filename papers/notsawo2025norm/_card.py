"""The card of the paper: what it says, in formulas, and what can be said more sharply."""

from ...theory import implicit_bias
from ..bench import Correction, Equation, Paper

KEY = "notsawo2025norm"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Grokking Beyond the Euclidean Norm of Model Parameters",
    authors="Pascal Jr. Tikeng Notsawo, Guillaume Dumas, Guillaume Rabusseau",
    year=2025,
    arxiv="2506.05718",
    summary=(
        "Gradient descent with step alpha on a loss g plus a small penalty beta h works in two "
        "phases. First g falls to zero near the initialization, in about 1/alpha steps: the "
        "training set is memorized. Then the iterate slides along the solutions of g = 0 towards "
        "the one of least h, which takes 1/(alpha beta) steps. If the target has the property "
        "that h promotes (sparse for the l1 norm, low rank for the nuclear norm), this is delayed "
        "generalization, and any such h brings it about. Weight decay on a shallow linear model "
        "only forgets the initialization; depth supplies a bias to sparse or low-rank solutions "
        "without a penalty; the l2 norm of the weights does not measure progress; and which data "
        "are observed sets how long the delay is."
    ),
    equations=(
        Equation(
            "regularized descent",
            r"x_{t+1} = x_t - \alpha (G + \beta H), \qquad G = \nabla g(x_t), \quad"
            r" H \in \partial h(x_t)",
            _cite("Eq. 1"),
        ),
        Equation(
            "slide along the interpolants",
            r"\frac{d a}{d \tau} = - P s, \qquad s = \operatorname{argmin}_{s \in \partial h(a)}"
            r" \lVert P s \rVert, \qquad \tau = \alpha \beta (t - t_1)",
            "derived, limit of " + _cite("Thm. 3.1"),
        ),
        Equation(
            "generalization after memorization",
            r"t_2 - t_1 = \frac{T^*}{\alpha \beta}",
            "derived, sharpens " + _cite("Thm. 2.1"),
        ),
        Equation(
            "bound on it",
            r"\Delta t(\eta) = \frac{\lVert a_{t_1} - a^* \rVert^2}{\alpha \beta \eta}",
            _cite("Thm. 2.1"),
        ),
        Equation(
            "proximal step",
            r"a_{t+1} = \operatorname{sign}(z) \max(\lvert z \rvert - \alpha \beta, 0), \qquad"
            r" z = a_t - \alpha G",
            _cite("Sec. 3.1"),
        ),
        Equation(
            "error that remains",
            r"\lVert a_\infty - a^* \rVert = \beta\, \lVert (X_S^\top X_S)^{-1} s_S \rVert",
            "derived, compare " + _cite("Thm. 3.3"),
        ),
        Equation(
            "weight decay alone",
            r"P a_t = (1 - \alpha \beta)^t P a_0, \qquad a_\infty ="
            r" (X^\top X + \beta I)^{-1} X^\top y",
            _cite("Thm. 3.6") + ", null-space law derived",
        ),
        Equation(
            "coherence of an entry",
            r"\mu_i + \nu_j = \frac{n_1}{r} \lVert U_*^\top e_i \rVert^2"
            r" + \frac{n_2}{r} \lVert V_*^\top e_j \rVert^2",
            _cite("Sec. 3.4"),
        ),
        Equation(
            "product of equal factors",
            r"\frac{d u}{d t} = u^{L-1} \circ X^\top (y - X u^L)",
            "derived, from " + _cite("Sec. 3.5"),
        ),
    ),
    corrections=(
        Correction(
            "The wait is bounded from above only",
            r"h \le h^* + \frac{\eta}{2} \text{ if and only if } t_2 - t_1 \ge \Delta t(\eta)",
            r"h \le h^* + \frac{\eta}{2} \text{ if } t_2 - t_1 \ge \Delta t(\eta)",
            "The proof sums an inequality (derivation subgradient-bound). In sparse recovery the "
            "exact wait is some thirty times shorter.",
        ),
        Correction(
            "The contraction factor belongs to the range of the data",
            r"\rho_2 = \sigma_{\max}(I - \alpha X^\top X) = 1 \text{ for } N < n",
            r"\rho_2 = \max_{\sigma_i > 0} \lvert 1 - \alpha \sigma_i^2 \rvert < 1",
            "The null space is not contracted at all (derivation null-space-law at zero decay).",
        ),
        Correction(
            "The error that remains does not scale with the step",
            r"\lVert a - a^* \rVert_1 \le C_2\, \alpha \beta",
            r"\lVert a - a^* \rVert = \beta\, \lVert (X_S^\top X_S)^{-1} s_S \rVert",
            "At the end the gradients of loss and penalty cancel, whatever the step (derivation "
            "penalty-bias); the printed constant would have to grow as the inverse step.",
        ),
    ),
    derivations=lambda: implicit_bias.derivations.derivations(),
)
