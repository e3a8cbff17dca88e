import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from groktheory.simulations.node_ascent import EnergyLandscape, random_nodes
from groktheory.simulations.tasks import group


def full_landscape(name, activation=jnp.square):
    g = group(name)
    a, b = np.divmod(np.arange(g.order**2), g.order)
    labels = np.eye(g.order)[g.table.ravel()] - 1 / g.order
    return EnergyLandscape(a, b, labels, g.order, activation)


def partial_landscape(modulus=7, seed=0, scale=1.0, activation=jnp.square):
    rows = np.random.default_rng(seed).permutation(modulus**2)[: modulus**2 // 2]
    a, b = np.divmod(rows, modulus)
    labels = np.eye(modulus)[(a + b) % modulus]
    return EnergyLandscape(a, b, scale * (labels - labels.mean(axis=0)), modulus, activation)


def dense_energy(landscape, nodes, activation):
    """The energy from the one-hot matrix X itself."""
    m = landscape.group_order
    x = np.concatenate([np.eye(m)[landscape.first], np.eye(m)[landscape.second]], axis=1)
    return 0.5 * ((landscape.labels.T @ activation(x @ nodes.T)) ** 2).sum(axis=0)


@pytest.mark.parametrize(
    ("jax_function", "function"), [(jnp.square, np.square), (jnp.tanh, np.tanh)]
)
def test_energy_is_that_of_the_one_hot_matrix(jax_function, function, key):
    landscape = partial_landscape(activation=jax_function)
    nodes = 1.7 * random_nodes(20, 7, key=key)
    expected = dense_energy(landscape, nodes, function)
    np.testing.assert_allclose(landscape.energy(nodes), expected, rtol=1e-13)


@pytest.mark.parametrize("num_nodes", [20_000, 40_000])
def test_large_batches_are_right(num_nodes, key):
    landscape = partial_landscape(3, 1)
    nodes = random_nodes(num_nodes, 3, key=key)
    expected = dense_energy(landscape, nodes, np.square)
    np.testing.assert_allclose(landscape.energy(nodes), expected, rtol=1e-12)


# Energies of the maxima: M/(2d) for a real irrep of dimension d, M/(4d) for the others.
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Z7", [7 / 4]),
        ("Z6", [6 / 4, 6 / 2]),
        ("S3", [6 / 4, 6 / 2]),
        ("Q8", [8 / 8, 8 / 2]),
        ("F21", [21 / 12, 21 / 4]),
    ],
)
def test_maxima_of_groups(name, values, key):
    landscape = full_landscape(name)
    starts = random_nodes(200, landscape.group_order, key=key)
    result = landscape.ascend(starts)
    assert result.num_unconverged == 0 and result.num_steps.max() < 60
    assert (result.gradient_norms <= 1e-10 * result.energies + 1e-11).all()
    np.testing.assert_allclose(np.unique(result.energies.round(9)), values, rtol=1e-8)
    np.testing.assert_allclose(np.linalg.norm(result.nodes, axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(landscape.energy(result.nodes), result.energies, rtol=1e-12)
    curvature = landscape.hessian_eigenvalues(result.nodes[:20])
    assert (curvature < 1e-6).all()


@pytest.mark.parametrize("landscape", [partial_landscape(3, 1), full_landscape("Z3", jnp.tanh)])
def test_hessian_is_the_second_derivative_along_great_circles(landscape, key):
    activation = np.square if landscape.activation is jnp.square else np.tanh
    (node,) = random_nodes(1, 3, key=key)
    tangents = np.linalg.svd(node[None])[2][1:]

    def second_derivative(direction):
        norm, h = np.linalg.norm(direction), 1e-3
        angles = h * np.arange(-2, 3)[:, None]
        circle = np.cos(angles) * node + np.sin(angles) * direction / norm
        weights = np.array([-1, 16, -30, 16, -1]) / (12 * h**2)
        return norm**2 * weights @ dense_energy(landscape, circle, activation)

    # Off the diagonal by polarization: 2 B(s, t) = Q(s + t) - Q(s) - Q(t).
    diagonal = np.array([second_derivative(s) for s in tangents])
    sums = np.array([[second_derivative(s + t) for s in tangents] for t in tangents])
    hessian = (sums - diagonal - diagonal[:, None]) / 2
    found = landscape.hessian_eigenvalues(3.0 * node[None])[0]
    np.testing.assert_allclose(found, np.linalg.eigvalsh(hessian), atol=1e-7)


def test_small_angles_follow_the_gradient_flow(key):
    landscape = full_landscape("Z7")
    starts = random_nodes(200, 7, key=key)

    def flow(_, w):
        w = w / np.linalg.norm(w)
        preactivation = w[landscape.first] + w[7 + landscape.second]
        slope = 2 * preactivation * (landscape.labels @ (landscape.labels.T @ preactivation**2))
        gradient = np.zeros(14)
        np.add.at(gradient, landscape.first, slope)
        np.add.at(gradient, 7 + landscape.second, slope)
        return gradient - w * (w @ gradient)

    found = landscape.ascend(starts, max_angle=0.003).nodes
    fastest = landscape.ascend(starts).nodes
    # The negative control: the fastest ascent takes some of these nodes to other maxima.
    differ = np.flatnonzero(np.abs(found - fastest).max(axis=1) > 0.2)
    assert 0 < len(differ) < 20
    for node in [*differ[:6], *range(6)]:
        end = solve_ivp(flow, (0, 40), starts[node], rtol=1e-6, atol=1e-8).y[:, -1]
        np.testing.assert_allclose(found[node], end / np.linalg.norm(end), atol=1e-3)


@pytest.mark.parametrize("activation", [jnp.square, jax.nn.silu])
@pytest.mark.parametrize("max_angle", [None, 0.02])
def test_ends_are_maxima_on_partial_data(activation, max_angle, key):
    landscape = partial_landscape(activation=activation)
    starts = random_nodes(40, 7, key=key)
    result = landscape.ascend(starts, max_angle=max_angle)
    assert result.has_converged.all() and (result.energies > landscape.energy(starts)).all()
    assert (landscape.hessian_eigenvalues(result.nodes) < 1e-8).all()


def test_scale_of_the_labels_drops_out(key):
    starts = random_nodes(30, 7, key=key)
    small, large = partial_landscape(scale=1e-5), partial_landscape(scale=1e3)
    a, b = small.ascend(starts, max_angle=0.02), large.ascend(starts, max_angle=0.02)
    np.testing.assert_allclose(a.nodes, b.nodes, atol=1e-8)
    np.testing.assert_allclose(a.energies * 1e16, b.energies, rtol=1e-8)


def _identity(x):
    return x


def test_flat_landscape_and_few_steps(key):
    starts = random_nodes(5, 7, key=key)
    flat = full_landscape("Z7", _identity).ascend(starts)
    assert flat.has_converged.all() and (flat.energies < 1e-25).all()
    short = full_landscape("Z7").ascend(starts, max_steps=3)
    assert short.num_unconverged == 5 and (short.num_steps == 3).all()
    assert (short.gradient_norms > 1e-3).all()


def test_global_precision_is_left_alone(key):
    result = full_landscape("Z3").ascend(random_nodes(2, 3, key=key))
    assert result.nodes.dtype == np.float64
    assert jnp.asarray(1.0).dtype == jnp.float32


def test_refusals(key):
    one = np.zeros(1, int)
    with pytest.raises(ValueError, match=r"got \(1,\), \(2,\), \(1, 3\)"):
        EnergyLandscape(one, np.zeros(2, int), np.ones((1, 3)), 3)
    with pytest.raises(ValueError, match=r"second must lie in \[0, 3\), got values from 3 to 3"):
        EnergyLandscape(one, one + 3, np.ones((1, 3)), 3)
    with pytest.raises(ValueError, match="labels must be finite"):
        EnergyLandscape(one, one, np.full((1, 3), np.nan), 3)
    landscape = full_landscape("Z3")
    with pytest.raises(ValueError, match=r"nodes must have shape \(nodes, 6\), got \(2, 4\)"):
        landscape.energy(np.ones((2, 4)))
    with pytest.raises(ValueError, match="nodes must be finite"):
        landscape.energy(np.full((2, 6), np.inf))
    with pytest.raises(ValueError, match="nodes must not be zero"):
        landscape.ascend(np.zeros((2, 6)))
    with pytest.raises(ValueError, match=r"max_angle must lie in \(0, pi/2\), got 2"):
        landscape.ascend(np.ones((2, 6)), max_angle=2)
