"""The assignment under its own names gives the assignment's own numbers, and draws in the assignment's order."""

import random

import numpy as np
import pytest

from firth import course

LOSSES = [course.naiveSoftmaxLossAndGradient, course.negSamplingLossAndGradient]
ROWS = {word: row for row, word in enumerate("abcde")}


class DummyDataset:
    def sampleTokenIdx(self):
        return random.randint(0, 4)

    def getRandomContext(self, C):
        return "abcde"[random.randint(0, 4)], ["abcde"[random.randint(0, 4)] for _ in range(2 * C)]


@pytest.fixture
def vectors():
    """The assignment's start; its two gradient checks come first, for the draws that they consume."""
    random.seed(31415)
    np.random.seed(9265)
    return course.normalizeRows(np.random.randn(10, 3))


def test_the_published_values_come_out(vectors, capsys):
    dataset = DummyDataset()
    for loss in LOSSES:
        assert course.gradcheck_naive(
            lambda x, loss=loss: course.word2vec_sgd_wrapper(course.skipgram, ROWS, x, dataset, 5, loss),
            vectors,
            loss.__name__,
        )
    naive = course.skipgram("c", 3, ["a", "b", "e", "d", "b", "c"], ROWS, vectors[:5], vectors[5:], dataset, LOSSES[0])
    assert naive[0] == pytest.approx(11.16610900153398, abs=1e-12)
    np.testing.assert_allclose(naive[1][2], [-1.26947339, -1.36873189, 2.45158957], atol=1e-8)
    assert not naive[1][[0, 1, 3, 4]].any()
    np.testing.assert_allclose(
        naive[2],
        [
            [-0.41045956, 0.18834851, 1.43272264],
            [0.38202831, -0.17530219, -1.33348241],
            [0.07009355, -0.03216399, -0.24466386],
            [0.09472154, -0.04346509, -0.33062865],
            [-0.13638384, 0.06258276, 0.47605228],
        ],
        atol=1e-8,
    )
    sampled = course.skipgram("c", 1, ["a", "b"], ROWS, vectors[:5], vectors[5:], dataset, LOSSES[1])
    assert sampled[0] == pytest.approx(16.15119285363322, abs=1e-12)
    np.testing.assert_allclose(sampled[1][2], [-4.54650789, -1.85942252, 0.76397441], atol=1e-8)
    np.testing.assert_allclose(
        sampled[2],
        [
            [-0.69148188, 0.31730185, 2.41364029],
            [-0.22716495, 0.10423969, 0.79292674],
            [-0.45528438, 0.20891737, 1.58918512],
            [-0.31602611, 0.14501561, 1.10309954],
            [-0.80620296, 0.36994417, 2.81407799],
        ],
        atol=1e-8,
    )
    assert "naiveSoftmaxLossAndGradient" in capsys.readouterr().out


def test_the_batch_is_the_mean_of_50_windows_with_sizes_drawn_first(vectors):
    drawn = []

    class Recorder(DummyDataset):
        def getRandomContext(self, C):
            drawn.append(C)
            return super().getRandomContext(C)

    random.seed(8)
    loss, gradient = course.word2vec_sgd_wrapper(course.skipgram, ROWS, vectors, Recorder(), 5)
    random.seed(8)
    total, sum_of_gradients = 0.0, np.zeros_like(vectors)
    for size in drawn:
        assert random.randint(1, 5) == size
        center, words = DummyDataset().getRandomContext(size)
        window = course.skipgram(center, size, words, ROWS, vectors[:5], vectors[5:], None)
        total += window[0]
        sum_of_gradients += np.vstack(window[1:])
    assert len(drawn) == 50
    assert loss == pytest.approx(total / 50)
    np.testing.assert_allclose(gradient, sum_of_gradients / 50, rtol=1e-9, atol=1e-12)


def test_negatives_are_never_the_outside_word_and_come_in_the_order_drawn():
    random.seed(3)
    drawn = course.getNegativeSamples(2, DummyDataset(), 400)
    random.seed(3)
    expected = [word for word in (random.randint(0, 4) for _ in range(600)) if word != 2][:400]
    assert drawn == expected


def test_a_row_of_zeros_stays_a_row_of_numbers():
    rows = course.normalizeRows(np.array([[3.0, 4.0], [1.0, 2.0], [0.0, 0.0]]))
    np.testing.assert_allclose(rows[:2], [[0.6, 0.8], [0.4472136, 0.89442719]])
    assert np.isfinite(rows).all()


def test_gradcheck_naive_says_no_to_a_wrong_gradient(capsys):
    assert course.gradcheck_naive(lambda x: (np.sum(x**2), 2 * x), np.array([1.0, 2.0]), "parabola")
    assert not course.gradcheck_naive(lambda x: (np.sum(x**2), x), np.array([1.0, 2.0]), "wrong")
    assert "wrong" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("start", [0.5, 0.0, -1.5])
def test_sgd_finds_the_minimum_and_prints_the_loss(start, capsys):
    end = course.sgd(lambda x: (np.sum(x**2), 2 * x), start, 0.01, 1_000, PRINT_EVERY=100)
    assert abs(end) < 1e-6
    assert len(capsys.readouterr().out.splitlines()) == 10


def test_sgd_goes_on_from_what_it_saved(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    calls = []

    def noisy(x):
        calls.append(1)
        return float(np.sum(x**2)), 2 * x + random.gauss(0, 1) + np.random.randn()

    def run(iterations, useSaved):
        random.seed(1)
        np.random.seed(1)
        calls.clear()
        return course.sgd(noisy, np.ones(3), 0.01, iterations, useSaved=useSaved, PRINT_EVERY=10_000)

    whole = run(12_000, False)
    run(5_000, True)
    np.testing.assert_array_equal(run(12_000, True), whole)
    assert len(calls) == 7_000
    assert capsys.readouterr().out


@pytest.fixture(scope="module")
def dataset():
    random.seed(7)
    return course.StanfordSentiment()


@pytest.mark.needs_sst
class TestStanfordSentiment:
    def test_its_sizes_are_the_published_ones(self, dataset):
        assert dataset.numSentences() == len(dataset.sentences()) == len(dataset.sent_labels()) == 11_855
        assert len(dataset.tokens()) == 19_539
        assert dataset.tokens()["UNK"] == 19_538
        assert [len(split) for split in dataset.dataset_split()] == [8_544, 2_210, 1_101]
        assert len(dataset.getTrainSentences()) == 8_544
        assert len(dataset.getTestSentences()) == 2_210
        assert len(dataset.getDevSentences()) == 1_101

    def test_a_context_holds_the_words_around_the_center_and_not_itself(self, dataset):
        for _ in range(300):
            center, context = dataset.getRandomContext(3)
            assert 1 <= len(context) <= 6
            assert center not in context
            assert {center, *context} <= dataset.tokens().keys()

    def test_frequent_words_are_rejected_by_the_formula(self, dataset):
        reject = dataset.rejectProb()
        words = [word for sentence in dataset.sentences() for word in sentence]
        count, total = words.count("the"), len(words) + 1
        assert reject[dataset.tokens()["the"]] == pytest.approx(1 - np.sqrt(1e-5 * total / count))
        assert reject.min() >= 0
        kept = sum(sentence.count("the") for sentence in dataset.allSentences())
        assert kept == pytest.approx(30 * count * np.sqrt(1e-5 * total / count), rel=0.05)

    def test_the_table_holds_words_by_their_count_to_three_quarters(self, dataset):
        table = np.bincount(dataset.sampleTable(), minlength=19_539)
        assert table.sum() == 1_000_000
        tokens = dataset.tokens()
        words = [word for sentence in dataset.sentences() for word in sentence]
        ratio = (words.count("the") / words.count("film")) ** 0.75
        assert table[tokens["the"]] / table[tokens["film"]] == pytest.approx(ratio, rel=0.01)
        assert dataset.sampleTokenIdx() in range(19_539)

    def test_sentences_carry_their_class(self, dataset):
        assert [dataset.categorify(score) for score in (0, 0.2, 0.21, 0.4, 0.6, 0.61, 0.8, 0.81, 1)] == [
            *(0, 0, 1, 1, 2, 3, 3, 4, 4)
        ]
        sentence, label = dataset.getTrainSentences()[0]
        assert sentence[:3] == ["the", "rock", "is"]
        assert label == dataset.categorify(dataset.sent_labels()[dataset.dataset_split()[0][0]])
        assert dataset.getRandomTrainSentence()[1] in range(5)
