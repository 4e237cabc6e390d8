"""Firth: train, check and explore word vectors.

The public names. Importing this package imports nothing heavy: each name loads its room on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from firth import course, datasets, evaluation, plots, theory
    from firth.checkpoints import Checkpoints
    from firth.corpus.corpus import Corpus
    from firth.corpus.phrases import Phrases
    from firth.corpus.vocabulary import Vocabulary
    from firth.errors import DataError, FirthError, MissingExtraError, OptionError
    from firth.training.engine import Callback
    from firth.vectors.vectors import Vectors
    from firth.word2vec import Word2Vec

_ROOM_OF = {
    "Callback": "firth.training.engine",
    "Checkpoints": "firth.checkpoints",
    "Corpus": "firth.corpus.corpus",
    "DataError": "firth.errors",
    "FirthError": "firth.errors",
    "MissingExtraError": "firth.errors",
    "OptionError": "firth.errors",
    "Phrases": "firth.corpus.phrases",
    "Vectors": "firth.vectors.vectors",
    "Vocabulary": "firth.corpus.vocabulary",
    "Word2Vec": "firth.word2vec",
}
_ROOMS = ("course", "datasets", "evaluation", "plots", "theory")

__all__ = [
    "Callback",
    "Checkpoints",
    "Corpus",
    "DataError",
    "FirthError",
    "MissingExtraError",
    "OptionError",
    "Phrases",
    "Vectors",
    "Vocabulary",
    "Word2Vec",
    "__version__",
    "course",
    "datasets",
    "evaluation",
    "plots",
    "theory",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name in _ROOM_OF:
        return getattr(importlib.import_module(_ROOM_OF[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"firth.{name}")
    raise AttributeError(f"module 'firth' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
