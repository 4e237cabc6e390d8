"""Finds a file that tests word vectors: by its path, by its name in the data set ``eval``, or by a short name."""

from __future__ import annotations

from pathlib import Path

from firth.datasets.places import locate, verify
from firth.datasets.registry import DATASETS
from firth.errors import DataError

SHORT_NAMES = {
    "ws353": "EN-WS-353-ALL.txt",
    "simlex999": "EN-SIMLEX-999.txt",
    "rg65": "EN-RG-65.txt",
    "google-analogies": "questions-words.txt",
}


def find_evaluation_file(name: str | Path) -> Path:
    """Path of a file or folder that is there, or else of the file of the data set ``eval`` that has this name.

    Raises
    ------
    DataError
        There is neither, or the data set is missing or damaged.
    """
    path = Path(name).expanduser()
    if path.exists():
        return path
    file = SHORT_NAMES.get(str(name), str(name))
    if file not in {Path(each.path).name for each in DATASETS["eval"].files}:
        raise DataError(f"there is no file {name}, and no test of that name: the names are {', '.join(SHORT_NAMES)}")
    return locate("eval") / file


def tests_at_hand() -> tuple[list[Path], str]:
    """The named tests that are on this machine, and a sentence on those that are not; empty where all are there."""
    checks = {check.path.name: check for check in verify("eval")}
    absent = {name: checks[file].problem for name, file in SHORT_NAMES.items() if checks[file].state != "ready"}
    here = [checks[file].path for name, file in SHORT_NAMES.items() if name not in absent]
    return here, f"not found: {', '.join(absent)} ({next(iter(absent.values()))})" if absent else ""
