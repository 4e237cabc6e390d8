"""Questions to vectors: how similar, which are nearest, what is to this as that is to those, which stands out.

Cosines are of center vectors. A word of a query is never an answer to it, and equal cosines stand in the order of
the words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, cast, overload

import numpy as np
from numpy.typing import ArrayLike

from firth.errors import FirthError, OptionError
from firth.vectors.lookup import Unknown, one_or_more
from firth.vectors.nearest_rows import Floats, Ids, cosines, nearest, unit
from firth.vectors.nearest_words import Method, NearestWords, Neighbors, checked_n
from firth.vectors.rows import Float32

Query = str | list[str] | tuple[str, ...]
Queries = list[list[str]] | list[tuple[str, ...]]


class NeighborGraph(NamedTuple):
    """The nearest words of every word.

    Attributes
    ----------
    places
        Shape (V, n): rows of the nearest words, nearest first; -1 where there are fewer.
    cosines
        Shape (V, n), float32.
    """

    places: Ids
    cosines: Float32


class Asked(NearestWords):
    """What words can be asked about."""

    def similarity(self, a: str, b: str) -> float:
        """Cosine of the angle between the center vectors of two words.

        ``a · b / (|a| |b|)``, between -1 and 1; 0 where either vector is zero.

        Raises
        ------
        UnknownWordError
            One of the words has no vector.
        """
        return float(self.similarities([(a, b)])[0])

    def similarities(self, pairs: Iterable[tuple[str, str]], unknown: Unknown = "error") -> Floats:
        """Cosines of many pairs of words at once.

        Parameters
        ----------
        pairs
            N pairs of words.
        unknown
            A pair with a word that has no vector: an error, left out (``"skip"``), or 0 (``"zero"``).

        Returns
        -------
        float64 array of shape (N,), less the pairs left out
        """
        pairs = list(pairs)
        if unknown == "skip" and self.subwords is None:
            pairs = [pair for pair in pairs if pair[0] in self.index and pair[1] in self.index]
        first = unit(self._vectors_of([a for a, _ in pairs], unknown)[1])
        second = unit(self._vectors_of([b for _, b in pairs], unknown)[1])
        scores: Floats = np.clip(np.round(np.einsum("nd,nd->n", first, second), 9), -1.0, 1.0)
        return scores

    @overload
    def most_similar(
        self,
        positive: Query = (),
        negative: Query = (),
        n: int = 10,
        *,
        restrict: int | Iterable[str] | None = None,
        exclude: Iterable[str] = (),
        method: Method = "3cosadd",
        unknown: Unknown = "error",
    ) -> Neighbors: ...

    @overload
    def most_similar(
        self,
        positive: Queries,
        negative: Query | Queries = (),
        n: int = 10,
        *,
        restrict: int | Iterable[str] | None = None,
        exclude: Iterable[str] = (),
        method: Method = "3cosadd",
        unknown: Unknown = "error",
    ) -> list[Neighbors]: ...

    def most_similar(
        self,
        positive: Query | Queries = (),
        negative: Query | Queries = (),
        n: int = 10,
        *,
        restrict: int | Iterable[str] | None = None,
        exclude: Iterable[str] = (),
        method: Method = "3cosadd",
        unknown: Unknown = "error",
    ) -> Neighbors | list[Neighbors]:
        """The words nearest to some words and farthest from others, for one query or thousands at once.

        ``3cosadd``: largest cosine with ``Σ p/|p| - Σ q/|q|`` over positive p and negative q (Mikolov et al. 2013).
        ``3cosmul``: largest ``Π (1 + cos p) / 2 / (Π (1 + cos q) / 2 + 1e-6)`` (Levy and Goldberg 2014).

        Parameters
        ----------
        positive
            A word, or a list of words: one query. A list of lists of words: a query each.
        negative
            The same; of many queries, a list of lists of the same length (or none).
        n
            How many, at least 1; all there are where there are fewer.
        restrict
            Look among the first so many words (the most frequent), or among these words.
        exclude
            Words that are no answer. Those of a query never are an answer to it.
        method
            ``"3cosadd"`` or ``"3cosmul"``.
        unknown
            Words of the query without a vector: an error, left out (``"skip"``; the answer is empty where none is left)
            or zeros (``"zero"``).

        Returns
        -------
        list of (word, score), best first
            Of many queries, a list of such lists. Equal scores stand in the order of `words`; a zero vector has
            cosine 0 with everything.

        Raises
        ------
        UnknownWordError
            A word has no vector.
        OptionError
            `n` is below 1, there is no such method, or lists do not fit together.
        """
        positive = positive if isinstance(positive, str) else cast(Query | Queries, list(positive))
        many = not isinstance(positive, str) and any(not isinstance(each, str) for each in positive)
        wanted = [one_or_more(each) for each in (positive if many else [cast(Query, positive)])]
        if many and not negative:
            unwanted: list[list[str]] = [[] for _ in wanted]
        else:
            if many and (isinstance(negative, str) or any(isinstance(each, str) for each in negative)):
                raise OptionError("of many queries, negative must be a list of lists of words: one for each query")
            unwanted = [one_or_more(each) for each in (negative if many else [cast(Query, negative)])]
        if len(wanted) != len(unwanted):
            raise OptionError(f"positive holds {len(wanted):,} queries and negative {len(unwanted):,}; give as many")
        if not many and not wanted[0] and not unwanted[0]:
            raise OptionError("the query is empty: give at least one word")
        answers = self._answers(wanted, unwanted, n, restrict, exclude, method, unknown)
        return answers if many else answers[0]

    def most_similar_to(
        self,
        vector: ArrayLike,
        n: int = 10,
        *,
        restrict: int | Iterable[str] | None = None,
        exclude: Iterable[str] = (),
    ) -> Any:
        """The words whose vectors have the largest cosine with a vector, or with each of many.

        Parameters
        ----------
        vector
            Shape (D,), or (Q, D) for Q queries.
        n, restrict, exclude
            As in `most_similar`.

        Returns
        -------
        list of (word, cosine), best first; for (Q, D), a list of Q such lists
        """
        given = np.asarray(vector, dtype=np.float64)
        if given.ndim not in (1, 2) or given.shape[-1] != self.dimensions or not np.isfinite(given).all():
            raise OptionError(
                f"the vector has shape {given.shape}: it must be {self.dimensions} finite numbers, or rows of such"
            )
        found = self._nearest(unit(np.atleast_2d(given)), n, restrict, exclude, [])
        return found if given.ndim == 2 else found[0]

    def analogy(self, a: str, b: str, c: str, n: int = 10, *, method: Method = "3cosadd") -> Neighbors:
        """The words that are to `c` as `b` is to `a`: ``analogy("man", "king", "woman")`` hopes for queen.

        Parameters
        ----------
        a, b, c
            Words; none of them is an answer.
        n, method
            As in `most_similar`.
        """
        return self.most_similar([b, c], [a], n, method=method)

    def odd_one_out(self, words: Iterable[str], unknown: Unknown = "error") -> str:
        """The word that fits least: its cosine with the mean of the words' unit vectors is the smallest.

        Raises
        ------
        OptionError
            Fewer than two words are known.
        """
        known, vectors = self._vectors_of(words, unknown)
        if len(known) < 2:
            raise OptionError(f"{len(known)} of the words has a vector: give at least two that have")
        units = unit(vectors)
        return known[int(np.round(units @ units.mean(axis=0), 9).argmin())]

    def rank(self, a: str, b: str) -> int:
        """The place of `b` among the words nearest to `a`: 1 where no word is nearer."""
        return 1 + len(self.closer_than(a, b))

    def closer_than(self, a: str, b: str) -> list[str]:
        """The words that are nearer to `a` than `b` is, in the order of `words`."""
        places = [self._row(a), self._row(b)]
        query = unit(self._center.take(np.array(places[:1]))).astype(np.float32)
        found = cosines(*self._searched, query, slice(0, len(self)))[0]
        nearer = found > found[places[1]] + 1e-6  # what float32 can't tell apart is exactly as near
        nearer[places] = False
        return [self.words[place] for place in np.flatnonzero(nearer).tolist()]

    def predict_outside(self, context: Query, n: int = 10, unknown: Unknown = "error") -> Neighbors:
        """The words that the model itself expects around a word: ``P(o | c) = softmax(U v_c)[o]``, equation (1).

        Parameters
        ----------
        context
            The center word; of several words, v is the mean of their center vectors, as in CBOW.
        n
            How many of the most probable words.
        unknown
            As in `most_similar`.

        Returns
        -------
        list of (word, probability), most probable first; probabilities of all words sum to 1

        Raises
        ------
        FirthError
            The outside vectors were not kept, or belong to a tree of words (hierarchical softmax).
        """
        if self._outside is None:
            raise FirthError("these vectors have no outside vectors: train again, or load a file that has them")
        if self.settings.get("objective") == "hierarchical-softmax":
            raise FirthError("outside vectors of hierarchical softmax belong to a tree, not to words: retrain without")
        known, vectors = self._vectors_of(one_or_more(context), unknown)
        if not known:
            raise OptionError("no word of the context has a vector: give at least one that has")
        mean = vectors.mean(axis=0, dtype=np.float64)
        scores = np.concatenate([block @ mean for _, block in self._outside.blocks()])
        if not np.isfinite(scores).all():
            self._refuse_not_finite(self.words, scores[:, np.newaxis])
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        order = np.argsort(-chances, kind="stable")[: checked_n(n)]
        return [(self.words[place], float(chances[place])) for place in order.tolist()]

    def neighbours_graph(self, n: int = 10, *, restrict: int | Iterable[str] | None = None) -> NeighborGraph:
        """The `n` nearest words of every word.

        Parameters
        ----------
        n, restrict
            As in `most_similar`.

        Returns
        -------
        NeighborGraph
            Rows of neighbors and cosines, each of shape (V, n).
        """
        rows, lengths = self._searched
        among, n = self._among(restrict), checked_n(n)
        places = np.empty((len(self), n), dtype=np.int64)
        scores = np.empty((len(self), n), dtype=np.float32)
        for start, block in rows.blocks():
            stop = start + len(block)
            itself = [np.array([row]) for row in range(start, stop)]
            found = nearest(rows, lengths, unit(block), n, among=among, left_out=itself)
            places[start:stop], scores[start:stop] = found
        return NeighborGraph(places, scores)
