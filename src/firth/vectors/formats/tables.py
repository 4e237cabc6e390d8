"""Vectors as tables, written only: Parquet, NumPy's ``.npy`` beside a list of words, TensorBoard's two TSVs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from firth.files import whole_file, write_whole
from firth.vectors.formats.streams import written_folder

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors


def write_parquet(path: Path, vectors: Vectors) -> None:
    """Write a table of word, count and vector (a list of fixed size)."""
    with whole_file(path) as stream:
        vectors.to_polars().write_parquet(stream)


def write_numpy(path: Path, vectors: Vectors) -> None:
    """Write the matrix as ``X.npy``, and beside it ``X.words.txt``: a word a line, in the order of rows."""
    lines = "".join(f"{word}\n" for word in vectors.words)
    with whole_file(path) as stream:
        np.lib.format.write_array(stream, np.ascontiguousarray(vectors.matrix), allow_pickle=False)
    write_whole(path.with_suffix(".words.txt"), lines.encode())


def write_tensorboard(folder: Path, vectors: Vectors) -> None:
    """Write a folder for TensorBoard's projector: ``vectors.tsv`` and ``metadata.tsv`` (word, count)."""
    import polars as pl

    with written_folder(folder, ("vectors.tsv", "metadata.tsv")) as part:
        with (part / "vectors.tsv").open("wb") as stream:
            for _, block in vectors.blocks():
                frame = pl.DataFrame([pl.Series(str(at), row) for at, row in enumerate(np.ascontiguousarray(block.T))])
                frame.write_csv(stream, include_header=False, separator="\t", line_terminator="\n")
        metadata = io.StringIO()
        metadata.write("word\tcount\n")
        for word, count in zip(vectors.words, vectors.counts.tolist(), strict=True):
            metadata.write(f"{word}\t{count}\n")
        write_whole(part / "metadata.tsv", metadata.getvalue().encode())
