"""Weights of a file reach the right places, and only if they fit."""

import json

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
