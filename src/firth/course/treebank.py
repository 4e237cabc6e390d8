"""`StanfordSentiment`: the treebank with the assignment's methods, its draws made from Python's `random`."""

from __future__ import annotations

import random
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firth.datasets.sst import SentimentTreebank, category_of, load_sst

REPETITIONS = 30
"""How often each sentence is gone through, with other frequent words left out each time."""
SUBSAMPLE = 1e-5


class StanfordSentiment:
    """The Stanford Sentiment Treebank as the assignment's code sees it.

    Parameters
    ----------
    path
        Folder with ``datasetSentences.txt`` and the other files; None finds them by `firth.datasets`.
    tablesize
        Length of the table from which negatives are drawn.
    """

    def __init__(self, path: str | Path | None = None, tablesize: int = 1_000_000) -> None:
        self.path = None if path is None else Path(path)
        self.tablesize = tablesize

    def tokens(self) -> dict[str, int]:
        """Row of each word, in order of first appearance; UNK is the last."""
        return self._tokens

    def sentences(self) -> list[list[str]]:
        """The 11,855 sentences, lower-cased."""
        return self._treebank.sentences

    def numSentences(self) -> int:
        """How many sentences there are."""
        return len(self.sentences())

    def allSentences(self) -> list[list[str]]:
        """Every sentence 30 times, frequent words left out at random (drawn once); those of one word are dropped."""
        return self._all_sentences

    def getRandomContext(self, C: int = 5) -> tuple[str, list[str]]:
        """Draw a center word and the words at most C away, other than itself; draw again where there are none."""
        sentences = self.allSentences()
        while True:
            sentence = sentences[random.randint(0, len(sentences) - 1)]
            position = random.randint(0, len(sentence) - 1)
            center_word = sentence[position]
            around = sentence[max(0, position - C) : position] + sentence[position + 1 : position + C + 1]
            context = [word for word in around if word != center_word]
            if context:
                return center_word, context

    def sent_labels(self) -> NDArray[np.float64]:
        """Sentiment of each sentence, from 0 (very negative) to 1 (very positive)."""
        return self._treebank.scores

    def dataset_split(self) -> list[list[int]]:
        """Sentence numbers of the train, test and dev split, in this order."""
        return [self._treebank.splits[name].tolist() for name in ("train", "test", "dev")]

    def categorify(self, label: float) -> int:
        """Class 0 to 4 of a sentiment: at most 0.2, 0.4, 0.6, 0.8, or above."""
        return category_of(label)

    def getRandomTrainSentence(self) -> tuple[list[str], int]:
        """Draw a sentence of the train split, with its class."""
        train = self._treebank.splits["train"]
        return self._labelled(int(train[random.randint(0, len(train) - 1)]))

    def getTrainSentences(self) -> list[tuple[list[str], int]]:
        """The train split: sentences with their classes."""
        return self.getSplitSentences(0)

    def getTestSentences(self) -> list[tuple[list[str], int]]:
        """The test split: sentences with their classes."""
        return self.getSplitSentences(1)

    def getDevSentences(self) -> list[tuple[list[str], int]]:
        """The dev split: sentences with their classes."""
        return self.getSplitSentences(2)

    def getSplitSentences(self, split: int = 0) -> list[tuple[list[str], int]]:
        """Split 0 (train), 1 (test) or 2 (dev): sentences with their classes."""
        return [self._labelled(position) for position in self.dataset_split()[split]]

    def sampleTable(self) -> list[int]:
        """Table of words in which each stands in proportion to count^(3/4), equation (21)."""
        return self._sample_table

    def rejectProb(self) -> NDArray[np.float64]:
        """Probability max(0, 1 - sqrt(1e-5 N / count)) that an occurrence is left out, for each word, equation (22)."""
        rejected: NDArray[np.float64] = np.maximum(0.0, 1.0 - np.sqrt(SUBSAMPLE * self._counts.sum() / self._counts))
        return rejected

    def sampleTokenIdx(self) -> int:
        """Draw a word from `sampleTable`."""
        return self._sample_table[random.randint(0, self.tablesize - 1)]

    @cached_property
    def _treebank(self) -> SentimentTreebank:
        return load_sst(self.path)

    @cached_property
    def _tokens(self) -> dict[str, int]:
        rows: dict[str, int] = {}
        for sentence in self.sentences():
            for word in sentence:
                rows.setdefault(word, len(rows))
        rows["UNK"] = len(rows)
        return rows

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        rows = [self._tokens[word] for sentence in self.sentences() for word in sentence]
        return np.bincount([*rows, self._tokens["UNK"]]).astype(np.int64)

    @cached_property
    def _all_sentences(self) -> list[list[str]]:
        reject = dict(zip(self._tokens, self.rejectProb().tolist(), strict=True))
        drawn = (
            [word for word in sentence if reject[word] <= 0 or random.random() >= reject[word]]
            for _ in range(REPETITIONS)
            for sentence in self.sentences()
        )
        return [sentence for sentence in drawn if len(sentence) > 1]

    @cached_property
    def _sample_table(self) -> list[int]:
        self.allSentences()  # the assignment draws these first: the order of the draws is part of its results
        weights = self._counts**0.75
        ends = np.cumsum(weights / weights.sum()) * self.tablesize
        rows: list[int] = np.searchsorted(ends, np.arange(self.tablesize)).tolist()
        return rows

    def _labelled(self, position: int) -> tuple[list[str], int]:
        return self.sentences()[position], int(self._treebank.labels[position])
