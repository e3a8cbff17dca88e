r"""LaTeX formulas as plain text that a terminal can show.

Not a typesetter: fractions become quotients, Greek letters and operators their characters, scripts
small characters where Unicode has them. A command that is not known keeps its name.
"""

from __future__ import annotations

import re
import unicodedata

# name and character by turns
_SYMBOLS = """
    alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ iota ι kappa κ
    lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω
    approx ≈ ast * cap ∩ cdot · cdots ⋯ circ ∘ colon : cup ∪ dots … ell ℓ equiv ≡ exists ∃ forall ∀
    ge ≥ geq ≥ gg ≫ iff ⇔ in ∈ infty ∞ int ∫ langle ⟨ lceil ⌈ ldots … le ≤ leq ≤ lfloor ⌊ ll ≪
    lVert ‖ lvert | mapsto ↦ mid | nabla ∇ ne ≠ neq ≠ notin ∉ odot ⊙ oplus ⊕ otimes ⊗ parallel ∥
    partial ∂ perp ⊥
    pm ± prod ∏ propto ∝ rangle ⟩ rceil ⌉ rfloor ⌋ rightarrow → Rightarrow ⇒ rVert ‖ rvert |
    sim ~ simeq ≃ star ⋆ subset ⊂ sum Σ times × to → top ᵀ Vert ‖ | ‖ { { } } % % _ _ & & # #
""".split()
_CHARACTERS = dict(zip(_SYMBOLS[::2], _SYMBOLS[1::2], strict=True))
_SPACES = {",": "", "!": "", ";": " ", ":": " ", " ": " ", "quad": "  ", "qquad": "    "}
_SPACES |= {"\\": "; "}
_IGNORED = "left right middle big Big bigl bigr Bigl Bigr displaystyle limits nolimits".split()
_UPRIGHT = (
    "mathrm mathbf mathcal mathbb mathsf mathit boldsymbol operatorname text textrm textbf textit"
).split()
_ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307"}
_ACCENTS |= {"widetilde": "\u0303", "widehat": "\u0302", "overline": "\u0304"}
_SUPERSCRIPTS = str.maketrans("0123456789+-−=()ni*T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ*ᵀ")
_SUBSCRIPTS = str.maketrans(
    "0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
)
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|[^\\{}^_]", re.DOTALL)


def readable(latex: str) -> str:
    r"""Return a formula as plain text.

    >>> readable(r"E^* = \frac{M}{4 d_\rho} \sum_{k=1}^{M} \lVert \hat{u}_k \rVert^2")
    'E* = M/(4 d_ρ) Σₖ₌₁^M ‖ ûₖ ‖²'
    """
    tokens = _TOKEN.findall(latex.strip().strip("$"))
    text = _Reader(tokens).read_until(None)
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text).strip())


class _Reader:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, tokens: list[str]):
        self.tokens = tokens
        self.position = 0

    def read_until(self, end: str | None) -> str:
        parts: list[str] = []
        while self.position < len(self.tokens) and self.tokens[self.position] != end:
            is_command = self.tokens[self.position][:1] == "\\"
            part = self.read_one()
            if is_command and part[:1].isascii() and part[:1].isalpha():
                part = _spaced(parts, part)  # a word, like log, not a character
            parts.append(part)
        self.position += 1
        return "".join(parts)

    def read_argument(self) -> str:
        while self.position < len(self.tokens) and self.tokens[self.position].isspace():
            self.position += 1
        return self.read_one() if self.position < len(self.tokens) else ""

    def read_one(self) -> str:
        token = self.tokens[self.position]
        self.position += 1
        if token == "{":
            return self.read_until("}")
        if token in "^_":
            return _script(self.read_argument().strip(), token)
        if not token.startswith("\\"):
            return {"&": " ", "}": ""}.get(token, token)
        return self.read_command(token[1:])

    def read_command(self, name: str) -> str:
        if name in _SPACES:
            return _SPACES[name]
        if name in _CHARACTERS:
            return _CHARACTERS[name]
        if name in _IGNORED:
            return ""
        if name in _ACCENTS:
            body = self.read_argument()
            return body + _ACCENTS[name] if len(body) == 1 else f"{name}({body})"
        if name in _UPRIGHT:
            return self.read_argument()
        if name in ("frac", "tfrac", "dfrac"):
            above, below = self.read_argument(), self.read_argument()
            return f"{_grouped(above)}/{_grouped(below)}"
        if name == "sqrt":
            return f"√{_grouped(self.read_argument())}"
        if name in ("begin", "end"):
            is_matrix = self.read_argument().endswith("matrix")
            return ("[" if name == "begin" else "]") if is_matrix else ""
        return name


def _spaced(before: list[str], word: str) -> str:
    return f" {word}" if before and before[-1][-1:].isalnum() else word


def _grouped(text: str) -> str:
    return text if re.fullmatch(r"\w|\d+", text) else f"({text.strip()})"


def _script(text: str, kind: str) -> str:
    table = _SUPERSCRIPTS if kind == "^" else _SUBSCRIPTS
    small = text.translate(table)
    if all(ord(character) in table for character in text):
        return small
    if text in ("ᵀ", "⋆", "'", "†"):
        return text
    is_closed = len(text) == 1 or (text.startswith("(") and text.endswith(")"))
    return f"{kind}{text}" if is_closed else f"{kind}({text})"
