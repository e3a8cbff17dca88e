"""Weights from files in the safetensors format, as PyTorch programs write them."""

import json
import math
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

_KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "bfloat16"}


def load_safetensors(
    path: str | Path,
    like: PyTree,
    *,
    names: Callable[[str], str] | None = None,
    transposed: Collection[str] = (),
) -> PyTree:
    """Fill a tree of parameters with the tensors of a file.

    PyTorch's linear layers hold `[outputs, inputs]`, as Equinox does; Flax and plain `x @ w` hold
    the transpose. Nothing is transposed by itself: a square matrix would not tell.

    Parameters
    ----------
    path
        File. Its format is a header in JSON and raw numbers, read here without the package.
    like
        Tree whose floating-point arrays are replaced, in their shapes and types.
    names
        From the path of a leaf, such as `layers.0.weight`, to the tensor's name; the same by
        default.
    transposed
        Names of tensors to transpose.

    Raises
    ------
    KeyError
        If the file lacks a tensor.
    ValueError
        If a shape or a type does not fit, or the file is damaged.
    """
    tensors = _read(Path(path))
    unknown = sorted(set(transposed) - set(tensors))
    if unknown:
        raise KeyError(f"transposed names {unknown}, which are not among {sorted(tensors)}")

    def filled(place: tuple, leaf: Any) -> Any:
        if not eqx.is_inexact_array_like(leaf):
            return leaf
        dotted = ".".join(_label(entry) for entry in place)
        name = dotted if names is None else names(dotted)
        if name not in tensors:
            raise KeyError(f"no tensor {name!r} for {dotted} among {sorted(tensors)}")
        values = tensors[name].T if name in transposed else tensors[name]
        if values.shape != np.shape(leaf):
            raise ValueError(
                f"{name} has the shape {values.shape}, {dotted} needs {np.shape(leaf)}: name it in "
                "transposed if it is the other way around"
            )
        return jnp.asarray(values.astype(np.float64), jnp.result_type(leaf))

    return jax.tree_util.tree_map_with_path(filled, like)


def _read(path: Path) -> dict[str, np.ndarray]:
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 + length:
        raise ValueError(f"{path} is no safetensors file: its header is cut off")
    try:
        header = json.loads(content[8 : 8 + length])
    except ValueError as error:
        raise ValueError(f"{path} is no safetensors file: its header is no JSON") from error
    body, tensors = content[8 + length :], {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in _KINDS:
            continue
        first, last = entry["data_offsets"]
        kind = jnp.bfloat16 if entry["dtype"] == "BF16" else np.dtype(_KINDS[entry["dtype"]])
        size = math.prod(entry["shape"]) * np.dtype(kind).itemsize
        if last - first != size or last > len(body):
            raise ValueError(f"{path} is damaged: {name} does not fill its place")
        tensors[name] = np.frombuffer(body[first:last], kind).reshape(entry["shape"])
    return tensors


def _label(entry: Any) -> str:
    for attribute in ("key", "name", "idx"):
        if hasattr(entry, attribute):
            return str(getattr(entry, attribute))
    return str(entry)
