"""On the real tests, figures are those of gensim's own evaluators, cut to four decimals."""

import numpy as np
import pytest

from firth import Vectors
from firth.datasets import status
from firth.evaluation import evaluate_analogies, evaluate_similarity
from firth.evaluation.question_files import read_analogies, read_pairs

pytestmark = pytest.mark.slow

PAIRS = ("EN-WS-353-ALL.txt", "EN-SIMLEX-999.txt", "EN-RG-65.txt")


@pytest.fixture(scope="module")
def real():
    """Where the tests are; and vectors of most of their words, made so that some questions are answered."""
    found = status("eval")
    if found.state != "ready":
        pytest.skip(f"the data set eval is not here: set FIRTH_DATA ({found.problem})")
    generator = np.random.default_rng(1)
    vectors = {}
    for section in read_analogies(found.folder / "questions-words.txt"):
        relation = generator.normal(size=10)
        for question in section.questions:
            for word, other in ((question.a, question.b[0]), (question.c, question.answers[0])):
                if word not in vectors:
                    vectors[word] = generator.normal(size=10)
                    vectors.setdefault(other, vectors[word] + relation + 0.4 * generator.normal(size=10))
    for name in PAIRS:
        for pair in read_pairs(found.folder / name):
            vectors.setdefault(pair.first, generator.normal(size=10))
            vectors.setdefault(pair.second, vectors[pair.first] * pair.score / 5 + generator.normal(size=10))
    words = [word for word in vectors if generator.random() < 0.95]
    return found.folder, Vectors([*words], np.array([vectors[word] for word in words]))


@pytest.fixture(scope="module")
def peer(real):
    models = pytest.importorskip("gensim.models", reason="gensim is not installed: pip install --group bench")
    keyed = models.KeyedVectors(10)
    keyed.add_vectors(real[1].words, real[1].matrix)
    return keyed


@pytest.mark.parametrize("name", PAIRS)
def test_similarity_on_the_real_tests_is_gensims(real, peer, name):
    folder, vectors = real
    ours = evaluate_similarity(vectors, folder / name)
    _, (theirs, _), unknown = peer.evaluate_word_pairs(str(folder / name))
    assert f"{ours.score:.4f}" == f"{theirs:.4f}"
    assert 1 - ours.coverage == pytest.approx(unknown / 100)
    assert 0.05 < abs(theirs) < 0.95


def test_googles_questions_are_answered_as_gensim_does(real, peer):
    path = real[0] / "questions-words.txt"
    ours = evaluate_analogies(real[1], path, 800)
    score, sections = peer.evaluate_word_analogies(str(path), restrict_vocab=800)
    assert f"{ours.total.accuracy:.4f}" == f"{score:.4f}"
    for mine, theirs in zip([*ours.sections, ours.total], sections, strict=True):
        assert (mine.correct, mine.found - mine.correct) == (len(theirs["correct"]), len(theirs["incorrect"]))
    assert 0.1 < score < 0.9
    assert 0.3 < ours.total.coverage < 1
