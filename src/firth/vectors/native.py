"""Firth's own file, docs/format.md: one .safetensors file that is mapped into memory, not read.

Opening checks structure, header and bounds, in milliseconds whatever the size. Words and numbers are checked when they
are first needed, and the checksum of everything on request.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError
from firth.files import whole_file
from firth.vectors.lookup import index_of, plain_settings
from firth.vectors.rows import Rows, lengths_of, stored_as

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

FORMAT = "firth-vectors"
VERSION = "1"
LONGEST_HEADER = 100_000_000
"""No safetensors file has a longer one, and every pickle's first 8 bytes are a larger number."""

_ORDER = ("counts", "word_ends", "center_scale", "outside_scale", "center", "outside", "words")
_NUMPY = {"I64": "<i8", "F32": "<f4", "F16": "<f2", "I8": "|i1", "U8": "|u1"}
_DTYPES = {numpy: name for name, numpy in _NUMPY.items()}
_METADATA = {"format", "version", "settings", "sha256"}
_DAMAGED = "is damaged"
_MEND = "; copy or make it again"
Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class NativeFile:
    """A native file, opened and mapped.

    Attributes
    ----------
    path
        Where it is.
    tensors
        Read-only views of the mapped file, in the order of the format.
    settings
        How the vectors were made.
    settings_text, sha256
        As they stand in the header.
    """

    path: Path
    tensors: Tensors
    settings: dict[str, Any]
    settings_text: str
    sha256: str

    def rows(self, name: str) -> Rows | None:
        """The center or outside vectors, or None where the file has none."""
        if name not in self.tensors:
            return None
        return Rows(self.tensors[name], self.tensors.get(f"{name}_scale"))

    def words(self) -> tuple[list[str], dict[str, int]]:
        """Decode the words, checked, and the row of each."""
        ends = self.tensors["word_ends"]
        if ends[0] < 1 or not (ends[1:] > ends[:-1]).all():
            raise DataError(f"{self.path} {_DAMAGED}: the ends of its words do not rise{_MEND}")
        if self.tensors["counts"].min() < 0:
            raise DataError(f"{self.path} {_DAMAGED}: a count is negative{_MEND}")
        stops = ends.tolist()
        text = self.tensors["words"].tobytes()
        starts = [0, *stops[:-1]]
        try:
            if text.isascii():
                letters = text.decode()
                words = [letters[start:stop] for start, stop in zip(starts, stops, strict=True)]
            else:
                words = [text[start:stop].decode() for start, stop in zip(starts, stops, strict=True)]
            return words, index_of(words)
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path} {_DAMAGED}: its words are not valid UTF-8{_MEND}") from error
        except OptionError as error:
            raise DataError(f"{self.path} {_DAMAGED}: {error}{_MEND}") from error

    def verify(self) -> None:
        """Check everything: the checksum, every word, every number.

        Raises
        ------
        DataError
            Something is not as it was written; the message says what.
        """
        if _checksum(self.settings_text, self.tensors) != self.sha256:
            raise DataError(f"{self.path} {_DAMAGED}: its checksum does not match its content{_MEND}")
        self.words()
        for name in ("center", "outside"):
            rows = self.rows(name)
            if rows is not None and not np.isfinite(lengths_of(rows)).all():
                raise DataError(f"{self.path} {_DAMAGED}: {name} holds a number that is not finite{_MEND}")


def write_native(path: str | Path, vectors: Vectors, dtype: str = "float32") -> None:
    """Write `vectors` to a file, whole or not at all.

    Parameters
    ----------
    path
        Where to; what stands there is replaced.
    vectors
        What to write.
    dtype
        How numbers are stored: ``"float32"``, ``"float16"`` (half the size), ``"int8"`` with a scale a row (a quarter).

    Raises
    ------
    FirthError
        The file cannot be written.
    OptionError
        There is no such `dtype`, or a number is too large for it.
    """
    parts = _parts(vectors, dtype)
    with whole_file(path) as stream:
        for part in parts:
            stream.write(part)


def content_checksum(vectors: Vectors) -> str:
    """SHA-256 of words, counts and vectors as float32, without the settings: equal for equal vectors, however made."""
    return _checksum("", _tensors(vectors, "float32"))


def to_bytes(vectors: Vectors, dtype: str = "float32") -> bytes:
    """The bytes of a native file: the same for the same content."""
    return b"".join(_parts(vectors, dtype))


def open_native(path: str | Path) -> NativeFile:
    """Map a native file and check its structure, header and bounds.

    Raises
    ------
    DataError
        The file cannot be read, is damaged, or is another kind of safetensors file; the message says which.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: the file is empty
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"cannot read {path}: {reason}; check the path and its permissions") from error
    try:
        return _opened(path, mapped)
    except _WrongError as error:
        raise DataError(f"{path} {_DAMAGED} or cut short: {error}{_MEND}") from None


def read_native(path: str | Path, *, verify: bool = False) -> Vectors:
    """Open a native file as `Vectors`.

    Parameters
    ----------
    path
        A file that `write_native` wrote.
    verify
        Check everything in it, its checksum too, which reads it whole.

    Raises
    ------
    DataError
        The file cannot be read, is damaged, or is another kind of file.
    """
    from firth.vectors.vectors import Vectors

    file = open_native(path)
    if verify:
        file.verify()
    vectors = Vectors.__new__(Vectors)
    center = file.rows("center")
    assert center is not None
    vectors._hold(file.words, center, file.tensors["counts"], file.rows("outside"), file.settings, where=str(file.path))
    return vectors


class _WrongError(Exception):
    """What is wrong with a file."""


def _tensors(vectors: Vectors, dtype: str) -> Tensors:
    """What a file holds, in the order of the format."""
    encoded = [word.encode() for word in vectors.words]
    tensors: Tensors = {
        "counts": vectors.counts.astype("<i8", copy=False),
        "word_ends": np.cumsum([len(word) for word in encoded], dtype="<i8"),
        "words": np.frombuffer(b"".join(encoded), dtype=np.uint8),
    }
    for name, matrix in (("center", vectors.matrix), ("outside", vectors.outside)):
        if matrix is not None:
            rows = stored_as(matrix, dtype)
            tensors[name] = np.ascontiguousarray(rows.stored)
            if rows.scale is not None:
                tensors[f"{name}_scale"] = rows.scale
    return {name: tensors[name] for name in _ORDER if name in tensors}


def _parts(vectors: Vectors, dtype: str) -> Iterator[Any]:
    """What a file is made of, one after the other; errors come with the first."""
    tensors = _tensors(vectors, dtype)
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
        header[name] = {"dtype": _DTYPES[tensor.dtype.str], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = _compact(header).encode()
    text += b" " * (-len(text) % 8)
    return iter([len(text).to_bytes(8, "little"), text, *(tensor.data for tensor in tensors.values())])


def _opened(path: Path, mapped: mmap.mmap) -> NativeFile:
    length = int.from_bytes(mapped[:8], "little")
    if len(mapped) < 8 or length > min(len(mapped) - 8, LONGEST_HEADER):
        raise _WrongError("its header does not fit into it")
    try:
        header = json.loads(mapped[8 : 8 + length].decode())
    except (ValueError, RecursionError) as error:
        raise _WrongError("its header is not JSON") from error
    if not isinstance(header, dict):
        raise _WrongError("its header is not a JSON object")
    metadata = header.pop("__metadata__", None)
    settings_text, sha256 = _checked_metadata(path, metadata if isinstance(metadata, dict) else {})
    try:
        settings = json.loads(settings_text)
        if not isinstance(settings, dict):
            raise TypeError
        settings = plain_settings(settings)
    except (ValueError, TypeError, RecursionError):
        raise _WrongError("its settings are not a JSON object") from None
    tensors = _mapped_tensors(mapped, 8 + length, header)
    _check_shapes(tensors)
    return NativeFile(path, tensors, settings, settings_text, sha256)


def _checked_metadata(path: Path, metadata: Mapping[str, Any]) -> tuple[str, str]:
    if metadata.get("format") != FORMAT:
        raise DataError(f"{path} is a safetensors file, but not of word vectors that Firth wrote (or it {_DAMAGED})")
    if metadata.get("version") != VERSION:
        raise DataError(
            f"{path} has format version {metadata.get('version')!r}, and this Firth reads version {VERSION}; "
            "upgrade Firth, or make the file again"
        )
    if set(metadata) != _METADATA or not all(isinstance(each, str) for each in metadata.values()):
        raise _WrongError(f"its metadata must be {', '.join(sorted(_METADATA))}")
    return metadata["settings"], metadata["sha256"]


def _mapped_tensors(mapped: mmap.mmap, start: int, header: dict[str, Any]) -> Tensors:
    """Views of the tensors, whose bytes must follow one another from `start` to the end of the file."""
    if not {"counts", "word_ends", "center", "words"} <= set(header) <= set(_ORDER):
        raise _WrongError(f"it must hold the tensors {', '.join(_ORDER)} and no others")
    tensors: Tensors = {}
    spans = []
    for name in _ORDER:
        if name not in header:
            continue
        match header[name]:
            case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(begin), int(end)], **rest} if not rest:
                pass
            case _:
                raise _WrongError(f"what its header says of {name} is not a dtype, a shape and two offsets")
        whole = all(type(size) is int and size > 0 for size in shape)
        if dtype not in _NUMPY or not whole or prod(shape) * np.dtype(_NUMPY[dtype]).itemsize != end - begin:
            raise _WrongError(f"the type and shape of {name} do not fit the bytes it has")
        if not 0 <= begin <= end <= len(mapped) - start:
            raise _WrongError(f"the bytes of {name} end beyond the file")
        spans.append((begin, end))
        tensors[name] = np.frombuffer(mapped, _NUMPY[dtype], prod(shape), start + begin).reshape(shape)
    spans.sort()
    if [0, *(end for _, end in spans)] != [*(begin for begin, _ in spans), len(mapped) - start]:
        raise _WrongError("its tensors do not fill the file without gaps")
    return tensors


def _check_shapes(tensors: Tensors) -> None:
    center, ends = tensors["center"], tensors["word_ends"]
    dtype = _DTYPES[center.dtype.str]
    wanted = {"counts": "I64", "word_ends": "I64", "center": dtype, "words": "U8"}
    if "outside" in tensors:
        wanted["outside"] = dtype
    if dtype == "I8":
        wanted |= {f"{name}_scale": "F32" for name in ("center", "outside") if name in wanted}
    types = {name: _DTYPES[tensor.dtype.str] for name, tensor in tensors.items()}
    fit = (
        types == wanted
        and dtype in ("F32", "F16", "I8")
        and center.ndim == 2
        and all(tensors[name].shape == center.shape for name in ("outside",) if name in tensors)
        and all(tensors[name].shape == center.shape[:1] for name in types if name not in ("center", "outside", "words"))
        and tensors["words"].ndim == 1
    )
    if not fit:
        raise _WrongError("the types or shapes of its tensors do not fit together")
    if ends[-1] != tensors["words"].size:
        raise _WrongError("the ends of its words do not rise to the end of their text")


def _checksum(settings: str, tensors: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(settings.encode(errors="surrogatepass") + b"\n")
    for name, tensor in tensors.items():
        sizes = " ".join(map(str, tensor.shape))
        digest.update(f"{name} {_DTYPES[tensor.dtype.str]} {sizes}\n".encode())
        digest.update(tensor.data)
    return digest.hexdigest()


def _compact(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
