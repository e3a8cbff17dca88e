"""Students of a random teacher: the shape of the reduced losses, and when students generalize."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import norm_landscape as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from . import _runs as runs
from ._card import paper

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

SCALES = (0.3, 0.5, 0.7, 1.0, 1.5, 1.75, 2.0, 3.0)  # norms over that of the ordinary initialization
LARGE, SMALL = 2.0, 0.5  # initial scales of free runs
LEARNING_RATE = 1e-3


def reduced_losses(bench: Bench) -> xr.Dataset:
    """Reduced losses of students; the same draws as in the free runs."""
    ordinary = runs.ordinary_norm(runs.TEACHER_SIZES)
    return runs.ladder_of_norms(
        bench,
        "students-on-spheres",
        init=runs.student,
        task=runs.teacher_task,
        loss=runs.error_per_output,
        norms=[scale * ordinary for scale in SCALES],
        num_steps=bench.pick(quick=3000, full=10_000),
        num_seeds=bench.pick(quick=3, full=10),
        losses={"test_error": runs.student_error},
        train_name="students",
    )


def free_runs(
    bench: Bench, *, scale: float, weight_decays: tuple[float, ...], num_steps: int, stop: bool
) -> xr.Dataset:
    """Students trained by AdamW; they may stop when they generalize."""

    def init(key):
        return runs.student(key, scale)

    return bench.train(
        f"students-{scale:g}-{'stopped' if stop else 'long'}",
        key=bench.key_for("students"),
        init=init,
        task=runs.teacher_task,
        optimizer=lambda weight_decay: runs.adamw(LEARNING_RATE, weight_decay),
        loss=runs.error_per_output,
        num_steps=num_steps,
        sweep={"weight_decay": weight_decays},
        num_seeds=bench.pick(quick=8, full=20) if stop else bench.pick(quick=4, full=10),
        events={"fit_step": runs.student_fits, "generalization_step": runs.student_generalizes},
        stop="events" if stop else None,
        measures={"norm": runs.weight_norm, "test_loss": runs.student_test_loss},
        final={"last_norm": runs.weight_norm},
        record_steps=sim.log_spaced_steps(num_steps, per_decade=30),
    )


def grokking_runs(bench: Bench) -> xr.Dataset:
    """Students from a large initialization at five weight decays, until they generalize.

    Raises
    ------
    ValueError
        If a run does not get there.
    """
    found = free_runs(
        bench,
        scale=LARGE,
        weight_decays=(0.1, 0.2, 0.4, 0.8, 1.6),
        num_steps=bench.pick(quick=4000, full=20_000),
        stop=True,
    )
    missing = int((found["stopped_at"] < 0).sum())
    if missing:
        raise ValueError(
            f"{missing} of {found['stopped_at'].size} students do not generalize within "
            f"{found.attrs['num_steps']} steps: train for longer"
        )
    return found


def decay_rates(found: xr.Dataset) -> Float[np.ndarray, "decays seeds"]:
    """Fall of the log norm in a step, over the second half of the wait from fit to generalization.

    The norm halfway lies on a straight line between two records.
    """
    steps, log_norms = found["step"].values, np.log(found["norm"].values)
    ends, fits = found["stopped_at"].values, found["fit_step"].values
    halfway = (ends + fits) / 2
    middle = np.empty(halfway.shape)
    for at in np.ndindex(halfway.shape):
        middle[at] = np.interp(halfway[at], steps, log_norms[at])
    return (middle - np.log(found["last_norm"].values)) / (ends - halfway)


@paper.claim(
    "lu-shapes",
    statement="Reduced to the norm of the weights, the train loss is shaped like an L and the test "
    "loss like a U, lowest near the corner of the L.",
    source="[liu2022omnigrok, Sec. 2, Fig. 2a]",
    headline=True,
    memory_gib=(1.0, 2.0),
)
def lu_shapes(bench: Bench) -> tuple[Evidence, ...]:
    """Train 5-100-100-5 tanh students at constant norm, on a hundred samples of a random teacher.

    Norms are in units of the ordinary initialization. The losses are those at the end of training
    on the sphere; the paper takes the best test loss of a run, which never differs by more than a
    tenth here.
    """
    reduced = reduced_losses(bench)
    scales, last = np.array(SCALES), reduced.sel(reading="last")
    seeds = range(reduced.sizes["seed"])
    shapes = [runs.landscape_of(reduced, seed) for seed in seeds]
    ordinary = runs.ordinary_norm(runs.TEACHER_SIZES)
    rises = np.log10([[shape.rise(end * ordinary) for end in (0.3, 3.0)] for shape in shapes])
    beyond = last["train_loss"].values[scales >= 1].max(axis=0)
    best = np.array([shape.best_norm for shape in shapes]) / ordinary
    panel = Panel(
        r"norm $w$ / that of the ordinary initialization",
        "reduced loss",
        tuple(
            Series(label, scales, last[name].mean("seed").values, style="line")
            for label, name in (("train", "train_loss"), ("test", "test_loss"))
        ),
        x_scale="log",
        y_scale="log",
    )
    return (
        Evidence(
            quantity=r"$\log_{10}$ test loss at three times the ordinary norm / lowest",
            form=Form.ORDERING,
            prediction=Prediction.at_least(2.0, label="U"),
            measurement=Samples(rises[:, 1]),
            rivals=(Prediction(0.0, 0.3, label="a fit is a fit at any norm"),),
            panel=panel,
        ),
        Evidence(
            quantity=r"$\log_{10}$ test loss at 0.3 times the ordinary norm / lowest",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.5, label="U"),
            measurement=Samples(rises[:, 0]),
            rivals=(Prediction(0.0, 0.3, label="the smaller the better"),),
        ),
        Evidence(
            quantity=r"$\log_{10}$ largest train loss from the ordinary norm on",
            form=Form.ORDERING,
            prediction=Prediction.at_most(-4.0, label="L"),
            measurement=Samples(np.log10(beyond)),
            rivals=(Prediction.at_least(-3.0, label="large norms do not fit"),),
        ),
        Evidence(
            quantity="norm of the lowest test loss / ordinary norm",
            form=Form.THRESHOLD,
            prediction=Prediction(1.0, (0.5, 0.5), label="corner of the L"),
            measurement=Samples(best),
            rivals=(Prediction.at_most(0.3, label="the smallest norm"),),
        ),
    )


@paper.claim(
    "norm-decay",
    statement="Once the train set is fitted, weight decay alone moves the norm: its log falls by "
    "the product of learning rate, weight decay and steps until the network generalizes.",
    source="[liu2022omnigrok, Sec. 2]",
    headline=True,
    memory_gib=(1.0, 2.0),
)
def norm_decay(bench: Bench) -> Evidence:
    r"""Train students from twice the ordinary initialization with AdamW until they generalize.

    The measured number is $-\ln(1-\eta\gamma)$ over the fall of $\ln\lVert\theta\rVert$ in a step,
    in the second half of the wait from the fit (95 % of the train samples correct) to the
    generalization (95 % of the test samples correct). Over the whole run $\eta\gamma n$ falls short
    of $\ln(w_0/w_n)$ by up to a tenth (see the note of the evidence), over the whole wait by up to
    a twentieth: until the fit is perfect the gradient shrinks the weights, too.
    """
    found = grokking_runs(bench)
    decays = found["weight_decay"].values
    expected = [theory.decay_rate(LEARNING_RATE, float(decay)) for decay in decays]
    ratios = np.array(expected)[:, None] / decay_rates(found)
    falls = np.log(found["norm"].values[..., 0] / found["last_norm"].values)
    whole = (np.array(expected)[:, None] * found["stopped_at"].values / falls).mean(axis=1)
    first = found.isel(seed=0)
    series = []
    for index in (0, len(decays) - 1):
        run, decay = first.isel(weight_decay=index), float(decays[index])
        steps = run["step"].values[np.isfinite(run["norm"].values)]
        law = theory.decayed_norm(
            float(run["norm"][0]), steps, learning_rate=LEARNING_RATE, weight_decay=decay
        )
        label = rf"$\gamma = {decay:g}$"
        series.append(Series(label, steps, run["norm"].values[: len(steps)]))
        series.append(Series("", steps, law, style="line"))
    return Evidence(
        quantity=r"$\eta\gamma$ / fall of $\ln\Vert\theta\Vert$ in a step before generalization",
        form=Form.CURVE,
        control=Axis(r"weight decay $\gamma$", tuple(decays), scale="log"),
        prediction=Prediction(np.ones(len(decays)), 0.05, label=r"$w = w_0e^{-\eta\gamma n}$"),
        measurement=Samples(ratios.T),
        rivals=(
            Prediction(0.5, label=r"decay of the squared norm, $w = w_0e^{-2\eta\gamma n}$"),
            Prediction(0.0, label="the gradient moves the norm"),
        ),
        note=f"over the whole run, from the first step, the ratio is {whole.min():.3f} to "
        f"{whole.max():.3f}",
        panel=Panel("step", r"$\Vert\theta\Vert$", tuple(series), y_scale="log"),
    )


@paper.claim(
    "inverse-decay",
    statement="The step that generalizes is inversely proportional to the weight decay; the step "
    "that fits does not depend on it.",
    source="[liu2022omnigrok, Sec. 2, Fig. 2c]",
    memory_gib=(1.0, 2.0),
)
def inverse_decay(bench: Bench) -> tuple[Evidence, ...]:
    r"""The runs of `norm-decay`, at weight decays up to one as in the paper.

    The exponent is allowed to be flatter than $-1$: at a strong decay the norm has run ahead by
    the time at which the direction of the weights has followed.
    """
    found = grokking_runs(bench)
    found = found.sel(weight_decay=found["weight_decay"] <= 1)
    decays = found["weight_decay"].values
    waits, fits = (found[name].values for name in ("generalization_step", "fit_step"))
    exponents = np.polyfit(np.log(decays), np.log(waits), 1)[0]
    mean, error = np.log(waits).mean(axis=1), np.log(waits).std(axis=1, ddof=1)
    error = error / math.sqrt(waits.shape[1])
    panel = Panel(
        r"weight decay $\gamma$",
        "step",
        (
            Series("generalizes", decays, np.exp(mean), np.exp(mean) * error),
            Series("fits", decays, fits.mean(axis=1)),
            Series(
                r"$\propto1/\gamma$", decays, np.exp(mean[-1]) * decays[-1] / decays, style="line"
            ),
        ),
        x_scale="log",
        y_scale="log",
    )
    return (
        Evidence(
            quantity="exponent of the generalization step in the weight decay",
            form=Form.LAW,
            prediction=Prediction(-1.0, (0.15, 0.4), label=r"$t\propto1/\gamma$, with a lag"),
            measurement=Samples(exponents),
            rivals=(
                Prediction(0.0, 0.3, label="weight decay does not matter"),
                Prediction(-0.5, 0.05, label=r"$t\propto\gamma^{-1/2}$"),
            ),
            panel=panel,
        ),
        Evidence(
            quantity="spread of the fit step over weight decays / its mean",
            form=Form.THRESHOLD,
            prediction=Prediction.at_most(0.15, label="independent of the decay"),
            measurement=Samples(np.ptp(fits, axis=0) / fits.mean(axis=0)),
            rivals=(
                Prediction(
                    np.ptp(1 / decays) / np.mean(1 / decays), 0.5, label=r"$t_{fit}\propto1/\gamma$"
                ),
            ),
        ),
    )


@paper.claim(
    "no-decay",
    statement="Without weight decay a student that starts large never generalizes; one that starts "
    "small does so at once, at any weight decay.",
    source="[liu2022omnigrok, Fig. 2b]",
    memory_gib=(1.0, 2.0),
)
def no_decay(bench: Bench) -> tuple[Evidence, ...]:
    """Train from twice and from half of the ordinary initialization."""
    num_steps, few_steps = bench.pick(quick=(8000, 2000), full=(100_000, 20_000))
    large = free_runs(
        bench, scale=LARGE, weight_decays=(0.0,), num_steps=num_steps, stop=False
    ).isel(weight_decay=0)
    small = free_runs(
        bench, scale=SMALL, weight_decays=(0.0, 0.1, 1.0), num_steps=few_steps, stop=False
    )
    losses = np.log10(large["test_loss"].values[:, -1] / small["test_loss"].values[0, :, -1])
    reached = np.where(large["generalization_step"] < 0, num_steps, large["generalization_step"])
    # A run that is never seen to generalize enters with the last step.
    small_steps = np.where(
        small["generalization_step"] < 0, few_steps, small["generalization_step"]
    )
    gaps = np.log(np.maximum(small_steps, 1) / np.maximum(small["fit_step"].values, 1))
    panel = Panel(
        "step",
        "test loss",
        tuple(
            Series(
                label,
                run["step"].values[1:],
                run["test_loss"].mean("seed").values[1:],
                style="line",
            )
            for label, run in (
                (r"$\alpha = 2$, $\gamma = 0$", large),
                (r"$\alpha = 0.5$, $\gamma = 0$", small.isel(weight_decay=0)),
            )
        ),
        x_scale="log",
        y_scale="log",
    )
    return (
        Evidence(
            quantity=r"steps at $\alpha = 2$, $\gamma = 0$ without generalization / all steps",
            form=Form.THRESHOLD,
            prediction=Prediction.at_least(1.0, label="never"),
            measurement=Samples(reached / num_steps),
            rivals=(Prediction.at_most(0.5, label="late, but without decay"),),
            panel=panel,
        ),
        Evidence(
            quantity=r"$\log_{10}$ final test loss at $\alpha = 2$ / at $\alpha = 0.5$, no decay",
            form=Form.ORDERING,
            prediction=Prediction.at_least(1.0, label="the initialization decides"),
            measurement=Samples(losses),
            rivals=(Prediction(0.0, 0.3, label="the initialization does not matter"),),
        ),
        Evidence(
            quantity=r"$\ln$(generalization step / fit step) at $\alpha = 0.5$",
            form=Form.ORDERING,
            control=Axis(r"weight decay $\gamma$", tuple(small["weight_decay"].values)),
            prediction=Prediction.at_most(np.full(3, 0.7), label="at once"),
            measurement=Samples(gaps.T),
            rivals=(Prediction.at_least(np.full(3, 2.0), label="groks at any scale"),),
        ),
    )
