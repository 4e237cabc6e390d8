"""Vectors of several words: weighted means, and vectors of sentences.

The weights are equal, one's own, or SIF: a / (a + p(w)), which lets frequent words count little (Arora et al. 2017).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from firth.errors import FirthError, OptionError
from firth.vectors.lookup import Lookup, Unknown, one_or_more
from firth.vectors.nearest_rows import Floats
from firth.vectors.rows import Float32

SIF_SMOOTHING = 1e-3
"""a of a / (a + p(w))."""
_WORDS_AT_ONCE = 1 << 16


class Averaging(Lookup):
    """Means of word vectors."""

    def mean_vector(
        self,
        words: Iterable[str],
        weights: Sequence[float] | Literal["sif"] | None = None,
        unknown: Unknown = "error",
    ) -> Float32:
        """The weighted mean of words' center vectors: ``Σ w_i v_i / Σ w_i``; zeros where no word has a vector.

        Parameters
        ----------
        words
            N words; one that is there twice counts twice.
        weights
            N numbers, not negative; ``"sif"`` for a / (a + p(w)) with a = 0.001; None for equal ones.
        unknown
            Words without a vector: an error, left out (``"skip"``), or zeros that count (``"zero"``).

        Returns
        -------
        float32 array of shape (D,)

        Raises
        ------
        UnknownWordError
            A word has no vector.
        OptionError
            Weights are not as many as words, or negative; or SIF is asked for where counts are not known.
        """
        words = one_or_more(words)
        if weights is None or isinstance(weights, str):
            vector: Float32 = self.sentence_vectors([words], weights=weights, unknown=unknown)[0]
            return vector
        given = np.asarray(weights, dtype=np.float64)
        if given.shape != (len(words),) or not np.isfinite(given).all() or (given < 0).any():
            raise OptionError(f"weights must be {len(words):,} numbers of at least 0, one a word")
        if unknown == "skip" and self.subwords is None:
            given = given[[word in self.index for word in words]]
        _, vectors = self._vectors_of(words, unknown)
        total = given.sum()
        mean = given @ vectors.astype(np.float64) / total if total > 0 else np.zeros(self.dimensions)
        return np.asarray(mean, dtype=np.float32)

    def sentence_vectors(
        self,
        texts: Iterable[str | Sequence[str]],
        weights: Literal["sif"] | Mapping[str, float] | None = None,
        remove_components: int = 0,
        unknown: Unknown = "skip",
    ) -> Float32:
        """The mean vector of each sentence's words; zeros for a sentence without a known word.

        Parameters
        ----------
        texts
            N sentences: lists of words, or strings, which are cut at white space.
        weights
            None for equal weights, ``"sif"`` for a / (a + p(w)) with a = 0.001, or each word's own, at least 0; a word
            that is not among these counts 0.
        remove_components
            Take the largest so many principal directions of these sentences out of them (with SIF usually 1).
        unknown
            Words without a vector: left out, an error, or zeros that count.

        Returns
        -------
        float32 array of shape (N, D)

        Raises
        ------
        OptionError
            SIF is asked for where counts are not known, a weight is no number of at least 0, or there are not so many
            components.
        """
        if isinstance(weights, Mapping):
            _demand_weights(weights)
        elif weights not in (None, "sif"):
            raise OptionError(f"weights is {weights!r}: it must be 'sif', None, or a mapping of words to weights")
        if not isinstance(remove_components, int) or not 0 <= remove_components <= self.dimensions:
            raise OptionError(
                f"remove_components is {remove_components!r}: it must be a whole number from 0 to {self.dimensions}"
            )
        if isinstance(texts, str):
            raise OptionError("texts is one text: give a list of texts, each a string or a list of words")
        sentences = [text.split() if isinstance(text, str) else list(text) for text in texts]
        means = np.zeros((len(sentences), self.dimensions))
        start = 0
        while start < len(sentences):
            stop, held = start, 0
            while stop < len(sentences) and held < _WORDS_AT_ONCE:
                held += len(sentences[stop])
                stop += 1
            self._add_means(means[start:stop], sentences[start:stop], weights, unknown)
            start = stop
        if remove_components > len(sentences):
            raise OptionError(f"remove_components is {remove_components} and there are only {len(sentences):,} texts")
        if remove_components:
            directions = principal_directions(means, remove_components)
            means -= (means @ directions.T) @ directions
        return means.astype(np.float32)

    def _add_means(
        self,
        means: Floats,
        sentences: list[list[str]],
        weights: Literal["sif"] | Mapping[str, float] | None,
        unknown: Unknown,
    ) -> None:
        different = list(dict.fromkeys(word for sentence in sentences for word in sentence))
        known, vectors = self._vectors_of(different, unknown)
        place = {word: number for number, word in enumerate(known)}
        if isinstance(weights, Mapping):
            weight = np.array([weights.get(word, 0.0) for word in known], dtype=np.float64)
        else:
            weight = self._sif(known) if weights == "sif" else np.ones(len(known))
        for mean, sentence in zip(means, sentences, strict=True):
            rows = [place[word] for word in sentence if word in place]
            total = weight[rows].sum()
            if total > 0:
                mean[:] = weight[rows] @ vectors[rows] / total

    def _sif(self, words: list[str]) -> Floats:
        total = self.counts.sum(dtype=np.float64)
        if not total:
            raise FirthError("SIF weighs words by their counts, which these vectors do not have: leave weights out")
        rows = np.array([self.index.get(word, -1) for word in words], dtype=np.int64)
        shares = np.where(rows >= 0, self.counts[rows], 0) / total
        return np.asarray(SIF_SMOOTHING / (SIF_SMOOTHING + shares))


def principal_directions(means: Floats, count: int) -> Floats:
    """The `count` largest principal directions of rows, shape (count, D), without a second table of all rows."""
    directions: Floats = np.linalg.eigh(means.T @ means)[1][:, ::-1].T[:count]  # eigh begins with the smallest
    return directions


def _demand_weights(weights: Mapping[str, float]) -> None:
    numbers = np.array(list(weights.values()), dtype=np.float64)
    wrong = np.flatnonzero(~((numbers >= 0) & (numbers < np.inf)))
    if wrong.size:
        raise OptionError(f"the weight of {list(weights)[wrong[0]]!r} is {numbers[wrong[0]]}: it must be at least 0")
