import jax
import numpy as np
import pytest
import xarray as xr
from helpers import curve, rendered

from groktheory import simulations as sim
from groktheory.papers.bench import Bench
from groktheory.papers.bench.cache import Cache
from groktheory.papers.tian2025li2 import paper
from groktheory.papers.tian2025li2._figure_landscape import mixed_nodes, wave
from groktheory.papers.tian2025li2._figure_stages import feature_share, stage_ends
from groktheory.theory import irreps, li2


class SmallBench(Bench):
    """A bench with settings of its own, in the order in which a figure picks them."""

    def __init__(self, *arguments, picks, **options):
        super().__init__(*arguments, **options)
        self.picks = iter(picks)

    def pick(self, *, quick, full):
        return next(self.picks)


@pytest.fixture
def draw(tmp_path):
    """Draw a figure, render it with every warning an error, and return it."""

    def draw(name, *, picks=None, **options):
        figure = paper.figures[name]
        settings = {"cache": Cache(tmp_path), "options": options}
        if picks is None:
            bench = Bench(paper.key, name, **settings)
        else:
            bench = SmallBench(paper.key, name, picks=picks, **settings)
        return rendered(figure, bench, **options)

    return draw


def definition_of_energy(u, v, table):
    """Half the squared norm of Y^T sigma, straight from the definition."""
    order = len(table)
    labels = np.eye(order)[table.ravel()] - 1 / order
    hidden = (u[:, None] + v[None, :]).ravel() ** 2
    return 0.5 * np.sum((labels.T @ hidden) ** 2)


def cyclic(order):
    return np.add.outer(np.arange(order), np.arange(order)) % order


@pytest.mark.parametrize(("modulus", "height"), [(9, 1 / 4), (8, 1 / 2)])
def test_energy_landscape_is_the_energy_in_units_of_the_modulus(draw, modulus, height):
    slice_, lines, _ = draw("energy-landscape", modulus=modulus).axes
    filled = slice_.collections[0]
    np.testing.assert_allclose(filled.levels[-1], height, rtol=1e-12)
    other = modulus // 2 if modulus % 2 == 0 else 2
    for label, along in (
        (r"$\Vert u \Vert$ against $\Vert v \Vert$", (wave(modulus, 1), -wave(modulus, 1))),
        (f"toward frequency {other}", (wave(modulus, other), wave(modulus, other))),
    ):
        angles, energies = curve(lines, label)
        angle = np.radians(angles[130])
        u, v = (np.cos(angle) * wave(modulus, 1) + np.sin(angle) * half for half in along)
        expected = definition_of_energy(u, v, cyclic(modulus)) / modulus
        np.testing.assert_allclose(energies[130], expected, rtol=1e-12)
    np.testing.assert_allclose(curve(lines, "both phases")[1], 1 / 4, rtol=1e-12)
    np.testing.assert_allclose(curve(lines, "published height")[1], 1 / 16)


@pytest.mark.parametrize("modulus", [9, 8])
def test_energy_landscape_divides_the_basins_where_the_ascent_does(draw, modulus):
    slice_ = draw("energy-landscape", modulus=modulus).axes[0]
    border = slice_.collections[-1].get_paths()[0].vertices
    # Points of the dotted line between the two stars, moved toward either of them.
    between = border[(border > 5).all(axis=1) & (border < 85).all(axis=1)]
    first, second = 1, modulus // 2 if modulus % 2 == 0 else 2
    for shift, expected in ((-4, first), (4, second)):
        angle_u, angle_v = np.radians(between + shift).T
        u, v = mixed_nodes(angle_u, angle_v, modulus=modulus, frequencies=(first, second))
        for _ in range(3000):
            slope_u, slope_v = li2.full_data_gradient(u, v, cyclic(modulus))
            u, v = u + 0.1 / modulus * slope_u, v + 0.1 / modulus * slope_v
            norm = np.sqrt(np.sum(u**2 + v**2, axis=1, keepdims=True))
            u, v = u / norm, v / norm
        powers = np.abs(np.fft.rfft(u, axis=1)) ** 2
        assert (powers[:, 1:].argmax(axis=1) + 1 == expected).all()
        # The ascent has not left the slice: no other frequency, and equally long halves.
        others = np.delete(powers, [first, second], axis=1)
        assert others.max() < 1e-20
        np.testing.assert_allclose(np.sum(u**2, axis=1), 0.5, rtol=1e-9)


def test_irrep_energies_draws_what_nodes_at_the_maxima_have(draw):
    (axes,) = draw("irrep-energies", group="Q8xZ3").axes
    table = sim.tasks.groups.group("Q8xZ3").table
    maxima = li2.local_maxima(table)
    drawn, published = {}, {}
    for line in axes.get_lines():
        target = published if line.get_markerfacecolor() == "none" else drawn
        target |= dict(zip(line.get_xdata(), line.get_ydata(), strict=True))
    zero_modes = {text.xy[0]: int(text.get_text()) for text in axes.texts}
    representations = irreps.irreps(table)
    rng = np.random.default_rng(0)
    assert len(drawn) == len(published) == len(zero_modes) == len(maxima)
    for place, maximum in enumerate(maxima, start=1):
        u, v = li2.sample_maximum(representations[maximum.irrep], 1, rng=rng)
        energy = definition_of_energy(u[0], v[0], table)
        np.testing.assert_allclose(drawn[place], energy, rtol=1e-9)
        np.testing.assert_allclose(published[place], energy / 4, rtol=1e-9)
        eigenvalues = li2.hessian_eigenvalues(u[0], v[0], table)
        assert zero_modes[place] == np.sum(np.abs(eigenvalues) < 1e-8 * energy)


def test_irrep_energies_thins_out_the_labels_of_many_irreps(draw):
    (axes,) = draw("irrep-energies", group="Z46").axes
    assert len(axes.get_xticks()) == 12
    assert [text.get_text() for text in axes.texts] == ["2", "0"]


@pytest.mark.parametrize("modulus", [11, 8])
def test_capacity_points_lie_on_the_line(draw, modulus):
    (axes,) = draw("capacity-curve", modulus=modulus).axes
    line = curve(axes, "four nodes a frequency")
    widths, losses = curve(axes, "construction, cut off")
    np.testing.assert_allclose(losses, np.interp(widths, *line), atol=1e-9)
    assert losses[-1] < 1e-12 < losses[-2]
    widths, losses = curve(axes, "random maxima")
    expected = (1 - 1 / modulus) * (1 - widths / 2)
    np.testing.assert_allclose(losses, expected, atol=1e-9)
    assert curve(axes, "published width")[0][0] == 1


def collected(probabilities, kept, rng):
    """Count the nodes until all features are found; found ones keep a part of their weight."""
    weights, count = probabilities.copy(), 0
    found = np.zeros(len(weights), dtype=bool)
    while not found.all():
        feature = rng.choice(len(weights), p=weights / weights.sum())
        if not found[feature]:
            found[feature], weights[feature] = True, weights[feature] * kept
        count += 1
    return count


def test_coupon_curves_are_the_means_of_the_process(draw):
    shape = 1.5
    plain, muon = draw("coupon-curves", frechet_shape=shape, max_features=8).axes
    rng = np.random.default_rng(1)
    for axes, kept in ((plain, 1.0), (muon, 0.5**shape)):
        line = axes.get_lines()[4 if axes is plain else 2]
        features, drawn = line.get_xdata(), line.get_ydata()
        assert features[-1] == 8
        strengths = np.linspace(0.5, 1, 8) ** shape
        counts = [collected(strengths / strengths.sum(), kept, rng) for _ in range(3000)]
        error = np.std(counts) / np.sqrt(len(counts))
        assert abs(np.mean(counts) - 8 * drawn[-1]) < 4 * error
    features, equal = curve(plain, "equal strengths")
    harmonic = [sum(1 / k for k in range(1, count + 1)) for count in features]
    np.testing.assert_allclose(equal, harmonic, rtol=1e-8)
    np.testing.assert_allclose(curve(plain, "bound $H_L$")[1], harmonic, rtol=1e-12)


def test_memorized_shapes_are_stationary(draw):
    (axes,) = draw("memorized-shapes", pairs=6).axes
    slopes = {
        "relu": lambda s: np.ones_like(s),
        "tanh": lambda s: 1 - np.tanh(s) ** 2,
        "sigmoid": lambda s: np.exp(-s) / (1 + np.exp(-s)) ** 2,
    }
    for label, slope in slopes.items():
        probabilities, shape = curve(axes, label)
        np.testing.assert_allclose(np.sum(shape**2), 2, rtol=1e-9)
        multipliers = probabilities * slope(shape) / shape
        np.testing.assert_allclose(multipliers, multipliers[0], rtol=1e-6)
    focused = curve(axes, r"$x^q$, $q \geq 2$")[1]
    np.testing.assert_allclose(focused, [0, 0, 0, 0, 0, np.sqrt(2)])


@pytest.mark.parametrize("modulus", [7, 8])
def test_feature_share_is_the_overlap_with_the_nearest_ideal_feature(key, modulus):
    model = sim.TwoLayerNet.init(modulus, 5, key=key)
    task = sim.ModularAddition(modulus, train_fraction=0.5).sample(key=jax.random.key(1))
    u, v = np.asarray(model.hidden, dtype=np.float64).transpose(0, 2, 1)
    frequencies = range(1, modulus // 2 + 1)
    overlaps = [li2.ideal_feature_overlap(u, v, frequency=k) for k in frequencies]
    norms = np.sum(u**2 + v**2, axis=1)
    expected = np.sum(norms * np.max(overlaps, axis=0)) / norms.sum()
    np.testing.assert_allclose(feature_share(model, task), expected, rtol=1e-5)


def run_with(early, whitened, test_accuracy):
    steps = np.arange(1, len(early) + 1)
    gradient = np.stack([np.ones(len(early)), early, whitened], axis=1)
    variables = {"gradient": (("step", "part"), gradient), "test_accuracy": ("step", test_accuracy)}
    return xr.Dataset(variables, coords={"step": steps})


def test_stage_ends_are_interpolated_and_ignore_the_noise_before_the_lazy_stage():
    early = [0.02, 0.00, 0.8, 0.6, 0.4, 0.4]
    whitened = [0.00, 0.01, 0.2, 0.5, 0.8, 0.8]
    ends = stage_ends(run_with(early, whitened, [0.0, 0.0, 0.0, 0.0, 0.25, 1.0]))
    np.testing.assert_allclose(ends, [4.2, 5 + 1 / 3])


def test_stages_that_were_not_reached_are_left_out():
    early, whitened = [0.1, 0.8, 0.4], [0.0, 0.2, 0.6]
    assert len(stage_ends(run_with(early, whitened, [0.0, 0.0, 0.1]))) == 1
    assert stage_ends(run_with(early, early[:1] + [0.2, 0.3], [0.0, 0.0, 0.1])) == []


@pytest.mark.slow
def test_stages_of_a_small_network(draw):
    options = {"modulus": 11, "train_fraction": 0.7, "weight_decay": 1e-3, "num_steps": 2000}
    accuracies, norms, cosines = draw("stages", picks=[64], **options).axes
    assert [text.get_text() for text in accuracies.texts] == ["I", "II", "III"]
    steps, test_accuracy = curve(accuracies, "test accuracy")
    ring = accuracies.get_lines()[-1]
    np.testing.assert_allclose(ring.get_ydata(), 0.5)
    assert test_accuracy[-1] > 0.9
    _, decaying = curve(norms, "weight decay 0.001")
    dying = norms.get_lines()[1].get_ydata()
    assert dying[-1] < 0.1 * decaying[-1]
    early = curve(cosines, r"$\tilde Y \tilde Y^\top \tilde F$, early")[1]
    whitened = curve(cosines, r"$Z Z^\top \tilde F$, whitened")[1]
    turned = cosines.get_lines()[-1].get_xdata()[0]
    assert np.all((whitened > early)[steps > turned][:3])


@pytest.mark.slow
def test_data_thresholds_of_small_groups(draw):
    picks = [(7, 11), ()]
    (axes,) = draw("data-thresholds", picks=picks, trained=False).axes
    plain, whitened = (container.lines[0].get_ydata() for container in axes.containers)
    assert np.all(plain > whitened)
    law = [line for line in axes.get_lines() if "published fit" in line.get_label()][0]
    np.testing.assert_allclose(law.get_ydata()[-1], 2.7482 * np.log(11) / 11)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("energy-landscape", {"modulus": 3}, "modulus must be at least 4, .* got 3"),
        ("irrep-energies", {"group": "s4"}, "unknown group 's4'.*did you mean 'S4'"),
        ("irrep-energies", {"group": "Z1"}, "more than one element, got 'Z1'"),
        ("capacity-curve", {"modulus": 1}, "modulus must be at least 3, got 1"),
        ("coupon-curves", {"max_features": 2}, "max_features must be at least 3, got 2"),
        ("coupon-curves", {"frechet_shape": 0.0}, "frechet_shape must be positive, got 0.0"),
        ("memorized-shapes", {"pairs": 1}, "pairs must be at least 2, got 1"),
        ("stages", {"modulus": 1}, "modulus must be at least 2.*, got 1"),
        ("stages", {"train_fraction": 1.5}, r"train_fraction must lie in \(0, 1\), got 1.5"),
        ("stages", {"weight_decay": 0.0}, "weight_decay must be positive, got 0.0"),
        ("stages", {"num_steps": 0}, "num_steps must be at least 1, got 0"),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, **options)
