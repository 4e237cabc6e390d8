"""Labelled texts, for a classifier: a table's columns of texts and labels, or the treebank, in train, dev and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firth.corpus.pieces import kind_of, unreadable
from firth.corpus.tables import TABLE_READERS
from firth.corpus.tokenizers import Tokenization
from firth.datasets.sst import SentimentTreebank
from firth.errors import DataError, OptionError

if TYPE_CHECKING:
    import polars as pl

HELD_BACK = 0.1
"""Share of the rows that dev is given, and test, where they have no files of their own."""
_FEWEST = 10
_MOST_CLASSES = 1_000
_SST_CLASSES = ("very negative", "negative", "neutral", "positive", "very positive")

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LabelledTexts:
    """Sentences and what they are.

    Attributes
    ----------
    name
        Of the table or data set.
    sentences
        As words.
    labels
        The class of each, as its place in `classes`, shape (sentences,).
    classes
        Their names, in order: of numbers rising, otherwise of the alphabet.
    splits
        Places of the sentences of ``"train"``, ``"dev"`` and ``"test"``.
    drawn
        Which of the splits were drawn at random.
    """

    name: str
    sentences: list[list[str]]
    labels: _Ints
    classes: list[str]
    splits: dict[str, _Ints]
    drawn: tuple[str, ...] = ()


def read_labelled(
    path: str | Path,
    *,
    dev: str | Path | None = None,
    test: str | Path | None = None,
    text: str = "text",
    label: str = "label",
    seed: int = 1,
    cut: Tokenization | None = None,
) -> LabelledTexts:
    """Read texts and labels from tables: .csv, .tsv, .jsonl or .parquet, plain or packed.

    Parameters
    ----------
    path
        The rows of train; of dev and test too, where these have no files of their own.
    dev, test
        Their files; None draws a tenth of the rows of `path`.
    text, label
        The columns' names.
    seed
        Of the draw.
    cut
        How texts become words; None for words in lower case.

    Raises
    ------
    OptionError
        One file is given twice.
    DataError
        A file can't be read, has no such column or a row without a value, or there are too few rows or classes.
    """
    files = {"train": Path(path)}
    files |= {split: Path(given) for split, given in (("dev", dev), ("test", test)) if given is not None}
    if len(set(files.values())) < len(files):
        raise OptionError(f"one file is given for two of {', '.join(files)}: what is learned from can't be the test")
    tables = {split: _read(file, text, label) for split, file in files.items()}
    given = tables["train"][1]
    classes = sorted(set(given), key=_numbers_first)
    if not 2 <= len(classes) <= _MOST_CLASSES:
        raise DataError(
            f"{path}: the column {label!r} has {len(classes):,} different values, and classes are 2 to "
            f"{_MOST_CLASSES:,}: name the column of the labels"
        )
    place = {name: number for number, name in enumerate(classes)}
    sentences: list[list[str]] = []
    labels: list[int] = []
    splits: dict[str, _Ints] = {}
    for split, (lines, names) in tables.items():
        unknown = next((row for row, name in enumerate(names, start=1) if name not in place), None)
        if unknown is not None:
            raise DataError(f"{files[split]}, row {unknown}: the label {names[unknown - 1]!r} is not one of train's")
        splits[split] = np.arange(len(labels), len(labels) + len(names))
        sentences += (cut or Tokenization())(lines).to_list()
        labels += [place[name] for name in names]
    drawn = tuple(split for split in ("dev", "test") if split not in files)
    _draw(splits, drawn, seed, files["train"])
    return LabelledTexts(files["train"].name, sentences, np.array(labels, dtype=np.int64), classes, splits, drawn)


def treebank_texts(treebank: SentimentTreebank, classes: int = 5) -> LabelledTexts:
    """The treebank's sentences with its own splits, in five classes, or in two with neutral sentences left out.

    Raises
    ------
    OptionError
        `classes` is neither.
    """
    labels = treebank.labels.astype(np.int64)
    if classes == 5:
        return LabelledTexts("sst", treebank.sentences, labels, list(_SST_CLASSES), treebank.splits)
    if classes != 2:
        raise OptionError(f"classes is {classes!r}: the treebank has 5, or 2 without its neutral sentences")
    splits = {split: places[labels[places] != 2] for split, places in treebank.splits.items()}
    return LabelledTexts(
        "sst without neutral", treebank.sentences, (labels > 2).astype(np.int64), ["negative", "positive"], splits
    )


def _read(path: Path, text: str, label: str) -> tuple[pl.Series, list[str]]:
    """The texts and the labels of a table."""
    import polars as pl

    kind = kind_of(path)
    if kind not in TABLE_READERS:
        raise DataError(f"{path} is no table that is read here: give one of {', '.join(TABLE_READERS)}")
    try:
        frame = TABLE_READERS[kind](path)
        names = frame.collect_schema().names()
        absent = [name for name in (text, label) if name not in names]
        if absent:
            raise DataError(f"{path} has no column {absent[0]!r}: it has {', '.join(names)}")
        table = frame.select(pl.col(text), pl.col(label).alias("label of")).collect()
    except (pl.exceptions.PolarsError, OSError, EOFError, ValueError) as error:
        raise unreadable(path, error) from error
    lines, labels = table.to_series(0), table.to_series(1)
    columns: list[tuple[pl.Series, str]] = [(lines, text), (labels, label)]
    for column, name in columns:
        if column.dtype.is_nested() or column.dtype == pl.Binary:
            raise DataError(f"{path}: the column {name!r} holds {column.dtype}: name one of texts, and one of labels")
        if column.null_count():
            row = int(column.is_null().arg_max() or 0) + 1
            raise DataError(f"{path}, row {row}, has no value in the column {name!r}: fill it in, or remove the row")
    if not len(lines):
        raise DataError(f"{path} has no rows: give a table that has")
    return lines.cast(pl.String), labels.cast(pl.String).str.strip_chars().to_list()


def _draw(splits: dict[str, _Ints], drawn: Sequence[str], seed: int, path: Path) -> None:
    """Take the splits that are to be drawn from train."""
    if not drawn:
        return
    rows = splits["train"]
    if len(rows) < _FEWEST:
        raise DataError(
            f"{path} has {len(rows)} rows, too few to draw {' and '.join(drawn)} from: give {_FEWEST} or more, or "
            "files for them"
        )
    shuffled = np.random.default_rng(seed).permutation(rows)
    size = max(1, round(HELD_BACK * len(rows)))
    for number, split in enumerate(drawn):
        splits[split] = np.sort(shuffled[number * size : (number + 1) * size])
    splits["train"] = np.sort(shuffled[len(drawn) * size :])


def _numbers_first(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name
