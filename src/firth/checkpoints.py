r"""Checkpoints: a folder of whole, checksummed snapshots of a run.

File format of ``checkpoint-<iteration>``, version 1: the ASCII line ``firth-checkpoint 1 <sha256 of the rest>\n``,
then a safetensors file that holds the arrays, with the state as JSON under the metadata key ``state``. Nothing is
pickled. At most `keep` snapshots stay in the folder. Arrays are written from where they are and mapped when they are
read, so a snapshot takes no memory of its own.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError
from firth.files import make_folder, whole_file, write_error

MAGIC = b"firth-checkpoint 1 "
_HEADER_LENGTH = len(MAGIC) + 64 + 1
_NAME = re.compile(r"checkpoint-(\d+)")
_BLOCK = 1 << 24
_DTYPES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "uint16": "U16",
    "int16": "I16",
    "uint32": "U32",
    "int32": "I32",
    "uint64": "U64",
    "int64": "I64",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
}
_NUMPY = {name: numpy for numpy, name in _DTYPES.items()}


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run: its iteration, its arrays (read-only), and whatever else it needs to go on (JSON values)."""

    iteration: int
    arrays: dict[str, NDArray[Any]]
    state: dict[str, Any]


class Checkpoints:
    """The snapshots of one run, in one folder.

    Parameters
    ----------
    folder
        Where they are; made on the first `save`.
    keep
        How many of the newest stay. Two, so that one is left when the newest turns out to be damaged.
    """

    def __init__(self, folder: str | Path, keep: int = 2) -> None:
        self.folder = Path(folder)
        self.keep = keep

    def save(self, iteration: int, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> Path:
        """Write a snapshot whole, then remove those beyond `keep`, and those of later iterations.

        A run goes on from the newest that is whole, so later ones are damaged, or of a run that was given up.

        Raises
        ------
        FirthError
            It can't be written; the snapshots already there are untouched.
        """
        make_folder(self.folder)
        path = self.folder / f"checkpoint-{iteration:010d}"
        digest = hashlib.sha256()
        with whole_file(path) as stream, ThreadPoolExecutor(1) as beside:
            stream.write(MAGIC + b"0" * 64 + b"\n")
            for block in _blocks(arrays, {**state, "iteration": iteration}):
                hashed = beside.submit(digest.update, block)
                stream.write(block)
                hashed.result()
            stream.seek(len(MAGIC))
            stream.write(digest.hexdigest().encode())
        before = [(number, other) for number, other in self._newest_first() if other != path]
        older = [other for number, other in before if number < iteration]
        for old in [other for number, other in before if number > iteration] + older[max(self.keep - 1, 0) :]:
            old.unlink(missing_ok=True)
        return path

    def latest(self) -> tuple[Snapshot | None, list[str]]:
        """Return the newest whole snapshot (None where there is none) and a sentence for each damaged one passed over.

        Raises
        ------
        DataError
            There are snapshots, and every one is damaged.
        """
        damaged: list[str] = []
        for _, path in self._newest_first():
            try:
                return read_snapshot(path), damaged
            except DataError as error:
                damaged.append(str(error))
        if damaged:
            raise DataError(f"every checkpoint in {self.folder} is damaged; start the run again without --resume")
        return None, damaged

    def paths(self) -> list[Path]:
        """The snapshots, the newest first."""
        return [path for _, path in self._newest_first()]

    def clear(self) -> None:
        """Remove every snapshot, so that a new run is never resumed from an older run's."""
        for path in self.paths():
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise write_error(path, error) from error

    def _newest_first(self) -> list[tuple[int, Path]]:
        if not self.folder.is_dir():
            return []
        found = [(int(match[1]), path) for path in self.folder.iterdir() if (match := _NAME.fullmatch(path.name))]
        return sorted(found, reverse=True)


def read_snapshot(path: Path) -> Snapshot:
    """Read one snapshot and check it.

    Raises
    ------
    DataError
        The file can't be read, is cut short, or a bit of it has changed.
    """
    try:
        with path.open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # it is empty
        raise DataError(_damaged(path)) from None
    except OSError as error:
        raise DataError(f"cannot read checkpoint {path}: {error.strerror}; check its permissions") from error
    digest, content = hashlib.sha256(), memoryview(mapped)
    for start in range(_HEADER_LENGTH, len(mapped), _BLOCK):
        digest.update(content[start : start + _BLOCK])
    if mapped[:_HEADER_LENGTH] != MAGIC + digest.hexdigest().encode() + b"\n":
        raise DataError(_damaged(path))
    try:
        start = _HEADER_LENGTH + 8
        end = start + int.from_bytes(mapped[_HEADER_LENGTH:start], "little")
        header = json.loads(mapped[start:end])
        state = json.loads(header.pop("__metadata__")["state"])
        arrays = {name: _mapped_array(mapped, end, told) for name, told in header.items()}
        return Snapshot(int(state.pop("iteration")), arrays, state)
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise DataError(f"checkpoint {path} is not one that this version of Firth wrote; remove it") from error


def _damaged(path: Path) -> str:
    return f"checkpoint {path} is damaged (its checksum does not match); remove it to go on without it"


def _mapped_array(mapped: mmap.mmap, start: int, told: dict[str, Any]) -> NDArray[Any]:
    begin, end = told["data_offsets"]
    dtype, shape = np.dtype(_NUMPY[told["dtype"]]).newbyteorder("<"), tuple(told["shape"])
    if min(begin, *shape, end - begin) < 0 or end - begin != prod(shape) * dtype.itemsize:
        raise ValueError("the shape of an array does not fit the bytes it has")
    return np.frombuffer(mapped, dtype, prod(shape), start + begin).reshape(shape)


def _blocks(arrays: Mapping[str, NDArray[Any]], state: dict[str, Any]) -> Iterator[memoryview]:
    """The bytes of a safetensors file, in parts of a size that is hashed in a hundredth of a second."""
    plain = {name: np.asarray(array, array.dtype.newbyteorder("<"), order="C") for name, array in arrays.items()}
    header: dict[str, Any] = {"__metadata__": {"state": json.dumps(state)}}
    end = 0
    for name, array in plain.items():
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": _DTYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield memoryview(len(text).to_bytes(8, "little") + text)
    for array in plain.values():
        content = array.reshape(-1).view(np.uint8).data
        for place in range(0, len(content), _BLOCK):
            yield content[place : place + _BLOCK]
