"""Models side by side: what is the same comes out as the same, what was moved as moved, and sizes may differ."""

import json

import numpy as np
import pytest

from firth import DataError, OptionError, Vectors
from firth.cli import main
from firth.evaluation import compare, neighbors_side_by_side, stability
from firth.spelling import UnknownWordError

WORDS = [f"w{row}" for row in range(60)]


def made(matrix, words=WORDS):
    return Vectors(words, matrix, np.arange(len(words), 0, -1))


@pytest.fixture
def matrix():
    return np.random.default_rng(1).normal(size=(60, 6))


def turned(matrix, seed=2):
    return matrix @ np.linalg.qr(np.random.default_rng(seed).normal(size=(matrix.shape[1],) * 2))[0]


def test_a_model_and_its_rotation_are_the_same(matrix):
    found = compare(made(matrix), made(3 * turned(matrix)))
    assert found.overlap == 1
    assert found.cosine == pytest.approx(1)
    assert (found.words, found.dimensions, found.shared, found.compared, found.sample) == ((60, 60), (6, 6), 60, 60, 60)


def test_a_word_that_is_zero_in_both_has_not_changed_and_one_that_is_in_one_has(matrix):
    matrix[3] = 0
    assert compare(made(matrix), made(matrix)).cosine == pytest.approx(1)
    other = matrix.copy()
    other[5] = 0
    assert [each.word for each in compare(made(matrix), made(other), changed=1).changed] == ["w5"]


def test_the_words_that_were_moved_are_the_ones_that_changed_most(matrix):
    moved = turned(matrix)
    moved[[7, 31]] *= -1
    found = compare(made(matrix), made(moved), changed=2)
    assert {each.word for each in found.changed} == {"w7", "w31"}
    assert found.changed[0].cosine < -0.5
    assert found.changed[0].cosine <= found.changed[1].cosine
    assert found.changed[0].overlap < 0.5
    assert found.overlap < 1


def test_overlap_and_neighbors_are_those_of_the_shared_words(matrix):
    other = made(np.random.default_rng(5).normal(size=(40, 6)), [*WORDS[20:55], "a", "b", "c", "d", "e"])
    model = made(matrix)
    found = compare(model, other, neighbors=5, changed=1)
    shared = WORDS[20:55]
    near = [
        {word: {each for each, _ in of.most_similar(word, n=5, restrict=shared)} for word in shared}
        for of in (model, other)
    ]
    assert found.shared == 35
    assert found.overlap == pytest.approx(np.mean([len(near[0][word] & near[1][word]) / 5 for word in shared]))
    changed = found.changed[0]
    assert [set(each) for each in changed.neighbors] == [near[0][changed.word], near[1][changed.word]]
    assert changed.overlap == len(near[0][changed.word] & near[1][changed.word]) / 5


def test_the_cosine_is_that_of_procrustes(matrix):
    other = np.random.default_rng(3).normal(size=(60, 6))
    x, y = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (matrix, other))
    left, _, right = np.linalg.svd(x.T @ y)
    expected = np.einsum("vd,vd->v", x @ left @ right, y)
    found = compare(made(matrix), made(other), changed=60)
    assert found.cosine == pytest.approx(expected.mean(), abs=1e-6)
    assert [each.word for each in found.changed] == [WORDS[row] for row in np.argsort(expected)]


@pytest.mark.parametrize("order", [1, -1])
def test_models_of_different_dimensions_are_compared(matrix, order):
    wider = turned(np.hstack([matrix, np.zeros((60, 3))]))
    found = compare(*[made(matrix), made(wider)][::order])
    assert found.overlap == 1
    assert found.cosine == pytest.approx(1)
    assert found.dimensions == (6, 9)[::order]


def test_one_shared_word_has_no_neighbors_to_share(matrix):
    found = compare(made(matrix), made(matrix[:2], ["w3", "x"]))
    assert (found.shared, found.overlap, found.neighbors) == (1, None, 0)
    assert found.cosine == pytest.approx(1)
    assert found.changed[0].overlap is None
    assert stability([made(matrix)] * 2 + [made(matrix[:2], ["w3", "x"])]).overlap is None


def test_the_most_frequent_words_of_the_first_are_compared_and_a_sample_asked(matrix):
    model = Vectors(WORDS, matrix, np.arange(60))
    found = compare(model, made(matrix), restrict=10, changed=60)
    assert {each.word for each in found.changed} == set(WORDS[50:])
    assert (found.shared, found.compared) == (60, 10)
    other = made(np.random.default_rng(5).normal(size=(60, 6)))
    some = [compare(model, other, restrict=None, sample=20, seed=seed) for seed in (1, 1, 2)]
    assert some[0] == some[1]
    assert some[0].overlap != some[2].overlap
    assert (some[0].sample, some[0].compared) == (20, 60)


def test_stability_is_the_mean_over_all_pairs(matrix):
    generator = np.random.default_rng(1)
    models = [made(matrix + noise * generator.normal(size=matrix.shape)) for noise in (0, 0.3, 0.6)]
    found = stability(models, neighbors=5, told=60)
    pairs = {(i, j): compare(models[i], models[j], neighbors=5).overlap for i, j in ((0, 1), (0, 2), (1, 2))}
    assert {(i, j): overlap for i, j, overlap in found.pairs} == pytest.approx(pairs)
    assert found.overlap == pytest.approx(np.mean(list(pairs.values())))
    assert found.pairs[0][2] > found.pairs[1][2]
    least = dict(found.least_stable)
    assert np.mean(list(least.values())) == pytest.approx(found.overlap)
    assert found.least_stable[0][1] == min(least.values())
    assert found.most_stable[0][1] == max(least.values())
    assert stability([models[0]] * 3).overlap == 1


def test_progress_reaches_its_end(matrix):
    calls = []
    compare(made(matrix), made(matrix), report=lambda done, total, note: calls.append((done, total)))
    assert calls[-1] == (120, 120)


def test_neighbors_stand_side_by_side_and_unknown_words_are_none(matrix):
    one, other = made(matrix), made(matrix[:30], WORDS[:30])
    found = neighbors_side_by_side([one, other], ["w3", "w50"], 4)
    assert found == {
        "w3": [one.most_similar("w3", n=4), other.most_similar("w3", n=4)],
        "w50": [one.most_similar("w50", n=4), None],
    }
    with pytest.raises(UnknownWordError, match=r"'w5x' .*did you mean"):
        neighbors_side_by_side([one, other], ["w5x"])


@pytest.mark.parametrize("option", ["neighbors", "sample", "restrict"])
def test_numbers_that_make_no_sense_are_named(matrix, option):
    for call in (
        lambda: compare(made(matrix), made(matrix), **{option: 0}),
        lambda: stability([made(matrix)] * 2, **{option: 0}),
    ):
        with pytest.raises(OptionError, match=f"{option} is 0"):
            call()


def test_what_can_not_be_compared_is_told(matrix):
    with pytest.raises(DataError, match="share no word"):
        compare(made(matrix), made(matrix[:1], ["x"]))
    with pytest.raises(OptionError, match="two models"):
        stability([made(matrix)])


def firth(capsys, *arguments):
    code = main(["compare", *map(str, arguments)])
    return (code, *capsys.readouterr())


@pytest.fixture
def files(matrix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made(matrix).save("a.safetensors")
    made(turned(matrix)).save("b.safetensors")
    made(matrix[:30, :4], WORDS[:30]).save("c.safetensors")
    return "a.safetensors", "b.safetensors", "c.safetensors"


def test_the_command_compares_two_and_says_what(capsys, files):
    code, out, err = firth(capsys, *files[:2])
    assert code == 0
    assert "100.0%" in out
    assert "changed most" in out
    assert "comparing: 120 of 120" in err
    code, out, _ = firth(capsys, *files[:2], "--json", "-q")
    vectors = [Vectors.load(file) for file in files[:2]]
    assert json.loads(out)["comparison"] == json.loads(json.dumps(compare(*vectors).as_dict()))
    _, out, _ = firth(
        capsys, *files[:2], "--json", "-q", "--restrict", "9", "-n", "3", "--sample", "5", "--changed", "2"
    )
    found = json.loads(out)["comparison"]
    assert (found["compared"], found["sample"], found["neighbors"], len(found["changed"])) == (9, 5, 3, 2)
    _, out, _ = firth(capsys, *files[:2], "--json", "-q", "--restrict", "0")
    assert json.loads(out)["comparison"]["compared"] == 60


def test_the_command_tells_the_stability_of_three(capsys, files):
    code, out, _ = firth(capsys, *files, "-q")
    assert code == 0
    assert "mean of all pairs" in out
    assert "a.safetensors, c.safetensors" in out
    _, out, _ = firth(capsys, *files, "-q", "--json")
    models = [Vectors.load(file) for file in files]
    assert json.loads(out)["stability"] == json.loads(json.dumps(stability(models).as_dict()))


@pytest.mark.parametrize("asked", [("--words", "w3,w50"), ("--words", "w3", "w50")])
def test_the_command_shows_neighbors_side_by_side(capsys, files, asked):
    code, out, _ = firth(capsys, *files[::2], *asked, "-n", "3")
    assert code == 0
    assert out.count("not known") == 2  # in the heading and in the table
    nearest = Vectors.load(files[0]).most_similar("w3", n=1)[0]
    assert f"{nearest[0]}" in out
    assert f"{nearest[1]:.4f}" in out
    _, out, _ = firth(capsys, *files[::2], *asked, "--json")
    assert json.loads(out)["words"]["w50"][1] is None
    assert [len(each) for each in json.loads(out)["words"]["w3"]] == [10, 10]


def test_what_both_have_is_marked(capsys, files):
    _, out, _ = firth(capsys, *files[:2], "--words", "w3", "-n", "4")
    assert out.startswith("w3: 4 of 4 neighbors are in all (=)")
    assert out.count("= w") == 8


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("a.safetensors",), 2, "1 file of vectors is given"),
        (("a.safetensors", "none.safetensors"), 1, "none.safetensors"),
        (("a.safetensors", "b.safetensors", "--words", "w5x"), 1, "'w5x' is not in the vocabulary"),
        (("a.safetensors", "b.safetensors", "--words", ","), 2, "--words names no word"),
        (("a.safetensors", "b.safetensors", "-n", "0"), 2, "neighbors is 0"),
        (("a.safetensors", "b.safetensors", "--restrict", "-1"), 2, "restrict is -1"),
        (("a.safetensors", "b.safetensors", "--changed", "-1"), 2, "changed is -1"),
    ],
)
def test_mistakes_are_one_sentence(capsys, files, arguments, code, said):
    found, out, err = firth(capsys, *arguments, "-q")
    assert (found, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
