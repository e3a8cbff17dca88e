"""The effective flow: its closed form, its rate, and what it conserves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Int

from ...theory import representation as theory
from ...validation import Axis, Evidence, Exact, Form, Panel, Prediction, Series
from ._card import paper

if TYPE_CHECKING:
    from ..bench import Bench


@dataclass(frozen=True)
class Start:
    """One start of the flow, and the data that drive it."""

    name: str
    symbols: int
    samples: int
    dimensions: int
    shift: float


@dataclass(frozen=True, eq=False)
class Integrated:
    """The flow of the effective loss, integrated step by step."""

    samples: Int[np.ndarray, "samples 2"]
    times: Float[np.ndarray, " times"]
    path: Float[np.ndarray, "times symbols dimensions"]
    weights: Float[np.ndarray, " times"]
    """Of a Gauss quadrature over all times; zero for the first and the last."""


def _starts(bench: Bench) -> tuple[Start, ...]:
    symbols = bench.pick(quick=(10, 16), full=(10, 53))
    few, many = symbols
    return (
        Start("line", few, 45, 1, 0.0),
        Start("plane", few, 30, 2, 0.0),
        Start("not unique", few, 18, 1, 0.0),
        Start("more symbols", many, many * (many + 1) // 4, 1, 0.0),
        Start("shifted", few, 45, 1, 0.7),
        Start("shifted plane", few, 30, 2, 1.5),
    )


def integrate(
    bench: Bench, start: Start, *, energy: Literal["effective", "unnormalized"] = "effective"
) -> Integrated:
    r"""Integrate the gradient flow of $\ell_0/Z_0$, or of $\ell_0/Z_0(0)$ alone.

    The gradient is summed parallelogram by parallelogram, in eighth order at a relative tolerance
    of $10^{-12}$: nothing here knows of a closed form.
    """
    from scipy.integrate import solve_ivp

    rng = bench.generator(start.name)
    everything = np.array([(i, j) for i in range(start.symbols) for j in range(i, start.symbols)])
    samples = everything[rng.permutation(len(everything))[: start.samples]]
    pairs = [
        (*one, *other)
        for index, one in enumerate(samples.tolist())
        for other in samples[:index].tolist()
        if sum(one) == sum(other)
    ]
    rows = np.zeros((len(pairs), start.symbols))
    for row, pair in zip(rows, pairs, strict=True):
        for symbol, sign in zip(pair, (1, 1, -1, -1), strict=True):
            row[symbol] += sign
    first = rng.standard_normal((start.symbols, start.dimensions))
    first = (first - first.mean(axis=0)) / first.std(axis=0, ddof=1) + start.shift
    initial_norm = np.sum(first**2)

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        embedding = state.reshape(first.shape)
        gaps = rows @ embedding
        loss, gradient = np.sum(gaps**2) / len(rows), 2 * rows.T @ gaps / len(rows)
        if energy == "unnormalized":
            return -gradient.ravel() / initial_norm
        norm = np.sum(embedding**2)
        return (2 * loss / norm**2 * embedding - gradient / norm).ravel()

    decay = np.linalg.svd(rows, compute_uv=False) ** 2
    slowest = 2 * decay[decay > 1e-9].min() / (len(rows) * initial_norm)
    nodes, weights = np.polynomial.legendre.leggauss(80)
    end = 4 / slowest
    times = np.concatenate([[0.0], end * (nodes + 1) / 2, [end]])
    solution = solve_ivp(
        velocity, (0, end), first.ravel(), method="DOP853", t_eval=times, rtol=1e-12, atol=1e-13
    )
    return Integrated(
        samples,
        times,
        solution.y.T.reshape(len(times), *first.shape),
        np.concatenate([[0.0], end * weights / 2, [0.0]]),
    )


@paper.claim(
    "effective-flow",
    statement="The flow of the effective loss is the linear flow with its norm restored, and "
    "straightens the embeddings at the rate lambda_3.",
    source="[liu2022effective, Eqs. 8, 9]; norm derived",
    headline=True,
)
def effective_flow(bench: Bench) -> tuple[Evidence, ...]:
    r"""Integrate the flow from six starts, in one and two dimensions, with data that determine the
    representation and data that do not, with zero sum and without, up to four times the longest
    time constant, and compare it with the closed form.

    The rival is the printed solution $\sum_ia_iv_ie^{-\lambda_it}$, whose norm decays. The rate is
    read off the integrated embeddings: the slope of the logarithm of their part along the third
    mode, relative to the part that stays. Its rival is the normalization of the released code,
    which sums over all parallelograms instead of averaging over those of the training set.
    """
    starts = _starts(bench)
    errors, linear, slopes, code = [], [], [], []
    series = ()
    for index, start in enumerate(starts):
        bench.progress(index / len(starts), start.name)
        found = integrate(bench, start)
        closed = theory.effective_flow(found.path[0], found.samples, found.times)
        errors.append(np.abs(found.path - closed).max())
        rows = theory.incidence_matrix(
            theory.parallelograms(start.symbols, found.samples), start.symbols
        )
        norm = float(np.sum(found.path[0] ** 2))
        values, modes = np.linalg.eigh(2 * rows.T @ rows / (len(rows) * norm))
        decayed = np.exp(-np.outer(found.times, values))
        printed = np.einsum("ik,tk,kd->tid", modes, decayed, modes.T @ found.path[0])
        linear.append(np.abs(found.path - printed).max())
        if start.name == "not unique":
            continue
        parts = modes.T @ found.path
        ratio = np.linalg.norm(parts[:, 2], axis=1) / np.linalg.norm(parts[:, :2], axis=(1, 2))
        rate = theory.grokking_rate(found.samples, start.symbols, squared_norm=norm)
        slopes.append(-np.polyfit(found.times, np.log(ratio), 1)[0] / rate)
        full = theory.energy_matrix(theory.all_samples(start.symbols), start.symbols)[0]
        code.append(2 * np.linalg.eigvalsh(full)[2] / norm / rate)
        if not series:
            series = (
                Series("closed form", rate * found.times, ratio[0] * np.exp(-rate * found.times),
                       style="line"),
                Series("integrated", rate * found.times, ratio, style="points"),
            )  # fmt: skip
    names = tuple(start.name for start in starts)
    return (
        Evidence(
            quantity="largest difference of an embedding",
            form=Form.IDENTITY,
            control=Axis("start", names),
            prediction=Prediction(
                np.zeros(len(names)), 1e-8, label="normalized linear flow", source="derived"
            ),
            measurement=Exact(errors),
            rivals=(
                Prediction(
                    linear, label="printed linear flow", source="[liu2022effective, Sec. 3.2]"
                ),
            ),
        ),
        Evidence(
            quantity=r"rate of the third mode / $\lambda_3$",
            form=Form.CURVE,
            control=Axis("start", tuple(name for name in names if name != "not unique")),
            prediction=Prediction(
                np.ones(len(slopes)), 1e-5, label=r"$\lambda_3$", source="[liu2022effective, Eq. 9]"
            ),
            measurement=Exact(slopes),
            rivals=(Prediction(code, label="sum over all parallelograms"),),
            panel=Panel(r"$\lambda_3 t$", "third mode / zero modes", series, y_scale="log"),
        ),
    )


@paper.claim(
    "conserved-quantities",
    statement="The effective flow conserves the norm of the embeddings; it conserves their sum "
    "only if that is zero.",
    source="[liu2022effective, App. F], corrected",
    headline=True,
)
def conserved_quantities(bench: Bench) -> tuple[Evidence, ...]:
    r"""Integrate the flow with and without a shift of the embeddings.

    The growth of the sum is compared with the integral of $2\ell_0/Z_0^2$ along the way:
    $\ln(C(t)/C(0))$ over it must be one for a shifted start. The rival is the printed conservation
    of $C$, which makes it zero. The rival for the norm is the flow of $\ell_0$ without its
    denominator, which loses norm.
    """
    starts = _starts(bench)
    drift, plain, growth, still = [], [], [], []
    for index, start in enumerate(starts):
        bench.progress(index / len(starts), start.name)
        found = integrate(bench, start)
        norms = np.sum(found.path**2, axis=(1, 2))
        drift.append(np.abs(norms / norms[0] - 1).max())
        other = np.sum(integrate(bench, start, energy="unnormalized").path ** 2, axis=(1, 2))
        plain.append(np.abs(other / other[0] - 1).max())
        sums = found.path.sum(axis=1)
        if start.shift:
            integral = found.weights @ theory.sum_growth_rate(found.path, found.samples)
            size = np.linalg.norm(sums, axis=1)
            growth.append(np.log(size[-1] / size[0]) / integral)
        else:
            still.append(np.abs(sums).max())
    shifted = tuple(start.name for start in starts if start.shift)
    centered = tuple(start.name for start in starts if not start.shift)
    return (
        Evidence(
            quantity="largest relative change of $Z_0$",
            form=Form.IDENTITY,
            control=Axis("start", tuple(start.name for start in starts)),
            prediction=Prediction(
                np.zeros(len(starts)), 1e-9, label="conserved", source="[liu2022effective, App. F]"
            ),
            measurement=Exact(drift),
            rivals=(Prediction(plain, label=r"flow of $\ell_0$ alone"),),
        ),
        Evidence(
            quantity=r"$\ln[C(t)/C(0)]\;/\int 2\ell_0/Z_0^2\,dt$",
            form=Form.IDENTITY,
            control=Axis("start", shifted),
            prediction=Prediction(
                np.ones(len(shifted)), 1e-6, label="growing sum", source="derived"
            ),
            measurement=Exact(growth),
            rivals=(Prediction(0.0, label="conserved sum", source="[liu2022effective, App. F]"),),
        ),
        Evidence(
            quantity="largest sum of embeddings after a start at zero",
            form=Form.IDENTITY,
            control=Axis("start", centered),
            prediction=Prediction(np.zeros(len(centered)), 1e-9, label="stays zero"),
            measurement=Exact(still),
        ),
    )
