import re

import pytest

from groktheory.validation.readable import readable


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{M}{4d}", "M/(4d)"),
        (r"\frac12 x^2", "1/2 x²"),
        (r"\eta (S + \eta I)^{-1}", "η (S + η I)⁻¹"),
        (r"\lVert \tilde{Y}^\top \sigma(Xw) \rVert_2^2", "‖ Ỹᵀ σ(Xw) ‖₂²"),
        (r"\widehat{u v}", "widehat(u v)"),
        (r"x_{\rho_k}^{(a)}", "x_(ρₖ)^(a)"),
        (r"\left\{ a \;\middle|\; b \right\}", "{ a | b }"),
        (r"\operatorname{tr} A \le \text{rank } A", "tr A ≤ rank A"),
        (r"\sqrt{\frac{\log M}{M}}", "√((log M)/M)"),
        (r"$a \ne b$", "a ≠ b"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a = b ; c = d"),
        (r"M\log M, l\notin S", "M log M, l∉ S"),
        (r"\begin{pmatrix}a & b \\ c & d\end{pmatrix}", "[a b ; c d]"),
        (r"\frac{1", "1/()"),
        ("", ""),
    ],
)
def test_formulas_read_well(latex, text):
    assert readable(latex) == text


def test_no_command_is_left():
    latex = r"\unknown{x}_{\alpha\beta}^{\gamma} \mathcal{E} \prod_{i} \hat\phi \bar{z}"
    assert not re.search(r"[\\{}]", readable(latex))
