"""A paper as a set of claims, figures, equations and corrections.

The declarations carry no numbers and import nothing heavy, so that all papers can be listed in a
fraction of a second; the work happens when a claim function is called with a `Bench`.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RESERVED = ("all", "core")


@dataclasses.dataclass(frozen=True)
class Equation:
    """A formula of the paper: its name, its LaTeX, and where it stands."""

    name: str
    latex: str
    source: str


@dataclasses.dataclass(frozen=True)
class Correction:
    """A published formula that does not hold as printed, the form that does, and the proof."""

    what: str
    published_latex: str
    corrected_latex: str
    proof: str


@dataclasses.dataclass(frozen=True)
class Claim:
    """One statement of a paper and the function that brings evidence for it.

    `memory_gib` is the memory in GiB that the claim needs at scale `quick` and `full`.
    """

    name: str
    statement: str
    source: str
    function: Callable[..., Any]
    headline: bool
    memory_gib: tuple[float, float]

    @property
    def explanation(self) -> str:
        """The claim function's docstring."""
        return inspect.getdoc(self.function) or ""

    def memory_at(self, scale: str) -> float:
        """Memory in GiB that the claim needs at `scale`."""
        return self.memory_gib[("quick", "full").index(scale)]


@dataclasses.dataclass(frozen=True)
class Figure:
    """An analytic figure: a function of a `Bench` and of options with defaults."""

    name: str
    caption: str
    options: Mapping[str, Any]
    function: Callable[..., Any]


@dataclasses.dataclass(eq=False)
class Paper:
    """A publication (or an idea of your own) and everything that can be checked about it.

    Parameters
    ----------
    key
        Citation key: lowercase letters and digits, with single hyphens between.
    title, authors, year, arxiv
        The citation; `arxiv` may stay empty.
    core
        Whether `check core` runs the headline claims of this paper.
    summary
        One paragraph for people who have not read it.
    equations, corrections
        What `show` prints.
    derivations
        A function without arguments that returns the symbolic derivations, called only when they
        are asked for: objects with `name`, `statement`, `steps` (pairs of text and LaTeX) and
        `verify()`.

    Raises
    ------
    ValueError
        For a key that is malformed or reserved.
    """

    key: str
    title: str
    authors: str
    year: int
    summary: str
    arxiv: str = ""
    core: bool = False
    equations: tuple[Equation, ...] = ()
    corrections: tuple[Correction, ...] = ()
    derivations: Callable[[], Iterable[Any]] | None = None

    def __post_init__(self) -> None:
        _check_name(self.key, "key")
        if self.key in _RESERVED:
            raise ValueError(
                f"key must not be one of {', '.join(_RESERVED)}: these words select papers"
            )
        self._claims: dict[str, Claim] = {}
        self._figures: dict[str, Figure] = {}

    @property
    def claims(self) -> Mapping[str, Claim]:
        """The claims by name, in the order of the file."""
        return MappingProxyType(self._claims)

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The analytic figures by name, in the order of the file."""
        return MappingProxyType(self._figures)

    @property
    def citation(self) -> str:
        """Authors, year, title and arXiv number in one line."""
        reference = f"{self.authors} ({self.year}), {self.title}"
        return f"{reference}, arXiv:{self.arxiv}" if self.arxiv else reference

    def claim(
        self,
        name: str,
        *,
        statement: str,
        source: str,
        headline: bool = False,
        memory_gib: tuple[float, float] = (1.0, 4.0),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a function `claim(bench) -> Evidence` (or a tuple of pieces of evidence).

        Parameters
        ----------
        name
            Lowercase letters and digits, with single hyphens between.
        statement, source
            The claim in one sentence, and the equation it stands on.
        headline
            Whether it belongs to the few claims that the paper is known for.
        memory_gib
            Memory in GiB needed at scale `quick` and `full`.

        Raises
        ------
        ValueError
            For a malformed name, a name that is taken, an empty statement, or memory that is not
            two positive numbers.
        """
        _check_name(name, "claim name")
        self._refuse_taken(name)
        if not statement.strip():
            raise ValueError(f"claim {name!r} needs a statement: one sentence that can be wrong")
        if len(memory_gib) != 2 or not all(gib > 0 for gib in memory_gib):
            raise ValueError(
                f"memory_gib must be two positive numbers (quick, full), got {memory_gib}"
            )

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self._claims[name] = Claim(name, statement, source, function, headline, memory_gib)
            return function

        return register

    def figure(
        self, name: str, *, caption: str, options: Mapping[str, Any] | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a function `figure(bench, **options)` that returns a matplotlib `Figure`,
        or an `Animation` of matplotlib.

        Parameters
        ----------
        name
            Lowercase letters and digits, with single hyphens between.
        caption
            What the figure shows, for the reader of the report.
        options
            Options and their defaults: strings, numbers or Booleans.

        Raises
        ------
        ValueError
            For a malformed name, or a name that is taken.
        TypeError
            If an option's default is not a string, a number or a Boolean, or if the function does
            not take all options as keywords.
        """
        _check_name(name, "figure name")
        self._refuse_taken(name)
        options = dict(options or {})
        for option, default in options.items():
            if not isinstance(default, str | int | float):
                raise TypeError(
                    f"option {option!r} of figure {name!r} must be a string, a number or a "
                    f"Boolean, got {type(default).__name__}"
                )

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            try:
                inspect.signature(function).bind(None, **options)
            except TypeError as error:
                raise TypeError(
                    f"figure {name!r}: its function does not take its options ({error})"
                ) from None
            self._figures[name] = Figure(name, caption, MappingProxyType(options), function)
            return function

        return register

    def _refuse_taken(self, name: str) -> None:
        if name in self._claims or name in self._figures:
            kind = "claim" if name in self._claims else "figure"
            raise ValueError(f"{self.key} already has a {kind} {name!r}: choose another name")


def _check_name(name: str, what: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{what} must be lowercase letters and digits with single hyphens between, got {name!r}"
        )
