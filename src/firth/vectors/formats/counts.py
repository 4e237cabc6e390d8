"""word2vec.c's vocabularies, a word and its count a line: counts for vectors that were saved without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError
from firth.vectors.formats.streams import unpacked

_LARGEST = (1 << 63) - 1


def read_counts(path: Path, words: list[str]) -> NDArray[np.int64]:
    """Read how often each of these words was seen, int64 of shape (V,), read-only; 0 of words that are not there.

    Raises
    ------
    DataError
        None of the words is there, a line is not a word, a space and a count, or a word is there twice; the message
        names the line.
    """
    found = _counts(path)
    counts = np.array([found.get(word, 0) for word in words], dtype=np.int64)
    if found.keys().isdisjoint(words):
        raise DataError(f"{path} holds none of the words of the vectors: give the vocabulary that belongs to them")
    counts.flags.writeable = False
    return counts


def _counts(path: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    with unpacked(path) as stream:
        for number, line in enumerate(stream, start=1):
            word, _, count = line.rstrip(b"\r\n").rpartition(b" ")
            if not word or not count.isdigit() or len(count) > 19 or int(count) > _LARGEST:
                raise DataError(f"{path}, line {number:,}: a vocabulary has a word, a space and a count on each line")
            try:
                decoded = word.decode()
            except UnicodeDecodeError as error:
                raise DataError(f"{path}, line {number:,}: the word is not UTF-8; mend or remove that line") from error
            if counts.setdefault(decoded, int(count)) != int(count):
                raise DataError(f"{path}, line {number:,}: the word {decoded!r} stands twice; keep one of its lines")
    return counts
