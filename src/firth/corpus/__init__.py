"""Text to ids: the vocabulary, and sentences as arrays of word ids."""

from __future__ import annotations

from firth.corpus.corpus import Corpus
from firth.corpus.vocabulary import Vocabulary

__all__ = ["Corpus", "Vocabulary"]
