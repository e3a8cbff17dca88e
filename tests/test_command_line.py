import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from groktheory.papers.bench.command_line import main

PAPER = r"""
import time

from groktheory.papers.bench import Correction, Equation, Paper
from groktheory.validation import Evidence, Exact, Form, Prediction


class Derivation:
    name, statement = "square", r"(a+b)^2 = a^2 + 2ab + b^2"
    steps = (("expand", r"a^2 + ab + ba + b^2"),)

    def verify(self):
        pass


paper = Paper(
    key="fake",
    title="A fake",
    authors="N. N.",
    year=2026,
    summary="Nothing [really].",
    equations=(Equation("energy", r"\frac{M}{2 d_\rho}", "[fake, Eq. 2]"),),
    corrections=(Correction("constant", r"M/8", r"M/2", "by hand"),),
    derivations=lambda: (Derivation(),),
)


def answer(value):
    rival = Prediction(54.0, label="six by nine")
    return Evidence(
        "answer", Form.IDENTITY, Prediction(42.0, 0.5), Exact([value]), rivals=(rival,)
    )


@paper.claim("right", statement="It is 42.", source="[fake, Eq. 1]", headline=True)
def right(bench):
    "Explained at length."
    print("claims may print")
    return answer(42.0)


@paper.claim("wrong", statement="It is 42, too.", source="[fake, Eq. 1]")
def wrong(bench):
    return answer(54.0)


@paper.figure("curve", caption="A curve.", options={"power": 2, "grid": True, "color": "k"})
def curve(bench, *, power, grid, color):
    from matplotlib.figure import Figure

    if power < 0:
        raise ValueError(f"power must be >= 0, got {power}")
    if power == 13:
        1 / 0
    figure = Figure()
    figure.subplots().plot([0, 1], [0, 2**power], color=color)
    return figure
"""
RAISES = """
@paper.claim("raises", statement="It breaks.", source="")
def raises(bench):
    return answer(1 / 0)
"""
SLOW = """
@paper.claim("slow", statement="It lasts.", source="")
def slow(bench):
    for step in range(6000):
        bench.progress(step / 6000)
        time.sleep(0.01)
    return answer(42.0)


@paper.claim("deaf", statement="It does not listen.", source="")
def deaf(bench):
    time.sleep(60)
    return answer(42.0)
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Run in an empty folder, with caches of our own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROKTHEORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    monkeypatch.setenv("COLUMNS", "200")


def write(text, name="fake.py"):
    Path(name).write_text(text)
    return name


def run(capsys, *arguments):
    code = main(list(arguments))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def start():
    """Start the command line in a process of its own, which ends with the test."""
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            process = subprocess.Popen(
                [sys.executable, "-m", "groktheory", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def test_check_judges_reports_and_is_done_in_no_time_the_second_time(capsys):
    write(PAPER)
    code, out, err = run(capsys, "check", "fake.py")
    assert code == 0
    assert "supported" in out and "refuted" in out
    assert "claims may print" not in out and "claims may print" in err
    results = Path("results")
    findings = json.loads((results / "findings.json").read_text())
    assert [finding["verdict"] for finding in findings] == ["supported", "refuted"]
    assert findings[0]["provenance"]["jax"]
    html = (results / "report.html").read_text()
    assert "fake" in html and "right" in html
    for suffix in ("png", "svg", "pdf"):
        assert (results / "figures" / "fake" / f"right.{suffix}").stat().st_size > 1000

    drawn = (results / "figures" / "fake" / "right.png").stat().st_mtime_ns
    code, _, err = run(capsys, "check", "fake.py")
    assert code == 0
    assert err.count("reused") == 2
    assert (results / "figures" / "fake" / "right.png").stat().st_mtime_ns == drawn
    (results / "figures" / "fake" / "right.pdf").unlink()
    run(capsys, "check", "fake.py/right")
    assert (results / "figures" / "fake" / "right.pdf").exists()


def test_a_label_that_cannot_be_read_costs_its_figure_only(capsys, caplog):
    write(PAPER.replace('"answer", Form', r'r"$\\sqrt K$" if value == 54 else "answer", Form'))
    code, out, _ = run(capsys, "check", "fake.py")
    assert code == 0 and "refuted" in out
    assert "no figure of fake/wrong" in caplog.text
    assert not Path("results/figures/fake/wrong.png").exists()
    assert Path("results/figures/fake/right.png").exists()
    assert "It is 42, too." in Path("results/report.html").read_text()


def test_json_is_one_object_a_claim_and_nothing_else(capsys):
    write(PAPER)
    code, out, _ = run(capsys, "check", "fake.py", "--json", "--out", "elsewhere")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["claim"] for line in lines] == ["right", "wrong"]
    assert {
        "paper", "claim", "statement", "source", "scale", "verdict", "predicted", "measured",
        "standard_error", "tolerance", "rivals", "seeds", "seconds",
    } <= set(lines[0])  # fmt: skip
    assert (lines[0]["predicted"], lines[0]["measured"]) == (42.0, 42.0)
    assert Path("elsewhere/report.html").exists() and not Path("results").exists()


def test_a_claim_that_breaks_is_shown_and_the_others_go_on(capsys):
    write(PAPER + RAISES)
    code, out, err = run(capsys, "check", "fake.py")
    assert code == 1
    assert "supported" in out and "broken" in out
    assert "fake/raises broke: ZeroDivisionError: division by zero (fake.py, line" in err
    assert "return answer(1 / 0)" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "tian2025li"], "no paper 'tian2025li'"),
        (["check", "fake.py/rihgt"], "no claim 'rihgt' in fake — did you mean 'right'?"),
        (["show", "fake.py/rihgt"], "no claim 'rihgt' in fake — did you mean 'right'?"),
        (["show", "nowhere.py"], "no file 'nowhere.py'"),
        (["plot", "fake.py", "curvy"], "no figure 'curvy' in fake — did you mean 'curve'?"),
        (["plot", "fake.py", "--option", "power"], "option must be NAME=VALUE, got 'power'"),
        (["plot", "fake.py", "--option", "powr=3"], "no option 'powr' — did you mean 'power'?"),
        (["plot", "fake.py", "--option", "power=x"], "option power must be of type int, got 'x'"),
        (["plot", "fake.py", "--option", "grid=maybe"], "option grid must be of type bool"),
        (["plot", "fake.py", "--option", "power=-1"], "power must be >= 0, got -1"),
        (["plot", "fake.py", "right"], "run `groktheory check fake.py/right --scale quick`"),
        (["plot", "fake.py", "right", "--option", "a=1"], "evidence of a claim has no options"),
        (["check", "fake.py", "--executor", "magic"], "executor must be one of"),
        (["check", "fake.py", "--seed", "-3"], "seed must lie in [0, 2^32), got -3"),
        (["check", "fake.py", "--out", "file/out"], "cannot write to file/out (Not a directory)"),
        (["plot", "fake.py", "--out", "file/out"], "(Not a directory): choose another folder"),
        (["template", "file/my_theory.py"], "cannot write file/my_theory.py: Not a directory"),
        (["template", "fake.py"], "fake.py exists already: choose another name"),
        (["template", "theory.txt"], "the file must end in .py, got 'theory.txt'"),
    ],
)
def test_wrong_usage_is_explained_before_any_work(capsys, arguments, message):
    write(PAPER)
    Path("file").write_text("")
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert message in err
    assert out == ""
    assert not Path("cache/evidence").exists()


@pytest.mark.parametrize("arguments", [["chek"], ["check", "--scale", "huge"], ["show"]])
def test_wrong_words_are_wrong_usage(capsys, arguments):
    code, *_ = run(capsys, *arguments)
    assert code == 2


def test_a_file_that_raises_is_a_broken_check(capsys):
    write("import math\n\nmath.sqrt(-1)\n")
    for command in ("check", "show", "plot"):
        code, _, err = run(capsys, command, "fake.py")
        assert code == 1
        assert re.search(r"fake.py cannot be imported: ValueError: .* \(fake.py, line 3\)", err)


def test_an_unwritable_cache_is_no_obstacle(capsys, monkeypatch):
    write(PAPER)
    Path("file").write_text("")
    monkeypatch.setenv("GROKTHEORY_CACHE", str(Path("file/cache").absolute()))
    code, out, err = run(capsys, "check", "fake.py")
    assert code == 0
    assert "supported" in out
    assert "(Not a directory): going on without it; GROKTHEORY_CACHE names another" in err


def test_a_damaged_cache_is_noticed(capsys):
    write(PAPER)
    run(capsys, "check", "fake.py/right")
    (path,) = Path("cache/evidence").iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    code, _, err = run(capsys, "check", "fake.py/right")
    assert code == 0
    assert "reused" not in err


def test_a_full_disk_keeps_the_verdicts(capsys, monkeypatch):
    from groktheory.papers.bench import results

    def no_space(*arguments):
        raise OSError(28, "No space left on device")

    write(PAPER)
    monkeypatch.setattr(results, "write_atomically", no_space)
    code, out, err = run(capsys, "check", "fake.py")
    assert code == 1
    assert "supported" in out
    assert "cannot write the report to results: No space left on device" in err


def test_show_prints_the_card(capsys):
    write(PAPER)
    code, out, _ = run(capsys, "show", "fake.py")
    assert code == 0
    for expected in (
        "N. N. (2026), A fake", "Nothing [really].", "M/(2 d_ρ)", r"\frac{M}{2 d_\rho}",
        "[fake, Eq. 2]", "right ★ not checked yet", "It is 42.", "Explained at length.",
        "--option power=2", "published: M/8", "corrected: M/2", "proof: by hand",
    ):  # fmt: skip
        assert expected in out
    assert "expand" not in out
    run(capsys, "check", "fake.py")
    code, out, _ = run(capsys, "show", "fake.py/wrong", "--derivations")
    assert "wrong refuted (quick)" in out and "It is 42.\n" not in out
    assert "(a+b)² = a² + 2ab + b²" in out and "expand" in out and "verified" in out
    write(PAPER + "# changed\n")
    assert "wrong refuted (quick, stale)" in run(capsys, "show", "fake.py")[1]


def test_a_derivation_that_fails_is_not_printed_as_proved(capsys):
    write(PAPER.replace("        pass", "        raise ValueError('residual is 1, not 0')"))
    code, out, err = run(capsys, "show", "fake.py", "--derivations")
    assert (code, out) == (1, "")
    assert "residual is 1, not 0" in err


def test_plot_draws_figures_and_evidence(capsys):
    write(PAPER)
    code, out, _ = run(
        capsys, "plot", "fake.py", "--option", "power=3", "--option", "grid=no", "--format", "svg"
    )
    assert code == 0
    assert out.split() == ["results/figures/fake/curve.svg"]
    assert Path("results/figures/fake/curve.svg").exists()
    run(capsys, "check", "fake.py")
    code, out, _ = run(capsys, "plot", "fake.py", "right", "--out", "mine", "--format", "pdf")
    assert code == 0
    assert Path("mine/figures/fake/right.pdf").exists()
    code, _, err = run(capsys, "plot", "fake.py", "curve", "--option", "power=13")
    assert code == 1
    assert "fake/curve broke: ZeroDivisionError: division by zero (fake.py" in err


def test_the_template_can_be_checked_and_plotted(capsys):
    code, out, _ = run(capsys, "template")
    assert code == 0
    assert out == "wrote my_theory.py; next: groktheory check my_theory.py\n"
    code, out, _ = run(capsys, "check", "my_theory.py")
    assert code == 0
    assert "supported" in out
    code, *_ = run(capsys, "plot", "my_theory.py", "--format", "svg")
    assert code == 0
    assert Path("results/figures/my-theory/all-answers-seen-curve.svg").exists()


def test_list_names_what_can_be_checked(capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0
    assert "my-theory" not in out


def test_doctor_finds_this_installation_healthy(capsys):
    code, out, _ = run(capsys, "doctor")
    assert code == 0
    assert "self-check      passed" in out
    for name in ("python", "jaxlib", "devices", "XLA_FLAGS", "cache folder"):
        assert name in out


def test_doctor_says_when_the_backend_is_wrong(capsys, monkeypatch):
    from groktheory.papers.bench import preparation

    def wrong(folder):
        raise RuntimeError("jaxlib 0.10.2 computes wrong numbers")

    monkeypatch.setattr(preparation, "prepare_jax", wrong)
    code, out, _ = run(capsys, "doctor")
    assert code == 1
    assert "FAILED: jaxlib 0.10.2 computes wrong numbers" in out


@pytest.mark.parametrize(
    "arguments", [["--help"], ["check", "--help"], ["list"], ["--version"], []]
)
def test_help_and_list_import_nothing_heavy(arguments):
    command = (
        "import sys\n"
        "from groktheory.papers.bench.command_line import main\n"
        f"code = main({arguments})\n"
        "heavy = {'jax', 'scipy', 'matplotlib', 'sympy', 'xarray'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)\n"
    )
    answer = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout


def test_a_check_with_nothing_to_compute_does_not_import_jax(capsys):
    write(PAPER)
    run(capsys, "check", "fake.py")
    command = (
        "import sys\n"
        "from groktheory.papers.bench.command_line import main\n"
        "assert main(['check', 'fake.py']) == 0\n"
        "heavy = {'jax', 'xarray', 'sympy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    answer = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_help_teaches_by_examples(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for expected in ("examples:", "groktheory check core", "exit codes: 0 all checks ran"):
        assert expected in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_keeps_and_reports_what_is_finished(start, number):
    write(PAPER + SLOW)
    targets = ("fake.py/right", "fake.py/slow")
    process = start("check", *targets, "--executor", "threads:1")
    _wait_for(process, "fake/slow ...")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted: 1 of 2 claims are finished and kept; the same command goes on" in err
    assert "supported" in out
    assert len(json.loads(Path("results/findings.json").read_text())) == 1
    assert list(Path("cache/evidence").iterdir())


@pytest.mark.parametrize("executor", ["threads:1", "processes:1", "serial"])
def test_a_claim_that_does_not_listen_is_left_behind(start, executor):
    write(PAPER + SLOW)
    process = start("check", "fake.py/deaf", "--executor", executor)
    _wait_for(process, "fake/deaf ...")
    began = time.perf_counter()
    process.send_signal(signal.SIGINT)
    if executor != "processes:1":  # once more, not to wait for the grace time
        _wait_for(process, "once more to stop at once")
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.perf_counter() - began < 20


def test_a_killed_check_leaves_a_sound_cache(start, capsys):
    write(PAPER + SLOW)
    process = start("check", "fake.py/right", "fake.py/slow", "--executor", "threads:1")
    _wait_for(process, "fake/slow ...")
    process.kill()
    process.communicate(timeout=30)
    code, _, err = run(capsys, "check", "fake.py/right")
    assert code == 0
    assert "reused" in err and "damaged" not in err


def test_a_reader_that_leaves_is_no_error(start):
    write(PAPER)
    process = start("show", "fake.py")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""


def test_compiled_programs_are_kept_between_processes(tmp_path):
    command = (
        "from pathlib import Path\n"
        "from groktheory.papers.bench.preparation import prepare_jax\n"
        "prepare_jax(Path('cache'))\n"
        "import jax\n"
        "jax.jit(lambda x: x * 2 + 1)(3.0).block_until_ready()\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "JAX_COMPILATION_CACHE_DIR"}
    kept = []
    for _ in range(2):
        answer = subprocess.run(
            [sys.executable, "-c", command], capture_output=True, text=True, env=environment
        )
        assert (answer.returncode, answer.stderr) == (0, "")
        kept.append(sorted(path.name for path in Path("cache/compiled").glob("*-cache")))
    assert kept[0] == kept[1] != []


def _wait_for(process, text):
    """Read standard error until `text` has been printed."""
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"{text!r} was not printed")
