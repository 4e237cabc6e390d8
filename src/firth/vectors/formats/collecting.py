r"""Words and rows of a file become `Vectors`, by named policies: nothing is merged, mended or lost silently.

Duplicates: ``"error"``, keep the ``"first"`` or the ``"last"`` of them. Invalid UTF-8 in words: ``"error"``,
``"replace"`` by U+FFFD, or ``"escape"`` as ``\xNN``. What is not an error is counted in the settings that are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError
from firth.vectors.rows import Float32

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

Duplicates = Literal["error", "first", "last"]
Invalid = Literal["error", "replace", "escape"]
_HANDLERS = {"error": "strict", "replace": "replace", "escape": "backslashreplace"}


class Batch(NamedTuple):
    """Some records of a file: N words with a separator between each two, and their rows, float32 of shape (N, D)."""

    joined: bytes
    separator: bytes
    rows: Float32

    @property
    def words(self) -> list[bytes]:
        """The words."""
        return self.joined.split(self.separator)


def batch_of(
    held: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], separator: bytes, rows: Float32
) -> Batch:
    """A batch of the words that lie in `held` from `starts` to `ends`; none of them holds the separator."""
    from firth.vectors.formats.kernels import join_words

    joined = np.empty(int((ends - starts).sum()) + len(starts) - 1, dtype=np.uint8)
    join_words(held, starts, ends, separator[0], joined)
    return Batch(joined.tobytes(), separator, rows)


@dataclass(frozen=True)
class Policy:
    """What becomes of words that are there twice, and of words that are no UTF-8."""

    duplicates: Duplicates = "error"
    invalid: Invalid = "error"

    def __post_init__(self) -> None:
        """Refuse policies that do not exist."""
        for name, allowed in (("duplicates", ("error", "first", "last")), ("invalid", tuple(_HANDLERS))):
            if getattr(self, name) not in allowed:
                raise OptionError(f"{name} is {getattr(self, name)!r}: it must be one of {', '.join(allowed)}")


def collect(
    path: Path,
    batches: Callable[[Float32 | None], Iterator[Batch]],
    policy: Policy,
    unit: str,
    first: int,
    promised: tuple[int, int] | None = None,
) -> Vectors:
    """Put the records of a file together.

    Parameters
    ----------
    path
        The file, for errors.
    batches
        From the matrix that is to be filled, where its size is known before, to the file's records in order, whose rows
        may lie in it already.
    policy
        For duplicates and invalid UTF-8.
    unit, first
        What a record is called and the number of the first: (``"line"``, 2) or (``"word"``, 1).
    promised
        V and D, where they are known before, and the batches hold them exactly.

    Raises
    ------
    DataError
        There are no records, a number is not finite, or a policy says so.
    """
    from firth.vectors.vectors import Vectors

    words: list[str] = []
    index: dict[str, int] = {}
    blocks: list[Float32] = []
    matrix = None if promised is None else np.empty(promised, dtype=np.float32)
    strange = 0
    for batch in batches(matrix):
        _check_finite(path, batch, unit, first + len(words))
        try:
            decoded, odd = batch.joined.decode().split(batch.separator.decode()), 0
        except UnicodeDecodeError:
            decoded, odd = decode(path, batch.words, policy, unit, first + len(words))
        if matrix is None:
            blocks.append(batch.rows)
        elif not np.may_share_memory(matrix, batch.rows):
            matrix[len(words) : len(words) + len(decoded)] = batch.rows
        index.update(zip(decoded, range(len(words), len(words) + len(decoded)), strict=True))
        words += decoded
        strange += odd
    if not words:
        raise DataError(f"{path} holds no vectors; copy or make it again")
    if matrix is None:
        matrix = _joined(blocks, len(words))
    left_out = 0
    if len(index) < len(words):
        kept = kept_places(path, words, policy, unit, first)
        left_out = len(words) - len(kept)
        words, matrix = [words[place] for place in kept], matrix[kept]
        index = dict(zip(words, range(len(words)), strict=True))
    return Vectors.of_checked(words, index, matrix, settings_of_reading(path, policy, strange, left_out))


def settings_of_reading(path: Path, policy: Policy, strange: int, left_out: int) -> dict[str, Any]:
    """What was read, how many words were no UTF-8, and how many duplicates were left out."""
    settings: dict[str, Any] = {"read_from": path.name}
    if strange:
        settings["words_of_invalid_utf8"] = {"count": strange, "policy": policy.invalid}
    if left_out:
        settings["duplicates_left_out"] = {"count": left_out, "policy": policy.duplicates}
    return settings


def _check_finite(path: Path, batch: Batch, unit: str, first: int) -> None:
    finite = np.isfinite(batch.rows)
    if not finite.all():
        place = int(finite.all(axis=1).argmin())
        raise DataError(
            f"{path}, {unit} {first + place:,}: the vector of {_shown(batch.words[place])} holds a number that is not "
            "finite or too large for float32; remove it or make the file again"
        )


def decode(path: Path, words: list[bytes], policy: Policy, unit: str, first: int) -> tuple[list[str], int]:
    """Decode words by a policy; return them, and how many are no UTF-8."""
    decoded, strange = [], 0
    for place, word in enumerate(words):
        try:
            decoded.append(word.decode(errors=_HANDLERS[policy.invalid]))
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}, {unit} {first + place:,}: the word {_shown(word)} is not UTF-8; choose what to do with such "
                "words: invalid='replace' or invalid='escape' (--invalid)"
            ) from error
        strange += decoded[-1].encode() != word
    return decoded, strange


def kept_places(path: Path, words: list[str], policy: Policy, unit: str, first: int) -> range | list[int]:
    """The places of words that stay, by a policy for duplicates; all of them where all words are different."""
    if len(set(words)) == len(words):
        return range(len(words))
    places: dict[str, int] = {}
    for place, word in enumerate(words):
        earlier = places.setdefault(word, place)
        if earlier != place and policy.duplicates == "error":
            raise DataError(
                f"{path}, {unit} {first + place:,}: the word {word!r} is there twice (first as {unit} "
                f"{first + earlier:,}); choose which to keep: duplicates='first' or duplicates='last' (--duplicates)"
            )
        if policy.duplicates == "last":
            places[word] = place
    return sorted(places.values())


def _joined(blocks: list[Float32], size: int) -> Float32:
    """Join blocks, each let go as soon as it is copied: in memory are the matrix and one of them."""
    if len(blocks) == 1:
        return blocks[0]
    matrix = np.empty((size, blocks[0].shape[1]), dtype=np.float32)
    start = 0
    blocks.reverse()
    while blocks:
        block = blocks.pop()
        matrix[start : start + len(block)] = block
        start += len(block)
    return matrix


def _shown(word: bytes) -> str:
    text = word.decode(errors="backslashreplace")
    return repr(text if len(text) <= 40 else text[:40] + "...")
