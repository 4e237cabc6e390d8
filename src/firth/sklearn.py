"""Sentence vectors for scikit-learn's pipelines: texts in, a matrix out.

Needs the extra `lab`. Like every estimator of scikit-learn, `SentenceVectorizer` only stores its arguments when it is
made; `fit` checks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from firth.errors import OptionError, import_extra

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

_base = import_extra("sklearn.base", "lab")
_validation = import_extra("sklearn.utils.validation", "lab")


class SentenceVectorizer(_base.ClassNamePrefixFeaturesOutMixin, _base.TransformerMixin, _base.BaseEstimator):  # type: ignore[misc,name-defined]  # scikit-learn is not typed
    """The mean of a text's word vectors, as a transformer.

    Parameters
    ----------
    vectors
        `firth.Vectors`, or the path of a file of them.
    weights
        None for equal weights, ``"sif"`` for a / (a + p(w)), which lets frequent words count little.
    remove_components
        Take so many principal directions of the texts that it was fitted on out of every text (with SIF usually 1).
    unknown
        Words without a vector: left out (``"skip"``), an error, or zeros that count.

    Attributes
    ----------
    vectors_ : Vectors
    components_ : float64 array of shape (remove_components, D)
        The directions that are taken out.
    """

    def __init__(
        self,
        vectors: Vectors | str | Path | None = None,
        *,
        weights: Literal["sif"] | None = None,
        remove_components: int = 0,
        unknown: Literal["error", "skip", "zero"] = "skip",
    ) -> None:
        self.vectors = vectors
        self.weights = weights
        self.remove_components = remove_components
        self.unknown = unknown

    def fit(self, X: Iterable[str | Sequence[str]], y: Any = None) -> Self:  # noqa: N803, ARG002  # scikit-learn's names
        """Load the vectors, and learn the principal directions of these texts.

        Parameters
        ----------
        X
            Texts: strings, which are cut at white space, or lists of words.
        y
            Not used.

        Raises
        ------
        OptionError
            There are no vectors, or these are no texts (a `ValueError`).
        """
        from firth.vectors.sentences import principal_directions
        from firth.vectors.vectors import Vectors

        if self.vectors is None:
            raise OptionError("vectors is None: give Vectors, or the path of a file of them")
        texts = _texts(X)
        self.vectors_ = self.vectors if isinstance(self.vectors, Vectors) else Vectors.load(self.vectors)
        means = self.vectors_.sentence_vectors(texts, self.weights, unknown=self.unknown).astype(np.float64)
        most = min(means.shape)
        if not isinstance(self.remove_components, int) or not 0 <= self.remove_components <= most:
            raise OptionError(f"remove_components is {self.remove_components!r}: of these texts it can be 0 to {most}")
        self.components_ = principal_directions(means, self.remove_components)
        self._n_features_out = self.vectors_.dimensions
        return self

    def transform(self, X: Iterable[str | Sequence[str]]) -> NDArray[np.float32]:  # noqa: N803
        """Return a row a text, float32 of shape (N, D); zeros for a text without a known word.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            It was not fitted.
        OptionError
            These are no texts (a `ValueError`).
        """
        _validation.check_is_fitted(self)
        means = self.vectors_.sentence_vectors(_texts(X), self.weights, unknown=self.unknown).astype(np.float64)
        means -= (means @ self.components_.T) @ self.components_
        return means.astype(np.float32)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _texts(given: Iterable[str | Sequence[str]]) -> list[str | Sequence[str]]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise OptionError("give a list of texts, each a string or a list of words, not one text")
    texts = list(given)
    for place, text in enumerate(texts):
        words = [text] if isinstance(text, str) else text
        if not isinstance(words, Iterable) or not all(isinstance(word, str) for word in words):
            raise OptionError(f"text {place} is {text!r:.60}: it must be a string or a list of words")
    if not texts:
        raise OptionError("there are no texts: give at least one")
    return texts
