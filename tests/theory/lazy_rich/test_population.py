import numpy as np
import pytest

from groktheory.theory.lazy_rich import committee, loss, norm, population


@pytest.mark.parametrize("scale", [0.5, 5.0, np.inf])
def test_population_is_a_committee_on_inputs_with_all_gaussian_moments(scale):
    """Quadrature of degree five with weights 1:4:1 becomes a training set by repeating points."""
    dimension, curvature = 3, 0.5
    nodes = np.sqrt(3) * np.array([-1, 0, 0, 0, 0, 1])
    inputs = np.stack(np.meshgrid(*[nodes] * dimension), axis=-1).reshape(-1, dimension)
    inputs /= np.sqrt(dimension)
    direction = np.sqrt(dimension) * np.eye(dimension)[0]
    steps = [3, 20, 60]
    run = committee.gradient_flow(
        inputs,
        (inputs @ direction) ** 2 / 2,
        steps,
        scale=scale,
        curvature=curvature,
        tolerance=1e-6,
    )
    target = np.outer(direction, direction)
    errors = loss.loss_terms(run.linear, run.quadratic, target, curvature=curvature).total
    found = population.population_flow(steps, dimension=dimension, scale=scale, curvature=curvature)
    np.testing.assert_allclose(found.test_loss, errors, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.parallel, run.second_moment[:, 0, 0], rtol=1e-4)
    np.testing.assert_allclose(found.orthogonal, run.second_moment[:, 1, 1], rtol=1e-4)


def test_lazy_modes_relax_on_their_clocks():
    """At infinite scale the traceless part of the error decays as exp(-t/t_quad)."""
    dimension, curvature = 10, 0.5
    clocks = population.lazy_clocks(dimension, curvature=curvature, learning_rate=0.5)
    assert clocks == (20.0, 400.0, 100 / 12 / 0.25 / 0.5)
    run = population.population_flow(
        [0, clocks.quadratic, 2 * clocks.quadratic],
        dimension=dimension,
        scale=np.inf,
        curvature=curvature,
        learning_rate=0.5,
    )
    # long after t_trace only the traceless part is left
    np.testing.assert_allclose(run.test_loss[2] / run.test_loss[1], np.exp(-2), rtol=1e-3)
    np.testing.assert_allclose(run.test_loss[0], 0.75)


def test_rich_clock_is_the_time_to_generalize_and_proportional_to_the_scale():
    clocks, times = [], []
    for scale in (0.05, 0.1, 0.2):
        steps = np.linspace(0, 2000, 4001)
        kept = {"dimension": 40, "scale": scale, "curvature": 0.1}
        run = population.population_flow(steps, **kept)
        times.append(steps[np.argmax(run.test_loss < 0.2 * run.test_loss[0])])
        clocks.append(population.rich_clock(**kept))
    ratios = np.array(times) / clocks
    assert np.all((ratios > 0.5) & (ratios < 1.5))
    assert np.ptp(np.log(ratios)) < 0.1


def test_norm_grows_from_the_start_to_its_end():
    dimension, scale, curvature = 12, 0.3, 0.4
    direction = np.sqrt(dimension) * np.eye(dimension)[0]
    target = np.outer(direction, direction)
    run = population.population_flow(
        [0, 1e-4, 1e5], dimension=dimension, scale=scale, curvature=curvature
    )
    trace = run.parallel + (dimension - 1) * run.orthogonal
    growth = norm.solution_norm_growth(target, scale=scale, curvature=curvature)
    assert run.test_loss[-1] < 1e-8
    np.testing.assert_allclose(trace[-1] - trace[0], growth, rtol=1e-4)
    velocity = norm.initial_norm_velocity(target, scale=scale, curvature=curvature)
    np.testing.assert_allclose((trace[1] - trace[0]) / 1e-4, velocity, rtol=1e-3)
    assert norm.solution_norm_growth(target, scale=np.inf, curvature=curvature) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dimension": 1}, "dimension must be at least 2, got 1"),
        ({"scale": -1.0}, "scale must be positive, got -1.0"),
        ({"curvature": 0.0}, "curvature must be positive"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
        ({"target_norm_squared": 0.0}, "target_norm_squared must be positive, got 0.0"),
    ],
)
def test_bad_settings_are_refused(change, message):
    given = {"dimension": 5, "scale": 1.0, "curvature": 0.5} | change
    with pytest.raises(ValueError, match=message):
        population.population_flow([1], **given)
    with pytest.raises(ValueError, match=message):
        population.rich_clock(**given)


def test_other_bad_values_are_refused():
    with pytest.raises(ValueError, match="a network that lazy has no rich clock"):
        population.rich_clock(5, scale=100.0, curvature=0.5)
    with pytest.raises(ValueError, match="scale must be finite here, got inf"):
        population.rich_clock(5, scale=np.inf, curvature=0.5)
    with pytest.raises(ValueError, match="record_steps must increase"):
        population.population_flow([2, 1], dimension=5, scale=1.0, curvature=0.5)
