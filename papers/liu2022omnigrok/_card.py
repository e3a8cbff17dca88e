"""The card of the paper: what it says, in formulas, and where the package sharpens it."""

from ...theory import norm_landscape
from ..bench import Correction, Equation, Paper

KEY = "liu2022omnigrok"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Omnigrok: Grokking Beyond Algorithmic Data",
    authors="Ziming Liu, Eric J. Michaud, Max Tegmark",
    year=2022,
    arxiv="2210.01117",
    summary=(
        "Minimize the train loss at every fixed norm of the weights. The reduced train loss is "
        "shaped like an L, perfect beyond some norm; the reduced test loss like a U, lowest near "
        "the corner of the L. A network that starts at a large norm overfits at once, and then "
        "only weight decay moves it inward, exponentially: it generalizes when the norm reaches "
        "the Goldilocks zone, ln(w_0 / w_c) / gamma later, on any data set. Images, text and "
        "molecules grok when they are initialized with large weights; algorithmic data do so at "
        "ordinary initialization, because a good representation needs a much smaller norm than a "
        "bad one. Holding the norm constant and small removes grokking."
    ),
    equations=(
        Equation(
            "reduced loss",
            r"\tilde f(w) = f(\theta^*(w)), \qquad \theta^*(w) ="
            r" \operatorname{argmin}_{\lVert \theta \rVert = w} \ell_{train}(\theta)",
            _cite("Eq. 1"),
        ),
        Equation(
            "decay of the norm on a flat train loss",
            r"w(t) = w_0\, e^{-\gamma t}, \qquad t_{grok} = \frac{1}{\gamma} \ln \frac{w_0}{w_c}",
            _cite("Sec. 2"),
        ),
        Equation(
            "the same in steps of AdamW",
            r"w_n = w_0 (1 - \eta \gamma)^n, \qquad"
            r" n_{grok} = \frac{\ln(w_0 / w_c)}{- \ln(1 - \eta \gamma)}",
            "derived",
        ),
        Equation(
            "motion of the norm with a gradient",
            r"\ln \frac{w(0)}{w(t)} = \gamma t + \int_0^t"
            r" \frac{\theta \cdot \nabla \ell}{\lVert \theta \rVert^2} dt'",
            "derived",
        ),
        Equation(
            "weight decay inside the loss",
            r"\ell_{train}(\alpha, \gamma) = \tilde \ell_{train}(\alpha) + \gamma \alpha^2 C^2",
            _cite("Sec. 3"),
        ),
        Equation(
            "messiness of a representation",
            r"R = m R_{random} + (1 - m) R_{linear}, \qquad R_{linear}: E_k = (k, 0, \dots, 0)",
            _cite("Sec. 5.1"),
        ),
        Equation(
            "two slow coordinates",
            r"\dot w = - \eta_D \left( \frac{\partial \tilde \ell}{\partial w} + \gamma w \right),"
            r" \qquad \dot m = - \eta_R \frac{\partial \tilde \ell}{\partial m}",
            _cite("Eqs. 4-6"),
        ),
        Equation(
            "geometric grokking time",
            r"t = \frac{L - h \cot \vartheta}{v} + \frac{h / \sin \vartheta}{v \cos \vartheta}"
            r" = \frac{L + h \tan \vartheta}{\eta_D \gamma}",
            _cite("Sec. 5.1"),
        ),
        Equation(
            "what a representation costs",
            r"w_c(\text{bad representation}) > w_c(\text{good representation})",
            _cite("Eq. 2"),
        ),
    ),
    corrections=(
        Correction(
            "The clock of AdamW",
            r"t_{grok} = \frac{1}{\gamma} \ln \frac{w_0}{w_c}",
            r"n_{grok} = \frac{\ln(w_0 / w_c)}{- \ln(1 - \eta \gamma)}",
            "The decay of a step is the learning rate times the weight decay, and it compounds; "
            "the printed time counts in units of the learning rate (derivation norm-decay).",
        ),
        Correction(
            "Which norm the network has when it generalizes",
            r"w(t) = w_0\, e^{-\gamma t} \text{ down to } w_c",
            r"\ln \frac{w_0}{w(t)} = \gamma t - \int_0^t \lvert \tilde \ell' \rvert \frac{dt'}{w}",
            "The reduced train loss is not exactly flat where it is small: its slope holds the "
            "norm back, and at rest the two balance inside of the wall, w = w_c / (1 + gamma / A) "
            "for a wall A (w_c - w)^2 / 2 (derivations radial-motion, constrained-gradient, "
            "resting-norm).",
        ),
        Correction(
            "How long the representation takes along the boundary",
            r"t = \frac{L + h \tan \vartheta}{\eta_D \gamma}",
            r"t = \frac{1}{\eta_D \gamma} \left[ \ln \frac{w_0}{w_1} + \frac{\eta_D \tan^2"
            r" \vartheta}{2 \eta_R} \left( \frac{1}{w_1^2} - \frac{1}{w_2^2} \right) \right]",
            "The published geometry takes the log of the norm and the messiness for equally "
            "mobile; in the published dynamics the log norm has the mobility eta_D / w^2, and w "
            "changes along the boundary. Both agree for a short slide at w = 1 and equal rates "
            "(derivations geometric-time, sliding-time).",
        ),
    ),
    derivations=lambda: norm_landscape.derivations.derivations(),
)
