"""Weights of a file reach the right places, and only if they fit."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.learning_coefficients import load_safetensors

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def file(tmp_path):
    path, header, body = tmp_path / "a.safetensors", {}, b""
    arrays = {"net.weight": ("F32", WEIGHT), "net.bias": ("BF16", jnp.ones(2, jnp.bfloat16))}
    for name, (kind, array) in arrays.items():
        raw = np.asarray(array).tobytes()
        place = [len(body), len(body) + len(raw)]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": place}
        body += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def test_tensors_fill_the_template(file):
    like = {"net": {"weight": jnp.zeros((2, 3)), "bias": jnp.zeros(2), "name": "x"}}
    filled = load_safetensors(file, like)
    np.testing.assert_array_equal(filled["net"]["weight"], WEIGHT)
    np.testing.assert_array_equal(filled["net"]["bias"], np.ones(2))
    assert filled["net"]["name"] == "x"


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "bfloat16"])
def test_files_of_the_library_of_the_format_are_read(tmp_path, kind):
    library = pytest.importorskip("safetensors.flax")
    with jax.enable_x64(True):
        array = jnp.asarray(WEIGHT / 8, kind)
        library.save_file({"a": array, "counts": jnp.arange(3)}, tmp_path / "a", {"from": "jax"})
    filled = load_safetensors(tmp_path / "a", {"a": jnp.zeros((2, 3))})
    np.testing.assert_array_equal(filled["a"], WEIGHT / 8)


def test_network_of_pytorch_has_its_outputs(tmp_path):
    torch = pytest.importorskip("torch")
    library = pytest.importorskip("safetensors.torch")
    network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    library.save_file(network.state_dict(), tmp_path / "network")
    like = {
        "0": {"weight": jnp.zeros((5, 3)), "bias": jnp.zeros(5)},
        "2": {"weight": jnp.zeros((2, 5)), "bias": jnp.zeros(2)},
    }
    first, last = load_safetensors(tmp_path / "network", like).values()
    inputs = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    hidden = jnp.tanh(inputs @ first["weight"].T + first["bias"][None])
    expected = network(torch.tensor(inputs)).detach().numpy()
    np.testing.assert_allclose(hidden @ last["weight"].T + last["bias"][None], expected, atol=1e-6)


def test_names_and_transposition_are_explicit(file):
    filled = load_safetensors(
        file, [jnp.zeros((3, 2))], names=lambda _: "net.weight", transposed=["net.weight"]
    )
    np.testing.assert_array_equal(filled[0], WEIGHT.T)


def test_what_does_not_fit_is_refused(file):
    with pytest.raises(ValueError, match="name it in transposed"):
        load_safetensors(file, {"net": {"weight": jnp.zeros((3, 2))}})
    with pytest.raises(KeyError, match="no tensor 'other'"):
        load_safetensors(file, {"other": jnp.zeros(2)})
    with pytest.raises(KeyError, match="transposed names"):
        load_safetensors(file, {}, transposed=["b"])
    damaged = file.with_name("b")
    damaged.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is damaged"):
        load_safetensors(damaged, {})
    damaged.write_bytes(file.read_bytes()[:20])
    with pytest.raises(ValueError, match="is cut off"):
        load_safetensors(damaged, {})
