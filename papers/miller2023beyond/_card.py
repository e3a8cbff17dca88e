"""The card of the paper: what it says, in formulas, and where the package sharpens it."""

from ...theory import gaussian_processes, linear_estimators
from ..bench import Correction, Equation, Paper

KEY = "miller2023beyond"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Grokking Beyond Neural Networks: An Empirical Exploration with Model Complexity",
    authors="Jack Miller, Charles O'Neill, Thang Bui",
    year=2023,
    arxiv="2310.17247",
    core=True,
    summary=(
        "Grokking needs no features to be learned: it is found in linear regression with spurious "
        "features, in Gaussian processes whose hyper-parameters are trained, and in Bayesian "
        "networks. All of them minimize an error plus a complexity. Where solutions of low error "
        "and high complexity are easier to reach than those of low error and low complexity, the "
        "error falls first, and the complexity term then drags the model to the simple solution, "
        "which generalizes; without that term nothing happens after the fit. Random bits appended "
        "to the inputs conceal the task and lengthen the delay about exponentially. The paper "
        "states the mechanism in words; for the linear model and for Gaussian process regression "
        "its clocks are derived here."
    ),
    equations=(
        Equation(
            "error and complexity",
            r"L = \mathbb{E}_q[-\log p(D | w)] + \mathrm{KL}(q \Vert p)",
            _cite("Sec. 1, App. C"),
        ),
        Equation(
            "linear model with a complexity penalty",
            r"L = \frac{1}{n} \left[ \sum_\mu \frac{(w \cdot \phi_\mu - y_\mu)^2}{\epsilon_0}"
            r" + \sum_i \frac{(w_i - \mu_i)^2}{\sigma_i} \right]",
            _cite("Eqs. 2, 3"),
        ),
        Equation(
            "its two clocks",
            r"t_{fast} = \frac{n}{2 \eta (s^2 / \epsilon_0 + 1 / \sigma)}, \qquad"
            r" t_{slow} = \frac{n \sigma}{2 \eta}",
            "derived",
        ),
        Equation(
            "Gaussian process regression",
            r"-\frac{1}{n} \log p(y) = \frac{(y - m)^\top C^{-1} (y - m)}{2 n}"
            r" + \frac{\log \det C}{2 n} + \frac{\log 2 \pi}{2}, \qquad C = K + \nu I",
            _cite("Sec. 2.3.1"),
        ),
        Equation(
            "short length scales: low error, high complexity",
            r"\text{fit} = \frac{\langle r^2 \rangle}{2 (s + \nu)}, \qquad"
            r" \text{complexity} = \frac{1}{2} \ln (s + \nu), \qquad"
            r" E_{train} = \frac{\nu^2 \langle r^2 \rangle}{(s + \nu)^2}",
            "derived",
        ),
        Equation(
            "complexity pulls a short length scale up",
            r"\frac{\partial\, \text{complexity}}{\partial \ln \ell} = - \frac{(n - 1)"
            r" \sqrt{\pi}\, \ell}{4 W}\, \mathrm{Li}_{3/2}(\epsilon^2), \qquad"
            r" \epsilon = \frac{s}{s + \nu}",
            "derived",
        ),
        Equation(
            "the fit pushes it down at a large signal",
            r"\frac{\partial\, \text{fit}}{\partial \ln \ell} = \frac{(n - 1)"
            r" \sqrt{2 \pi}\, \ell}{4 W (s + \nu)} \left[ (2 \langle f^2 \rangle + \sigma^2)\,"
            r" \mathrm{Li}_{1/2}(-\epsilon) + \sigma^2\, \mathrm{Li}_{1/2}(\epsilon) \right]",
            "derived",
        ),
        Equation(
            "grokking time with Adam",
            r"t_{grok} = \frac{\ln \ell^* - \ln \ell_0}{\eta}",
            "derived",
        ),
        Equation(
            "Gaussian process classification",
            r"L = - \sum_i \mathbb{E}_{\mathcal{N}(\mu_i, S_{ii})} \log \Phi(y_i f)"
            r" + \beta\, \mathrm{KL}\left( \mathcal{N}(\mu, S) \Vert \mathcal{N}(m, K) \right)",
            _cite("Eq. 6"),
        ),
        Equation(
            "concealment by k random inputs",
            r"\ln \Delta_k = a k + \ln b, \qquad \Delta_k = |E_2 - E_1|",
            _cite("Sec. 2.2, App. F"),
        ),
    ),
    corrections=(
        Correction(
            "The linear model without a complexity penalty",
            r"E_{test}(t) = E_{test}(t_{fit}), \qquad t > t_{fit}",
            r"w_t - w_\infty = (I - \eta H)^t (w_0 - w_\infty), \qquad"
            r" t_i = \frac{n \epsilon_0}{2 \eta s_i^2}",
            "Only directions that no sample sees stay for ever (derivation penalized-clocks): the "
            "weaker of the two directions that the samples see has a slow clock of its own, and in "
            "most draws the validation accuracy moves after the fit without any penalty.",
        ),
        Correction(
            "The pull on a short length scale",
            r"\frac{\partial L}{\partial \ln \ell} < 0",
            r"\frac{\partial\, \text{complexity}}{\partial \ln \ell} < 0, \qquad"
            r" \frac{\partial\, \text{fit}}{\partial \ln \ell} > 0"
            r" \quad \text{at a large signal}",
            "Summed over random pairs of inputs the complexity always pulls up; the data fit does "
            "so at a small signal only (derivation pair-pull), while its own gradient in the "
            "signal never changes sign (derivation fit-falls): without complexity nothing stops "
            "the signal.",
        ),
    ),
    derivations=lambda: (
        *gaussian_processes.derivations.derivations(),
        linear_estimators.derivation("penalized-clocks"),
    ),
)
