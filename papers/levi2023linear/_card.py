"""The card of the paper: what it says, in formulas, and where the package corrects it."""

from ...theory import linear_estimators
from ..bench import Correction, Equation, Paper

KEY = "levi2023linear"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Grokking in Linear Estimators -- A Solvable Model that Groks without Understanding",
    authors="Noam Levi, Alon Beck, Yohai Bar-Sinai",
    year=2023,
    arxiv="2310.16441",
    summary=(
        "Student and teacher are the same linear map of Gaussian inputs, and training is gradient "
        "descent on the squared error. Train and test loss are one vector, student minus teacher, "
        "measured by the covariance of the samples and by that of the inputs; the first alone "
        "drives training, so that the test loss lags behind. Counting a sample as right when its "
        "error is below a threshold turns the lag into two accuracy curves that are apart by a "
        "grokking time, which grows without limit as the number of parameters approaches the "
        "number of samples and the threshold vanishes. There is no transition, and nothing is "
        "understood: the accuracy is a function of the loss, and the loss is smooth."
    ),
    equations=(
        Equation(
            "spectrum of the samples",
            r"\rho(v) = \frac{\sqrt{(v_+ - v)(v - v_-)}}{2 \pi \lambda v}, \qquad"
            r" v_\pm = (1 \pm \sqrt{\lambda})^2, \qquad \lambda = \frac{d}{N}",
            _cite("Eq. 6"),
        ),
        Equation(
            "train and test loss",
            r"L_{train} = \mathbb{E}[v e^{-4 \eta v t}], \qquad"
            r" L_{gen} = \mathbb{E}[e^{-4 \eta v t}]",
            _cite("Eq. 8"),
        ),
        Equation(
            "train loss in closed form",
            r"L_{train} = e^{-(1 + \lambda) s}\, \frac{I_1(2 \sqrt{\lambda} s)}{\sqrt{\lambda} s},"
            r" \qquad s = 4 \eta t",
            _cite("Eq. 9"),
        ),
        Equation(
            "accuracy from the loss",
            r"A = \mathrm{erf} \sqrt{\frac{\epsilon}{2 L}}",
            _cite("Eq. 10"),
        ),
        Equation(
            "grokking time",
            r"L_{train}(t_{train}) = L_{gen}(t_{gen}) = \frac{\epsilon}{4}, \qquad"
            r" \Delta t = t_{gen} - t_{train}",
            _cite("Sec. 3.1"),
        ),
        Equation(
            "grokking time at a vanishing threshold",
            r"\Delta t = \frac{1}{2 \eta (1 - \sqrt{\lambda})^2}"
            r" \ln \frac{1}{1 - \sqrt{\lambda}}",
            _cite("Eq. 12"),
        ),
        Equation(
            "several outputs",
            r"L(\eta) = \frac{1}{m} L^{m = 1}\left( \frac{\eta}{m} \right), \qquad"
            r" A = P\left( \frac{m}{2}, \frac{m \epsilon}{2 L} \right)",
            _cite("Eq. 13"),
        ),
        Equation(
            "weight decay",
            r"L_q = \frac{1}{2} \mathbb{E} \left[ q \left( g^2 + \left( \frac{g v + \gamma / 2}"
            r"{v + \gamma / 2} \right)^2 \right) \right], \qquad"
            r" g = e^{-2 \eta (v + \gamma / 2) t}",
            _cite("Eq. 15"),
        ),
        Equation(
            "two layers",
            r"\eta \to \frac{\eta}{2 m^2}, \qquad L(0) = \frac{1}{2 h m}",
            _cite("Eqs. 18, 19"),
        ),
    ),
    corrections=(
        Correction(
            "Losses at which weight decay saturates",
            r"L_{train} = \frac{\gamma^2}{4 (1 - \lambda)}, \qquad"
            r" L_{gen} = \frac{\gamma^2}{4 (1 - \lambda)^3}",
            r"L_{train} = \frac{\gamma^2}{8 (1 - \lambda)}, \qquad"
            r" L_{gen} = \frac{\gamma^2}{8 (1 - \lambda)^3}",
            "The printed form contradicts the paper's own Eq. 15 at infinite time by a factor of "
            "two (derivation saturation-constants).",
        ),
        Correction(
            "Weight decay with more parameters than samples",
            r"L_{gen} \to \frac{\gamma^2}{4 (\lambda - 1)^3}",
            r"L_{gen} \to \frac{1}{2} \left( 1 - \frac{1}{\lambda} \right)",
            "In directions that no sample sees the student decays to zero, not to the teacher: the "
            "plateau is halved on the clock of the decay and stays (derivation "
            "unseen-directions).",
        ),
        Correction(
            "Accuracy of several outputs in finite dimension",
            r"A = P\left( \frac{m}{2}, \frac{m \epsilon}{2 L} \right)",
            r"A = P\left( \frac{m'}{2}, \frac{m' \epsilon}{2 L} \right), \qquad"
            r" m' = \frac{k m + 2}{k + m + 1}",
            "Errors of the outputs are independent and equal only if the student consists of many "
            "more modes k than outputs (derivation wishart-errors); late in training few are left. "
            "At 300 inputs and nine tenths of that many samples, grokking takes a quarter longer "
            "from 20 outputs on.",
        ),
        Correction(
            "Grokking time at the threshold of the figures",
            r"\Delta t = \frac{1}{2 \eta (1 - \sqrt{\lambda})^2} \ln \frac{1}{1 - \sqrt{\lambda}}",
            r"L_{gen}(t_{gen}) = L_{train}(t_{train}) = \frac{\epsilon}{4}",
            "The limit of a vanishing threshold (derivation small-threshold-delay) overestimates "
            "the time at a threshold of 0.001 by 1.7 at half as many parameters as samples and by "
            "2.8 at nine tenths; at any fixed threshold the time stays finite as the two become "
            "equal.",
        ),
    ),
    derivations=lambda: tuple(
        item
        for item in linear_estimators.derivations.derivations()
        if item.name != "penalized-clocks"
    ),
)
