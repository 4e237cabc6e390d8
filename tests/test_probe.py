"""The probe is fair and its figures are right: against scikit-learn, by hand, and where chance is all there is."""

import json

import numpy as np
import pytest

from firth import DataError, FirthError, OptionError, Vectors
from firth.cli import main
from firth.corpus.labelled import read_labelled, treebank_texts
from firth.corpus.tokenizers import Tokenization
from firth.datasets.sst import SentimentTreebank
from firth.evaluation import evaluate_sentiment, probe
from firth.evaluation.features import bags_of_words, in_known_words, possible_weights, sentence_features
from firth.evaluation.probe import macro_f1

GOOD, BAD, PLAIN = (
    ["great", "fine", "sweet", "brilliant"],
    ["bad", "dull", "boring", "weak"],
    ["the", "a", "film", "is", "of", "it"],
)
ALL = GOOD + BAD + PLAIN


def made_vectors(seed=0, **more):
    """Good and bad words point apart; the rest is noise."""
    matrix = np.random.default_rng(seed).normal(size=(len(ALL), 8))
    matrix[:4, 0] += 4
    matrix[4:8, 0] -= 4
    return Vectors(ALL, matrix, more.pop("counts", np.arange(len(ALL), 0, -1)), **more)


def made_texts(size=200, seed=1):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, size)
    sentences = [[*generator.choice(PLAIN, 4), generator.choice(GOOD if label else BAD)] for label in labels]
    sentences = [[str(word) for word in sentence] for sentence in sentences]
    places = np.arange(size)
    return sentences, labels, {"train": places[:120], "dev": places[120:160], "test": places[160:]}


def test_classes_are_told_apart_and_rows_stand_beside_baselines():
    sentences, labels, splits = made_texts()
    found = probe(made_vectors(), sentences, labels, splits, ["bad", "good"], name="films")
    rows = {row.name: row for row in found.rows}
    assert list(rows) == ["mean", "unit", "sif", "tfidf", "bag of words", "majority"]
    assert rows["mean"].accuracy > 0.9
    assert rows["bag of words"].accuracy > 0.9
    assert rows["majority"].accuracy == np.mean(labels[160:] == np.bincount(labels[:120]).argmax())
    assert found.n == {"train": 120, "dev": 40, "test": 40}
    assert (found.coverage, found.without_words) == (1, 0)
    assert found.chosen.dev == max(rows[name].dev for name in ("mean", "unit", "sif", "tfidf"))
    assert json.loads(json.dumps(found.as_dict()))["chosen"] == found.chosen.name


def test_a_row_is_what_the_sentiment_test_says_of_its_features():
    sentences, labels, splits = made_texts()
    vectors = made_vectors()
    (row, *_) = probe(vectors, sentences, labels, splits, ["bad", "good"], weights=["tfidf"], baselines=False).rows
    features = sentence_features(vectors, sentences, "tfidf", splits["train"])
    expected = evaluate_sentiment(
        {split: features[rows] for split, rows in splits.items()},
        {split: labels[rows] for split, rows in splits.items()},
        classes=2,
    )
    assert (row.dev, row.accuracy, row.regularisation) == (expected.dev, expected.test, expected.regularisation)
    assert row.confusion == expected.confusion.tolist()


def test_macro_f1_is_scikit_learns():
    from sklearn.metrics import confusion_matrix, f1_score

    generator = np.random.default_rng(3)
    true, predicted = generator.choice([0, 1, 3], 60), generator.choice([0, 1, 3], 60)  # class 2 of 5 is nowhere
    confusion = confusion_matrix(true, predicted, labels=range(5))
    assert macro_f1(confusion) == pytest.approx(f1_score(true, predicted, average="macro"))
    stacked = macro_f1(np.stack([confusion, np.eye(5, dtype=int)]))
    assert stacked.tolist() == pytest.approx([float(macro_f1(confusion)), 1.0])


def test_intervals_are_those_of_drawing_sentences_again():
    sentences, labels, splits = made_texts()
    noisy = np.where(np.random.default_rng(1).random(200) < 0.2, 1 - labels, labels)
    row = probe(made_vectors(), sentences, noisy, splits, ["a", "b"], weights=["mean"], baselines=False).rows[0]
    confusion = np.array(row.confusion)
    pairs = np.repeat(np.arange(4), confusion.ravel())
    generator = np.random.default_rng(9)
    drawn = [generator.choice(pairs, pairs.size) for _ in range(4000)]
    accuracies = [np.isin(each, [0, 3]).mean() for each in drawn]
    scores = [macro_f1(np.bincount(each, minlength=4).reshape(2, 2)) for each in drawn]
    assert row.interval == pytest.approx(np.quantile(accuracies, [0.025, 0.975]), abs=0.03)
    assert row.macro_f1_interval == pytest.approx(np.quantile(scores, [0.025, 0.975]), abs=0.03)
    assert row.interval[0] < row.accuracy < row.interval[1]


def test_the_test_split_changes_nothing_but_its_own_scores():
    sentences, labels, splits = made_texts()
    before = probe(made_vectors(), sentences, labels, splits, ["a", "b"])
    changed = [sentence if place < 160 else ["weak", "zzz"] for place, sentence in enumerate(sentences)]
    after = probe(made_vectors(), changed, np.where(np.arange(200) < 160, labels, 1), splits, ["a", "b"])
    assert [(row.dev, row.regularisation) for row in after.rows] == [
        (row.dev, row.regularisation) for row in before.rows
    ]
    assert after.rows[0].accuracy != before.rows[0].accuracy


def test_shuffled_labels_score_like_chance():
    sentences, labels, splits = made_texts(1000)
    splits = {"train": np.arange(600), "dev": np.arange(600, 800), "test": np.arange(800, 1000)}
    shuffled = np.random.default_rng(2).permutation(labels)
    found = probe(made_vectors(), sentences, shuffled, splits, ["a", "b"], weights=["mean"])
    assert all(0.38 < row.accuracy < 0.62 for row in found.rows)


def test_features_follow_their_formulas():
    vectors = made_vectors(outside=np.random.default_rng(4).normal(size=(len(ALL), 8)))
    sentences, train = [["great", "film", "film"], ["bad", "film"], ["of", "nowhere"], ["nowhere"]], np.array([0, 1])
    of = {word: vectors[word].astype(float) for word in ALL}
    mean = sentence_features(vectors, sentences, "mean", train)
    assert mean[0] == pytest.approx((of["great"] + 2 * of["film"]) / 3, abs=1e-6)
    assert mean[3].tolist() == [0] * 8
    directions = {word: vector / np.linalg.norm(vector) for word, vector in of.items()}
    expected = (directions["great"] + 2 * directions["film"]) / 3
    assert sentence_features(vectors, sentences, "unit", train)[0] == pytest.approx(expected, abs=1e-6)
    both = sentence_features(vectors, sentences, "both", train)
    assert both.shape == (4, 16)
    assert both[:, :8] == pytest.approx(mean)
    assert both[1, 8:] == pytest.approx(vectors.outside[[ALL.index("bad"), ALL.index("film")]].mean(axis=0), abs=1e-6)
    rare, common = np.log(3 / 2) + 1, 1.0
    expected = (rare * of["great"] + 2 * common * of["film"]) / (rare + 2 * common)
    assert sentence_features(vectors, sentences, "tfidf", train)[0] == pytest.approx(expected, abs=1e-6)
    sif = vectors.sentence_vectors(sentences, "sif").astype(float)
    axis = np.linalg.svd(sif[train])[2][0]
    assert sentence_features(vectors, sentences, "sif", train) == pytest.approx(
        sif - np.outer(sif @ axis, axis), abs=1e-6
    )
    with pytest.raises(OptionError, match="weights is 'max'"):
        sentence_features(vectors, sentences, "max", train)


def test_weights_go_with_what_the_vectors_have():
    assert possible_weights(made_vectors()) == ("mean", "unit", "sif", "tfidf")
    assert possible_weights(made_vectors(counts=None)) == ("mean", "unit", "tfidf")
    outside = np.ones((len(ALL), 8))
    assert possible_weights(made_vectors(outside=outside)) == ("mean", "unit", "both", "sif", "tfidf")
    tree = made_vectors(outside=outside, settings={"objective": "hierarchical-softmax"})
    assert "both" not in possible_weights(tree)
    with pytest.raises(FirthError, match="counts"):
        sentence_features(made_vectors(counts=None), [["a"]], "sif", np.array([0]))


def test_a_sentence_may_have_weights_of_its_own():
    vectors = made_vectors()
    found = vectors.sentence_vectors([["great", "film", "of"], ["of"]], {"great": 3, "film": 1})
    assert found[0] == pytest.approx((3 * vectors["great"] + vectors["film"]) / 4, abs=1e-6)
    assert found[1].tolist() == [0] * 8
    with pytest.raises(OptionError, match="the weight of 'film' is -1"):
        vectors.sentence_vectors([["film"]], {"great": 1, "film": -1})


def test_words_without_a_vector_are_taken_apart():
    vectors = Vectors(["well", "acted", "not", "s", "are", "it"], np.eye(6))
    given = [["well-acted", "it", "'s", "n't", "they", "'re"], ["-lrb-", "well"]]
    assert in_known_words(vectors, given) == [
        ["well", "acted", "it", "s", "not", "they", "are"],
        ["-lrb-", "well"],
    ]
    assert in_known_words(Vectors(["n't", "not"], np.eye(2)), [["n't"]]) == [["n't"]]


def test_a_bag_holds_the_words_of_train_alone():
    bag = bags_of_words([["a", "b", "a"], ["b", "c"], ["c"], []], np.array([0, 1])).toarray()
    assert bag.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1], [0, 0, 0]]
    assert bags_of_words([["a"]], np.array([], int)).shape == (1, 1)


def test_what_can_not_be_probed_is_named():
    sentences, labels, splits = made_texts()
    with pytest.raises(OptionError, match="splits lacks 'dev'"):
        probe(made_vectors(), sentences, labels, {"train": splits["train"]}, ["a", "b"])
    with pytest.raises(DataError, match="no word of the sentences has a vector"):
        probe(Vectors(["x"], [[1.0]]), sentences, labels, splits, ["a", "b"])
    with pytest.raises(DataError, match="one class only"):
        probe(made_vectors(), sentences, np.zeros(200, int), splits, ["a", "b"])


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "csv.gz"])
def test_tables_of_every_kind_are_read_alike(tmp_path, kind):
    import polars as pl

    frame = pl.DataFrame(
        {"review": [f"Great film, {row}!" for row in range(20)], "stars": [row % 4 + 8 for row in range(20)]}
    )
    path = tmp_path / f"t.{kind}"
    if kind == "csv.gz":
        import gzip

        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    else:
        write = {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}
        write.get(kind, lambda to: frame.write_csv(to, separator="\t", quote_style="never"))(path)
    found = read_labelled(path, text="review", label="stars")
    assert found.sentences[3] == ["great", "film", "3"]
    assert found.classes == ["8", "9", "10", "11"]  # rising, not of the alphabet
    assert found.labels.tolist() == [row % 4 for row in range(20)]
    assert [len(found.splits[split]) for split in ("train", "dev", "test")] == [16, 2, 2]
    assert sorted(np.concatenate(list(found.splits.values())).tolist()) == list(range(20))
    assert found.drawn == ("dev", "test")


def written(path, rows):
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return path


def test_splits_of_ones_own_are_taken_and_others_drawn_by_the_seed(tmp_path):
    rows = [(f"w{row}", "ab"[row % 2]) for row in range(40)]
    train, test = written(tmp_path / "train.csv", rows), written(tmp_path / "test.csv", rows[:3])
    found = read_labelled(train, test=test)
    assert found.splits["test"].tolist() == [40, 41, 42]
    assert found.drawn == ("dev",)
    assert len(found.splits["dev"]) == 4
    assert not set(found.splits["dev"]) & set(found.splits["train"])
    drawn = [read_labelled(train, test=test, seed=seed).splits["dev"].tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert found.sentences[:2] == [["w0"], ["w1"]]
    assert read_labelled(train, dev=test, test=written(tmp_path / "more.csv", rows)).drawn == ()
    assert read_labelled(train, cut=Tokenization("characters")).sentences[0] == ["w", "0"]


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("text,label\na,1\n", {"text": "review"}, "no column 'review': it has text, label"),
        ("text,label\n" + "a,1\n" * 20, {}, "1 different values, and classes are 2 to 1,000"),
        ("text,label\n" + "a,1\nb,2\n" * 4, {}, "8 rows, too few to draw dev and test from"),
        ("text,label\n" + "a,1\n,2\n" * 9, {}, "row 2, has no value in the column 'text'"),
        ("text,label\n" + "a,1\nb,2\nc,\n", {}, "row 3, has no value in the column 'label'"),
        ("text,label\n", {}, "has no rows"),
    ],
)
def test_a_table_that_will_not_do_is_named(tmp_path, content, options, says):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(DataError, match=says):
        read_labelled(tmp_path / "t.csv", **options)


def test_a_label_that_train_lacks_and_a_file_given_twice_are_named(tmp_path):
    train = written(tmp_path / "train.csv", [("x", "a"), ("y", "b")] * 10)
    with pytest.raises(DataError, match=r"test.csv, row 2: the label 'c' is not one of train's"):
        read_labelled(train, test=written(tmp_path / "test.csv", [("x", "a"), ("y", "c")]))
    with pytest.raises(OptionError, match="one file is given for two"):
        read_labelled(train, test=train)
    with pytest.raises(DataError, match="no table that is read here"):
        read_labelled(tmp_path / "t.doc")
    with pytest.raises(DataError, match="cannot read"):
        read_labelled(tmp_path / "none.csv")


def test_two_classes_of_the_treebank_leave_neutral_sentences_out():
    labels = np.array([0, 1, 2, 3, 4, 2], np.int8)
    places = {"train": np.array([0, 2, 3]), "dev": np.array([1, 5]), "test": np.array([4])}
    treebank = SentimentTreebank([["a"]] * 6, labels / 5, labels, places, "trees")
    two = treebank_texts(treebank, 2)
    assert {split: rows.tolist() for split, rows in two.splits.items()} == {"train": [0, 3], "dev": [1], "test": [4]}
    assert two.labels[[0, 1, 3, 4]].tolist() == [0, 0, 1, 1]
    assert len(treebank_texts(treebank).classes) == 5
    with pytest.raises(OptionError, match="classes is 3"):
        treebank_texts(treebank, 3)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sentences, labels, _ = made_texts()
    written(
        tmp_path / "t.csv", [(" ".join(words).title(), label) for words, label in zip(sentences, labels, strict=True)]
    )
    made_vectors(settings={"reading": {"tokenizer": "whitespace", "lowercase": True}}).save("v.safetensors")
    return tmp_path


def firth(capsys, *arguments):
    code = main(["probe", *arguments])
    return (code, *capsys.readouterr())


def test_the_command_prints_a_table_and_json_with_the_same(capsys, folder):
    code, out, err = firth(capsys, "v.safetensors", "t.csv")
    assert code == 0
    assert out.startswith(
        "t.csv: 2 classes, train 160, dev 20, test 20 (dev and test drawn with seed 1)\n100.0% of the"
    )
    assert [line.split("  ")[0] for line in out.splitlines()[4:]] == [
        "mean",
        "unit",
        "sif",
        "tfidf",
        "bag of words",
        "majority",
    ]
    assert out.count("best on dev") == 1
    assert "both is left out: these vectors have no outside vectors" in err
    code, out, _ = firth(capsys, "v.safetensors", "t.csv", "--json", "-q", "--weights", "mean", "--no-baselines")
    (task,) = json.loads(out)["tasks"]
    texts = read_labelled("t.csv")
    found = probe(
        Vectors.load("v.safetensors"),
        texts.sentences,
        texts.labels,
        texts.splits,
        texts.classes,
        name="t.csv",
        weights=["mean"],
        baselines=False,
    )
    assert task == json.loads(json.dumps(found.as_dict()))


def test_low_coverage_is_warned_of(capsys, folder):
    made_vectors().subset(["great", "film"]).save("few.safetensors")
    code, _, err = firth(capsys, "few.safetensors", "t.csv", "-q", "--no-baselines", "--weights", "mean")
    assert code == 0
    assert "of its words have a vector, less than half, so scores say little" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("t.csv", "--label", "stars"), 1, "no column 'stars': it has text, label"),
        (("t.csv", "--weights", "mean,max"), 2, "--weights names 'max': there are mean, unit, both, sif, tfidf"),
        (("t.csv", "--classes", "5"), 2, "--classes is the treebank's"),
        (("--test", "t.csv"), 2, "go with a table of your own"),
        (("--classes", "3"), 2, "--classes is 3"),
        (("t.csv", "--tokenizer", "word"), 2, "tokenizer is 'word'"),
        (("t.csv", "--test", "t.csv"), 2, "one file is given for two"),
    ],
)
def test_mistakes_are_one_sentence(capsys, folder, arguments, code, said):
    found, out, err = firth(capsys, "v.safetensors", *arguments, "-q")
    assert (found, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.needs_sst
def test_sst_is_probed_with_its_own_splits(capsys, folder):
    code, out, _ = firth(
        capsys, "v.safetensors", "--classes", "2", "--weights", "mean", "--no-baselines", "--json", "-q"
    )
    assert code == 0
    (task,) = json.loads(out)["tasks"]
    assert task["n"] == {"train": 6920, "dev": 872, "test": 1821}
