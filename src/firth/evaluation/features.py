"""Sentences as numbers for a classifier: weighted means of word vectors, or the bag of their words.

What is learned from sentences (document frequencies, the common component) is learned from train alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import OptionError, import_extra
from firth.vectors.nearest_rows import unit
from firth.vectors.vectors import Vectors

WEIGHTS = ("mean", "unit", "both", "sif", "tfidf")
"""Equal weights; these of vectors of length 1; of center and outside vectors side by side; a / (a + p(w)), less the
common component; inverse document frequency."""

_RUNS = re.compile(r"\w+")
_CLITICS = {"n't": "not", "'re": "are", "'ve": "have", "'ll": "will", "'m": "am", "'d": "would"}
"""What the Penn Treebank's tokens stand for, where that is one word."""

Sentences = Sequence[Sequence[str]]


def possible_weights(vectors: Vectors) -> tuple[str, ...]:
    """Those of `WEIGHTS` that these vectors allow: both needs outside vectors of words, sif needs counts."""
    of_words = vectors.has_outside and vectors.settings.get("objective") != "hierarchical-softmax"
    lacking = {"both": not of_words, "sif": not vectors.counts.any()}
    return tuple(name for name in WEIGHTS if not lacking.get(name))


def in_known_words(vectors: Vectors, sentences: Sentences) -> list[list[str]]:
    """Sentences in words that have vectors; others are taken apart: well-acted is well and acted, n't is not.

    A word is left as it is where it has a vector, or where none of its parts has.
    """
    parts: dict[str, list[str]] = {}
    for word in dict.fromkeys(word for sentence in sentences for word in sentence):
        if word not in vectors:
            found = [_CLITICS[word]] if word in _CLITICS else _RUNS.findall(word)
            parts[word] = [part for part in found if part in vectors] or [word]
    return [[part for word in sentence for part in parts.get(word, (word,))] for sentence in sentences]


def sentence_features(
    vectors: Vectors, sentences: Sentences, weights: str, train: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The weighted mean of each sentence's vectors, shape (S, D); zeros for one without a known word.

    - ``"mean"``: ``Σ v_w / n``;
    - ``"unit"``: the same of ``v_w / |v_w|``;
    - ``"both"``: the same of center and outside vectors, side by side, shape (S, 2D);
    - ``"sif"``: weights ``a / (a + p(w))`` with a = 0.001, less each mean's part along the first singular vector of
      train's;
    - ``"tfidf"``: each occurrence has the weight ``log((1 + n) / (1 + n_w)) + 1``, n_w of train's n sentences having
      the word.

    Parameters
    ----------
    vectors
        Of words.
    sentences
        S sentences as words.
    weights
        One of `WEIGHTS`.
    train
        Places of the sentences that may be learned from.

    Raises
    ------
    OptionError
        There are no such weights.
    FirthError
        The vectors lack what the weights need, see `possible_weights`.

    References
    ----------
    Arora et al., A simple but tough-to-beat baseline for sentence embeddings, 2017; Spärck Jones, A statistical
    interpretation of term specificity and its application in retrieval, 1972.
    """
    if weights == "mean":
        return vectors.sentence_vectors(sentences).astype(np.float64)
    if weights == "unit":
        return Vectors(vectors.words, unit(vectors.matrix)).sentence_vectors(sentences).astype(np.float64)
    if weights == "both":
        sides = Vectors(vectors.words, vectors.side_by_side())
        return sides.sentence_vectors(sentences).astype(np.float64)
    if weights == "sif":
        means = vectors.sentence_vectors(sentences, "sif").astype(np.float64)
        common = np.linalg.svd(means[train], full_matrices=False)[2][:1]
        return np.asarray(means - (means @ common.T) @ common)
    if weights == "tfidf":
        frequencies = Counter(word for place in train.tolist() for word in set(sentences[place]))
        words = {word for sentence in sentences for word in sentence}
        inverse = {word: math.log((1 + len(train)) / (1 + frequencies[word])) + 1 for word in words}
        return vectors.sentence_vectors(sentences, inverse).astype(np.float64)
    raise OptionError(f"weights is {weights!r}: it must be one of {', '.join(WEIGHTS)}")


def bags_of_words(sentences: Sentences, train: NDArray[np.int64]) -> Any:
    """How often each word of train is in each sentence: a sparse matrix of shape (S, words of train)."""
    sparse = import_extra("scipy.sparse", "lab")
    column: dict[str, int] = {}
    for place in train.tolist():
        for word in sentences[place]:
            column.setdefault(word, len(column))
    counts = [Counter(column[word] for word in sentence if word in column) for sentence in sentences]
    rows = np.repeat(np.arange(len(sentences)), [len(each) for each in counts])
    columns = np.array([place for each in counts for place in each], dtype=np.int64)
    values = np.array([times for each in counts for times in each.values()], dtype=np.float64)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(sentences), max(1, len(column))))
