"""The command: answers on standard output, sentences on standard error, exit statuses that can be relied on."""

import json
import subprocess
import sys

import pytest

from firth import course, theory
from firth.cli import main


def firth(capsys, *arguments):
    """Run the command in this process: exit status, standard output, standard error."""
    code = main(arguments)
    return (code, *capsys.readouterr())


def test_check_prints_a_table_and_exits_0(capsys):
    code, out, err = firth(capsys, "check")
    assert (code, err) == (0, "")
    assert "published values" in out
    assert out.count(" ok\n") >= 25
    assert "FAILED" not in out


def test_check_as_json_says_the_same(capsys):
    code, out, _ = firth(capsys, "check", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["passed"] is True
    assert {check["group"] for check in answer["checks"]} == {"gradients", "values", "published values", "descent"}


def test_check_exits_1_and_names_what_failed(capsys, monkeypatch):
    monkeypatch.setattr(theory, "sigmoid", lambda x: 2 * theory.functions.sigmoid(x))
    code, out, err = firth(capsys, "check")
    assert code == 1
    assert "FAILED" in out
    assert "checks failed, the first: sigmoid" in err
    code, out, _ = firth(capsys, "check", "--json")
    assert code == 1
    assert json.loads(out)["passed"] is False


def test_a_check_that_can_not_be_computed_fails_and_is_still_json(capsys, monkeypatch):
    monkeypatch.setattr(course.assignment, "normalizeRows", lambda x: 1 / 0)
    code, out, _ = firth(capsys, "check", "--json")
    assert code == 1
    assert any("ZeroDivisionError" in check["name"] for check in json.loads(out)["checks"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dem"], "No such command 'dem'"),
        (["demo", "--dimension", "3"], "--dimensions"),
        (["demo", "--dimensions", "0"], "dimensions is 0: it must be a whole number from 1"),
        (["demo", "--dimensions", "three"], "--dimensions"),
        (["demo", "--loss", "hinge"], "loss is 'hinge': it must be one of negative-sampling, softmax"),
        (["demo", "--step", "nan"], "step is nan"),
        (["demo", "--dataset", "imdb"], "dataset is 'imdb': it must be one of auto, sst, python-docs"),
        (["data", "fetch", "imdb"], "there is no data set 'imdb'"),
        (["data", "verify", "imdb"], "there is no data set 'imdb'"),
        (["data", "fetch"], "Missing argument"),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_2(capsys, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = firth(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.startswith("firth: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", [["--help"], ["demo", "-h"], ["check", "--help"], ["data", "verify", "--help"]])
def test_help_is_there_and_exits_0(capsys, command):
    code, out, err = firth(capsys, *command)
    assert (code, err) == (0, "")
    assert "Usage: firth" in out


def test_the_version_is_told(capsys):
    assert firth(capsys, "--version") == (0, "firth 0.1.0\n", "")


def test_data_list_names_every_data_set(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("FIRTH_DATA", raising=False)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path))
    code, out, _ = firth(capsys, "data", "list", "--json")
    states = {entry["name"]: entry["state"] for entry in json.loads(out)}
    assert code == 0
    assert states["sst"] == "missing"
    assert states["python-docs"] == "ready"
    code, out, err = firth(capsys, "data", "list")
    assert code == 0
    assert all(name in out for name in states)
    assert "firth data fetch sst" in err


def test_data_verify_exits_1_where_a_file_is_damaged(capsys, monkeypatch, tmp_path):
    (tmp_path / "sst").mkdir()
    (tmp_path / "sst" / "datasetSplit.txt").write_bytes(b"\0\1\2")
    monkeypatch.setenv("FIRTH_DATA", str(tmp_path))
    code, out, err = firth(capsys, "data", "verify", "sst")
    assert code == 1
    assert "damaged" in out
    assert "sst/" in err
    code, out, _ = firth(capsys, "data", "verify", "sst", "--json")
    assert code == 1
    assert "damaged" in {entry["state"] for entry in json.loads(out)}


def test_data_verify_says_when_there_is_nothing_to_verify(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("FIRTH_DATA", raising=False)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path))
    code, _, err = firth(capsys, "data", "verify")
    assert code == 1
    assert "firth data list" in err


def test_a_fault_is_one_sentence_and_debug_shows_the_traceback(capsys, monkeypatch):
    monkeypatch.setattr("firth.course.check.run_checks", lambda: 1 / 0)
    code, _, err = firth(capsys, "check")
    assert code == 1
    assert "a fault of Firth (ZeroDivisionError" in err
    assert "--debug" in err
    with pytest.raises(ZeroDivisionError):
        main(["check", "--debug"])


def test_the_module_is_the_command():
    answer = subprocess.run(
        [sys.executable, "-m", "firth", "demo", "--seed", "-1"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("firth: seed is -1")


def test_a_reader_that_leaves_early_is_no_error_to_be_shown():
    command = f"set -o pipefail; {sys.executable} -m firth check --json | head -c 1"
    answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert answer.stdout == "{"
    assert "Traceback" not in answer.stderr
    assert "Exception ignored" not in answer.stderr


def test_a_failure_of_polars_is_one_sentence_too(capsys, monkeypatch):
    """What it raises is no `Exception`."""
    panic = type("PanicException", (BaseException,), {})

    def fail(**_):
        raise panic("Cannot allocate memory\nto hold a string")

    monkeypatch.setattr("firth.cli.app", fail)
    assert main(["verify", "x"]) == 1
    assert capsys.readouterr().err.startswith("firth: Polars failed (Cannot allocate memory to hold a string): close")
    with pytest.raises(panic):
        main(["verify", "x", "--debug"])


def test_what_was_typed_never_commands_the_terminal_nor_makes_two_lines_of_one(capsys):
    assert main(["train", "text.txt", "--out", "a\nb\x1b[31m"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("firth: --out is a\\x0ab\\x1b[31m: vectors are written as .safetensors")
    assert err.count("\n") == 1
