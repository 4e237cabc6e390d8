"""Text in a column of a table: .csv, .tsv, .jsonl and .parquet files, Polars, pandas and Hugging Face tables."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.corpus.pieces import Piece, opened, unreadable
from firth.errors import DataError, OptionError

if TYPE_CHECKING:
    import polars as pl

ROWS_PER_PIECE = 20_000


def _scan(name: str, **options: Any) -> Callable[[Any], pl.LazyFrame]:
    def scan(file: Any) -> pl.LazyFrame:
        import polars as pl

        frame: pl.LazyFrame = getattr(pl, name)(file, **options)
        return frame

    return scan


_AS_TEXT = {"infer_schema": False, "glob": False}  # a column of numbers is text too, as written
TABLE_READERS: dict[str, Callable[[Any], pl.LazyFrame]] = {
    ".csv": _scan("scan_csv", **_AS_TEXT),
    ".tsv": _scan("scan_csv", separator="\t", quote_char=None, **_AS_TEXT),
    ".jsonl": _scan("scan_ndjson", infer_schema_length=None),
    ".ndjson": _scan("scan_ndjson", infer_schema_length=None),
    ".parquet": _scan("scan_parquet", glob=False),
}
"""Kinds of table files by suffix."""


def file_pieces(
    path: Path, kind: str, column: str, before: int, limits: tuple[int, int] | None = None
) -> Iterator[Piece]:
    """Give a table file's column, some thousand rows at a time.

    Parameters
    ----------
    path
        The file.
    kind
        A key of `TABLE_READERS`.
    column
        The column that holds the text.
    before
        Bytes of the files before this one, for progress.
    limits
        The first row, and that after the last; None reads all.

    Raises
    ------
    DataError
        The file can't be read as a table, or has no such column; the message names those it has.
    """
    import polars as pl

    size = path.stat().st_size
    try:
        frame = TABLE_READERS[kind](_unpacked(path) if path.suffix.lower() == ".bz2" else path)
        names = frame.collect_schema().names()
        if column not in names:
            raise DataError(f"{path} has no column {column!r}: it has {', '.join(names)}")
        is_packed, done = path.suffix.lower() != kind, 0
        rows = 0 if is_packed else frame.select(pl.len()).collect().item()
        # Without the optimisation every field of a row is read, and a row with too many is an error, not cut short.
        whole = pl.QueryOptFlags(projection_pushdown=False)
        chosen = frame.select(column)
        if limits is not None:
            chosen = chosen.slice(limits[0], limits[1] - limits[0])
        for batch in chosen.collect_batches(chunk_size=ROWS_PER_PIECE, maintain_order=True, optimizations=whole):
            done += batch.height
            text = _text(batch.get_column(column), str(path))
            yield Piece(str(path), text, done=before + (size * done // rows if rows else size), unit="row")
    except (pl.exceptions.PolarsError, OSError, EOFError, ValueError) as error:
        raise unreadable(path, error) from error


def _unpacked(path: Path) -> io.BytesIO:
    """A file that Polars can't unpack by itself, in memory."""
    with opened(path) as (stream, _):
        return io.BytesIO(stream.read())


def object_pieces(source: Any, column: str | None) -> Iterator[Piece]:
    """Give the rows of a Polars or pandas column, of a column of such a table, or of a Hugging Face data set.

    Raises
    ------
    OptionError
        `source` is a table and `column` was not given.
    DataError
        The table has no such column, or the column holds no text.
    """
    import polars as pl

    where, done = f"the given {type(source).__name__}", 0
    names = getattr(source, "column_names", None) or getattr(source, "columns", None)
    if names is not None:
        if column is None:
            raise OptionError(
                f"{where} is a table: name the column that holds the text, one of {', '.join(map(str, names))}"
            )
        if column not in list(names):
            raise DataError(f"{where} has no column {column!r}: it has {', '.join(map(str, names))}")
    if hasattr(source, "iter") and hasattr(source, "column_names"):
        parts = source.select_columns(column).iter(ROWS_PER_PIECE)
        batches: Iterator[pl.Series] = (pl.Series(column, rows[column]) for rows in parts)
    else:
        whole = pl.Series(source if names is None else source[column])
        batches = (frame.to_series() for frame in whole.to_frame().iter_slices(ROWS_PER_PIECE))
    for batch in batches:
        done += len(batch)
        yield Piece(where, _text(batch, where), done=done, unit="row")


def _text(column: pl.Series, where: str) -> pl.Series:
    import polars as pl

    if column.dtype == pl.Null:
        return column.cast(pl.String)
    if column.dtype in (pl.String, pl.List(pl.String)):
        return column
    if column.dtype in (pl.Categorical, pl.Enum):
        return column.cast(pl.String)
    raise DataError(f"{where}: the column {column.name!r} holds {column.dtype}, not text: name another column")
