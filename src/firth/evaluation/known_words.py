"""Which vector a word of a test means: case folded, and of several spellings the most frequent one.

As gensim does it, so that scores compare: words are folded to upper case, in the test and in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Worded(Protocol):
    """Words, how often each occurs, and their vectors: `firth.Vectors`, or vectors that are still being learned."""

    @property
    def words(self) -> Sequence[str]:
        """V words."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Shape (V,)."""

    @property
    def matrix(self) -> NDArray[np.float32]:
        """Shape (V, D)."""


class KnownWords:
    """The most frequent words of some vectors, found by their folded form.

    Parameters
    ----------
    vectors
        Where no counts are known, their order is taken for that of frequency.
    restrict
        How many of the most frequent words; None for all of them.
    fold_case
        Whether to take spellings that differ in case alone for one word.

    Attributes
    ----------
    places : dict of str to int
        By folded form, the place of its most frequent spelling, 0 being the most frequent word.
    """

    def __init__(self, vectors: Worded, restrict: int | None = None, *, fold_case: bool = True) -> None:
        self._fold_case = fold_case
        self._matrix = vectors.matrix
        # A stable sort leaves words in their order where their counts are equal, or not known (all 0).
        self._rows = np.argsort(-vectors.counts, kind="stable")[:restrict]
        self.forms = [self.folded(vectors.words[row]) for row in self._rows.tolist()]
        self.places: dict[str, int] = {}
        for place, form in enumerate(self.forms):
            self.places.setdefault(form, place)

    def __len__(self) -> int:
        return len(self.forms)

    def folded(self, word: str) -> str:
        """The form under which a word is looked up."""
        return word.upper() if self._fold_case else word

    def place(self, word: str) -> int | None:
        """The place of a word, None where it is not known."""
        return self.places.get(self.folded(word))

    @cached_property
    def first_spellings(self) -> list[int]:
        """For each place, that of the most frequent spelling of the same word."""
        return [self.places[form] for form in self.forms]

    @cached_property
    def spellings(self) -> dict[int, list[int]]:
        """By the place of a word's most frequent spelling, the places of all."""
        found: dict[int, list[int]] = {place: [place] for place in self.places.values()}
        if len(found) < len(self):
            for place, first in enumerate(self.first_spellings):
                if place != first:
                    found[first].append(place)
        return found

    def unit_vectors(self, start: int = 0, end: int | None = None) -> NDArray[np.float64]:
        """Vectors of the words from one place to another, of length 1, shape (words, D); zero vectors stay zero."""
        chosen = self._matrix[self._rows[start:end]].astype(np.float64)
        lengths = np.linalg.norm(chosen, axis=1, keepdims=True)
        np.divide(chosen, lengths, out=chosen, where=lengths > 0)
        return chosen
