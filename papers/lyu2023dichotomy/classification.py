"""Diagonal networks that classify: when and in which direction the implicit bias changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import Classifiers, cosine, linear_weights

if TYPE_CHECKING:
    from ..bench import Bench

RELEASED = 0.75  # test accuracy halfway between the two biases on the sparse task


def sparse_task(bench: Bench) -> sim.tasks.SparseSignClassification:
    """A majority of three signs among many: few samples for the early bias, enough for the late."""
    samples, dimension, tests = bench.pick(quick=(100, 1000, 1000), full=(256, 10_000, 4000))
    return sim.tasks.SparseSignClassification(
        dimension=dimension, sparsity=3, num_train=samples, num_test=tests
    )


def transition_runs(bench: Bench) -> Classifiers:
    """Settings of the runs over initializations at weight decay 0.001."""
    return Classifiers(
        name="initializations",
        spec=sparse_task(bench),
        scales=(1.0, 4.0, 16.0, 64.0),
        weight_decays=(1e-3,),
        end=4.0,
        num_steps=2000,
        num_seeds=bench.pick(quick=4, full=8),
        measures={},
    )


@paper.claim(
    "transition-time",
    statement="A diagonal classifier leaves its kernel phase at lambda t = ln alpha + C, C set by "
    "the data.",
    source="[lyu2023dichotomy, Thms. 3.4, 3.5]; C derived",
    headline=True,
    memory_gib=(1.0, 4.0),
)
def transition_time(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train on the majority of three signs among many and read off when the test accuracy passes
    0.75, on its way from that of the largest $\ell_2$ margin (about 0.6) to one.

    The slope of $\lambda t$ in $\ln\alpha$ is one if the weights shrink as $e^{-\lambda t}$ until
    released. It would be two if the decay acted on the predictor $w$, as it does in a shallow
    linear model, and zero without an early phase. The offset $C$ has no free constant either:
    $2\beta = m\,\mathrm{rms}(w_2)$ with the hard-margin solution $w_2$ of each train set. The
    theorem's center $\ln(\alpha)/\lambda$ has $C = 0$. All times are of networks trained by
    gradient descent.
    """
    settings = transition_runs(bench)
    runs = settings.train(bench)
    crossed = settings.crossings(runs, RELEASED)[:, 0].T
    scales = np.array(settings.scales)
    log_scales = np.log(scales)
    slopes = np.polyfit(log_scales, crossed.T, 1)[0]

    def predict() -> dict[str, np.ndarray]:
        release = np.empty((settings.num_seeds, len(settings.scales)))
        for seed in range(settings.num_seeds):
            solution = theory.max_l2_margin(*settings.data(bench, seed)).weights
            for i, scale in enumerate(settings.scales):
                decay = settings.weight_decays[0]
                release[seed, i] = decay * theory.classification_release_time(
                    solution, scale=scale, weight_decay=decay
                )
        return {"release": release}

    release = bench.cached("release", predict)["release"]
    panel = Panel(
        r"initialization $\alpha$",
        r"$\lambda t$ at test accuracy 0.75",
        (
            Series("clock meets weights", scales, release.mean(axis=0), style="line"),
            Series(r"$\ln\alpha$", scales, log_scales, style="dashed"),
            Series(
                "trained",
                scales,
                crossed.mean(axis=0),
                crossed.std(axis=0, ddof=1) / np.sqrt(settings.num_seeds),
            ),
        ),
        x_scale="log",
    )
    return (
        Evidence(
            quantity=r"slope of $\lambda t$ in $\ln\alpha$",
            form=Form.LAW,
            prediction=Prediction(1.0, 0.05, label=r"$\lambda t = \ln\alpha + C$"),
            measurement=Samples(slopes),
            rivals=(
                Prediction(2.0, label="the predictor itself decays"),
                Prediction(0.0, label="initialization does not matter"),
            ),
            panel=panel,
        ),
        Evidence(
            quantity=r"$\lambda t$ at test accuracy 0.75, minus predicted release",
            form=Form.CURVE,
            control=Axis(r"initialization $\alpha$", settings.scales, scale="log"),
            prediction=Prediction(
                np.zeros(len(log_scales)), 0.5, label=r"$2\beta = m\,$rms$(w_2)$", source="derived"
            ),
            measurement=Samples(crossed - release),
            rivals=(
                Prediction(
                    log_scales - release.mean(axis=0),
                    label=r"$\ln(\alpha)/\lambda$",
                    source="[lyu2023dichotomy, Thm. 3.5]",
                ),
            ),
        ),
    )


@paper.claim(
    "inverse-decay",
    statement="The release comes at a time inversely proportional to the weight decay, up to the "
    "slow growth of the margin.",
    source="[lyu2023dichotomy, Thms. 3.4, 3.5]; drift derived",
    memory_gib=(1.0, 4.0),
)
def inverse_decay(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train from $\alpha = 16$ at three decays, a factor of ten apart.

    A smaller decay lets the margin grow to $m \sim \ln(1/\lambda)$ before the release, so that
    $\lambda t$ falls slightly. The drift is compared with the closed form and with the integrated
    dual flow of each train set, seed by seed.
    """
    scale = 16.0
    settings = Classifiers(
        name="decays",
        spec=sparse_task(bench),
        scales=(scale,),
        weight_decays=(1e-2, 1e-3, 1e-4),
        end=4.0,
        num_steps=2000,
        num_seeds=bench.pick(quick=4, full=8),
        measures={},
    )
    runs = settings.train(bench)
    crossed = settings.crossings(runs, RELEASED)[0].T
    decays = np.array(settings.weight_decays)

    def predict() -> dict[str, np.ndarray]:
        release = np.empty((settings.num_seeds, len(decays)))
        for seed in range(settings.num_seeds):
            solution = theory.max_l2_margin(*settings.data(bench, seed)).weights
            for i, decay in enumerate(decays.tolist()):
                release[seed, i] = decay * theory.classification_release_time(
                    solution, scale=scale, weight_decay=decay
                )
        return {"release": release}

    release = bench.cached("release", predict)["release"]
    exponents = np.polyfit(np.log(decays), np.log(crossed / decays).T, 1)[0]
    drift = crossed[:, ::2] - crossed[:, 1:2]
    expected = (release[:, ::2] - release[:, 1:2]).mean(axis=0)
    return (
        Evidence(
            quantity="exponent of the release time in the weight decay",
            form=Form.LAW,
            prediction=Prediction(-1.0, 0.05, label=r"$t \propto 1/\lambda$"),
            measurement=Samples(exponents),
            rivals=(
                Prediction(-0.5, label=r"$t \propto \lambda^{-1/2}$"),
                Prediction(0.0, label="weight decay does not matter"),
            ),
            panel=Panel(
                r"weight decay $\lambda$",
                r"$\lambda t$ at test accuracy 0.75",
                (
                    Series("clock meets weights", decays, release.mean(axis=0), style="line"),
                    Series(
                        "trained",
                        decays,
                        crossed.mean(axis=0),
                        crossed.std(axis=0, ddof=1) / np.sqrt(len(crossed)),
                    ),
                ),
                x_scale="log",
            ),
        ),
        Evidence(
            quantity=r"$\lambda t$ minus its value at $\lambda = 0.001$",
            form=Form.CURVE,
            control=Axis(r"weight decay $\lambda$", tuple(decays[::2]), scale="log"),
            prediction=Prediction(expected, 0.12, label="margin drift", source="derived"),
            measurement=Samples(drift),
            rivals=(Prediction(0.0, label=r"$\lambda t$ is constant"),),
        ),
    )


@paper.claim(
    "early-and-late-bias",
    statement="Before the release a diagonal classifier has the largest L2 margin, after it the "
    "largest L1 margin.",
    source="[lyu2023dichotomy, Cors. 3.6, 3.7]",
    headline=True,
    memory_gib=(1.0, 6.0),
)
def early_and_late_bias(bench: Bench) -> tuple[Evidence, ...]:
    r"""Compare trained weights with the support vector machine at $\lambda t = 0.8\ln\alpha$ and
    their $\ell_1$ margin with that of the linear program at the end of the run.

    A finite decay leaves a soft margin, a few per cent below the largest at $m \sim
    \ln(1/\lambda) \simeq 18$, which the theorem's limit of small decay removes; hence
    $\lambda = 10^{-8}$. The rivals are the same numbers for the respective other bias. Gradient
    descent of networks on one side, convex programs on the other.
    """
    settings = Classifiers(
        name="biases",
        spec=sparse_task(bench),
        scales=(16.0, 64.0),
        weight_decays=(1e-8,),
        end=10.0,
        num_steps=3000,
        num_seeds=bench.pick(quick=4, full=8),
        measures={"weights": linear_weights},
    )
    runs = settings.train(bench).isel(weight_decay=0)
    steps = runs["step"].values

    def compare() -> dict[str, np.ndarray]:
        shape = (settings.num_seeds, len(settings.scales))
        found = {name: np.empty(shape) for name in ("cosine", "margin", "accuracy")}
        other = {name: np.empty(shape) for name in ("cosine-rival", "margin-rival")}
        for seed in range(settings.num_seeds):
            features, labels = settings.data(bench, seed)
            l2, l1 = (
                solver(features, labels) for solver in (theory.max_l2_margin, theory.max_l1_margin)
            )

            def margin(weights: np.ndarray, data=(features, labels), best=l1.margin) -> float:
                return theory.normalized_margin(weights, *data, order=1) / best

            other["cosine-rival"][seed] = cosine(l1.weights, l2.weights)
            other["margin-rival"][seed] = margin(l2.weights)
            for i, scale in enumerate(settings.scales):
                run = runs.isel(scale=i, seed=seed)
                times = settings.times(steps, scale=scale, weight_decay=1e-8)
                early = int(np.argmin(np.abs(1e-8 * times - 0.8 * np.log(scale))))
                weights = run["weights"].values
                found["cosine"][seed, i] = cosine(weights[early], l2.weights)
                found["margin"][seed, i] = margin(weights[-1])
                found["accuracy"][seed, i] = run["accuracy"].values[-1]
        return found | other

    found = bench.cached("biases", compare)
    axis = Axis(r"initialization $\alpha$", settings.scales, scale="log")
    first, last = runs.isel(scale=-1, seed=0), settings.scales[-1]
    clock = 1e-8 * settings.times(steps, scale=last, weight_decay=1e-8) - np.log(last)
    panel = Panel(
        r"$\lambda t - \ln\alpha$",
        "test accuracy",
        (Series(rf"$\alpha = {last:g}$", clock, first["accuracy"].values, style="line"),),
    )
    return (
        Evidence(
            quantity=r"cosine to the largest $\ell_2$ margin at $\lambda t = 0.8\ln\alpha$",
            form=Form.THRESHOLD,
            control=axis,
            prediction=Prediction([0.995] * 2, 0.005, label=r"largest $\ell_2$ margin"),
            measurement=Samples(found["cosine"]),
            rivals=(
                Prediction(
                    found["cosine-rival"].mean(axis=0), label=r"already the largest $\ell_1$ margin"
                ),
            ),
        ),
        Evidence(
            quantity=r"final $\ell_1$ margin / largest $\ell_1$ margin",
            form=Form.THRESHOLD,
            control=axis,
            prediction=Prediction([0.975] * 2, 0.025, label=r"largest $\ell_1$ margin"),
            measurement=Samples(found["margin"]),
            rivals=(
                Prediction(
                    found["margin-rival"].mean(axis=0), label=r"still the largest $\ell_2$ margin"
                ),
            ),
            panel=panel,
        ),
        Evidence(
            quantity="final test accuracy",
            form=Form.THRESHOLD,
            control=axis,
            prediction=Prediction.at_least([0.99] * 2, label="generalizes"),
            measurement=Samples(found["accuracy"]),
            rivals=(Prediction.at_most([0.9] * 2, label="stays a kernel machine"),),
        ),
    )
