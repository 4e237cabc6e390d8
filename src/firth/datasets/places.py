"""Where data sets are: the folder named by FIRTH_DATA, then the user cache, then a download into the cache.

A file that is there is checked against its pinned size and SHA-256 each time. One that is damaged is an error: no
other place is tried instead, so nobody works on data other than they think.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from firth.datasets.registry import DATASETS, DataFile, Dataset
from firth.errors import DataError, FirthError, OptionError
from firth.files import make_folder, sha256_of
from firth.progress import Report, silent

State = Literal["ready", "missing", "damaged"]


class NotAvailableError(DataError):
    """A data set is not on this machine and could not be downloaded; nothing is damaged."""


@dataclass(frozen=True)
class FileCheck:
    """What became of checking one file: its path on this machine, its state, and a sentence where it is not ready."""

    path: Path
    state: State
    problem: str = ""


@dataclass(frozen=True)
class Status:
    """Whether a data set can be used without the network.

    Attributes
    ----------
    state
        ``"ready"``, ``"missing"`` or ``"damaged"``.
    place
        ``"FIRTH_DATA"``, ``"cache"``, or ``"built here"`` for one made from what is installed; empty while missing.
    folder
        Where its files are, or None.
    problem
        One sentence on what is wrong and what to do; empty when ready.
    """

    name: str
    state: State
    place: str
    folder: Path | None
    problem: str = ""


def cache_folder() -> Path:
    """Folder for what Firth may make again: FIRTH_CACHE, else XDG_CACHE_HOME/firth, else the platform's own place."""
    if chosen := os.environ.get("FIRTH_CACHE"):
        return Path(chosen).expanduser()
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser() / "firth"
    try:
        home = Path.home()
    except RuntimeError as error:
        raise FirthError("there is no home folder to cache in: set FIRTH_CACHE to a folder") from error
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "firth" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "firth"
    return home / ".cache" / "firth"


def dataset_named(name: str) -> Dataset:
    """Entry of a data set in the registry.

    Raises
    ------
    OptionError
        There is none of that name.
    """
    try:
        return DATASETS[name]
    except KeyError:
        raise OptionError(f"there is no data set {name!r}: choose one of {', '.join(DATASETS)}") from None


def locate(name: str, report: Report = silent) -> Path:
    """Find a data set's folder, downloading it when it is nowhere on this machine.

    Parameters
    ----------
    name
        One of `DATASETS`; for ``"python-docs"``, which is built, use `load_python_docs`.
    report
        Told of a download's progress, in bytes.

    Returns
    -------
    Path
        Folder in which every pinned file is whole.

    Raises
    ------
    NotAvailableError
        It is not here and could not be downloaded.
    DataError
        A file is damaged or some are missing from FIRTH_DATA; the message names the file.
    OptionError
        There is no data set of that name.
    """
    dataset = dataset_named(name)
    if not dataset.files:
        raise DataError(f"{name} has no folder, it is built on this machine: load it by load_python_docs()")
    place, root, checks = _place_of(dataset)
    _raise_first(checks if place == "FIRTH_DATA" else [check for check in checks if check.state == "damaged"])
    if any(check.state == "missing" for check in checks):
        _download(dataset, report)
    return root / dataset.folder


def fetch(name: str, report: Report = silent) -> Path:
    """Make sure that a data set is on this machine, replacing damaged files of the cache; build ``"python-docs"``.

    Parameters
    ----------
    name
        One of `DATASETS`.
    report
        Told of the progress.

    Returns
    -------
    Path
        The folder that holds it.

    Raises
    ------
    NotAvailableError
        It is not here and could not be downloaded.
    DataError
        What FIRTH_DATA holds, which is never written to, is damaged; or what was downloaded is.
    FirthError
        The cache can't be written to.
    OptionError
        There is no data set of that name.
    """
    dataset = dataset_named(name)
    if not dataset.files:
        from firth.datasets.python_docs import build_cache

        return build_cache(report)
    place, root, checks = _place_of(dataset)
    if place == "FIRTH_DATA":
        _raise_first(checks)
    elif any(check.state != "ready" for check in checks):
        _download(dataset, report)
    return root / dataset.folder


def verify(name: str) -> list[FileCheck]:
    """Check each file of a data set where it would be taken from, without downloading.

    Returns
    -------
    list of FileCheck
        One for each file, none of them silently left out.

    Raises
    ------
    OptionError
        There is no data set of that name.
    DataError
        FIRTH_DATA is not a folder.
    """
    dataset = dataset_named(name)
    if not dataset.files:
        from firth.datasets.python_docs import check_cache

        return [check_cache()]
    return _place_of(dataset)[2]


def status(name: str) -> Status:
    """Say where a data set is and whether it can be used without the network.

    Raises
    ------
    OptionError
        There is no data set of that name.
    """
    dataset = dataset_named(name)
    if not dataset.files:
        from firth.datasets.python_docs import check_cache

        return Status(name, "ready", "cache" if check_cache().state == "ready" else "built on first use", None)
    try:
        place, root, checks = _place_of(dataset)
    except DataError as error:
        return Status(name, "missing", "", None, str(error))
    damaged = [check.problem for check in checks if check.state == "damaged"]
    missing = [check.problem for check in checks if check.state == "missing"]
    if damaged or (missing and place == "FIRTH_DATA"):
        return Status(name, "damaged", place, root / dataset.folder, (damaged + missing)[0])
    if missing:
        return Status(name, "missing", "", None, _how_to_get(dataset))
    return Status(name, "ready", place, root / dataset.folder)


def is_available_offline(name: str) -> bool:
    """Whether a data set is whole on this machine (``"python-docs"`` always is).

    Raises
    ------
    OptionError
        There is no data set of that name.
    """
    return status(name).state == "ready"


def _place_of(dataset: Dataset) -> tuple[str, Path, list[FileCheck]]:
    """Choose FIRTH_DATA where it holds any file of the data set, the cache otherwise; check the files there."""
    root = _root_given()
    if root is not None:
        checks = _checks(dataset, root)
        if any(check.state != "missing" for check in checks):
            return "FIRTH_DATA", root, checks
    return "cache", _cache_root(), _checks(dataset, _cache_root())


def _root_given() -> Path | None:
    chosen = os.environ.get("FIRTH_DATA")
    if not chosen:
        return None
    root = Path(chosen).expanduser()
    if not root.is_dir():
        raise DataError(f"FIRTH_DATA is {chosen}, which is not a folder: set it to the folder of the data, or unset it")
    return root


def _cache_root() -> Path:
    return cache_folder() / "data"


def _checks(dataset: Dataset, root: Path) -> list[FileCheck]:
    checks = [_check(file, dataset, root) for file in dataset.files]
    unpinned = [root / path for path, _ in dataset.unpinned if (root / path).is_file()]
    note = "no checksum is pinned for it: what it holds is checked when it is read"
    return [FileCheck(path, "ready", note) for path in unpinned] + [
        FileCheck(check.path, "ready") if _is_replaced(file, root) and check.state == "missing" else check
        for check, file in zip(checks, dataset.files, strict=True)
    ]


def _is_replaced(file: DataFile, root: Path) -> bool:
    return file.replaced_by is not None and (root / file.replaced_by).is_file()


def _check(file: DataFile, dataset: Dataset, root: Path) -> FileCheck:
    path = root / file.path
    in_cache = root == _cache_root()
    mend = f"run  firth data fetch {dataset.name}" if in_cache else "put a whole copy there, or remove it"
    try:
        size = path.stat().st_size
        wrong = f"it has {size:,} bytes and should have {file.size:,}" if size != file.size else ""
        if not wrong and sha256_of(path) != file.sha256:
            wrong = "its SHA-256 checksum is not the pinned one"
    except (FileNotFoundError, NotADirectoryError):
        return FileCheck(path, "missing", f"{path} is missing: {_how_to_mend_missing(dataset, in_cache)}")
    except OSError as error:
        return FileCheck(path, "damaged", f"cannot read {path}: {error.strerror or error}; check its permissions")
    return FileCheck(path, "damaged", f"{path} is damaged ({wrong}): {mend}") if wrong else FileCheck(path, "ready")


def _how_to_mend_missing(dataset: Dataset, in_cache: bool) -> str:
    return _how_to_get(dataset) if in_cache else f"put the whole of {dataset.folder} there, or remove the rest of it"


def _how_to_get(dataset: Dataset) -> str:
    if dataset.archives:
        return f"run  firth data fetch {dataset.name}"
    names = ", ".join(Path(file.path).name for file in dataset.files)
    return f"put {names} into the folder {dataset.folder} of the folder that FIRTH_DATA names"


def _raise_first(checks: Iterable[FileCheck]) -> None:
    for check in checks:
        if check.state != "ready":
            raise DataError(check.problem)


def _download(dataset: Dataset, report: Report) -> None:
    if not dataset.archives:
        raise NotAvailableError(f"{dataset.name} is not here and can't be downloaded: {_how_to_get(dataset)}")
    from firth.datasets.download import download_archive

    try:
        make_folder(_cache_root())
    except FirthError as error:
        raise NotAvailableError(
            f"{dataset.name} is not here and could not be stored when downloaded: {error}"
        ) from error
    for archive in dataset.archives:
        download_archive(dataset, archive, _cache_root(), report)
