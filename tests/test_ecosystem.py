"""Vectors in scikit-learn, Polars, pandas, PyTorch and gensim."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator

from firth.errors import MissingExtraError, OptionError
from firth.sklearn import SentenceVectorizer
from firth.vectors import Vectors

WORDS = ["good", "fine", "bad", "poor", "the"]
MATRIX = np.array([[1, 0, 1], [0.9, 0.1, 1], [-1, 0, 1], [-0.9, 0.1, 1], [0, 1, 1]], dtype=np.float32)
VECTORS = Vectors(WORDS, MATRIX, [50, 40, 30, 20, 1000], -MATRIX, {"seed": 1})
TEXTS = ["the good", "good fine", ["fine", "the"], "bad the", "poor bad", "the poor"]
LABELS = [1, 1, 1, 0, 0, 0]


@pytest.mark.filterwarnings("ignore")  # of checks that are skipped, as they need numbers for input
def test_scikit_learns_own_checks_pass():
    results = check_estimator(SentenceVectorizer(VECTORS), on_fail=None)
    assert results
    assert not [each for each in results if each["status"] == "failed"]


@pytest.mark.parametrize(
    "name",
    [
        "do_not_raise_errors_in_init_or_set_params",
        "estimator_cloneable",
        "estimator_repr",
        "estimator_tags_renamed",
        "estimators_unfitted",
        "get_feature_names_out_error",
        "get_params_invariance",
        "mixin_order",
        "no_attributes_set_in_init",
        "parameters_default_constructible",
        "set_params",
        "transformer_get_feature_names_out",
        "transformers_unfitted",
        "valid_tag_types",
    ],
)
def test_scikit_learns_checks_that_need_no_numbers_pass(name):
    """`check_estimator` leaves these out for text, with those that fit on numbers."""
    getattr(estimator_checks, f"check_{name}")("SentenceVectorizer", SentenceVectorizer(VECTORS))


def test_vectors_go_to_other_processes_and_are_not_copied_by_clones(tmp_path):
    VECTORS.save(tmp_path / "v.safetensors", dtype="int8")
    mapped = Vectors.load(tmp_path / "v.safetensors", normalized=True)
    assert clone(SentenceVectorizer(mapped)).vectors is mapped
    sent = pickle.loads(pickle.dumps(mapped))
    assert sent.words == mapped.words
    assert sent.matrix.tobytes() == mapped.matrix.tobytes()
    assert sent.outside.tobytes() == mapped.outside.tobytes()
    assert (sent.counts.tolist(), sent.settings, sent.normalized) == (mapped.counts.tolist(), mapped.settings, True)


def test_a_pipeline_learns_and_a_grid_searches_its_options():
    pipeline = make_pipeline(SentenceVectorizer(VECTORS), LogisticRegression())
    assert pipeline.fit(TEXTS, LABELS).predict(["fine good the", "bad"]).tolist() == [1, 0]
    grid = {"sentencevectorizer__weights": [None, "sif"], "sentencevectorizer__remove_components": [0, 1]}
    search = GridSearchCV(pipeline, grid, cv=3).fit([*TEXTS, *TEXTS], [*LABELS, *LABELS])
    assert search.best_score_ > 0.9
    names = pipeline[:-1].get_feature_names_out()
    assert names.tolist() == ["sentencevectorizer0", "sentencevectorizer1", "sentencevectorizer2"]


def test_what_it_gives_is_sentence_vectors(tmp_path):
    VECTORS.save(tmp_path / "v.safetensors")
    vectorizer = clone(SentenceVectorizer(tmp_path / "v.safetensors", weights="sif", remove_components=1))
    fitted = vectorizer.fit_transform(TEXTS)
    assert fitted == pytest.approx(VECTORS.sentence_vectors(TEXTS, "sif", remove_components=1), abs=1e-6)
    one = vectorizer.transform(np.array(["good the"], dtype=object))
    assert one @ vectorizer.components_[0] == pytest.approx([0], abs=1e-6)
    assert vectorizer.transform(["nobody"]).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("vectorizer", "texts", "said"),
    [
        (SentenceVectorizer(), TEXTS, "vectors is None"),
        (SentenceVectorizer(VECTORS), "one text", "not one text"),
        (SentenceVectorizer(VECTORS), [], "no texts"),
        (SentenceVectorizer(VECTORS), np.ones((2, 2)), "text 0 is"),
        (SentenceVectorizer(VECTORS), [None], "text 0 is None"),
        (SentenceVectorizer(VECTORS, weights="tfidf"), TEXTS, "'sif', None, or a mapping"),
        (SentenceVectorizer(VECTORS, remove_components=4), TEXTS, "0 to 3"),
        (SentenceVectorizer(VECTORS, unknown="guess"), TEXTS, "error, skip, zero"),
    ],
)
def test_wrong_options_and_texts_are_named_when_fitted(vectorizer, texts, said):
    with pytest.raises(OptionError, match=said):
        vectorizer.fit(texts)


def test_it_must_be_fitted_first():
    with pytest.raises(NotFittedError):
        SentenceVectorizer(VECTORS).transform(TEXTS)


def test_polars_and_pandas_frames():
    frame = VECTORS.to_polars()
    assert frame.columns == ["word", "count", "vector"]
    assert frame["word"].to_list() == WORDS
    assert frame["vector"].to_numpy().tobytes() == MATRIX.tobytes()
    frame = VECTORS.to_pandas()
    assert frame.loc["bad"].tolist() == [-1, 0, 1]
    assert frame.index.name == "word"
    frame.loc["bad"] = 7
    assert VECTORS["bad"].tolist() == [-1, 0, 1]


def test_torch_embeddings():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    layer = VECTORS.to_torch()
    assert layer(torch.tensor([VECTORS.index["bad"]])).tolist() == [[-1, 0, 1]]
    assert not layer.weight.requires_grad
    assert VECTORS.to_torch(trainable=True).weight.requires_grad


def test_torch_gets_the_matrix_as_an_embedding(monkeypatch):
    """What PyTorch is called with, where it is not there to be called."""
    import sys
    import types

    torch = types.ModuleType("torch")
    torch.from_numpy = lambda array: array
    torch.nn = types.SimpleNamespace(
        Embedding=types.SimpleNamespace(
            from_pretrained=lambda rows, freeze: (rows.tolist(), rows.flags.writeable, freeze)
        )
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert VECTORS.to_torch() == (MATRIX.tolist(), True, True)
    assert VECTORS.to_torch(trainable=True)[2] is False


def test_what_is_not_installed_is_said(monkeypatch):
    import sys

    for name, ask in [("pandas", VECTORS.to_pandas), ("torch", VECTORS.to_torch), ("gensim.models", VECTORS.to_gensim)]:
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(MissingExtraError, match=f"pip install {name.partition('.')[0]}"):
            ask()


def test_gensim_and_back():
    pytest.importorskip("gensim", reason="gensim is not installed (pip install --group peers)")
    keyed = VECTORS.to_gensim()
    assert keyed["bad"].tolist() == [-1, 0, 1]
    assert keyed.get_vecattr("the", "count") == 1000
    back = Vectors.from_gensim(keyed)
    assert back.words == WORDS
    assert back.matrix.tobytes() == MATRIX.tobytes()
    assert back.counts.tolist() == [50, 40, 30, 20, 1000]
    assert [word for word, _ in keyed.most_similar("good")] == [word for word, _ in back.most_similar("good")]
    plain = Vectors.from_gensim(Vectors(WORDS, MATRIX).to_gensim())
    assert not plain.counts.any()


def test_a_model_of_gensim_brings_its_outside_vectors():
    models = pytest.importorskip("gensim.models", reason="gensim is not installed (pip install --group peers)")
    model = models.Word2Vec(
        [["a", "b", "c"] * 5] * 5, vector_size=4, min_count=1, negative=2, epochs=1, seed=1, workers=1
    )
    vectors = Vectors.from_gensim(model)
    assert vectors.outside.tobytes() == model.syn1neg.tobytes()
    assert vectors.counts.tolist() == [25, 25, 25]
    with pytest.raises(OptionError, match="this is a dict"):
        Vectors.from_gensim({})
