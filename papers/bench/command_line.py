"""The command line: every command is a thin call of a public function."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import FlagCreatePairsOff, Positional, UseAppendAction, arg, subcommand

from .cache import default_folder, why_unwritable
from .preparation import silence_xla

# exit codes
RAN, BROKE, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

_DESCRIPTION = """The bench on which theories of grokking (delayed generalization) are tested: a \
theory predicts, a simulation measures, a claim holds the two together and gives a verdict.

examples:
  groktheory list                                   what can be checked
  groktheory show tian2025li2                       one paper: equations, claims, corrections
  groktheory check core                             headline claims of all core papers
  groktheory check tian2025li2/local-maxima         one claim
  groktheory check all --scale full --executor slurm
  groktheory plot tian2025li2 energy-landscape --option group=S4
  groktheory template my_theory.py                  start a theory of your own
  groktheory check my_theory.py                     and check it

exit codes: 0 all checks ran (whatever the verdicts), 1 a check broke, 2 wrong usage, \
130 interrupted (finished claims are kept)."""


@dataclasses.dataclass(frozen=True)
class List:
    """List papers and claims with their last verdicts."""

    def run(self) -> int:
        """Carry out the command."""
        from .cards import listing
        from .discovery import discover
        from .terminal import output

        entries, broken = discover()
        output().print(listing(entries, broken, _readable_cache()))
        return BROKE if broken else RAN


@dataclasses.dataclass(frozen=True)
class Show:
    """Show a paper's card: citation, summary, equations, claims, corrections."""

    key: Annotated[Positional[str], arg(metavar="KEY")]
    """Citation key, KEY/CLAIM, or a file of your own."""
    derivations: bool = False
    """Print the symbolic derivations, and verify them."""

    def run(self) -> int:
        """Carry out the command."""
        from .cards import card
        from .discovery import UnknownName, describe_error, find, suggest
        from .selection import split
        from .terminal import complain, output

        key, claim = split(self.key)
        entry = find(key)
        if claim is not None and claim not in entry.paper.claims:
            near = suggest(claim, entry.paper.claims)
            raise UnknownName(f"no claim {claim!r} in {entry.paper.key}{near}")
        try:
            shown = card(entry, _readable_cache(), claim=claim, derivations=self.derivations)
        except Exception as error:
            complain(f"{key}: {describe_error(error)}")
            return BROKE
        output().print(shown)
        return RAN


@dataclasses.dataclass(frozen=True)
class Check:
    """Check claims: compute what is not valid any more, judge, draw figures, write a report."""

    targets: Annotated[Positional[tuple[str, ...]], arg(metavar="TARGET ...")] = ("core",)
    """`core` (headline claims of the core papers), `all`, KEY, KEY/CLAIM, FILE.py[/CLAIM]."""
    scale: Literal["quick", "full"] = "quick"
    """`quick`: minutes on two cores. `full`: the settings of the papers."""
    seed: int = 0
    """All randomness grows from it."""
    out: Path = Path("results")
    """Folder for figures, report.html and findings.json."""
    executor: Annotated[str, arg(metavar="NAME")] = "threads"
    """serial, threads[:N], processes[:N], dask[:ADDRESS] or slurm[:NAME=VALUE,...]."""
    json: bool = False
    """Print one JSON object per claim to standard output, and nothing else."""
    fresh: bool = False
    """Compute anew what is stored."""

    def run(self) -> int:
        """Carry out the command."""
        from .check_command import run_check

        return run_check(self)


@dataclasses.dataclass(frozen=True)
class Plot:
    """Draw figures: a paper's analytic figures, or the evidence of a claim that was checked."""

    key: Annotated[Positional[str], arg(metavar="KEY")]
    """Citation key, or a file of your own."""
    figure: Annotated[Positional[str], arg(metavar="FIGURE")] = ""
    """Name of a figure or of a claim; all analytic figures if left out."""
    out: Path = Path("results")
    """Folder; figures go to OUT/figures/KEY/."""
    format: Annotated[tuple[Literal["png", "svg", "pdf"], ...], arg(metavar="png svg pdf")] = (
        "png",
        "svg",
        "pdf",
    )
    """Formats to write."""
    option: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="NAME=VALUE")] = ()
    """Setting of the figure."""
    scale: Literal["quick", "full"] = "quick"
    """Scale of the evidence to draw."""
    seed: int = 0
    """Seed of the evidence to draw."""

    def run(self) -> int:
        """Carry out the command."""
        from .plot_command import run_plot

        return run_plot(self)


@dataclasses.dataclass(frozen=True)
class Doctor:
    """Check the installation: versions, devices, the backend's arithmetic, the cache folder."""

    def run(self) -> int:
        """Carry out the command."""
        from . import provenance
        from .preparation import prepare_jax
        from .terminal import output

        console = output()
        folder = default_folder()
        problem = why_unwritable(folder)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        state = f"not usable: {problem}" if problem else f"{size / 2**20:.1f} MiB"
        console.print(f"cache folder    {folder} ({state}); delete it to start anew", markup=False)
        from groktheory.simulations import backend

        facts = provenance.describe() | backend.describe()
        facts["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "")
        for name, value in facts.items():
            console.print(f"{name:15} {value}", markup=False)
        try:
            prepare_jax(None if problem else folder)
        except RuntimeError as error:
            console.print(f"self-check      FAILED: {error}", markup=False)
            return BROKE
        console.print("self-check      passed: jitted reductions agree with NumPy", markup=False)
        return RAN


@dataclasses.dataclass(frozen=True)
class Template:
    """Write a documented example of a theory of your own, ready to be checked."""

    file: Annotated[Positional[Path], arg(metavar="FILE.py")] = Path("my_theory.py")
    """The file to write; an existing one is left alone."""

    def run(self) -> int:
        """Carry out the command."""
        from importlib.resources import files

        from .terminal import complain

        if self.file.suffix != ".py":
            complain(f"the file must end in .py, got {str(self.file)!r}")
            return WRONG_USAGE
        text = files("groktheory.papers").joinpath("_template.py").read_text(encoding="utf-8")
        try:
            with self.file.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            complain(f"{self.file} exists already: choose another name")
            return WRONG_USAGE
        except OSError as error:
            complain(f"cannot write {self.file}: {error.strerror}")
            return WRONG_USAGE
        print(f"wrote {self.file}; next: groktheory check {self.file}")
        return RAN


_Command = (
    Annotated[List, subcommand("list")]
    | Annotated[Show, subcommand("show")]
    | Annotated[Check, subcommand("check")]
    | Annotated[Plot, subcommand("plot")]
    | Annotated[Doctor, subcommand("doctor")]
    | Annotated[Template, subcommand("template")]
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    silence_xla()
    if not arguments:
        arguments = ["--help"]
    if arguments == ["--version"]:
        from groktheory import __version__

        print(f"groktheory {__version__}")
        return RAN
    try:
        command = tyro.cli(
            _Command,  # type: ignore[arg-type]  # an annotated union is no plain type
            prog="groktheory",
            description=_DESCRIPTION,
            args=arguments,
            config=(FlagCreatePairsOff,),
        )
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else WRONG_USAGE
    from .discovery import BrokenPaper, UnknownName
    from .terminal import complain

    try:
        return command.run()
    except UnknownName as error:
        complain(str(error))
        return WRONG_USAGE
    except BrokenPaper as error:
        complain(str(error))
        return BROKE
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has left, as in `groktheory list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return RAN


def _readable_cache():
    from .cache import Cache

    return Cache(default_folder())
