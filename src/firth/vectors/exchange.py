"""Vectors as other libraries hold them: Polars, pandas, PyTorch, gensim."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
