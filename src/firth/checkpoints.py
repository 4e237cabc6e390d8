r"""Checkpoints: a folder of whole, checksummed snapshots of a run.

File format of ``checkpoint-<iteration>``, version 1: the ASCII line ``firth-checkpoint 1 <sha256 of the rest>\n``,
then a safetensors file that holds the arrays, with the state as JSON under the metadata key ``state``. Nothing is
pickled. At most `keep` snapshots stay in the folder.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError
from firth.files import make_folder, write_error, write_whole

_MAGIC = b"firth-checkpoint 1 "
_HEADER_LENGTH = len(_MAGIC) + 64 + 1
_NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run: its iteration, its arrays, and whatever else it needs to go on (JSON values)."""

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
        """Write a snapshot whole, then remove those beyond `keep`.

        Raises
        ------
        FirthError
            It can't be written; the snapshots already there are untouched.
        """
        from safetensors.numpy import save as to_safetensors

        make_folder(self.folder)
        tensors = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        payload = to_safetensors(tensors, metadata={"state": json.dumps({**state, "iteration": iteration})})
        path = self.folder / f"checkpoint-{iteration:010d}"
        write_whole(path, _MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
        for old in [other for other in self._newest_first() if other != path][max(self.keep - 1, 0) :]:
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
        for path in self._newest_first():
            try:
                return read_snapshot(path), damaged
            except DataError as error:
                damaged.append(str(error))
        if damaged:
            raise DataError(f"every checkpoint in {self.folder} is damaged; start the run again without --resume")
        return None, damaged

    def clear(self) -> None:
        """Remove every snapshot, so that a new run is never resumed from an older run's."""
        for path in self._newest_first():
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise write_error(path, error) from error

    def _newest_first(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        found = [(int(match[1]), path) for path in self.folder.iterdir() if (match := _NAME.fullmatch(path.name))]
        return [path for _, path in sorted(found, reverse=True)]


def read_snapshot(path: Path) -> Snapshot:
    """Read one snapshot and check it.

    Raises
    ------
    DataError
        The file can't be read, is cut short, or a bit of it has changed.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_safetensors

    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read checkpoint {path}: {error.strerror}; check its permissions") from error
    header, payload = content[:_HEADER_LENGTH], content[_HEADER_LENGTH:]
    if header != _MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n":
        raise DataError(f"checkpoint {path} is damaged (its checksum does not match); remove it to go on without it")
    try:
        header_length = int.from_bytes(payload[:8], "little")
        state = json.loads(json.loads(payload[8 : 8 + header_length])["__metadata__"]["state"])
        return Snapshot(state.pop("iteration"), from_safetensors(payload), state)
    except (KeyError, ValueError, SafetensorError) as error:
        raise DataError(f"checkpoint {path} is not one that this version of Firth wrote; remove it") from error
