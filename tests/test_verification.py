"""Is it whole, and how is it made again: `firth verify` and `firth describe --reproduce`."""

import json
import shlex

import numpy as np
import pytest
from planted import write_planted

from firth import Checkpoints, Corpus, DataError, OptionError, Vectors, Word2Vec
from firth.cli import main
from firth.provenance import command_of
from firth.verification import verify

QUICK = ["--dimensions", "8", "--subsample", "0", "--min-count", "1", "--epochs", "2", "-q"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where text.txt is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    write_planted(tmp_path / "text.txt", 5, sentences=200)
    return tmp_path


def firth(capsys, *arguments):
    code = main([str(each) for each in arguments])
    return (code, *capsys.readouterr())


def trained(capsys, out="v.safetensors", *arguments):
    assert firth(capsys, "train", "text.txt", "-o", out, *QUICK, *arguments)[0] == 0
    return Vectors.load(out)


def flip(path, place=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 4
    path.write_bytes(content)


def test_what_is_whole_is_said_to_be(capsys, folder):
    trained(capsys, "v.safetensors", "--checkpoint", "kept", "--every", "1 kwords")
    Corpus.from_text("text.txt", min_count=1, folder="corpus")
    code, out, err = firth(capsys, "verify", "v.safetensors", "kept", "corpus", "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert [(each["kind"], each["whole"], each["has_checksum"]) for each in answer] == [
        ("vectors", True, True),
        ("checkpoint", True, True),
        ("checkpoint", True, True),
        ("corpus", True, True),
    ]
    assert answer[0]["what"] == "24 words of 8 dimensions"
    assert answer[3]["sha256"] == Vectors.load("v.safetensors").settings["provenance"]["text_sha256"]
    assert "24 words of 8 dimensions" in firth(capsys, "verify", "v.safetensors")[1]


@pytest.mark.parametrize("what", ["v.safetensors", "kept/checkpoint-0000003200", "corpus/ids.npy"])
def test_what_is_damaged_is_named_and_the_rest_is_looked_at_too(capsys, folder, what):
    trained(capsys, "v.safetensors", "--checkpoint", "kept", "--every", "1 kwords")
    Corpus.from_text("text.txt", min_count=1, folder="corpus")
    flip(folder / what)
    path = what.split("/")[0] if what.startswith("corpus") else what
    code, out, err = firth(capsys, "verify", path, "text.txt", "v.safetensors" if path != "v.safetensors" else "corpus")
    assert code == 1
    assert what in err
    assert "damaged" in err
    assert "text.txt" in err
    assert err.count("\n") == 2
    assert "whole" in out
    answer = json.loads(firth(capsys, "verify", path, "--json")[1])
    assert [each["whole"] for each in answer] == [False]
    assert what in answer[0]["why"]


def test_equal_vectors_have_equal_checksums_whatever_made_them(capsys, folder):
    one = trained(capsys, "a.safetensors", "--deterministic", "--threads", "1")
    two = trained(capsys, "b.safetensors", "--deterministic", "--threads", "2")
    assert one.settings["threads"] != two.settings["threads"]
    found = [verify(name)[0].sha256 for name in ("a.safetensors", "b.safetensors")]
    assert found[0] == found[1]
    changed = one.matrix.copy()
    changed[3, 3] = np.nextafter(changed[3, 3], np.float32(9))
    Vectors(one.words, changed, one.counts, one.outside).save("c.safetensors")
    assert verify("c.safetensors")[0].sha256 != found[0]


def test_of_formats_without_a_checksum_that_is_said_and_their_numbers_are_looked_at(capsys, folder):
    vectors = trained(capsys)
    vectors.save("v.txt")
    vectors.save("v.bin")
    for name in ("v.txt", "v.bin"):
        code, out, _ = firth(capsys, "verify", name)
        assert code == 0
        assert "this format carries no checksum" in out
        assert not verify(name)[0].has_checksum
    lines = (folder / "v.txt").read_text().splitlines(keepends=True)
    lines[3] = lines[3].replace(lines[3].split()[2], "nan", 1)
    (folder / "v.txt").write_text("".join(lines))
    code, _, err = firth(capsys, "verify", "v.txt")
    assert code == 1
    assert "v.txt" in err


def test_a_checkpoint_with_a_number_that_is_none_is_damaged(tmp_path):
    path = Checkpoints(tmp_path).save(1, {"center": np.array([1.0, np.nan])}, {})
    with pytest.raises(DataError, match="center holds a number that is not finite"):
        verify(path)


def test_a_corpus_whose_ids_are_not_words_is_damaged(folder):
    from firth.corpus.corpus import _digest
    from firth.files import sha256_of

    Corpus.from_text("text.txt", min_count=1, folder="corpus")
    ids = np.load("corpus/ids.npy")
    ids[7] = 24
    np.save("corpus/ids.npy", ids)
    told = json.loads((folder / "corpus/corpus.json").read_text())
    told["files"]["ids.npy"] = sha256_of("corpus/ids.npy")
    del told["sha256"]
    told["sha256"] = _digest(told)
    (folder / "corpus/corpus.json").write_text(json.dumps(told))
    with pytest.raises(DataError, match="its sentences are not ones of its words"):
        verify("corpus")


def test_a_folder_of_nothing_is_a_mistake(tmp_path):
    with pytest.raises(OptionError, match="without checkpoints or a corpus in it"):
        verify(tmp_path)


def test_every_file_says_how_it_was_made(capsys, folder):
    settings = trained(capsys, "v.safetensors", "--threads", "2", "--seed", "4").settings
    assert (settings["firth"], settings["seed"], settings["threads"], settings["deterministic"]) == (
        Vectors.load("v.safetensors").settings["firth"],
        4,
        2,
        False,
    )
    provenance = settings["provenance"]
    assert provenance["text"] == ["text.txt"]
    assert provenance["text_sha256"] == Corpus.from_text("text.txt", min_count=1).checksum()
    assert not provenance["repeatable"]
    assert provenance["processor"]["name"]
    assert isinstance(provenance["processor"]["features"], list)
    assert trained(capsys, "v.safetensors", "--threads", "1").settings["provenance"]["repeatable"]
    assert trained(capsys, "v.safetensors", "--threads", "2", "--deterministic").settings["provenance"]["repeatable"]


ANYTHING = [
    ["--deterministic", "--threads", "2", "--digits", "fold", "--unknown", "<out of it>", "--max-size", "20"],
    ["--threads", "1", "--architecture", "cbow", "--no-shrink-window", "--tokenizer", "whitespace", "--lowercase"],
    ["--threads", "1", "--no-lowercase", "--freeze", "w1,w2", "--max-sentence", "5", "--nfkc", "--strict"],
    ["--threads", "1", "--start", "old.safetensors", "--freeze-start", "--objective", "softmax"],
    ["--threads", "1", "--update", "old.safetensors", "--update-vocabulary", "--freeze-start", "--warmup", "0.1"],
    ["--threads", "1", "--start", "old.safetensors", "--objective", "hierarchical-softmax", "--held-out", "0.1"],
]


@pytest.mark.parametrize("options", ANYTHING, ids=lambda each: each[-1])
def test_the_command_that_is_printed_makes_the_same_file_again(capsys, folder, options):
    trained(capsys, "old.safetensors", "--max-size", "12", "--threads", "1")
    (folder / "again").mkdir()
    before = trained(capsys, "v.safetensors", *options)
    code, out, err = firth(capsys, "describe", "--reproduce", "v.safetensors")
    assert code == 0
    assert before.settings["provenance"]["text_sha256"] in err
    command = shlex.split(out)
    assert command[:5] == ["firth", "train", "text.txt", "--out", "v.safetensors"]
    arguments = ["old.safetensors" if each == "VECTORS" else each for each in command[1:]]
    arguments[3] = "again/v.safetensors"
    if "old.safetensors" in arguments:
        assert verify("old.safetensors")[0].sha256 in err
    assert firth(capsys, *arguments, "-q")[0] == 0
    assert (folder / "again/v.safetensors").read_bytes() == (folder / "v.safetensors").read_bytes()


def test_what_a_command_can_not_do_is_said(folder):
    corpus = Corpus.from_text([["a", "b", "c", "d"]] * 30, min_count=1, drop=["d"])
    frozen = Word2Vec(dimensions=4, threads=2, subsample=0.0).fit(corpus)
    command, notes = command_of({**frozen.vectors.settings, "firth": "0.0.9"}, "v.safetensors")
    assert command.startswith("firth train TEXT --out v.safetensors")
    told = "\n".join(notes)
    assert "it was made by Firth 0.0.9" in told
    assert "cut by 'given' in Python" in told
    assert "keep or drop" in told
    assert "not the same bits" in told
    with pytest.raises(DataError, match="doesn't say how it was made"):
        command_of({}, "other.safetensors")


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 3, "reading": {"tokenizer": "words"}, "provenance": "mine"},
        {"epochs": 3, "reading": {"tokenizer": "words"}, "provenance": {"text": 7}},
        {"epochs": 3, "reading": {"tokenizer": "words"}, "provenance": {"text": [7]}},
        {"epochs": 3, "reading": {"tokenizer": "words"}, "provenance": {"start": "x", "text_sha256": ""}},
        {"epochs": 3, "reading": 9},
        {"reading": {"tokenizer": "words"}},
    ],
    ids=str,
)
def test_settings_that_firth_did_not_write_are_a_sentence(settings):
    with pytest.raises(DataError, match="doesn't say how it was made"):
        command_of(settings, "v.safetensors")


def test_names_of_texts_never_become_options():
    settings = {
        "epochs": 3,
        "reading": {"tokenizer": "words"},
        "provenance": {"text": ["--out=x", "a b"], "text_sha256": ""},
    }
    assert command_of(settings, "v.safetensors")[0].startswith("firth train ./--out=x 'a b' --out v.safetensors")


def test_what_the_demo_made_is_made_by_the_demo_again():
    command, notes = command_of(
        {"iterations": 5, "dataset": "sst", "dimensions": 20, "firth": "0.1.0", "seed": 3}, "vectors.safetensors"
    )
    assert command == "firth demo --dataset sst --dimensions 20 --iterations 5 --seed 3"
    assert not any("TEXT" in note for note in notes)


def test_the_answer_for_programs_holds_command_and_notes(capsys, folder):
    trained(capsys)
    answer = json.loads(firth(capsys, "describe", "--reproduce", "v.safetensors", "--json")[1])
    assert set(answer) == {"file", "command", "notes"}
    assert answer["command"].startswith("firth train text.txt")
