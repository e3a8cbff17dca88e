"""The card of the paper: what it says, in formulas, and where the package corrects it."""

from ...theory import singular
from ..bench import Correction, Equation, Paper

KEY = "lakkapragada2025slt"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Using physics-inspired Singular Learning Theory to understand grokking & other phase "
    "transitions in modern neural networks",
    authors="Anish Lakkapragada",
    year=2025,
    arxiv="2512.00686",
    core=True,
    summary=(
        "Neural networks are singular models: many parameters give the same function, and the "
        "Bayesian evidence is governed not by their number but by the learning coefficient, the "
        "exponent with which the volume of low loss shrinks. Its local version can be measured at "
        "a trained network by localized Langevin sampling. The paper asks whether transitions of "
        "training follow the free energies that it enters, and how it scales in three families of "
        "models. Here the theory on which that stands is checked against exact integrals and exact "
        "samplers, and the estimator against both."
    ),
    equations=(
        Equation(
            "free energy",
            r"F_n = n L_n(w^*) + \lambda \ln n - (m - 1) \ln \ln n + O_p(1)",
            _cite("Sec. 1"),
        ),
        Equation(
            "learning coefficient as an exponent of volumes",
            r"\int_{K(w) < \epsilon} \varphi\, dw \sim c\, \epsilon^\lambda"
            r" (- \ln \epsilon)^{m - 1}",
            _cite("Def. 3.1"),
        ),
        Equation(
            "its estimator",
            r"\hat\lambda = n \beta \left( \mathbb{E}_w[L_n(w)] - L_n(w^*) \right), \qquad"
            r" p(w) \propto e^{- n \beta L_n(w) - \frac{\gamma}{2} |w - w^*|^2}",
            _cite("Sec. 2"),
        ),
        Equation(
            "at a finite scale",
            r"\hat\lambda(s) = \lambda - \frac{m - 1}{\ln s} + O(\ln^{-2} s), \qquad s = n \beta",
            "derived",
        ),
        Equation(
            "steep and flat directions",
            r"\hat\lambda = \frac{1}{2} \sum_i \frac{s h_i}{a_i (1 - \epsilon a_i / 4)},"
            r" \qquad a_i = s h_i + \gamma",
            "derived",
        ),
        Equation(
            "low-rank linear networks",
            r"\lambda_r = \frac{1}{2} r (2 d - r)",
            _cite("Sec. 4"),
        ),
        Equation(
            "transition between phases",
            r"n (L_A - L_B) = (\lambda_B - \lambda_A) \ln n",
            _cite("Sec. 1"),
        ),
    ),
    corrections=(
        Correction(
            "Polynomial regressors",
            r"\lambda = \frac{d}{2}",
            r"\lambda = \frac{d + 1}{2}, \qquad \hat\lambda = \frac{1}{2} \sum_i \frac{s h_i}"
            r"{s h_i + \gamma}",
            "A polynomial of degree d has d + 1 coefficients and is regular on any interval, so "
            "that no singularity lowers the coefficient. Measured values lie far below because the "
            "spectrum of its Hessian falls exponentially: directions with s h below the "
            "localization do not count (derivation localized-modes).",
        ),
        Correction(
            "The estimator at a finite step size",
            r"\hat\lambda = \frac{1}{2} \sum_i \frac{s h_i}{a_i}",
            r"\hat\lambda = \frac{1}{2} \sum_i \frac{s h_i}{a_i (1 - \epsilon a_i / 4)}",
            "A step contracts a mode and adds noise; its stationary variance exceeds that of the "
            "continuum (derivation sampler-steps).",
        ),
        Correction(
            "The Nose-Hoover thermostat at a finite friction",
            r"\zeta' = \zeta + \alpha^2 \left( \frac{|v|^2}{D \eta} - 1 \right)",
            r"\zeta' = \zeta + \alpha^2 \left( \left( 1 - \frac{\zeta}{2} \right)"
            r" \frac{|v|^2}{D \eta} - 1 \right)",
            "A thermostat of the velocities as published leaves the positions too cold by one "
            "minus half the friction, and with them the coefficient (derivation momentum-steps). "
            "With the factor it is exact for any step and any noise of the gradient.",
        ),
    ),
    derivations=lambda: singular.derivations.derivations(),
)
