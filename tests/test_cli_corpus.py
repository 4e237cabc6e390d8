"""`firth data describe` and `firth phrases`: what is in a text, and which words belong together."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from firth import Phrases
from firth.cli import main


def firth(capsys, *arguments):
    code = main([str(each) for each in arguments])
    return (code, *capsys.readouterr())


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "text.txt"
    path.write_text("I love New York City\nshe left new york city\n\nthe city of york is not new\n" * 10)
    return path


def test_describe_says_what_is_in_a_text(capsys, text):
    code, out, err = firth(capsys, "data", "describe", text, "--min-count", "20", "--top", "2")
    assert code == 0
    shown = dict(line.split("  ", 1) for line in out.splitlines()[1:])
    assert {name: value.strip() for name, value in shown.items() if name != "read"} == {
        "text": str(text),
        "sentences": "30",
        "words": "170, 11 different",
        "kept": "90 (52.9%), 3 different",
        "skipped": f"10 blank lines, first {text}:3",
        "most frequent": "city 30, new 30",
    }
    assert "170 words" in err


def test_describe_as_json_holds_the_same(capsys, text):
    code, out, _ = firth(capsys, "data", "describe", text, "--json", "--quiet", "--no-cache")
    answer = json.loads(out)
    assert code == 0
    assert (answer["sentences"], answer["tokens"], answer["types"]) == (30, 170, 11)
    assert answer["settings"]["tokenizer"] == "words"
    assert answer["most_frequent"][0] == ["city", 30]


def test_phrases_are_found_saved_joined_and_applied_to_another_text(capsys, text, tmp_path):
    options = ("--passes", "2", "--threshold", "0.5", "--min-count", "15", "--quiet")
    code, out, _ = firth(
        capsys, "phrases", text, *options, "--out", tmp_path / "joined.txt", "--save", tmp_path / "phrases"
    )
    assert code == 0
    assert "new_york_city" in out
    joined = (tmp_path / "joined.txt").read_text().splitlines()
    assert joined[:3] == ["i love new_york_city", "she left new_york_city", "the city of york is not new"]
    assert len(joined) == 30
    assert {row[0] for row in Phrases.load(tmp_path / "phrases").table()} == {"new_york", "york_city", "new_york_city"}
    other = tmp_path / "other.txt"
    other.write_text("to new york city\n")
    code, *_ = firth(
        capsys, "phrases", other, "--apply", tmp_path / "phrases", "--out", tmp_path / "again.txt", "--quiet"
    )
    assert code == 0
    assert (tmp_path / "again.txt").read_text() == "to new_york_city\n"


def test_phrases_as_json(capsys, text):
    code, out, _ = firth(capsys, "phrases", text, "--json", "--threshold", "1", "--quiet", "--connectors", "english")
    answer = json.loads(out)
    assert code == 0
    assert answer["phrases"] == len(answer["table"])
    assert "new_york" in [row[0] for row in answer["table"]]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("data", "describe", "none.txt"), 1, "there is no file none.txt"),
        (("data", "describe", "{text}", "--min-count", "0"), 2, "min_count is 0"),
        (("data", "describe", "{text}", "--min-count", "99"), 2, "the most frequent, 'city', occurs 30 times"),
        (("data", "describe", "{text}", "--tokenizer", "word"), 2, "tokenizer is 'word'"),
        (("phrases", "{text}", "--scoring", "pmi"), 2, "scoring"),
        (("phrases", "{text}", "--passes", "0"), 2, "passes"),
        (("phrases", "{text}", "--apply", "none"), 1, "cannot read none"),
        (("phrases", "{text}", "--out", "no/such/folder/a.txt"), 1, "cannot write no/such/folder/a.txt"),
    ],
)
def test_mistakes_are_one_sentence(capsys, text, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    found, out, err = firth(capsys, *[each.format(text=text) for each in arguments], "--quiet")
    assert (found, out) == (code, "")
    assert said in err
    assert err.startswith("firth: ")
    assert err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_while_reading_is_told_and_leaves_nothing(tmp_path, number, code):
    (tmp_path / "temporary").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary"), "FIRTH_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "firth", "data", "describe", "-", "--no-cache"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, bufsize=0
    ) as process:
        process.stdin.write(b"some words of a text that never ends\n" * 500_000)
        while not list((tmp_path / "temporary").glob("*/.*")):
            time.sleep(0.02)
        process.send_signal(number)
        process.stdin.close()
        assert process.wait(timeout=60) == code
        assert process.stderr.read().endswith(b"firth: stopped; no file is left half-written\n")
    assert list((tmp_path / "temporary").iterdir()) == []
