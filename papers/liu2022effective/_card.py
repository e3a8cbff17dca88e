"""The card of the paper: what it says, in formulas, and where its printed formulas slip."""

from ...theory import representation
from ..bench import Correction, Equation, Paper

KEY = "liu2022effective"


def _cite(place: str) -> str:
    return f"[{KEY}, {place}]"


paper = Paper(
    key=KEY,
    title="Towards Understanding Grokking: An Effective Theory of Representation Learning",
    authors="Ziming Liu, Ouail Kitouni, Niklas Nolte, Eric J. Michaud, Max Tegmark, Mike Williams",
    year=2022,
    arxiv="2205.10343",
    core=True,
    summary=(
        "A decoder that sees only the sum of two embeddings generalizes where the embeddings form "
        "parallelograms, E_i + E_j = E_m + E_n for i + j = m + n. Training pairs with the same "
        "label attract each other through the decoder, and the embeddings follow the gradient of a "
        "scale-invariant energy built of the parallelograms among the training samples. Its "
        "Hessian has two modes that cost nothing, shift and scale. If it has no more, equally "
        "spaced embeddings are the only ground state; the network generalizes, at the rate of the "
        "third eigenvalue. Whether it has more is a question of the rank of an integer matrix, and "
        "the probability of it jumps at a critical training fraction, 0.4 for ten symbols. A "
        "decoder that is too fast or too able fits before the embeddings are in order: the phases "
        "are comprehension, grokking, memorization and confusion."
    ),
    equations=(
        Equation(
            "parallelogram",
            r"\lvert (E_i + E_j) - (E_m + E_n) \rvert \le \delta, \qquad i + j = m + n",
            _cite("Sec. 3.1"),
        ),
        Equation(
            "representation quality index",
            r"RQI = \frac{1}{\lvert P_0 \rvert} \sum_{q \in P_0} [q \text{ is a parallelogram}]",
            _cite("Eq. 3"),
        ),
        Equation(
            "predicted accuracy",
            r"\hat A = \frac{\lvert \bar D \rvert}{\lvert D_0 \rvert}, \qquad"
            r" \bar D = D \cup \text{ all } (i,j) \text{ with } (i,j,m,n) \in P,\ (m,n) \in D",
            _cite("Sec. 3.1, App. D"),
        ),
        Equation(
            "unique linear representation",
            r"n_0 = p - \operatorname{rank} A(P_0(D)) = 2",
            _cite("Sec. 3.2"),
        ),
        Equation(
            "effective loss",
            r"\ell_{eff} = \frac{\ell_0}{Z_0}, \quad \ell_0 = \frac{1}{\lvert P_0(D) \rvert}"
            r" \sum_{P_0(D)} \lvert E_i + E_j - E_m - E_n \rvert^2, \quad"
            r" Z_0 = \sum_k \lvert E_k \rvert^2",
            _cite("Eqs. 4, 5"),
        ),
        Equation(
            "grokking rate and time",
            r"H = \frac{2 A^\top A}{Z_0 \lvert P_0(D) \rvert}, \qquad t_h = \frac{1}{\lambda_3},"
            r" \qquad n_h = \frac{1}{\lambda_3 \eta}",
            _cite("Eqs. 8, 9"),
        ),
        Equation(
            "effective flow in closed form",
            r"E(t) = \sqrt{Z_0}\, \frac{e^{-H t} E(0)}{\lVert e^{-H t} E(0) \rVert}",
            "derived",
        ),
        Equation(
            "critical fraction of many symbols",
            r"\sum_k \prod_j \left[ 1 - r \left( 1 - (1 - r)^{n_{k+j} - 1} \right) \right]"
            r" = \ln 2",
            "derived",
        ),
        Equation(
            "circular representation of modular addition",
            r"\dot q_f \propto q_f \left( q_f - \sum_g q_g^2 \right), \qquad"
            r" q_f = \lvert \hat z_f \rvert^2 / \sum_g \lvert \hat z_g \rvert^2",
            "derived, from the products of " + _cite("App. H"),
        ),
    ),
    corrections=(
        Correction(
            "Which quantities the effective flow conserves",
            r"\frac{dC}{dt} = 0, \qquad C = \sum_k E_k",
            r"\frac{dC}{dt} = \frac{2 \ell_0}{Z_0^2}\, C",
            "The gradient of 1 / Z_0 was left out: it pulls along E itself and stretches the sum. "
            "C is conserved only if it is zero, which standardized embeddings ensure; Z_0 always "
            "is (derivations norm-conservation, sum-growth).",
        ),
        Correction(
            "The linear flow",
            r"R(t) = \sum_i a_i v_i e^{-\lambda_i t}",
            r"R(t) = \sqrt{Z_0} \frac{\sum_i a_i v_i e^{-\lambda_i t}}"
            r"{\lVert \sum_i a_i v_i e^{-\lambda_i t} \rVert}",
            "The printed solution loses norm, which the effective flow conserves. With the norm "
            "restored it is exact, for every start (derivation normalized-flow).",
        ),
        Correction(
            "Normalization of the energy",
            r"n_h = 1 / (\lambda_3 \eta) \text{ with } \ell_0 = \sum_{P_0}",
            r"n_h = 1 / (\lambda_3 \eta) \text{ with } \ell_0 ="
            r" \frac{1}{\lvert P_0(D) \rvert} \sum_{P_0(D)}",
            "The released code sums over all parallelograms, also those that the training set does "
            "not know, and does not average: 150 instead of 11 667 steps for ten symbols, all "
            "data and a learning rate of 0.001. Trends agree, absolute times do not.",
        ),
    ),
    derivations=lambda: representation.derivations.derivations(),
)
