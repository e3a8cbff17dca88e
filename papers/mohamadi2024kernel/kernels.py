"""What no kernel can do on modular addition: the lower bound, and interpolation."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from ... import simulations as sim
from ...theory import kernel_limits as kl
from ...theory.kernels import kernel_regression
from ...validation import Axis, Evidence, Exact, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    from ..bench import Bench


def triples(modulus: int) -> Int[np.ndarray, "triples 3"]:
    """All samples $(a, b, c)$."""
    return np.indices((modulus,) * 3, dtype=np.int32).reshape(3, -1).T


def targets(samples: Int[np.ndarray, "samples 3"], modulus: int) -> Float[np.ndarray, " samples"]:
    """$p$ where $a + b = c$, else 0: mean square $p$ over all triples."""
    a, b, c = samples.T
    return modulus * ((a + b - c) % modulus == 0).astype(np.float64)


@paper.claim(
    "relabeled-spectrum",
    statement="The second moment of randomly relabeled modular addition has only two eigenvalues "
    "other than zero.",
    source="[mohamadi2024kernel, Lemma D.10]; spectrum derived",
)
def relabeled_spectrum(bench: Bench) -> tuple[Evidence, ...]:
    """Average the outer product of the task over all permutations of all coordinates.

    The rival spreads the trace evenly over the whole space, as white noise would.
    """
    cases = bench.pick(
        quick=((3, 2), (3, 3), (4, 3), (5, 2)), full=((3, 2), (3, 3), (4, 3), (5, 2), (5, 3))
    )

    def enumerate_all() -> dict[str, np.ndarray]:
        found = {}
        for index, (modulus, inputs) in enumerate(cases):
            bench.progress(index / len(cases), f"p = {modulus}, m = {inputs}")
            found[f"{modulus}-{inputs}"] = np.linalg.eigvalsh(_second_moment(modulus, inputs))
        return found

    measured = bench.cached("spectra", enumerate_all)
    repeated, predicted, flat, worst = [], [], [], []
    for modulus, inputs in cases:
        eigenvalues, multiplicities = kl.correlation_spectrum(modulus, num_inputs=inputs)
        spectrum = measured[f"{modulus}-{inputs}"]
        expected = np.sort(np.repeat(eigenvalues, multiplicities))
        worst.append(np.abs(spectrum - expected).max())
        # all but the largest eigenvalue, that of the constant
        repeated.append(spectrum[-1 - multiplicities[-1] : -1].mean())
        predicted.append(eigenvalues[-1])
        flat.append(1 / modulus)
    control = Axis("task", tuple(f"p = {p}, m = {m}" for p, m in cases))
    return (
        Evidence(
            quantity="repeated eigenvalue",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(predicted, 1e-10, label=r"$(p/(p-1))^{m-1}/p$", source="derived"),
            measurement=Exact(repeated, 1e-12),
            rivals=(Prediction(flat, label="flat spectrum, 1/p"),),
        ),
        Evidence(
            quantity="largest error of the whole spectrum",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(np.zeros(len(cases)), 1e-10, label="exact"),
            measurement=Exact(worst, 1e-12),
        ),
    )


def _second_moment(modulus: int, num_inputs: int) -> Float[np.ndarray, "points points"]:
    """Average over all permutations; the first coordinate is looped over to save memory."""
    points = np.indices((modulus,) * num_inputs).reshape(num_inputs, -1)
    permutations = np.array(list(itertools.permutations(range(modulus))))
    rest = sum(
        permutations[indices][:, points[coordinate]]
        for coordinate, indices in enumerate(
            np.indices((len(permutations),) * (num_inputs - 1)).reshape(num_inputs - 1, -1), start=1
        )
    )
    total = np.zeros((points.shape[1], points.shape[1]))
    for permutation in permutations:
        task = ((permutation[points[0]] + rest) % modulus == 0).astype(np.float64)
        total += task.T @ task / len(task)
    return total / len(permutations)


@paper.claim(
    "kernel-lower-bound",
    statement="No kernel that does not know the labels falls below the lower bound: it needs a "
    "constant fraction of all triples.",
    source="[mohamadi2024kernel, Thm. 3.4]; sharp form derived",
    headline=True,
    memory_gib=(1.0, 4.0),
)
def kernel_lower_bound(bench: Bench) -> tuple[Evidence, ...]:
    """Ridgeless regression of three invariant kernels on random train sets of four sizes; the loss
    is over all triples.

    The tangent kernel is that of infinite width with PyTorch's initial variances at h = 4p;
    `memorizing` is a constant plus the identity; `random` has log-normal eigenvalues, new ones a
    draw. The tangent kernel must also reject the law of the rich regime, p^2/n. As a control, a
    kernel that knows the labels -- a function of a + b - c alone -- is exact, far below the bound.
    """
    modulus = bench.pick(quick=11, full=17)
    draws = bench.pick(quick=4, full=8)
    fractions = np.array([0.1, 0.25, 0.5, 0.75])
    sizes = np.round(fractions * modulus**3).astype(int)
    names = ("tangent", "memorizing", "random", "aligned")

    def regress() -> dict[str, np.ndarray]:
        rng = bench.generator("train sets")
        samples = triples(modulus)
        labels = targets(samples, modulus)
        losses = np.zeros((len(names), draws, len(sizes)))
        for draw in range(draws):
            grams = [
                *(kl.delta_gram(k, samples) for k in _invariant_kernels(modulus, rng)),
                np.equal.outer(*2 * [samples @ np.array([1, 1, -1]) % modulus]).astype(float),
            ]
            order = rng.permutation(len(samples))
            for kernel, gram in enumerate(grams):
                bench.progress((draw + kernel / len(grams)) / draws, names[kernel])
                for column, size in enumerate(sizes):
                    losses[kernel, draw, column] = _loss(gram, labels, order[:size]) / modulus
        return dict(zip(names, losses, strict=True))

    measured = bench.cached("regression", regress)
    bound = kl.kernel_loss_bound(sizes, modulus)
    published = kl.published_kernel_loss_bound(sizes, modulus)
    control = Axis("fraction of all triples", fractions)
    panel = Panel(
        "fraction of all triples",
        r"population loss $L/L_0$",
        (
            Series("lower bound", fractions, bound, style="line"),
            Series("as printed", fractions, published, style="dashed"),
            *(Series(name, fractions, measured[name].mean(axis=0)) for name in names),
        ),
    )

    rich = Prediction.at_most(
        np.minimum(modulus**2 / sizes, 1.0),
        label=r"as in the rich regime, $p^2/n$",
        source="[mohamadi2024kernel, Prop. 3.7]",
    )

    def of_kernel(name: str) -> Evidence:
        return Evidence(
            quantity=rf"$L/L_0$, {name} kernel",
            form=Form.ORDERING,
            control=control,
            prediction=Prediction.at_least(bound, label="above the bound", source="derived"),
            measurement=Samples(measured[name]),
            rivals=(rich,) if name == "tangent" else (),
            panel=panel,
        )

    return (
        *(of_kernel(name) for name in names[:3]),
        Evidence(
            quantity=r"$L/L_0$, kernel that knows the labels",
            form=Form.CURVE,
            control=control,
            prediction=Prediction(np.zeros(len(sizes)), 1e-6, label="exact"),
            measurement=Samples(measured["aligned"]),
            rivals=(Prediction.at_least(bound, label="the bound holds for it, too"),),
        ),
    )


def _invariant_kernels(modulus: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Coefficients of the expected tangent kernel, a memorizing one and a random one."""
    width = 4 * modulus
    tangent = kl.expected_tangent_coefficients(
        1 / (6 * modulus), 1 / (3 * width), hidden_kurtosis=9 / 5
    )
    memorizing = np.zeros((2, 2, 2))
    memorizing[0, 0, 0] = memorizing[1, 1, 1] = 1.0
    return [tangent, memorizing, kl.delta_coefficients(rng.lognormal(size=(2, 2, 2)), modulus)]


def _loss(gram: np.ndarray, labels: np.ndarray, chosen: np.ndarray) -> float:
    """Mean squared error over all triples after ridgeless regression on the chosen ones."""
    # The kernel that knows the labels has a rank of p; the ridge leaves all others as they are.
    ridge = 1e-10 * float(gram[0, 0])
    train = gram[np.ix_(chosen, chosen)]
    fit = kernel_regression(train, labels[chosen], gram[:, chosen], ridge=ridge)
    return float(np.mean((fit.predictions - labels) ** 2))


@paper.claim(
    "kernel-interpolates",
    statement="The tangent kernel of a wide network fits its training set and does not generalize; "
    "of a network with fewer than n/(3p-2) nodes it cannot even fit.",
    source="[mohamadi2024kernel, Thm. 3.1]; sharp rank derived",
    memory_gib=(1.0, 4.0),
)
def kernel_interpolates(bench: Bench) -> tuple[Evidence, ...]:
    """Tangent kernels of networks as initialized, on half of all triples: their rank over the
    width, and regression at the width that the theorem calls sufficient.

    For an interpolant the held-out loss is the bound on the population loss over the share of the
    held-out triples. In fact widths just above n/(3p-2) interpolate already.
    """
    modulus, seeds = bench.pick(quick=(7, 4), full=(11, 6))
    samples = triples(modulus)
    labels = targets(samples, modulus)
    size = len(samples) // 2
    threshold = kl.necessary_width(size, modulus)
    widths = np.unique(np.round(threshold * np.array([0.25, 0.5, 0.75, 0.95, 1.1, 1.5]))).astype(
        int
    )
    failure = 0.05

    def measure() -> dict[str, np.ndarray]:
        rng = bench.generator("networks")
        ranks = np.zeros((seeds, len(widths)))
        residuals, held_out = np.zeros((2, seeds))
        # One width for all train sets: that of the most frequent label in any of them.
        orders = [rng.permutation(len(samples)) for _ in range(seeds)]
        largest = max(int(np.bincount(samples[order[:size], 2]).max()) for order in orders)
        wide = int(np.ceil(kl.interpolation_width(size, largest, failure_probability=failure)))
        for seed, order in enumerate(orders):
            bench.progress(seed / seeds, "tangent kernels")
            chosen, rest = order[:size], order[size:]
            narrow = _uniform_weights(modulus, int(widths[-1]), rng)
            for column, width in enumerate(widths):
                # Nodes without weights add nothing to the kernel.
                cut = [part * (np.arange(part.shape[-1]) < width) for part in narrow]
                gram = _tangent_kernel(cut, samples[chosen], samples[chosen])
                ranks[seed, column] = np.linalg.matrix_rank(gram, hermitian=True)
            weights = _uniform_weights(modulus, wide, rng)
            gram = _tangent_kernel(weights, samples, samples[chosen])
            fit = kernel_regression(gram[chosen], labels[chosen], gram)
            errors = (fit.predictions - labels) ** 2 / modulus
            residuals[seed], held_out[seed] = errors[chosen].mean(), errors[rest].mean()
        return {"rank": ranks, "residual": residuals, "held_out": held_out}

    measured = bench.cached("tangent kernels", measure)
    bound = float(kl.kernel_loss_bound(size, modulus)) / (1 - size / len(samples))
    return (
        Evidence(
            quantity="rank of the tangent kernel",
            form=Form.IDENTITY,
            control=Axis("width $h$", widths),
            prediction=Prediction(
                [min(kl.tangent_rank(modulus, int(width)), size) for width in widths],
                0.5,
                label=r"$\min\{(3p-2)h,\ n\}$",
                source="derived",
            ),
            measurement=Samples(measured["rank"]),
            rivals=(
                Prediction(
                    np.minimum(3 * modulus * widths, size),
                    label=r"$\min\{3ph,\ n\}$",
                    source="[mohamadi2024kernel, Thm. 3.1]",
                ),
            ),
        ),
        Evidence(
            quantity=r"train $L/L_0$ of the wide network's kernel",
            form=Form.IDENTITY,
            prediction=Prediction(0.0, 1e-9, label="interpolates"),
            measurement=Samples(measured["residual"]),
        ),
        Evidence(
            quantity=r"held-out $L/L_0$ of the wide network's kernel",
            form=Form.ORDERING,
            prediction=Prediction.at_least(bound, label="lower bound", source="derived"),
            measurement=Samples(measured["held_out"]),
            rivals=(Prediction.at_most(bound / 2, label="generalizes"),),
        ),
    )


def _uniform_weights(modulus: int, width: int, rng: np.random.Generator) -> list[np.ndarray]:
    """First layer and readout as PyTorch initializes them, in double precision."""
    hidden = rng.uniform(-1, 1, (2, modulus, width)) / np.sqrt(2 * modulus)
    return [hidden, rng.uniform(-1, 1, (modulus, width)) / np.sqrt(width)]


def _tangent_kernel(
    weights: list[np.ndarray], inputs: np.ndarray, other: np.ndarray
) -> Float[np.ndarray, "rows columns"]:
    """Tangent kernel of a network with these weights, in double precision."""
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        hidden, readout = (jnp.asarray(part) for part in weights)
        net = sim.models.QuadraticTripleNet(sim.models.TwoLayerNet(hidden, readout))
        return np.asarray(sim.measures.tangent_kernel(net, inputs, other, outputs="trace"))
