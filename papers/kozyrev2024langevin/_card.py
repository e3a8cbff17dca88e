"""The card of the paper: what it says, in formulas, and where the package sharpens it."""

from ...theory import langevin
from ..bench import Correction, Equation, Paper

KEY = "kozyrev2024langevin"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="How to explain grokking",
    authors="S. V. Kozyrev",
    year=2024,
    arxiv="2412.18624",
    core=True,
    summary=(
        "Stochastic gradient descent is read as Brownian motion in the training loss at a "
        "temperature. In equilibrium it does not minimize the loss but the free energy, loss minus "
        "temperature times the logarithm of the volume, so that a wide well wins over a narrow one "
        "that fits as well. Memorization is the fall into a nearby narrow ravine, along the "
        "gradient; grokking is the later escape to a wide valley, a chemical reaction with the "
        "rate of Eyring. More data cut volume out of the ravines and not out of the valley, which "
        "gives a threshold in the amount of data and an exponential law for the time above it. "
        "The paper holds no experiment; here each statement is made quantitative on landscapes "
        "with exact answers, and on a three-layer network whose escape rate is known in closed "
        "form."
    ),
    equations=(
        Equation(
            "Langevin dynamics",
            r"x_{k+1} = x_k - \eta \nabla f(x_k) + \sqrt{2 \eta \theta}\, \xi_k",
            _cite("Eq. 1"),
        ),
        Equation(
            "Fokker-Planck equation",
            r"\partial_t u = \theta \nabla \cdot \left[ e^{-f/\theta} \nabla"
            r" \left( u\, e^{f/\theta} \right) \right], \qquad u_\infty = e^{-f/\theta} / Z",
            _cite("Eq. 2"),
        ),
        Equation(
            "free energy of a well",
            r"F = - \theta \ln \int e^{-f/\theta} dx \simeq E - \frac{\theta}{2}"
            r" \left[ d \ln(2 \pi \theta) - \ln \det H \right]",
            _cite("Sec. 2") + "; the harmonic form derived",
        ),
        Equation(
            "rate of escape",
            r"k = \frac{|\lambda_-|}{2 \pi} \sqrt{\frac{\det H_a}{|\det H_s|}}\,"
            r" e^{-(f(s) - f(a))/\theta}",
            _cite("Eq. 5") + " with the prefactor of Langer",
        ),
        Equation(
            "mean first-passage time",
            r"\tau = \frac{1}{\theta} \int_a^c dy\, e^{f(y)/\theta} \int_{-\infty}^y dz\,"
            r" e^{-f(z)/\theta}",
            "derived, exact in one dimension",
        ),
        Equation(
            "entropic force of a changing width",
            r"A(x) = V(x) + \frac{\theta}{2} \sum_i \ln k_i(x)",
            "derived, from " + _cite("Sec. 2"),
        ),
        Equation(
            "occupancy and crossing temperature",
            r"\frac{p_w}{p_n} = e^{-(E_w - E_n)/\theta} \sqrt{\frac{\det H_n}{\det H_w}},"
            r" \qquad \theta^* = \frac{2 (E_w - E_n)}{\ln \det H_n - \ln \det H_w}",
            "derived",
        ),
        Equation(
            "energetic and entropic delay",
            r"\ln \tau = \frac{\Delta E}{\theta} + const, \qquad \tau \theta = const",
            "derived",
        ),
        Equation(
            "amount of data",
            r"\ln t = c - \kappa N, \quad \kappa = - \ln(1 - q), \quad N^* = (S_0 - S_1) / \kappa",
            _cite("Sec. 3"),
        ),
        Equation(
            "two clocks",
            r"t_{mem} \sim l, \qquad t_{grok} \sim l^2",
            _cite("Sec. 3"),
        ),
        Equation(
            "temperature of gradient noise",
            r"\theta = \frac{\eta}{2 B d} \operatorname{tr} C",
            "derived",
        ),
    ),
    corrections=(
        Correction(
            "Which free energy stands in the rate",
            r"k \propto e^{-(F_1 - F_0)/\theta}, \qquad F_1 \text{ of the final state}",
            r"k \propto e^{-(F_s - F_0)/\theta}, \qquad F_s \text{ of the transition state}",
            "With the final state in both directions the ratio of the rates would be the square of "
            "the ratio of the occupancies, against detailed balance (derivation "
            "eyring-detailed-balance). What depends on the initial entropy, the law of the amount "
            "of data among it, survives (derivation data-size-law).",
        ),
        Correction(
            "How the two clocks are related",
            r"t_{grok} = t_{mem}^2",
            r"t_{grok} = \frac{v^2}{2 \theta}\, t_{mem}^2",
            "Squares of times are not times: the factor holds the speed of the descent and the "
            "temperature, so that the exponent 2 appears only where these two stay the same "
            "(derivation two-clocks).",
        ),
        Correction(
            "Where the bottleneck of a narrowing valley lies",
            r"\nabla V(s) = 0",
            r"A'(s) = V'(s) + \frac{\theta}{2} \sum_i \frac{k_i'(s)}{k_i(s)} = 0",
            "Where the width changes at the pass, the saddle of the loss is not the transition "
            "state at finite temperature (derivation entropic-force): the rate at the saddle is "
            "off by a factor of two where the barrier is five temperatures high.",
        ),
    ),
    derivations=lambda: langevin.derivations.derivations(),
)
