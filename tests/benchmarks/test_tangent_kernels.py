"""The tangent kernel of a multilayer perceptron, against the contraction of Jacobians.

The first peer is the published recipe of PyTorch: `jacrev` of the functional call, vmapped over the
samples, and one `einsum` a parameter. Both start from the same weights and must agree before
anything is timed. Set one core for both with `taskset`.

The second peer, the structured algorithm of neural-tangents 0.6.5, imports with jax 0.4.23 only and
therefore runs in an interpreter of its own, whose path is given in `NEURAL_TANGENTS_PYTHON`:

    python3.11 -m venv /tmp/nt
    /tmp/nt/bin/pip install neural-tangents==0.6.5 jax==0.4.23 jaxlib==0.4.23 'scipy<1.13' 'numpy<2'
    NEURAL_TANGENTS_PYTHON=/tmp/nt/bin/python taskset -c 0 pytest tests/benchmarks -m benchmark -s

The times of that comparison are those of the processors, and the two take turns.
"""

import os
import statistics
import subprocess
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.measures import mlp_tangent_kernel

pytestmark = pytest.mark.benchmark

CASES = [(512, 1, "trace"), (128, 10, "full"), (128, 10, "trace")]


def _network(num_samples: int, num_outputs: int):
    random = np.random.default_rng(0)
    sizes = [64, 256, 256, 256, num_outputs]
    weights = [
        (random.normal(size=(fan_out, fan_in)) * (2 / fan_in) ** 0.5).astype(np.float32)
        for fan_in, fan_out in zip(sizes, sizes[1:], strict=False)
    ]
    biases = [0.1 * random.normal(size=len(weight)).astype(np.float32) for weight in weights]
    return weights, biases, random.normal(size=(num_samples, 64)).astype(np.float32)


def _ours(weights, biases, samples, outputs):
    weights, biases = jax.tree.map(jnp.asarray, (weights, biases))
    samples = jnp.asarray(samples)
    return lambda: jax.block_until_ready(
        mlp_tangent_kernel(weights, biases, jax.nn.relu, samples, outputs=outputs)
    )


def _torch(weights, biases, samples, outputs):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    layers = []
    for weight, bias in zip(weights, biases, strict=True):
        layer = torch.nn.Linear(*weight.shape[::-1])
        layer.weight.data, layer.bias.data = torch.tensor(weight), torch.tensor(bias)
        layers += [layer, torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    parameters = {name: value.detach() for name, value in network.named_parameters()}
    inputs = torch.tensor(samples)
    equation = {"full": "Naf,Mbf->NMab", "trace": "Naf,Maf->NM"}[outputs]

    def of_one(parameters, sample):
        return torch.func.functional_call(network, parameters, (sample[None],))[0]

    def kernel():
        jacobian = torch.func.vmap(torch.func.jacrev(of_one), (None, 0))(parameters, inputs)
        flat = [part.flatten(2) for part in jacobian.values()]
        return torch.stack([torch.einsum(equation, part, part) for part in flat]).sum(0)

    return kernel


@pytest.mark.parametrize(("num_samples", "num_outputs", "outputs"), CASES)
def test_against_torch(num_samples, num_outputs, outputs, compare):
    network = _network(num_samples, num_outputs)
    ours, peer = _ours(*network, outputs), _torch(*network, outputs)
    np.testing.assert_allclose(ours(), peer().numpy(), rtol=1e-3, atol=1e-2)
    name = f"kernel of 64-256-256-256-{num_outputs}, n={num_samples}, {outputs}: torch jacrev"
    compare(name, peer, ours, rounds=5, repeats=5)
    if outputs == "trace" and num_outputs > 1:
        full = _torch(*network, "full")
        whole = f"{name}, of the full kernel"
        compare(whole, lambda: full().diagonal(0, 2, 3).sum(-1), ours, rounds=5, repeats=5)


_PEER = """
import sys, time
import jax, jax.numpy as jnp, numpy as np, neural_tangents as nt

arrays = list(np.load(sys.argv[1]).values())
outputs, samples = sys.argv[2], jnp.asarray(arrays.pop())
# the peer recognizes x @ w only, not x @ w.T, for which it needs seconds
layers = [(jnp.asarray(w.T), jnp.asarray(b)) for w, b in zip(arrays[::2], arrays[1::2])]

def apply(layers, x):
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias

axes = {"full": (), "trace": (1,)}[outputs]
kernel = jax.jit(nt.empirical_ntk_fn(
    apply, trace_axes=axes, vmap_axes=0,
    implementation=nt.NtkImplementation.STRUCTURED_DERIVATIVES))
result = kernel(samples, None, layers)
np.save(sys.argv[3], result)
for _ in sys.stdin:
    begun = time.process_time()
    jax.block_until_ready(kernel(samples, None, layers))
    print(time.process_time() - begun, flush=True)
"""


@pytest.mark.skipif("NEURAL_TANGENTS_PYTHON" not in os.environ, reason="see the docstring")
@pytest.mark.parametrize(("num_samples", "num_outputs", "outputs"), CASES)
def test_against_neural_tangents(num_samples, num_outputs, outputs, tmp_path):
    weights, biases, samples = _network(num_samples, num_outputs)
    layers = [array for layer in zip(weights, biases, strict=True) for array in layer]
    np.savez(tmp_path / "network.npz", *layers, samples)
    ours = _ours(weights, biases, samples, outputs)
    result = tmp_path / "kernel.npy"
    command = [os.environ["NEURAL_TANGENTS_PYTHON"], "-c", _PEER]
    command += [str(tmp_path / "network.npz"), outputs, str(result)]
    scale = num_outputs if outputs == "trace" else 1  # its traces are means
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    pairs = []
    with subprocess.Popen(
        command,
        env=environment,  # the backend guard of this package is unknown to that old jaxlib
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        ours()
        for _ in range(15):
            print(file=process.stdin, flush=True)
            theirs = float(process.stdout.readline())
            begun = time.process_time()
            ours()
            pairs.append((theirs, time.process_time() - begun))
        process.stdin.close()
    np.testing.assert_allclose(ours(), scale * np.load(result), rtol=1e-3, atol=1e-2)
    ratio = statistics.median(theirs / our for theirs, our in pairs)
    theirs, our = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"\nkernel of 64-256-256-256-{num_outputs}, n={num_samples}, {outputs}: neural-tangents "
        f"structured {ratio:.2f}x; peer {theirs:.1f} ms, ours {our:.1f} ms"
    )
