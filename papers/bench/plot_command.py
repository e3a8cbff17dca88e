"""`groktheory plot`: analytic figures of a paper, and the evidence of claims."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import provenance
from .bench import Bench
from .cache import Cache, why_unwritable
from .check_command import usable_cache
from .command_line import BROKE, RAN, WRONG_USAGE, Plot
from .discovery import Entry, UnknownName, describe_error, find, suggest
from .paper import Figure
from .runner import judge_outcome, stored_outcome
from .terminal import complain
from .work import Job

if TYPE_CHECKING:
    import matplotlib.animation
    import matplotlib.figure


def run_plot(command: Plot) -> int:
    """Carry out the command."""
    entry = find(command.key)
    paper = entry.paper
    names = [command.figure] if command.figure else list(paper.figures)
    if not names:
        raise UnknownName(f"{paper.key} has no analytic figures: name a claim")
    known = [*paper.figures, *paper.claims]
    for name in names:
        if name not in known:
            raise UnknownName(f"no figure {name!r} in {paper.key}{suggest(name, known)}")
    folder = command.out / "figures" / paper.key
    problem = why_unwritable(folder)
    if problem:
        complain(f"cannot write to {folder} ({problem}): choose another folder with --out")
        return WRONG_USAGE
    code = RAN
    for name in names:
        code = max(code, _plot_one(command, entry, name, folder))
    return code


def _plot_one(command: Plot, entry: Entry, name: str, folder: Path) -> int:
    from groktheory.validation.figures import save

    cache = usable_cache()
    try:
        if name in entry.paper.figures:
            figure = entry.paper.figures[name]
            options = parse_options(figure, command.option)
            drawing = _draw(command, entry, figure, options, cache)
        else:
            drawing = _draw_claim(command, entry, name, cache)
    except ValueError as error:  # an option, or a value of one, that cannot be
        complain(f"{entry.paper.key}/{name}: {error}")
        return WRONG_USAGE
    except Exception as error:
        complain(f"{entry.paper.key}/{name} broke: {describe_error(error)}")
        return BROKE
    try:
        for path in save(drawing, folder / name, command.format):
            print(path)
    except OSError as error:
        complain(f"cannot write {folder / name}: {error.strerror or error}")
        return BROKE
    return RAN


def parse_options(figure: Figure, given: Sequence[str]) -> dict[str, Any]:
    """Read NAME=VALUE pairs, each value as the kind of the option's default.

    Raises
    ------
    ValueError
        For an option that the figure does not have, or a value of another kind.
    """
    options = {}
    for pair in given:
        name, separator, text = pair.partition("=")
        if not separator:
            raise ValueError(f"option must be NAME=VALUE, got {pair!r}")
        if name not in figure.options:
            raise ValueError(f"no option {name!r}{suggest(name, figure.options)}")
        kind = type(figure.options[name])
        try:
            options[name] = _TRUTH[text.lower()] if kind is bool else kind(text)
        except (ValueError, KeyError):
            raise ValueError(
                f"option {name} must be of type {kind.__name__}, got {text!r}"
            ) from None
    return options


_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _draw(
    command: Plot, entry: Entry, figure: Figure, options: dict[str, Any], cache: Path | None
) -> matplotlib.figure.Figure | matplotlib.animation.Animation:
    bench = Bench(
        entry.paper.key,
        figure.name,
        scale=command.scale,
        seed=command.seed,
        workers=provenance.usable_cores(),
        cache=Cache(cache),
        version=provenance.run_version(entry.file),
        options=options,
    )
    return figure.function(bench, **dict(figure.options) | options)


def _draw_claim(
    command: Plot, entry: Entry, name: str, cache: Path | None
) -> matplotlib.figure.Figure:
    from groktheory.validation.figures import draw_claim

    if command.option:
        raise ValueError(f"the evidence of a claim has no options, got {command.option[0]!r}")
    claim = entry.paper.claims[name]
    job = Job.of(entry, claim, scale=command.scale, seed=command.seed, cache=cache)
    outcome = stored_outcome(job)
    if outcome is None:
        raise ValueError(
            f"there is no evidence at scale {command.scale} and seed {command.seed} yet: "
            f"run `groktheory check {command.key}/{name} --scale {command.scale}`"
        )
    return draw_claim(judge_outcome(claim, job, outcome)[0])
