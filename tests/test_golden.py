"""Files that other tools wrote (tests/golden, made by make_golden.py there) hold what those tools say they hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from firth.vectors import Vectors

GOLDEN = Path(__file__).parent / "golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
MATRIX = np.array(EXPECTED["matrix"], dtype=np.float32)


@pytest.mark.parametrize("name", ["gensim.txt", "gensim.bin", "word2vec_c.bin"])
def test_files_of_word2vec_and_gensim_are_read_to_the_bit(name):
    vectors = Vectors.load(GOLDEN / name)
    assert vectors.words == EXPECTED["words"]
    assert vectors.matrix.tobytes() == MATRIX.tobytes()


def test_word2vec_c_text_with_spaces_at_line_ends_is_read():
    vectors = Vectors.load(GOLDEN / "word2vec_c.txt")
    assert vectors.words == EXPECTED["words"]
    assert vectors.matrix == pytest.approx(MATRIX[:, :2], rel=1e-6, abs=5e-7)


def test_glove_is_read_without_a_header_and_with_spaces_in_words():
    vectors = Vectors.load(GOLDEN / "glove.txt")
    assert vectors.words == [*EXPECTED["words"], ". . ."]
    assert vectors.matrix[:-1] == pytest.approx(MATRIX, rel=1e-5)
    assert vectors[". . ."].tolist() == [0.5, 1, -2]


def test_a_vocabulary_of_word2vec_c_gives_counts():
    vectors = Vectors.load(GOLDEN / "gensim.txt", vocabulary=GOLDEN / "word2vec_c_vocabulary.txt")
    assert vectors.counts.tolist() == [100, 7, 2, 1, 0, 0]
    assert not vectors.counts.flags.writeable


def test_fasttext_words_and_unknown_words_have_the_vectors_that_fasttext_gives_them():
    vectors = Vectors.load(GOLDEN / "fasttext.bin")
    peer = EXPECTED["fasttext"]
    assert vectors.words == peer["words"]
    for word, expected in [*peer["vectors"].items(), *peer["unknown"].items()]:
        if word == "</s>":  # gensim gives the end of a sentence letter sequences, fastText does not
            continue
        assert vectors[word] == pytest.approx(expected, rel=1e-5, abs=1e-8), word
    for word, direction in peer["directions"].items():
        assert vectors[word] / np.linalg.norm(vectors[word]) == pytest.approx(direction, abs=1e-5), word
    assert vectors.outside == pytest.approx(np.array(peer["outside"]))
    assert vectors.counts.sum() == 900
    assert "kings" not in vectors
    assert vectors.most_similar("kings", n=1)[0][0] in vectors
    assert vectors.similarity("kings", "kings") == 1
    assert vectors.settings["objective"] == "negative-sampling"


def test_fasttext_vec_is_read():
    vectors = Vectors.load(GOLDEN / "fasttext.vec")
    for word, expected in EXPECTED["fasttext"]["vectors"].items():
        assert vectors[word] == pytest.approx(expected, rel=1e-4)
