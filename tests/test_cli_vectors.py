"""The commands about vectors, as people and programs call them."""

import contextlib
import io
import json
import os
import re
import select
import subprocess
import sys
import time

import pytest

from firth.cli import main
from firth.output import printable
from firth.prompt import Completer
from firth.vectors import Vectors

if sys.platform != "win32":
    import fcntl
    import termios

VECTORS = Vectors(["king", "queen", "rain"], [[1, 0.1], [1, 0], [0, 1]], [5, 3, 2], settings={"seed": 7, "x": None})


@pytest.fixture
def file(tmp_path):
    VECTORS.save(tmp_path / "v.safetensors", dtype="float16")
    return tmp_path / "v.safetensors"


def firth(capsys, *arguments):
    """Run the command in this process: exit status, standard output, standard error."""
    code = main([str(each) for each in arguments])
    return (code, *capsys.readouterr())


def test_describe_says_what_is_in_a_file(capsys, file):
    code, out, err = firth(capsys, "describe", file)
    assert (code, err) == (0, "")
    for said in ("words            3", "dimensions       2", "float16", "king, queen, rain", "settings: seed   7"):
        assert said in out
    answer = json.loads(firth(capsys, "describe", file, "--json")[1])
    assert answer["words_of_text"] == 10
    assert answer["outside_vectors"] is False
    assert answer["settings"] == {"seed": 7, "x": None}


def test_describe_of_no_vectors_is_a_sentence(capsys, tmp_path):
    code, out, err = firth(capsys, "describe", tmp_path / "absent")
    assert (code, out) == (1, "")
    assert err.startswith("firth: cannot read")
    assert err.count("\n") == 1


def test_describe_says_the_format_of_other_tools_files(capsys, tmp_path):
    VECTORS.save(tmp_path / "v.bin")
    answer = json.loads(firth(capsys, "describe", tmp_path / "v.bin", "--json")[1])
    assert (answer["format"], answer["words"], answer["words_of_text"]) == ("word2vec-binary", 3, None)


def test_convert_goes_by_name_and_says_what_is_lost(capsys, tmp_path, file):
    code, out, err = firth(capsys, "convert", file, tmp_path / "v.txt")
    assert code == 0
    assert out == f"3 words, 2 dimensions: {tmp_path / 'v.txt'} (word2vec-text)\n"
    assert err == f"word2vec-text can't hold counts, settings: left out of {tmp_path / 'v.txt'}\n"
    assert Vectors.load(tmp_path / "v.txt").matrix.tobytes() == Vectors.load(file).matrix.tobytes()
    code, out, err = firth(capsys, "convert", tmp_path / "v.txt", tmp_path / "w.safetensors", "--dtype", "int8", "-q")
    assert (code, err) == (0, "")
    assert Vectors.load(tmp_path / "w.safetensors").dtype == "int8"
    code, out, _ = firth(capsys, "convert", file, tmp_path / "folder", "--to", "model2vec", "--json")
    assert json.loads(out)["lost"] == ["counts", "settings"]
    assert (tmp_path / "folder" / "tokenizer.json").exists()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["out.doc"], 2, "does not tell its format"),
        (["out.txt", "--to", "word3vec"], 2, "must be one of native"),
        (["out.txt", "--duplicates", "merge"], 2, "error, first, last"),
        (["out.txt"], 1, "'a' is there twice"),
        (["out.txt", "--duplicates", "first", "--dtype", "int8"], 2, "Firth's own format"),
    ],
)
def test_what_can_not_be_converted_is_a_sentence_and_leaves_nothing(capsys, tmp_path, monkeypatch, options, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.txt").write_text("3 1\na 1\na 2\nb 3\n")
    ended, out, err = firth(capsys, "convert", "in.txt", *options)
    assert (ended, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["in.txt"]


def test_duplicates_left_out_are_counted(capsys, tmp_path):
    (tmp_path / "in.txt").write_text("3 1\na 1\na 2\nb 3\n")
    _, _, err = firth(capsys, "convert", tmp_path / "in.txt", tmp_path / "out.safetensors", "--duplicates", "last")
    assert err == "1 duplicates were left out (last kept)\n"
    _, _, err = firth(capsys, "convert", tmp_path / "out.safetensors", tmp_path / "again.safetensors")
    assert err == ""  # nothing was, this time


def test_words_that_policies_leave_out_or_change_are_counted(capsys, tmp_path):
    (tmp_path / "in.txt").write_bytes(b"new york 1 2\nb\xff 3 4\nc 5 6\n")
    arguments = (tmp_path / "in.txt", tmp_path / "out.bin", "--invalid", "escape", "--spaces", "skip")
    code, out, err = firth(capsys, "convert", *arguments)
    assert code == 0
    assert out.startswith("2 words, 2 dimensions")
    assert "1 words of invalid UTF-8 were changed (escape)\n1 words with white space were left out\n" in err
    answer = json.loads(firth(capsys, "convert", *arguments, "--json")[1])
    assert (answer["words"], len(answer["changed"])) == (2, 2)
    assert len(Vectors.load(tmp_path / "out.bin")) == 2


def test_settings_of_any_kind_are_converted(capsys, tmp_path):
    Vectors(["a"], [[1]], settings={"duplicates_left_out": 5}).save(tmp_path / "v.safetensors")
    assert firth(capsys, "convert", tmp_path / "v.safetensors", tmp_path / "w.safetensors")[0] == 0


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (["king"], {"query": "king", "kind": "nearest", "words": ["queen", "rain"]}),
        (["king - rain"], {"query": "king - rain", "kind": "nearest", "words": ["queen"]}),
        (["king", "+", "rain", "-", "queen"], {"query": "king + rain - queen", "kind": "nearest", "words": []}),
        (["--", "-", "rain", "+", "king"], {"query": "- rain + king", "kind": "nearest", "words": ["queen"]}),
        (["king ~ queen"], {"query": "king ~ queen", "kind": "similarity", "cosine": 0.995037}),
        (["? king queen rain"], {"query": "? king queen rain", "kind": "odd-one-out", "word": "rain"}),
    ],
)
def test_questions_are_answered(capsys, file, question, answer):
    code, out, err = firth(capsys, "query", file, "--json", *question)
    assert (code, err) == (0, "")
    found = json.loads(out)
    found["words"] = [each["word"] for each in found.get("words", [])]
    if "cosine" in found:
        found["cosine"] = round(found["cosine"], 2)
        answer = answer | {"cosine": 1.0}
    assert found == {"words": []} | answer


def test_answers_for_people(capsys, file):
    assert firth(capsys, "query", file, "king ~ king")[1] == "1.0000\n"
    assert firth(capsys, "query", file, "?", "king", "queen", "rain")[1] == "rain\n"
    lines = firth(capsys, "query", file, "king", "-n", "1")[1].splitlines()
    assert [line.split() for line in lines] == [["word", "cosine"], ["queen", "0.9950", "▪" * 24]]


@pytest.mark.parametrize(
    ("question", "code", "said"),
    [
        (["kinng"], 1, "did you mean king?"),
        (["king ~"], 2, "king ~ queen"),
        (["king - - man"], 2, "after '-' a word must follow"),
        (["king +"], 2, "after '+' a word must follow"),
        (["? king"], 2, "at least two"),
        (["king", "-n", "0"], 2, "at least 1"),
    ],
)
def test_questions_that_have_no_answer(capsys, file, question, code, said):
    ended, out, err = firth(capsys, "query", file, *question)
    assert (ended, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_pipe_is_answered_a_question_a_line(capsys, file, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("king ~ king\n\nnobody\n? king queen rain\n"))
    code, out, err = firth(capsys, "query", file)
    assert (code, out) == (2, "1.0000\nrain\n")
    assert "nobody" in err
    assert "1 of the questions could not be answered" in err


def test_a_line_of_invalid_utf8_is_an_unknown_word(capsys, file, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\nking ~ king\n"), encoding="utf-8"))
    code, out, err = firth(capsys, "query", file)
    assert (code, out) == (2, "1.0000\n")
    assert r"'\\xff' is not in the vocabulary" in err


def test_a_word_can_not_command_the_terminal(capsys, tmp_path):
    words = ["king", "\x1b[2Jqueen\n\x9b1m", "naïve"]
    Vectors(words, [[1, 0.1], [1, 0], [0.9, 0.5]]).save(tmp_path / "v.safetensors")
    for question in (["query", tmp_path / "v.safetensors", "king"], ["describe", tmp_path / "v.safetensors"]):
        out = firth(capsys, *question)[1]
        assert r"\x1b[2Jqueen\x0a\x9b1m" in out
        assert "naïve" in out
        assert "\x1b" not in out


def test_words_are_completed_by_their_beginning():
    completer = Completer(lambda: ["kingdom", "queen", "king", "日本"])
    assert completer.completions("ki") == ["king ", "kingdom "]
    assert completer.completions("日") == ["日本 "]
    assert completer.completions("x") == completer.completions("") == []
    assert [completer("ki", state) for state in range(3)] == ["king ", "kingdom ", None]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals on Windows")
def test_the_prompt_survives_ctrl_c_empty_lines_and_unknown_words_and_ends_with_ctrl_d(file, tmp_path):
    import pty

    terminal, inside = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "firth", "query", str(file)],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        close_fds=True,
        env={**os.environ, "FIRTH_CACHE": str(tmp_path), "TERM": "xterm"},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(inside)
    seen = b""

    def read_until(wanted):
        nonlocal seen
        deadline = time.monotonic() + 20
        while wanted not in seen:
            assert select.select([terminal], [], [], deadline - time.monotonic())[0], seen
            seen += os.read(terminal, 4096)
        seen = seen[seen.index(wanted) + len(wanted) :]

    with program, contextlib.closing(os.fdopen(terminal, "wb", buffering=0)) as keys:
        read_until(b"cereal dinner lunch")
        read_until(b"> ")
        time.sleep(0.2)
        for typed, wanted in [
            (b"\n", b"> "),
            (b"half a ques", b"half a ques"),
            (b"\x03", b"> "),
            (b"kinng\n", b"did you mean king?"),
            (b"ki\t~ rai\t\n", b"0.0"),
            (b"king +\n", b"a word must follow"),
            (b"\x1b[A\n", b"a word must follow"),
            (b"? king queen rain\n", b"rain\r\n"),
        ]:
            keys.write(typed)
            read_until(wanted)
            time.sleep(0.2)  # until the line editor has the terminal again: Ctrl-C empties what is on its way
        keys.write(b"\x04")
        assert program.wait(timeout=60) == 0
    assert (tmp_path / "query_history").read_text().splitlines()[-1] == "? king queen rain"


def test_convert_refuses_what_can_not_be_written_before_it_reads(capsys, tmp_path):
    for options, said in (
        (["x.txt", "--dtype", "float16"], "dtype is for Firth's own format"),
        (["x.safetensors", "--dtype", "float8"], "dtype is 'float8'"),
        (["x.txt", "--spaces", "x"], "spaces is 'x'"),
        (["x", "--to", "fasttext-bin"], "read and not written"),
    ):
        code, _, err = firth(capsys, "convert", tmp_path / "absent", *options)
        assert code == 2
        assert said in err


def test_convert_lists_the_formats(capsys):
    code, out, _ = firth(capsys, "convert", "--formats")
    assert code == 0
    assert re.search(r"fasttext-bin +read +fastText's", out)
    assert re.search(r"model2vec +written +", out)
    assert re.search(r"native +\.safetensors +read, written", out)


def test_what_would_turn_or_break_a_line_of_the_terminal_is_written_out():
    assert printable("a\u202eb\u2066c\u2028d\x1b[2J") == "a\\u202eb\\u2066c\\u2028d\\x1b[2J"
    persian, family = "می‌خواهم", "👨‍👩‍👧"
    assert (printable(persian), printable(family)) == (persian, family)
