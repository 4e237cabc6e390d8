"""The treebank's reader gives the published numbers, and names the file and line of whatever is not as it should be."""

import numpy as np
import pytest

from firth import DataError
from firth.datasets import category_of, load_sst

SENTENCES = "sentence_index\tsentence\n1\tIt works .\n2\tA clichÃ© -LRB- bad -RRB-\n3\tGreat\n"
SPLITS = "sentence_index,splitset_label\n1,1\n2,3\n3,2\n"
SCORES = "phrase ids|sentiment values\n0|0.5\n7|0.61\n8|0.2\n9|1\n"
DICTIONARY = "It works .|7\nA cliché ( bad )|8\nGreat|9\nbad|0\n"
TREES = {
    "train.txt": "(3 (2 It) (2 (4 works) (2 .)))\n",
    "dev.txt": "(0 (2 (2 A) (1 cliché)) (1 (2 -LRB-) (1 (1 bad) (2 -RRB-))))\n",
    "test.txt": "(4 (4 Great))\n",
}
NAMES = ("datasetSentences.txt", "datasetSplit.txt", "sentiment_labels.txt", "dictionary.txt")


def write(folder, sentences=SENTENCES, splits=SPLITS, scores=SCORES, dictionary=None, trees=()):
    (folder / "trees").mkdir(exist_ok=True)
    for name, text in zip(NAMES, (sentences, splits, scores, dictionary), strict=True):
        if text is not None:
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, text in (TREES | dict(trees)).items():
        (folder / "trees" / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.needs_sst
def test_the_real_treebank_has_its_published_numbers():
    treebank = load_sst()
    assert len(treebank.sentences) == len(treebank.scores) == 11_855
    assert len({word for sentence in treebank.sentences for word in sentence}) == 19_538
    assert sum(map(len, treebank.sentences)) == 227_242
    assert {name: len(places) for name, places in treebank.splits.items()} == {"train": 8544, "dev": 1101, "test": 2210}
    assert sorted(np.concatenate(list(treebank.splits.values()))) == list(range(11_855))


@pytest.mark.needs_sst
def test_the_real_treebank_has_its_published_classes():
    treebank = load_sst()
    classes = {name: np.bincount(treebank.labels[places]).tolist() for name, places in treebank.splits.items()}
    assert classes == {
        "train": [1092, 2218, 1624, 2322, 1288],
        "dev": [139, 289, 229, 279, 165],
        "test": [279, 633, 389, 510, 399],
    }


@pytest.mark.needs_sst
def test_accents_of_the_real_treebank_are_decoded():
    words = {word for sentence in load_sst().sentences for word in sentence}
    assert "cliché" in words
    assert not any("Ã" in word or "ã©" in word for word in words)


def test_without_a_dictionary_labels_come_from_the_roots_of_the_trees(tmp_path):
    treebank = load_sst(write(tmp_path))
    assert treebank.sentences == [["it", "works", "."], ["a", "cliché", "-lrb-", "bad", "-rrb-"], ["great"]]
    assert (treebank.labels.tolist(), treebank.scores.tolist()) == ([3, 0, 4], [0.7, 0.1, 0.9])
    splits = {name: places.tolist() for name, places in treebank.splits.items()}
    assert splits == {"train": [0], "dev": [1], "test": [2]}
    assert treebank.scores_from == "trees"


@pytest.mark.parametrize(("label", "score"), list(enumerate([0.1, 0.3, 0.5, 0.7, 0.9])))
def test_a_score_from_a_tree_is_the_middle_of_its_class(tmp_path, label, score):
    treebank = load_sst(write(tmp_path, trees={"test.txt": f"({label} (2 Great))"}))
    assert (treebank.labels[2], treebank.scores[2]) == (label, score)


def test_with_a_dictionary_scores_come_from_it(tmp_path):
    treebank = load_sst(write(tmp_path, dictionary=DICTIONARY))
    assert (treebank.labels.tolist(), treebank.scores.tolist()) == ([3, 0, 4], [0.61, 0.2, 1.0])
    assert treebank.scores_from == "dictionary.txt"


def test_a_dictionary_that_contradicts_the_trees_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"dictionary\.txt gives 67% of the sentences the class that the trees give"):
        load_sst(write(tmp_path, dictionary=DICTIONARY, scores=SCORES.replace("0.61", "0.2")))


@pytest.mark.parametrize("spelling", ["It  works .", "it works .", "It wörks .".replace("ö", "o\u0308")])
def test_the_dictionary_may_spell_a_sentence_slightly_differently(tmp_path, spelling):
    treebank = load_sst(write(tmp_path, dictionary=DICTIONARY.replace("It works .", spelling)))
    assert treebank.scores[0] == 0.61


def test_windows_line_ends_and_a_missing_last_newline_are_read(tmp_path):
    folder = write(tmp_path, SENTENCES.replace("\n", "\r\n").removesuffix("\r\n"), SPLITS.replace("\n", "\r\n"))
    assert load_sst(folder).sentences[2] == ["great"]


def test_words_may_hold_what_unicode_ends_lines_at(tmp_path):
    folder = write(tmp_path, SENTENCES.replace("Great", "Gr\u2028eat"), trees={"test.txt": "(4 (4 Gr\u2028eat))"})
    assert load_sst(folder).sentences[2] == ["gr\u2028eat"]


@pytest.mark.parametrize(
    ("score", "category"),
    [(0, 0), (0.2, 0), (0.2001, 1), (0.4, 1), (0.41, 2), (0.6, 2), (0.8, 3), (0.80001, 4), (1, 4)],
)
def test_a_cut_off_belongs_to_the_class_below_it(score, category):
    assert category_of(score) == category


@pytest.mark.parametrize(
    ("part", "where", "expected"),
    [
        ({"sentences": ""}, r"datasetSentences\.txt:1", "must be"),
        ({"sentences": b"\x89PNG\xff\xfe\n"}, r"datasetSentences\.txt:1", "not UTF-8"),
        ({"sentences": SENTENCES.encode() + b"4\tcut \xc3"}, r"datasetSentences\.txt:5", "not UTF-8"),
        ({"sentences": SENTENCES.replace("\n2\t", "\n4\t")}, r"datasetSentences\.txt:3", "sentence index 2"),
        ({"sentences": SENTENCES.replace("2\tA", "2 A")}, r"datasetSentences\.txt:3", "two fields"),
        ({"sentences": SENTENCES.replace("It works", "It  works")}, r"datasetSentences\.txt:2", "single spaces"),
        ({"sentences": SENTENCES + "\n"}, r"datasetSentences\.txt:5", "two fields"),
        ({"sentences": SENTENCES.partition("\n")[0] + "\n"}, r"datasetSentences\.txt", "has no sentences"),
        ({"splits": SPLITS.replace("index", "number")}, r"datasetSplit\.txt:1", "must be"),
        ({"splits": SPLITS.replace("2,3", "2,4")}, r"datasetSplit\.txt:3", "1 \\(train\\), 2 \\(test\\) or 3"),
        ({"splits": SPLITS.replace("2,3", "3,3")}, r"datasetSplit\.txt:3", "indices 1 to 3 in order"),
        ({"splits": SPLITS.replace("2,3", "2")}, r"datasetSplit\.txt:3", "two fields"),
        ({"splits": SPLITS + "4,1\n"}, r"datasetSplit\.txt:5", "indices 1 to 3 in order"),
        ({"splits": SPLITS.removesuffix("3,2\n")}, r"datasetSplit\.txt", "places 2 of 3 sentences"),
        ({"trees": {"train.txt": ""}}, r"train\.txt:1", "a tree such as"),
        ({"trees": {"train.txt": TREES["train.txt"] * 2}}, r"train\.txt", "2 trees for 1 sentences"),
        ({"trees": {"train.txt": "(5 (2 It) (2 (4 works) (2 .)))"}}, r"train\.txt:1", "a tree such as"),
        ({"trees": {"dev.txt": TREES["dev.txt"][:-3]}}, r"dev\.txt:1", "a tree such as"),
        ({"trees": {"test.txt": "(4 (4 Good))"}}, r"test\.txt:1", "the tree of sentence 3"),
        ({"dictionary": DICTIONARY.replace("|8", "8")}, r"dictionary\.txt:2", "a phrase, '\\|' and its id"),
        ({"dictionary": DICTIONARY.replace("|8", "|eight")}, r"dictionary\.txt:2", "a phrase, '\\|' and its id"),
        ({"dictionary": DICTIONARY.replace("Great", "Good")}, r"dictionary\.txt", "lacks sentence 3"),
        ({"dictionary": DICTIONARY.replace("|9", "|10")}, r"sentiment_labels\.txt", "lacks phrase id 10"),
        ({"dictionary": DICTIONARY, "scores": SCORES[7:]}, r"sentiment_labels\.txt:1", "must be"),
        ({"dictionary": DICTIONARY, "scores": SCORES + "10|1.2"}, r"sentiment_labels\.txt:6", "from 0 to 1"),
        ({"dictionary": DICTIONARY, "scores": SCORES + "10|nan"}, r"sentiment_labels\.txt:6", "from 0 to 1"),
        ({"dictionary": DICTIONARY, "scores": SCORES + "10|good"}, r"sentiment_labels\.txt:6", "from 0 to 1"),
        ({"dictionary": DICTIONARY, "scores": SCORES + "10"}, r"sentiment_labels\.txt:6", "two fields"),
    ],
)
def test_what_is_malformed_is_named_with_file_and_line(tmp_path, part, where, expected):
    with pytest.raises(DataError, match=rf"{where}\b.* .*{expected}") as caught:
        load_sst(write(tmp_path, **part))
    assert "get a whole copy" in str(caught.value)


@pytest.mark.parametrize("name", ["datasetSentences.txt", "datasetSplit.txt", "sentiment_labels.txt", "trees/dev.txt"])
def test_a_missing_file_is_named_with_what_to_do(tmp_path, name):
    write(tmp_path, dictionary=DICTIONARY if name == "sentiment_labels.txt" else None)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=rf"{name} is missing: put the file there, or run  firth data fetch sst"):
        load_sst(tmp_path)


def test_a_long_malformed_line_is_shown_in_part(tmp_path):
    with pytest.raises(DataError, match=r"\.\.\.") as caught:
        load_sst(write(tmp_path, sentences=SENTENCES + "x" * 100_000))
    assert len(str(caught.value)) < 500
