"""The card of the paper: what it says, in formulas, and where its printed formulas slip."""

from ...theory import li2
from ..bench import Correction, Equation, Paper

KEY = "tian2025li2"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Provable Scaling Laws of Feature Emergence from Learning Dynamics of Grokking",
    authors="Yuandong Tian",
    year=2025,
    arxiv="2509.21519",
    core=True,
    summary=(
        "A two-layer network learns to multiply in a finite group in three stages. Lazy: the "
        "readout fits random features, and weight decay alone keeps the gradient that reaches the "
        "hidden layer from dying. Independent: that gradient makes every hidden node climb one and "
        "the same energy by itself, and for squared activations each maximum of the energy is a "
        "feature of a single irreducible representation, a Fourier mode for modular addition. "
        "Interactive: nodes with similar features repel one another, what has been learned "
        "vanishes from the landscape, and Muon spreads the nodes over the features. Grokking is "
        "the second stage at work long after the first has fitted the training set; how much data "
        "keeps the maxima of the energy alive sets the boundary between memorizing and "
        "generalizing, n ~ M log M."
    ),
    equations=(
        Equation(
            "gradient sent back to the hidden layer",
            r"G_F = P_1 (Y - F V) V^\top, \qquad P_1 = I - \frac{1}{n} 1 1^\top",
            _cite("Eq. 2"),
        ),
        Equation(
            "lazy stage, early",
            r"G_F(t) = \tilde Y V_0^\top + t\, \tilde Y \tilde Y^\top \tilde F + \cdots",
            _cite("Prop. 1"),
        ),
        Equation(
            "lazy stage, end",
            r"G_F(\infty) = \eta\, Z Z^\top \tilde F, \qquad"
            r" Z = (\tilde F \tilde F^\top + \eta I)^{-1} \tilde Y",
            _cite("Eq. 4") + ", one-sided form derived",
        ),
        Equation(
            "energy that every node climbs",
            r"E(w) = \frac{1}{2} \lVert \tilde Y^\top \sigma(X w) \rVert_2^2",
            _cite("Thm. 1"),
        ),
        Equation(
            "energy in the Fourier domain of the group",
            r"E = \frac{2}{M} \sum_{\rho \ne 1} d_\rho\,"
            r" \lVert \hat u(\rho)\, \hat v(\rho) \rVert_F^2",
            "derived, corrects " + _cite("Eq. 20-21"),
        ),
        Equation(
            "heights of its maxima (real type; complex pair or quaternionic type)",
            r"E^* = \frac{M}{2 d}, \qquad E^* = \frac{M}{4 d}",
            "derived, corrects " + _cite("Thm. 2"),
        ),
        Equation(
            "feature that a node falls into (Abelian group)",
            r"k^* = \operatorname{argmax}_k \frac{a_k - b_k}{\ln a_k - \ln b_k}, \qquad"
            r" a_k = \lvert \hat u_k(0) \rvert^2, \quad b_k = \lvert \hat v_k(0) \rvert^2",
            "derived, sharpens " + _cite("Lemma 8"),
        ),
        Equation(
            "data that keeps the features",
            r"n \ge C\, d_k^2\, M \ln \frac{M}{\delta}, \qquad p_c = 2.7482\, \frac{\ln M}{M}",
            _cite("Thm. 4") + ", constant from its code",
        ),
        Equation(
            "width that suffices",
            r"K = 2 (M - 1)",
            _cite("Thm. 3") + " for Abelian groups of odd order; with real weights, derived",
        ),
        Equation(
            "repulsion of similar nodes",
            r"b_{jl} = - \frac{c}{(\eta + \tilde f_j^\top P \tilde f_j)"
            r" (\eta + \tilde f_l^\top P \tilde f_l) - c^2},"
            r" \qquad c = \tilde f_j^\top P \tilde f_l",
            _cite("Thm. 6"),
        ),
        Equation(
            "landscape once the representations in S are learned",
            r"E_S = \frac{2}{M} \sum_{\rho \notin S, \rho \ne 1} d_\rho\,"
            r" \lVert \hat u(\rho)\, \hat v(\rho) \rVert_F^2",
            "derived, corrects " + _cite("Thm. 7"),
        ),
        Equation(
            "nodes needed to find all features, without and with Muon",
            r"T_0 = \int_0^\infty \left( 1 - \prod_{l=1}^{L} (1 - e^{-p_l t}) \right) dt, \qquad"
            r" T_a = 2^{-a} T_0 + (1 - 2^{-a}) L",
            _cite("Thm. 8") + ", closed form of the second derived",
        ),
    ),
    corrections=(
        Correction(
            "The energy is four times the printed one, and a Frobenius norm stands for the trace",
            r"E = \frac{1}{2 M} \sum_{\rho \ne 1} d_\rho\,"
            r" \lvert \operatorname{tr} \hat u(\rho)\, \hat v(\rho) \rvert^2",
            r"E = \frac{2}{M} \sum_{\rho \ne 1} d_\rho\,"
            r" \lVert \hat u(\rho)\, \hat v(\rho) \rVert_F^2",
            "The cross term of (u + v)^2 is 2uv, so that E = 2 |u*v - mean|^2; Plancherel "
            "(derivations convolution, spectral-energy, schur-orthogonality).",
        ),
        Correction(
            "Heights of the maxima; quaternionic type is missing",
            r"\frac{M}{8 d} \text{ (real)}, \quad \frac{M}{16 d} \text{ (complex)}",
            r"\frac{M}{2 d} \text{ (real)}, \quad \frac{M}{4 d} \text{ (complex or quaternionic)}",
            "Put the norms |u|^2 = |v|^2 = 1/2 into one aligned rank-one pair of Fourier "
            "matrices (derivation spectral-energy).",
        ),
        Correction(
            "Both halves of a feature keep phases of their own",
            r"v = \pm P u, \quad (P u)(g) = u(g^{-1})",
            r"\hat u(\rho) = p q^*, \quad \hat v(\rho) = q s^*, \quad p, q, s \text{ free}",
            "The norm of a rank-one product p q^* q s^* does not depend on p and s; the printed "
            "condition holds for one-dimensional real representations only.",
        ),
        Correction(
            "Flatness: not all maxima are flat, and the directions can be counted",
            r"\text{flat whenever } M > 2",
            r"3 f (n - 1) + 2 (f - 1) \text{ curvatures } 0, \quad 1 + f (n - 1)"
            r" \text{ of } -8 E^*, \quad \text{all others } -4 E^*",
            "f = 1, 2, 4 and n = d, d, d/2 for real, complex, quaternionic type: the manifold of "
            "three unit vectors p, q, s modulo one common phase. A one-dimensional real "
            "representation gives isolated maxima, as in all of Z2 x Z2.",
        ),
        Correction(
            "Size of the gradient at the end of the lazy stage, infinite width",
            r"\frac{\eta}{(K c_1 + \eta)(n c_2 + \eta)}",
            r"\frac{\eta}{(K c_1 + \eta)^2}, \quad c_1 = k(1) - 2 k(1/2) + k(0)",
            "The labels are an eigenspace of the wide Gram matrix, and both inverses act there "
            "(derivations fixed-point, label-eigenvalue); two Gram matrices of different rank "
            "cannot both be multiples of the identity.",
        ),
        Correction(
            "Output multiplier in the fixed point",
            r"G_F(\infty) \to \frac{1}{\beta^2}\, G_F(\infty)",
            r"G_F(\infty; \eta) \to G_F(\infty; \eta / \beta^2)",
            "Rescale V by the multiplier: ridge regression with ridge eta / beta^2; the printed "
            "form is its limit at small ridge where the features interpolate.",
        ),
        Correction(
            "Projector on a representation, in top-down modulation",
            r"\frac{d}{M}\, \chi(h)\, \bar{\chi}(h')",
            r"\frac{d}{M}\, \chi(h'^{-1} h)",
            "Schur orthogonality (derivation schur-orthogonality): rank d^2; characters are "
            "multiplicative in one dimension only.",
        ),
        Correction(
            "Real weights need no more nodes than complex ones",
            r"\text{obstruction for real weights (from } v = \pm P u \text{)}",
            r"K = 2 (M - 1): \text{ four real nodes a frequency, each at a maximum}",
            "(cos a + cos b)^2 + (sin a - sin b)^2 = 2 + 2 cos(a + b), and its quadrature "
            "(derivation four-nodes).",
        ),
        Correction(
            "Lower bound on the nodes needed for all features",
            r"T_0 \ge \max\left( \frac{1}{\min p}, \sum_{l=1}^{L} \frac{1}{l} \right)",
            r"T_0 \ge \max\left( \frac{1}{\min p}, L \sum_{l=1}^{L} \frac{1}{l} \right)",
            "Coupon collector: equality for equal probabilities; the printed sum never exceeds "
            "1 / min p.",
        ),
        Correction(
            "Muon halves the pull of a found feature only under a condition",
            r"\frac{\lVert g_\perp \rVert}{1 + \lVert g_\perp \rVert} \le \frac{1}{2}",
            r"\frac{\lVert g_\perp \rVert}{\lVert e \rVert + \lVert g_\perp \rVert} \le \frac{1}{2}"
            r" \text{ if and only if } \lVert g_\perp \rVert \le \lVert e \rVert",
            "Polar factor of a two-column gradient (derivation muon-suppression).",
        ),
    ),
    derivations=lambda: li2.derivations.derivations(),
)
