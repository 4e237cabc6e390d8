"""Where text comes from: files of many kinds, folders, patterns, standard input, tables, anything one can go through.

`open_source` turns what a person gave into a `Source`, whose `pieces` give the text in order, a few megabytes at a
time, so that a text may be larger than memory.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Any

from firth.corpus.pieces import Piece, is_standard_input, kind_of, opened, text_pieces, unreadable
from firth.corpus.tables import TABLE_READERS, file_pieces, object_pieces
from firth.errors import DataError, OptionError

ITEMS_PER_PIECE = 20_000
_LONGEST_NAME = 4096
_LOOKED_AT = 100


@dataclass(frozen=True)
class Source:
    """A text that can be read once (more often where what it is made of can).

    Attributes
    ----------
    pieces
        Call it for the pieces, in order.
    description
        For people.
    total
        Bytes of the files; 0 where that is not known.
    names
        Of the files, folders and patterns that were given, without the folders they are in.
    identity
        What tells it from other texts: path, size and time of change of each file; None where only reading would.
    skipped_files
        Files of a folder that are left aside, by reason.
    paths
        The files, where it is made of files.
    """

    pieces: Callable[[], Iterator[Piece]]
    description: str
    total: int = 0
    names: tuple[str, ...] = ()
    identity: list[list[str | int]] | None = None
    skipped_files: dict[str, list[str]] = field(default_factory=dict)
    paths: tuple[Path, ...] = ()


def open_source(source: Any, column: str | None = None) -> Source:
    """Find out what kind of text was given.

    Parameters
    ----------
    source
        A path, a pattern such as ``"texts/*.txt.gz"``, a folder, ``"-"`` (standard input), several of these; a Polars
        or pandas column or table, a Hugging Face data set; or an iterable of strings or of lists of words.
    column
        Of tables: the column that holds the text.

    Raises
    ------
    DataError
        There is no such file, a folder has no text.
    OptionError
        A table was given without `column`, or something that is no text at all.
    """
    if isinstance(source, str | Path):
        return _files([source], column)
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "column_names"):
        return Source(lambda: object_pieces(source, column), type(source).__name__)
    if isinstance(source, list | tuple) and _are_files(source):
        return _files(list(source), column)
    if isinstance(source, Iterable) and not isinstance(source, bytes):
        if column is not None:
            raise OptionError(f"column is {column!r}, and the source is no table: leave it out")
        return Source(lambda: _item_pieces(source), f"a {type(source).__name__} of sentences")
    raise OptionError(f"source is a {type(source).__name__}: give paths, a table, or an iterable of sentences")


def _are_files(given: Sequence[Any]) -> bool:
    """Whether a list is one of files: of paths, or of strings of which one of the first names or matches a file."""
    if any(isinstance(each, Path) for each in given):
        return True
    return all(isinstance(each, str) for each in given) and any(map(_names_a_file, given[:_LOOKED_AT]))


def _names_a_file(given: str) -> bool:
    if given == "-" or (0 < len(given) < _LONGEST_NAME and _exists(given)):
        return True
    return len(given) < _LONGEST_NAME and _is_pattern(given) and bool(_matches(given))


def _is_pattern(given: str) -> bool:
    return any(mark in given for mark in "*?[")


def _matches(pattern: str) -> list[str]:
    """The names that a pattern matches."""
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  (Path.glob takes no absolute patterns)


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _files(given: list[str | Path], column: str | None) -> Source:
    skipped: dict[str, list[str]] = {}
    paths = [path for each in given for path in _expanded(str(each), column, skipped)]
    stats = [None if is_standard_input(path) else path.stat() for path in paths]

    def pieces() -> Iterator[Piece]:
        before = 0
        for path, stat in zip(paths, stats, strict=True):
            kind = kind_of(path)
            if kind in TABLE_READERS and column is not None:
                yield from file_pieces(path, kind, column, before)
            else:
                yield from text_pieces(path, before)
            before += stat.st_size if stat else 0

    description = ", ".join(map(str, given[:3])) + (f" and {len(given) - 3} more" if len(given) > 3 else "")
    known = [(path, stat) for path, stat in zip(paths, stats, strict=True) if stat and S_ISREG(stat.st_mode)]
    identity: list[list[str | int]] = [[str(path.resolve()), stat.st_size, stat.st_mtime_ns] for path, stat in known]
    total = sum(stat.st_size for _, stat in known)
    names = tuple(Path(each).name or str(each) for each in given)
    return Source(
        pieces, description, total, names, identity if len(known) == len(paths) else None, skipped, tuple(paths)
    )


def _expanded(given: str, column: str | None, skipped: dict[str, list[str]]) -> list[Path]:
    path = _path(given)
    if column is not None and path.is_file() and kind_of(path) not in TABLE_READERS:
        raise OptionError(f"column is {column!r}, and {path} is no table: leave it out")
    try:
        if given == "-" or (path.exists() and not path.is_dir()):
            if kind_of(path) in TABLE_READERS and column is None:
                raise OptionError(f"{path} is a table: name the column that holds the text (column=, or --column)")
            return [path]
        if path.is_dir():
            inside = sorted(_files_below(path))
            chosen = [each for each in inside if not _left_aside(each, path, column, skipped)]
            if not chosen:
                raise DataError(f"{path} has no text files in it: give a folder that has, or a file")
            return chosen
    except OSError as error:
        raise unreadable(path, error) from error
    if _is_pattern(given):
        found = _matches(str(path))
        if not found:
            raise DataError(f"no file matches {given}: check the pattern")
        return [each for name in found for each in _expanded(name, column, skipped)]
    raise DataError(f"there is no file {given}: check the name; sentences are given as a list")


def _path(given: str) -> Path:
    try:
        return Path(given).expanduser()
    except RuntimeError:  # ~name, and there is no such user: a file that is called so
        return Path(given)


def _files_below(folder: Path) -> Iterator[Path]:
    """Every file in a folder and those below; one that can't be looked into is an error, not an empty one."""

    def stop(error: OSError) -> None:
        raise error

    for place, _, names in os.walk(folder, onerror=stop):
        yield from (path for path in map(Path(place).joinpath, names) if path.is_file())


def _left_aside(path: Path, folder: Path, column: str | None, skipped: dict[str, list[str]]) -> bool:
    """Whether a folder's file is left aside; why goes into `skipped`."""
    reason = ""
    if any(part.startswith(".") for part in path.relative_to(folder).parts):
        reason = "hidden files"
    elif kind_of(path) in TABLE_READERS:
        reason = "tables, since no column was named" if column is None else ""
    else:
        with opened(path) as (stream, _):
            reason = "binary files" if b"\0" in stream.read(4096) else ""
    if reason:
        skipped.setdefault(reason, []).append(str(path))
    return bool(reason)


def _item_pieces(source: Iterable[Any]) -> Iterator[Piece]:
    """Gather strings, or lists of words, by the thousand; the iterable is gone through once."""
    where, done = f"the given {type(source).__name__}", 0
    items: list[Any] = []
    kind: type | None = None
    for item in _without_os_errors(source, where):
        done += 1
        item_kind = str if isinstance(item, str) else list
        if item_kind is list and (not isinstance(item, Iterable) or isinstance(item, bytes | dict)):
            raise DataError(f"{where}: sentence {done} is {item!r:.60}: it must be a string or a list of words")
        if kind is not None and item_kind is not kind:
            raise DataError(f"{where}: sentence {done} is a {item_kind.__name__}, those before are not: give one kind")
        kind = item_kind
        items.append(item if kind is str else list(item))
        if len(items) == ITEMS_PER_PIECE:
            yield _items_piece(items, where, done)
            items = []
    if items:
        yield _items_piece(items, where, done)


def _without_os_errors(source: Iterable[Any], where: str) -> Iterator[Any]:
    """The items of an iterable; what fails in reading them is never taken for a failure to write."""
    try:
        yield from source
    except OSError as error:
        raise DataError(f"{where} failed: {type(error).__name__}: {error}") from error


def _items_piece(items: list[Any], where: str, done: int) -> Piece:
    import polars as pl

    is_text = isinstance(items[0], str)
    for place, item in enumerate(items if not is_text else [], start=done - len(items) + 1):
        if not all(isinstance(word, str) and word for word in item):
            bad = next(word for word in item if not isinstance(word, str) or not word)
            raise DataError(f"{where}: sentence {place} holds {bad!r:.60}, which is no word")
    try:
        content = pl.Series(items, dtype=pl.String if is_text else pl.List(pl.String), strict=True)
    except (TypeError, UnicodeError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"{where}: the sentences {done - len(items) + 1} to {done} are no valid text: {error}"
        ) from error
    return Piece(where, content, done=done, unit="sentence")
