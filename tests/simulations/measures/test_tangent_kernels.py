import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations import models
from groktheory.simulations.measures import (
    _kernel_plan,
    _linear_uses,
    mlp_tangent_kernel,
    tangent_kernel,
)


def draw(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).normal(size=shape).astype(np.float32) / 2


def weights(*shape, seed=0):
    return jnp.asarray(draw(*shape, seed=seed))


def integers(*shape, below):
    return np.random.default_rng(shape).integers(0, below, shape).astype(np.int32)


def brute_force(model, inputs, other=None, apply=lambda model, sample: model(sample)):
    """All of both Jacobians, entry by entry, and their product in float64."""
    weights, rest = eqx.partition(model, models.trainable(jax.tree.map(jnp.asarray, model)))

    def of_one(weights, sample):
        return jax.jacrev(lambda w: jnp.ravel(apply(eqx.combine(w, rest), sample)))(weights)

    def jacobian(samples):
        compiled = jax.jit(jax.vmap(of_one, (None, 0)))
        leaves = jax.tree.leaves(compiled(weights, jnp.asarray(samples)))
        rows = [np.asarray(leaf, np.float64).reshape(*leaf.shape[:2], -1) for leaf in leaves]
        return np.concatenate(rows, axis=2)

    left = jacobian(inputs)
    return np.einsum("nke,mle->nmkl", left, left if other is None else jacobian(other))


def assert_equal(found, expected):
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max(), rtol=2e-5)


def attention(weights, tokens):
    """A transformer block without masks; the token embedding is also the readout."""
    stream = weights["embed"][tokens] + weights["position"]
    query, key, value = (jnp.einsum("td,hde->hte", stream, weights["qkv"][i]) for i in range(3))
    mixed = jax.nn.softmax(query @ key.swapaxes(1, 2)) @ value
    stream = stream + jnp.einsum("hte,hed->td", mixed, weights["mix"])
    hidden = jax.nn.gelu(stream @ weights["up"] + weights["bias"][None])
    return weights["embed"] @ (hidden @ weights["up"].T).mean(axis=0)


def recurrent(weights, sequence):
    state = jnp.zeros(4)
    for step in sequence:
        state = jnp.tanh(weights["w"] @ state + weights["v"] * step + weights["b"])
    return weights["w"][:2] @ state


def scanned(weights, sample):
    hidden, _ = jax.lax.scan(lambda h, w: (jax.nn.relu(w @ h), None), sample, weights["stack"])
    return weights["scale"] ** 2 * (weights["out"].T @ hidden)


def convolution(weights, sample):
    maps = jax.lax.conv(sample[None, None], weights["filters"], (1,), "SAME")
    return weights["out"] @ jnp.tanh(maps).ravel()


def stopped(weights, sample):
    return weights["w"] @ jnp.tanh(jax.lax.stop_gradient(weights["w"]) @ sample)


def indexed(weights, pair):
    """Rows of one array by a constant, a sample's and a stacked index; and the rest of it."""
    table, stack = weights["table"], weights["stack"]
    rows = table[:3][pair[0]] + stack[1][pair[1]] + stack[1, pair[0]] + stack[0, pair[1]]
    return rows * jnp.flip(table[3:].reshape(2, 4), 0)[1]


FUNCTIONS = {
    "attention": (
        attention,
        {
            "embed": draw(5, 6),
            "position": draw(3, 6),
            "qkv": draw(3, 2, 6, 4),
            "mix": draw(2, 4, 6),
            "up": draw(6, 7),
            "bias": draw(7),
        },
        integers(7, 3, below=5),
    ),
    "recurrent": (recurrent, {"w": draw(4, 4), "v": draw(4), "b": draw(4)}, draw(7, 3)),
    "scanned": (
        scanned,
        {"stack": draw(3, 6, 6), "out": draw(6, 2), "scale": np.float32(0.7)},
        draw(7, 6),
    ),
    "convolution": (convolution, {"filters": draw(4, 1, 3), "out": draw(2, 24)}, draw(7, 6)),
    "stopped": (stopped, {"w": draw(6, 6)}, draw(7, 6)),
    "indexed": (indexed, {"table": draw(5, 4), "stack": draw(2, 3, 4)}, integers(7, 2, below=3)),
}

keys = iter(jax.random.split(jax.random.key(0), 9))
REAL, PAIRS = draw(7, 6), integers(7, 2, below=5)
MODELS = {
    "mlp": (models.MLP.init([6, 8, 8, 3], key=next(keys)), REAL),
    "scalar mlp": (
        models.MLP.init([6, 8, 1], activation="tanh", biases=False, key=next(keys)),
        REAL,
    ),
    "committee": (models.CommitteeMachine.init(6, 20, train_readouts=True, key=next(keys)), REAL),
    "centered": (
        models.CenteredScaled.init(
            models.CommitteeMachine.init(6, 9, hermite=True, key=next(keys)), 3.0
        ),
        REAL,
    ),
    "two-layer": (models.TwoLayerNet.init(5, 7, key=next(keys)), PAIRS),
    "triple": (models.QuadraticTripleNet.init(5, 7, key=next(keys)), integers(7, 3, below=5)),
    "diagonal": (models.DiagonalNet(weights(6), weights(6, seed=1), depth=3), REAL),
    "hadamard": (models.HadamardNet(weights(3, 6)), REAL),
    "factorized": (models.SymmetricFactorization(weights(5, 3), weights(5, 3, seed=1)), PAIRS),
    "product": (models.MatrixProduct((weights(5, 4), weights(4, 5))), PAIRS),
}
CASES = {name: (lambda m, x: m(x), *case) for name, case in MODELS.items()} | FUNCTIONS


@pytest.fixture
def quick_compilation():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.usefixtures("quick_compilation")
@pytest.mark.parametrize("name", CASES)
def test_is_the_product_of_jacobians(name):
    apply, model, inputs = CASES[name]
    expected = brute_force(model, inputs, apply=apply)
    assert_equal(tangent_kernel(model, inputs, apply=apply), expected)


@pytest.mark.usefixtures("quick_compilation")
@pytest.mark.parametrize("name", ["attention", "two-layer"])
def test_outputs(name):
    apply, model, inputs = CASES[name]
    expected = brute_force(model, inputs, apply=apply)
    between = tangent_kernel(model, inputs, inputs[2:5], apply=apply, outputs=1)
    assert_equal(between, expected[:, 2:5, 1, 1])
    for outputs, sum_over in (("trace", "nmkk->nm"), ("each", "nmkk->knm")):
        found = tangent_kernel(model, inputs, apply=apply, outputs=outputs)
        assert_equal(found, np.einsum(sum_over, expected))


@pytest.mark.parametrize(
    ("name", "opaque"),
    [
        ("mlp", 0),
        ("centered", 0),
        ("two-layer", 0),
        ("triple", 0),
        ("attention", 2),  # the embedding and `up`, which are both used in two ways
        ("recurrent", 2),
        ("scanned", 2),
        ("convolution", 1),
        ("indexed", 2),
    ],
)
def test_what_needs_a_jacobian(name, opaque):
    """Not more than expected: the speed rests on it."""
    apply, model, inputs = CASES[name]
    model = jax.tree.map(jnp.asarray, model)
    weights, rest = eqx.partition(model, models.trainable(model))
    leaves, structure = jax.tree.flatten(weights)

    def function(leaves, _, sample):
        return jnp.ravel(apply(eqx.combine(jax.tree.unflatten(structure, leaves), rest), sample))

    uses = _linear_uses.LinearUses(function, leaves, [], jnp.asarray(inputs)[0])
    assert len(uses.opaque) == opaque, [jax.tree.leaves(weights)[i].shape for i in uses.opaque]


def test_committee_machine_in_closed_form():
    inputs, weights = draw(9, 6), 2 * draw(30, 6)
    curvature = 0.3
    model = models.CommitteeMachine(jnp.asarray(weights), curvature)
    inner = inputs.astype(float) @ inputs.T
    mean, second = weights.mean(axis=0), weights.T @ weights / 30
    linear = inputs @ mean
    bracket = 1 + curvature * (linear[:, None] + linear) + curvature**2 * inputs @ second @ inputs.T
    assert_equal(tangent_kernel(model, inputs, outputs=0), inner * bracket / 30)


def test_quadratic_net_in_closed_form():
    """The quadratic net on triples: the readouts meet in equal c, the features in equal a or b."""
    net = models.TwoLayerNet.init(5, 8, key=jax.random.key(3))
    triples = integers(40, 3, below=5)
    left, right = np.asarray(net.hidden, float)
    readout = np.asarray(net.readout, float)
    expected = np.zeros((40, 40))
    for i, (a, b, c) in enumerate(triples):
        for j, (a2, b2, c2) in enumerate(triples):
            one, two = left[a] + right[b], left[a2] + right[b2]
            expected[i, j] = (c == c2) * (one**2 * two**2).sum() + 4 * (
                readout[c] * readout[c2] * one * two
            ).sum() * (int(a == a2) + int(b == b2))
    assert_equal(tangent_kernel(models.QuadraticTripleNet(net), triples, outputs="trace"), expected)
    pairs = tangent_kernel(net, triples[:, :2])
    assert_equal(pairs[np.arange(40), :, triples[:, 2]][:, np.arange(40), triples[:, 2]], expected)


@pytest.mark.usefixtures("quick_compilation")
@pytest.mark.parametrize("has_biases", [True, False])
def test_plain_arrays_of_a_perceptron(has_biases):
    sizes = [6, 9, 8, 2]
    matrices = [weights(fan_out, fan_in) for fan_in, fan_out in zip(sizes, sizes[1:], strict=False)]
    vectors = [weights(size) for size in sizes[1:]]
    model = models.MLP(tuple(matrices), tuple(vectors) if has_biases else (None,) * 3, "tanh")
    inputs, other = draw(5, 6), draw(4, 6)
    found = mlp_tangent_kernel(
        list(map(np.asarray, matrices)), vectors if has_biases else None, jnp.tanh, inputs, other
    )
    assert_equal(found, brute_force(model, inputs, other))


@pytest.mark.usefixtures("quick_compilation")
def test_is_symmetric_and_positive():
    model = models.MLP.init([4, 6, 3], key=jax.random.key(1))
    rows = 200  # several tiles
    inputs = draw(rows, 4)
    full = np.asarray(tangent_kernel(model, inputs), float)
    np.testing.assert_allclose(full, full.transpose(1, 0, 3, 2), rtol=1e-5, atol=1e-5)
    matrix = full.transpose(0, 2, 1, 3).reshape(3 * rows, 3 * rows)
    assert np.linalg.eigvalsh(matrix).min() > -1e-5 * np.linalg.eigvalsh(matrix).max()
    for outputs in ("each", "trace"):
        kernel = np.asarray(tangent_kernel(model, inputs, outputs=outputs))
        np.testing.assert_allclose(kernel, kernel.swapaxes(-1, -2), rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("quick_compilation")
@pytest.mark.parametrize(
    ("name", "outputs", "spare", "num_others"),
    [
        ("scanned", "full", 9_000, None),
        ("scanned", "trace", 9_000, 10),
        ("two-layer", "each", 20_000, None),
        ("two-layer", "full", 20_000, 10),
    ],
)
def test_blocks_do_not_change_the_result(name, outputs, spare, num_others, monkeypatch):
    apply, model, inputs = CASES[name]
    inputs = np.concatenate([inputs] * 5)[:31]
    other = None if num_others is None else inputs[:num_others]
    whole = tangent_kernel(model, inputs, other, apply=apply, outputs=outputs)
    plans = []
    original = _kernel_plan.make_plan
    monkeypatch.setattr(
        "groktheory.simulations.measures.tangent_kernels.make_plan",
        lambda *arguments: plans.append(original(*arguments)) or plans[-1],
    )
    limit = 3 * whole.nbytes + spare
    found = tangent_kernel(model, inputs, other, apply=apply, outputs=outputs, memory_limit=limit)
    assert plans[0].block_rows[0] < 16
    assert (len(plans[0].passes) > 1) == (name != "two-layer")
    np.testing.assert_allclose(found, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("outputs", "limit"), [("full", 7e6), ("trace", 3e6)])
def test_the_memory_limit_is_kept(outputs, limit):
    model = {"stack": weights(3, 64, 64), "out": weights(64, 4), "scale": jnp.ones(())}
    inputs = weights(130, 64)
    network, leaves, constants = _kernel_plan.Network.split(
        model, dict.fromkeys(model), inputs, scanned
    )
    plan = _kernel_plan.make_plan(network, outputs, len(inputs), None, limit)
    assert plan.block_rows[0] < 130
    compiled = _kernel_plan.compute.lower(plan, leaves, constants, inputs, None).compile()
    used = compiled.memory_analysis()
    assert used is not None
    assert used.temp_size_in_bytes + used.output_size_in_bytes < limit


@pytest.mark.parametrize("rows", [20_000, 40_000])
def test_many_samples_against_numpy(rows):
    """Where some releases of jaxlib reduce wrongly."""
    inputs, weights = draw(rows, 3), draw(4, 3)
    model = models.CommitteeMachine(jnp.asarray(weights), 0.5)
    slopes = (1 + 0.5 * inputs @ weights.T) / 4
    expected = (inputs @ inputs[:5].T) * (slopes @ slopes[:5].T)
    assert_equal(tangent_kernel(model, inputs, inputs[:5], outputs="trace"), expected)


def test_inside_a_compiled_function_and_in_double_precision():
    model, inputs = MODELS["mlp"]
    compiled = jax.jit(lambda model, inputs: tangent_kernel(model, inputs, outputs="trace"))
    expected = np.einsum("nmkk->nm", brute_force(model, inputs))
    assert_equal(compiled(model, inputs), expected)
    with jax.enable_x64(True):
        double = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), model)
        kernel = tangent_kernel(double, inputs.astype(float), outputs="trace")
        assert kernel.dtype == np.float64
        exact = brute_force(double, inputs.astype(float))
        np.testing.assert_allclose(kernel, np.einsum("nmkk->nm", exact), rtol=1e-12)


def test_a_model_that_changes_is_not_compiled_again():
    model, inputs = MODELS["mlp"]
    tangent_kernel(model, inputs)
    before = _kernel_plan.compute._cache_size()  # pyright: ignore
    changed = jax.tree.map(lambda leaf: 2 * leaf, model)
    assert not np.allclose(tangent_kernel(changed, inputs), tangent_kernel(model, inputs))
    assert _kernel_plan.compute._cache_size() == before  # pyright: ignore


def test_refusals():
    model, inputs = MODELS["mlp"]
    with pytest.raises(ValueError, match=r"memory_limit of 1e\+03 bytes .* fewer of the 3 outputs"):
        tangent_kernel(model, inputs, memory_limit=1e3)
    for outputs in ("all", 3, -1):
        with pytest.raises(ValueError, match=r"'each' or a number from 0 to 2, got"):
            tangent_kernel(model, inputs, outputs=outputs)
    with pytest.raises(ValueError, match=r"inputs must hold one sample a row, got shape \(0, 6\)"):
        tangent_kernel(model, inputs[:0])
    with pytest.raises(ValueError, match=r"other must hold samples as inputs does, of shape \(6,"):
        tangent_kernel(model, inputs, inputs[:, :5])
    with pytest.raises(ValueError, match="trained floating-point arrays, got none in Frozen"):
        tangent_kernel(models.Frozen(model), inputs, apply=lambda model, x: model.value(x))
    with pytest.raises(ValueError, match="outputs of the model do not depend on its weights"):
        tangent_kernel(model, inputs, apply=lambda model, x: x)
    with pytest.raises(TypeError, match="must return one floating-point array, got"):
        tangent_kernel(model, inputs, apply=lambda model, x: (model(x), x))  # pyright: ignore
    with pytest.raises(ValueError, match="one vector a layer, got 1 for 2 weights"):
        mlp_tangent_kernel([draw(2, 2)] * 2, [draw(2)], jnp.tanh, draw(3, 2))


def test_is_reached_from_the_room():
    assert sim.measures.tangent_kernel is tangent_kernel
