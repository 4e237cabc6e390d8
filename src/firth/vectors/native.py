r"""Firth's own file: one .safetensors file that holds words, vectors, counts and settings, checksummed.

Any safetensors reader can open it; nothing in it is ever executed.

Format, version 1:

1. The file is a safetensors file: 8 bytes header length (little-endian), a JSON header, the tensors' bytes.
2. V >= 1 is the number of words and D >= 1 the dimension. Numbers are little-endian, rows one after another.
3. The tensors are exactly these, in this order:
   ``counts`` I64 (V,), ``word_ends`` I64 (V,), ``center`` F32 (V, D), ``outside`` F32 (V, D), ``words`` U8 (bytes,).
4. ``outside`` may be left out; the others may not.
5. ``words`` is the UTF-8 of all words, back to back, without separators.
6. ``word_ends[i]`` is the end of word i in it; the first word starts at 0, every other at the end of the one before.
   The ends rise strictly (no word is empty), and the last is the length of ``words``.
7. Words are valid UTF-8 and all different. Every number of ``center`` and ``outside`` is finite.
8. ``counts[i] >= 0`` is how often word i was seen; all zeros where that is not known.
9. The header's ``__metadata__`` holds exactly four strings: ``format`` = ``firth-vectors``, ``version`` = ``1``,
   ``settings`` and ``sha256``.
10. ``settings`` is a JSON object that says how the vectors were made.
11. ``sha256`` is the SHA-256, in lower-case hexadecimal, of: the UTF-8 of ``settings``, a line feed, and for each
    tensor in the order of 3 the ASCII line ``<name> <dtype> <sizes, separated by spaces>\n`` and its bytes.
12. A writer lays the tensors out in that order, sorts the keys of JSON objects, puts no white space between them,
    writes no times, and fills the header with spaces to a multiple of 8 bytes: equal content gives equal bytes, and
    every tensor is aligned.
13. A reader checks all of this but 12, and refuses a file in which anything else stands.
14. A later version that a reader of version 1 could misunderstand has another ``version``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError
from firth.files import write_whole
from firth.vectors.vectors import Vectors

FORMAT = "firth-vectors"
VERSION = "1"
_DTYPES = {"counts": "I64", "word_ends": "I64", "center": "F32", "outside": "F32", "words": "U8"}
_METADATA = {"format", "version", "settings", "sha256"}
_LONGEST_HEADER = 100_000_000
"""No safetensors file has a longer one, and every pickle's first 8 bytes are a larger number."""
_PICKLE_STARTS = (b"(dp", b"(lp", b"}q\0", b"]q\0", b"ccopy_reg", b"cnumpy", b"c__builtin__", b"PK\x03\x04")
_DAMAGED = "is damaged"
_MEND = "; copy or make it again"


class PickleRefusedError(DataError, ValueError):
    """The file is a pickle, which would run code when opened."""


def write_native(path: str | Path, vectors: Vectors) -> None:
    """Write `vectors` to a file, whole or not at all.

    Parameters
    ----------
    path
        Where to; what stands there is replaced.
    vectors
        What to write.

    Raises
    ------
    FirthError
        The file cannot be written.
    """
    write_whole(path, to_bytes(vectors))


def to_bytes(vectors: Vectors) -> bytes:
    """The bytes of a native file: the same for the same content."""
    encoded = [word.encode() for word in vectors.words]
    tensors: dict[str, NDArray[Any]] = {
        "counts": vectors.counts.astype("<i8"),
        "word_ends": np.cumsum([len(word) for word in encoded], dtype="<i8"),
        "center": vectors.matrix.astype("<f4", copy=False),
    }
    if vectors.outside is not None:
        tensors["outside"] = vectors.outside.astype("<f4", copy=False)
    tensors["words"] = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    settings = _compact(vectors.settings)
    header: dict[str, Any] = {
        "__metadata__": {
            "format": FORMAT,
            "version": VERSION,
            "settings": settings,
            "sha256": _checksum(settings, tensors),
        }
    }
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        header[name] = {"dtype": _DTYPES[name], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = _compact(header).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *(tensor.tobytes() for tensor in tensors.values())])


def read_native(path: str | Path) -> Vectors:
    """Read a native file and check everything in it.

    Parameters
    ----------
    path
        A file that `write_native` wrote.

    Returns
    -------
    Vectors

    Raises
    ------
    DataError
        The file cannot be read, is damaged, or is another kind of file; the message says which.
    PickleRefusedError
        The file is a pickle.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    _refuse_other_kinds(path)
    try:
        with safe_open(str(path), framework="numpy") as stream:
            metadata = _checked_metadata(path, stream.metadata() or {})
            tensors = _checked_tensors(path, stream)
    except SafetensorError as error:
        raise DataError(f"{path} {_DAMAGED} or cut short ({error}){_MEND}") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if _checksum(metadata["settings"], tensors) != metadata["sha256"]:
        raise DataError(f"{path} {_DAMAGED}: its checksum does not match its content{_MEND}")
    try:
        words = _words(tensors["words"].tobytes(), tensors["word_ends"])
        settings = json.loads(metadata["settings"])
        if not isinstance(settings, dict):
            raise ValueError("its settings are not a JSON object")
        return Vectors(words, tensors["center"], tensors["counts"], tensors.get("outside"), settings)
    except (OptionError, ValueError, RecursionError) as error:
        raise DataError(f"{path} {_DAMAGED}: {error}{_MEND}") from error


def _refuse_other_kinds(path: Path) -> None:
    """Say what a file is that is no safetensors file, by its first bytes."""
    try:
        with path.open("rb") as stream:
            start = stream.read(64)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not start:
        raise DataError(f"{path} is empty{_MEND}")
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= _LONGEST_HEADER:
        return
    if (start[:1] == b"\x80" and start[1:2] <= b"\x05") or start.startswith(_PICKLE_STARTS):
        raise PickleRefusedError(
            f"{path} is a pickle (or an archive that may hold one), which can run any code and is never opened; "
            "export the vectors with the tool that wrote it"
        )
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise DataError(f"{path} is a web page, not word vectors; download the file itself")
    raise DataError(f"{path} is not a vectors file that Firth wrote, or is cut short or damaged at its start{_MEND}")


def _checked_metadata(path: Path, metadata: Mapping[str, str]) -> Mapping[str, str]:
    if metadata.get("format") != FORMAT:
        raise DataError(f"{path} is a safetensors file, but not of word vectors that Firth wrote (or it {_DAMAGED})")
    if metadata.get("version") != VERSION:
        raise DataError(
            f"{path} has format version {metadata.get('version')!r}, and this Firth reads version {VERSION}; "
            "upgrade Firth, or make the file again"
        )
    if set(metadata) != _METADATA:
        raise DataError(f"{path} {_DAMAGED}: its metadata must be {', '.join(sorted(_METADATA))}{_MEND}")
    return metadata


def _checked_tensors(path: Path, stream: Any) -> dict[str, NDArray[Any]]:
    """The tensors in their order; types and shapes are checked before anything is read."""
    present = set(stream.keys())
    if present | {"outside"} != set(_DTYPES):
        raise DataError(f"{path} {_DAMAGED}: it must hold the tensors {', '.join(_DTYPES)}{_MEND}")
    names = [name for name in _DTYPES if name in present]
    slices = {name: stream.get_slice(name) for name in names}
    shapes = {name: tuple(slices[name].get_shape()) for name in names}
    types_fit = all(slices[name].get_dtype() == _DTYPES[name] for name in names)
    matrix_shape = shapes["center"]
    shapes_fit = (
        len(matrix_shape) == 2
        and shapes["counts"] == shapes["word_ends"] == matrix_shape[:1]
        and shapes.get("outside", matrix_shape) == matrix_shape
        and len(shapes["words"]) == 1
    )
    if not (types_fit and shapes_fit):
        raise DataError(f"{path} {_DAMAGED}: the types or shapes of its tensors do not fit together{_MEND}")
    return {name: stream.get_tensor(name) for name in names}


def _words(text: bytes, ends: NDArray[np.int64]) -> list[str]:
    stops = ends.tolist()
    starts = [0, *stops[:-1]]
    if not stops or stops[-1] != len(text) or any(start >= stop for start, stop in zip(starts, stops, strict=True)):
        raise ValueError("the ends of its words do not rise to the end of their text")
    try:
        return [text[start:stop].decode() for start, stop in zip(starts, stops, strict=True)]
    except UnicodeDecodeError as error:
        raise ValueError("its words are not valid UTF-8") from error


def _checksum(settings: str, tensors: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(settings.encode() + b"\n")
    for name, tensor in tensors.items():
        sizes = " ".join(map(str, tensor.shape))
        digest.update(f"{name} {_DTYPES[name]} {sizes}\n".encode())
        digest.update(np.ascontiguousarray(tensor).data)
    return digest.hexdigest()


def _compact(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _unreadable(path: Path, error: OSError) -> DataError:
    reason = error.strerror or str(error)
    return DataError(f"cannot read {path}: {reason}; check the path and its permissions")
