"""Vectors as other libraries hold them: Polars, pandas, PyTorch, gensim."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from firth.errors import MissingExtraError, OptionError
from firth.vectors.lookup import Lookup

if TYPE_CHECKING:
    import polars as pl


class Exchanging(Lookup):
    """From and to other libraries."""

    def to_polars(self) -> pl.DataFrame:
        """A Polars frame of ``word``, ``count`` and ``vector`` (an array of D float32)."""
        import polars as pl

        vectors = pl.Series("vector", self.matrix, dtype=pl.Array(pl.Float32, self.dimensions))
        return pl.DataFrame([pl.Series("word", self.words), pl.Series("count", self.counts), vectors])

    def to_pandas(self) -> Any:
        """A pandas frame: words are its index, the D numbers its columns 0 to D - 1, float32.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        pandas = _installed("pandas")
        return pandas.DataFrame(self.matrix, index=pandas.Index(self.words, name="word"), copy=True)

    def to_torch(self, *, trainable: bool = False) -> Any:
        """A ``torch.nn.Embedding`` whose row i is the vector of word i; ``index[word]`` is its input for a word.

        Parameters
        ----------
        trainable
            Whether training changes its rows.

        Raises
        ------
        MissingExtraError
            PyTorch is not installed.
        """
        torch = _installed("torch")
        return torch.nn.Embedding.from_pretrained(torch.from_numpy(self.matrix.copy()), freeze=not trainable)

    def to_gensim(self) -> Any:
        """A gensim ``KeyedVectors`` with the words, their vectors, and their counts where these are known.

        Raises
        ------
        MissingExtraError
            gensim is not installed.
        """
        keyed = _installed("gensim.models").KeyedVectors(self.dimensions)
        keyed.add_vectors(self.words, self.matrix)
        if np.any(self.counts):
            for word, count in zip(self.words, self.counts.tolist(), strict=True):
                keyed.set_vecattr(word, "count", count)
        return keyed

    @classmethod
    def from_gensim(cls, model: Any) -> Self:
        """Take over the vectors of a gensim ``KeyedVectors``, or of a model that has them (``Word2Vec``, ``FastText``).

        Parameters
        ----------
        model
            Of a model trained by negative sampling the outside vectors are taken over too; counts where it has them.

        Returns
        -------
        Vectors

        Raises
        ------
        OptionError
            It is neither, or its keys are no words.
        """
        keyed = getattr(model, "wv", model)
        words, matrix = getattr(keyed, "index_to_key", None), getattr(keyed, "vectors", None)
        if words is None or matrix is None:
            raise OptionError(f"this is a {type(model).__name__}: give a KeyedVectors of gensim, or a model with .wv")
        has_counts = "count" in getattr(keyed, "expandos", {})
        counts = [int(keyed.get_vecattr(word, "count")) for word in words] if has_counts else None
        outside = getattr(model, "syn1neg", None) if model is not keyed else None
        return cls(list(words), np.array(matrix), counts, None if outside is None else np.array(outside))


def _installed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise MissingExtraError(f"{package} is not installed: run  pip install {package}") from error
