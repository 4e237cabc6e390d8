"""Other tools load what is written here (dependency group `peers`; each test skips, visibly, where its tool is not)."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from firth.vectors import Vectors

WORDS = ["the", "king", "naïve", "日本", "new\u00a0york"]
MATRIX = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float32)
VECTORS = Vectors(WORDS, MATRIX, [5, 4, 3, 2, 1])


def peer(name):
    # A peer's own warnings are not ours.
    return pytest.importorskip(name, reason=f"{name} is not installed (pip install --group peers)")


@pytest.mark.filterwarnings("ignore")  # gensim leaves files without a header open
@pytest.mark.parametrize(
    ("name", "binary", "no_header"),
    [
        ("word2vec-text", False, False),
        ("word2vec-binary", True, False),
        ("word2vec-binary-bare", True, False),
        ("glove", False, True),
    ],
)
@pytest.mark.parametrize("packing", ["", ".gz"])
def test_gensim_reads_word2vec_and_glove_files_to_the_bit(tmp_path, name, binary, no_header, packing):
    models = peer("gensim.models")
    path = tmp_path / f"v{packing}"
    VECTORS.save(path, name)
    read = models.KeyedVectors.load_word2vec_format(str(path), binary=binary, no_header=no_header)
    assert read.index_to_key == WORDS
    assert read.vectors.tobytes() == MATRIX.tobytes()


def test_a_file_of_gensims_own_is_refused_with_the_way_to_convert_it(tmp_path):
    models = peer("gensim.models")
    vectors = models.KeyedVectors(4)
    vectors.add_vectors(WORDS, MATRIX)
    vectors.save(str(tmp_path / "v.kv"))
    with pytest.raises(ValueError, match=r"pickle.*gensim.*save_word2vec_format"):
        Vectors.load(tmp_path / "v.kv")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spacy_init_vectors_reads_word2vec_text(tmp_path):
    spacy = peer("spacy")
    VECTORS.save(tmp_path / "v.txt")
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "spacy",
        "init",
        "vectors",
        "en",
        tmp_path / "v.txt",
        tmp_path / "model",
    ]
    subprocess.run(command, check=True, capture_output=True)
    vocabulary = spacy.load(tmp_path / "model").vocab
    for word, row in zip(WORDS, MATRIX, strict=True):
        assert vocabulary[word].vector.tolist() == row.tolist()


@pytest.mark.filterwarnings("ignore")
def test_model2vec_loads_its_folder_and_that_of_sentence_transformers(tmp_path):
    model2vec = peer("model2vec")
    for name in ("model2vec", "sentence-transformers"):
        VECTORS.save(tmp_path / name, name, spaces="underscore")
        model = model2vec.StaticModel.from_pretrained(tmp_path / name, normalize=False)
        assert model.encode(["king naïve nobody", "日本"]) == pytest.approx(
            VECTORS.sentence_vectors(["king naïve", "日本"]), abs=1e-6
        )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_sentence_transformers_loads_its_folder(tmp_path):
    module = peer("sentence_transformers")
    VECTORS.save(tmp_path / "v", "sentence-transformers", spaces="underscore")
    model = module.SentenceTransformer(str(tmp_path / "v"), device="cpu")
    assert model.encode(["king naïve", "日本"]) == pytest.approx(
        VECTORS.sentence_vectors(["king naïve", "日本"]), abs=1e-6
    )


def test_the_tokenizer_of_a_folder_cuts_at_white_space(tmp_path):
    tokenizers = peer("tokenizers")
    VECTORS.save(tmp_path / "v", "model2vec", spaces="underscore")
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "v" / "tokenizer.json"))
    assert tokenizer.encode("the king, naïve").ids == [0, 5, 2]


@pytest.mark.filterwarnings("ignore")
def test_fasttext_trains_on_from_our_vectors(tmp_path):
    fasttext = peer("fasttext")
    VECTORS.save(tmp_path / "v.vec")
    (tmp_path / "text").write_text("the king naïve 日本 the king\n" * 5)
    model = fasttext.train_unsupervised(
        str(tmp_path / "text"),
        dim=4,
        minCount=1,
        maxn=0,
        epoch=0,
        lr=0.0,
        thread=1,
        verbose=0,
        pretrainedVectors=str(tmp_path / "v.vec"),
    )
    for word in WORDS[:4]:
        direction = MATRIX[WORDS.index(word)] / np.linalg.norm(MATRIX[WORDS.index(word)])
        found = model.get_word_vector(word)
        assert found / np.linalg.norm(found) == pytest.approx(direction, abs=1e-3)
