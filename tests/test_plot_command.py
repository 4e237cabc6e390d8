"""`firth plot`, as people and programs call it: pictures, answers, and mistakes told in a sentence before the work."""

import json
import sys

import numpy as np
import pytest

from firth import Vectors
from firth.cli import main
from firth.plots import fonts, layout

WORDS = ["king", "queen", "man", "woman", "rain", "snow", "coffee", "tea", "naïve", "london"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matrix = np.random.default_rng(1).normal(size=(10, 6))
    Vectors(WORDS, matrix, range(20, 10, -1)).save("v.safetensors")
    (tmp_path / "list.txt").write_text("royal: king queen\nrain snow\n\nroyal: man\n", encoding="utf-8")
    (tmp_path / "pairs.txt").write_text("man woman\nking:queen\n")
    (tmp_path / "run.jsonl").write_text('{"words": 1, "loss": 3}\n{"words": 2, "loss": 2.5}\n')
    return tmp_path


def firth(capsys, *arguments):
    code = main([str(each) for each in arguments])
    return (code, *capsys.readouterr())


COMMANDS = {
    "words": ["v.safetensors", "king", "rain", "tea"],
    "map": ["v.safetensors", "-n", "10", "--quiet"],
    "neighbors": ["v.safetensors", "king", "-n", "4"],
    "similarity": ["v.safetensors", "king", "rain", "tea"],
    "analogy": ["v.safetensors", "man:woman", "king:queen"],
    "curves": ["run.jsonl"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_draws_one_picture_and_says_where(name, capsys, folder):
    before = set(folder.iterdir())
    assert firth(capsys, "plot", name, *COMMANDS[name]) == (0, f"written: {name}.png\n", "")
    assert {path.name for path in set(folder.iterdir()) - before} == {f"{name}.png"}
    assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_same_command_gives_the_same_bytes(name, capsys, folder):
    for file in ("a.svg", "b.svg"):
        assert firth(capsys, "plot", name, *COMMANDS[name], "-o", file, "--size", "7x7", "--title", "T")[0] == 0
    assert (folder / "a.svg").read_bytes() == (folder / "b.svg").read_bytes()
    assert b"<svg" in (folder / "a.svg").read_bytes()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("words", {"words": ["king", "rain", "tea"], "layout": "pca"}),
        ("map", {"words": 10, "layout": "pca", "clusters": ...}),
        ("neighbors", {"word": "king", "words": ...}),
        ("similarity", {"words": ..., "cosines": ...}),
        ("analogy", {"pairs": ...}),
        ("curves", {"runs": [{"name": "run", "reports": 2, "last": {"words": 2.0, "loss": 2.5}}]}),
    ],
)
def test_programs_get_an_answer_as_json(name, expected, capsys, folder):
    code, out, _ = firth(capsys, "plot", name, *COMMANDS[name], "--json", "-o", "a.pdf")
    answer = json.loads(out)
    assert code == 0
    assert (answer.pop("written"), answer.pop("missing_font")) == ("a.pdf", None)
    assert set(answer) == set(expected)
    assert all(value is ... or answer[key] == value for key, value in expected.items())
    vectors = Vectors.load("v.safetensors")
    if name == "neighbors":
        assert [(each["word"], each["cosine"]) for each in answer["words"]] == vectors.most_similar("king", n=4)
    if name == "similarity":
        assert sorted(answer["words"]) == ["king", "rain", "tea"]
        assert answer["cosines"][0][1] == pytest.approx(vectors.similarity(*answer["words"][:2]), abs=1e-6)
    if name == "map":
        assert sum(each["words"] for each in answer["clusters"]) == 10
    if name == "analogy":
        assert [each["pair"] for each in answer["pairs"]] == [["man", "woman"], ["king", "queen"]]


def test_words_of_a_file_come_in_groups_each_word_once(capsys, folder):
    answer = json.loads(
        firth(capsys, "plot", "words", "v.safetensors", "tea", "rain", "--words", "list.txt", "-o", "a.svg", "--json")[
            1
        ]
    )
    assert answer["words"] == ["tea", "rain", "king", "queen", "snow", "man"]
    arguments = ("plot", "analogy", "v.safetensors", "rain:snow", "man:woman", "--words", "pairs.txt", "--json")
    pairs = json.loads(firth(capsys, *arguments)[1])["pairs"]
    assert [each["pair"] for each in pairs] == [["rain", "snow"], ["man", "woman"], ["king", "queen"]]


def test_layouts_and_clusters_can_be_chosen(capsys, folder):
    pytest.importorskip("sklearn")
    arguments = ("plot", "map", "v.safetensors", "-n", "10", "--layout", "tsne", "--clusters", "2", "--json", "-q")
    answer = json.loads(firth(capsys, *arguments)[1])
    assert answer["layout"] == "tsne"
    assert len(answer["clusters"]) == 2
    answer = json.loads(firth(capsys, "plot", "words", "v.safetensors", *WORDS, "--layout", "tsne", "--json")[1])
    assert answer["layout"] == "tsne"


def test_progress_is_shown_on_long_work_unless_told_not_to(capsys, folder):
    assert "clusters" in firth(capsys, "plot", "map", "v.safetensors", "-n", "10")[2]
    assert firth(capsys, "plot", "map", "v.safetensors", "-n", "10", "--quiet")[2] == ""


def test_runs_of_one_name_are_told_apart_by_their_paths(capsys, folder):
    (folder / "other").mkdir()
    (folder / "other" / "run.jsonl").write_text('{"words": 1, "loss": 4}\n')
    answer = json.loads(firth(capsys, "plot", "curves", "run.jsonl", "other/run.jsonl", "--json")[1])
    assert [each["name"] for each in answer["runs"]] == ["run.jsonl", "other/run.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["words", "v.safetensors", "kinng"], 1, "the word 'kinng' is not in the vocabulary: did you mean king?"),
        (
            ["words", "v.safetensors", "kinng", "king", "xyzzy"],
            1,
            "2 of 3 words are not in the vocabulary: 'kinng' (did you mean king?), 'xyzzy'",
        ),
        (["neighbors", "v.safetensors", "kinng"], 1, "did you mean king?"),
        (["analogy", "v.safetensors", "man:womann"], 1, "did you mean woman?"),
        (["words", "v.safetensors"], 2, "there are no words: give some, or a file of words with --words"),
        (["words", "v.safetensors", "--words", "empty.txt"], 1, "empty.txt has no words"),
        (["words", "v.safetensors", "--words", "absent.txt"], 1, "cannot read absent.txt"),
        (["words", "v.safetensors", "--words", "v.safetensors"], 1, "v.safetensors is no text in UTF-8"),
        (["words", "v.safetensors", "king", "-o", "a.jpg"], 2, "a.jpg is no name of a picture: let it end in .png"),
        (["words", "v.safetensors", "king", "-o", "absent/a.png"], 1, "there is no folder absent"),
        (["words", "v.safetensors", "king", "-o", "folder.png"], 2, "folder.png is a folder: name a file in it"),
        (["words", "v.safetensors", "king", "--size", "wide"], 2, "--size is 'wide'"),
        (["words", "v.safetensors", "king", "--size", "1x9"], 2, "each side must be 3 to 60"),
        (["words", "v.safetensors", "king", "--layout", "pac"], 2, "layout is 'pac': it must be one of pca"),
        (
            ["words", "v.safetensors", "king", "queen", "man", "rain", "tea", "--seed", "-1", "--layout", "tsne"],
            2,
            "seed is -1",
        ),
        (["words", "absent.safetensors", "king"], 1, "absent.safetensors"),
        (["similarity", "v.safetensors", "king"], 2, "choose 2 to 100"),
        (["map", "v.safetensors", "-q"], 2, "-n is 2,000: it must be from 1 to 10"),
        (["map", "v.safetensors", "-n", "0", "-q"], 2, "-n is 0"),
        (["map", "v.safetensors", "-n", "9", "--clusters", "0", "-q"], 2, "clusters is 0"),
        (["map", "v.safetensors", "-n", "9", "--seed", "-3", "-q"], 2, "seed is -3"),
        (["neighbors", "v.safetensors", "king", "-n", "0"], 2, "-n is 0: it must be from 1 to 60"),
        (["neighbors", "v.safetensors", "king", "-n", "61"], 2, "-n is 61: it must be from 1 to 60"),
        (["analogy", "v.safetensors", "man-woman"], 2, "'man-woman' is no pair of words"),
        (["analogy", "v.safetensors", "man:"], 2, "'man:' is no pair of words"),
        (["analogy", "v.safetensors", "--words", "list.txt"], 2, "'royal::king:queen' in list.txt is no pair"),
        (["analogy", "v.safetensors"], 2, "there are no pairs"),
        (["curves", "list.txt"], 1, "list.txt, line 1 is no JSON object with numbers"),
        (["curves", "absent.jsonl"], 1, "cannot read absent.jsonl"),
        (["curves", "run.jsonl", "--along", "time"], 2, "along is 'time'"),
        (["curves"], 2, "LOG"),
    ],
)
def test_mistakes_are_told_in_a_sentence_and_nothing_is_written(arguments, code, said, capsys, folder):
    (folder / "empty.txt").write_text("\n \n")
    (folder / "folder.png").mkdir()
    before = set(folder.iterdir())
    ended, out, err = firth(capsys, "plot", *arguments)
    assert (ended, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
    assert set(folder.iterdir()) == before


def test_a_picture_that_can_not_be_written_is_told_before_the_work(capsys, folder, monkeypatch):
    monkeypatch.setattr(Vectors, "load", None)  # would be a fault
    code, _, err = firth(capsys, "plot", "map", "v.safetensors", "-o", "absent/a.png")
    assert (code, "no folder absent" in err) == (1, True)


def test_a_wrong_size_is_told_before_the_vectors_are_read(capsys, folder):
    code, said, err = firth(capsys, "plot", "map", "absent.safetensors", "--size", "0x5")
    assert (code, said) == (2, "")
    assert err == "firth: size is 0 x 5 inches: each side must be 3 to 60\n"


def test_the_only_word_there_is_has_no_neighbors(capsys, folder):
    Vectors(["a"], np.ones((1, 3))).save("one.safetensors")
    code, _, err = firth(capsys, "plot", "neighbors", "one.safetensors", "a")
    assert (code, err) == (1, "firth: one.safetensors holds one word, which has no neighbors: give vectors of more\n")


def test_letters_that_no_font_has_are_told_and_drawn_as_code_points(capsys, folder, monkeypatch):
    Vectors(["国王", "女王"], [[1, 0], [0, 1]]).save("zh.safetensors")
    monkeypatch.setattr(fonts, "_installed", lambda: ("DejaVu Sans",))
    code, out, err = firth(capsys, "plot", "words", "zh.safetensors", "国王", "女王")
    assert (code, out) == (0, "written: words.png\n")
    assert err.startswith("warning: no installed font has 国, 女, 王, shown as code points: install Noto Sans CJK")
    assert json.loads(firth(capsys, "plot", "words", "zh.safetensors", "国王", "-q", "--json")[1])["missing_font"]


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [
        ("matplotlib", ["words", "v.safetensors", "king"]),
        ("umap", ["map", "v.safetensors", "-n", "9", "--layout", "umap", "-q"]),
        ("scipy", ["similarity", "v.safetensors", *WORDS]),
    ],
)
def test_without_an_extra_the_install_line_is_told(missing, arguments, capsys, folder, monkeypatch):
    for name in [missing, *(name for name in sys.modules if name.startswith(f"{missing}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    code, _, err = firth(capsys, "plot", *arguments)
    assert (code, err) == (1, f"firth: {missing} is not installed: run  pip install 'firth[lab]'\n")


def test_auto_without_umap_is_principal_components(capsys, folder, monkeypatch):
    monkeypatch.setattr(layout, "MANY", 5)
    monkeypatch.setattr(layout, "_has_umap", lambda: False)
    assert json.loads(firth(capsys, "plot", "map", *COMMANDS["map"], "--json")[1])["layout"] == "pca"
