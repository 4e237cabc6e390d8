"""Data sets: what they are, where they are, and their readers.

`DATASETS` lists them. `locate` finds one (the folder named by FIRTH_DATA, then the user cache, then a download whose
checksums are pinned); `load_sst` and `load_python_docs` read two of them into memory.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from firth.datasets.places import (
    FileCheck,
    NotAvailableError,
    Status,
    cache_folder,
    fetch,
    is_available_offline,
    locate,
    status,
    verify,
)
from firth.datasets.registry import DATASETS, Archive, DataFile, Dataset

if TYPE_CHECKING:
    from firth.datasets.python_docs import load_python_docs
    from firth.datasets.sst import SentimentTreebank, category_of, load_sst

_MODULE_OF = {
    "SentimentTreebank": "firth.datasets.sst",
    "category_of": "firth.datasets.sst",
    "load_python_docs": "firth.datasets.python_docs",
    "load_sst": "firth.datasets.sst",
}

__all__ = [
    "DATASETS",
    "Archive",
    "DataFile",
    "Dataset",
    "FileCheck",
    "NotAvailableError",
    "SentimentTreebank",
    "Status",
    "cache_folder",
    "category_of",
    "fetch",
    "is_available_offline",
    "load_python_docs",
    "load_sst",
    "locate",
    "status",
    "verify",
]


def __getattr__(name: str) -> object:
    """Import a reader when it is first asked for: they load NumPy and others."""
    if name in _MODULE_OF:
        return getattr(importlib.import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'firth.datasets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
