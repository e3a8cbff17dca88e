import jax
import numpy as np
import pytest
from sklearn.datasets import load_digits

from groktheory.simulations.tasks import Digits


def test_all_images_are_used_once_and_standardized(key):
    task = Digits(num_train=1000, num_test=797).sample(key=key)
    pixels = np.asarray(task.inputs, np.float64)
    assert abs(pixels.mean()) < 1e-5 and pixels.std() == pytest.approx(1, rel=1e-5)
    images, digits = (np.asarray(part) for part in load_digits(return_X_y=True))
    # Undo one affine map of all pixels, by the blank (0) and the full (16) pixel.
    raw = 16 * (pixels - pixels.min()) / (pixels.max() - pixels.min())
    assert np.allclose(raw, raw.round(), atol=1e-4)
    expected = sorted(zip(map(tuple, images.astype(int)), digits, strict=True))
    found = sorted(zip(map(tuple, raw.round().astype(int)), task.targets.tolist(), strict=True))
    assert found == expected
    assert task.train().size == 1000 and task.test().size == 797 and task.num_classes == 10


def test_choice_depends_on_the_key():
    spec = Digits(num_train=30, num_test=20)
    one, again, other = (spec.sample(key=jax.random.key(seed)) for seed in (0, 0, 1))
    assert one.inputs.shape == (50, 64) and one.targets.dtype == np.int32
    assert np.array_equal(one.inputs, again.inputs)
    assert not np.array_equal(one.inputs, other.inputs)
    assert len(np.unique(np.asarray(one.inputs), axis=0)) == 50


def test_refuses_wrong_fields():
    with pytest.raises(ValueError, match=r"at most 1797, the number of images, got 1000 \+ 798"):
        Digits(num_train=1000, num_test=798)
    with pytest.raises(ValueError, match="num_train must be at least 1, got 0"):
        Digits(num_train=0, num_test=5)
