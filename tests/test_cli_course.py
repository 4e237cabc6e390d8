"""`firth grade` and `firth course` as commands: exit statuses, 80 columns, JSON that says the same."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from submissions import FUNCTIONS, SGD, source, submit, with_body

from firth.cli import main


def firth(capsys, *arguments):
    code = main([str(each) for each in arguments])
    return (code, *capsys.readouterr())


@pytest.fixture
def wrong(tmp_path):
    """One function wrong, one not written, one that raises."""
    repeats = FUNCTIONS["negSamplingLossAndGradient"].replace("gradOutsideVecs[index] +=", "gradOutsideVecs[index] =")
    skipgram = with_body("skipgram", "raise NotImplementedError")
    sgd = SGD.replace("x - step * grad", "x - step * gradient")
    return submit(tmp_path / "wrong", source(negSamplingLossAndGradient=repeats, skipgram=skipgram), sgd)


def test_full_marks_exit_0_and_say_so(capsys, tmp_path):
    code, out, err = firth(capsys, "grade", submit(tmp_path, source()))
    assert code == 0
    assert "16 of 16 points  All of it is right. Well done!" in out
    assert "with your rights" in err
    assert "grading: 7 of 7" in err


def test_less_exits_1_names_the_mistake_and_says_where_to_go_on(capsys, wrong):
    code, out, err = firth(capsys, "grade", wrong, "--quiet")
    assert (code, err) == (1, "")
    told = " ".join(out.split())
    assert "8 of 16 points Next: negSamplingLossAndGradient." in told
    assert "A negative drawn twice counts once in dJ/dU." in told
    assert "→ Use np.add.at(grad, negatives, rows)" in told
    assert "firth explain mistakes repeats-dropped" in told
    assert "○ skipgram not written yet" in told
    assert "sgd.py, line 17" in told
    assert "sgd raised NameError: name 'gradient' is not defined" in told


def test_it_stays_within_80_columns_and_has_no_colour_in_a_pipe(wrong):
    command = [sys.executable, "-m", "firth", "grade", str(wrong)]
    out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_a_terminal_without_such_letters_gets_plain_ones(wrong):
    command = [sys.executable, "-m", "firth", "grade", str(wrong), "-q"]
    environment = {"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"}
    out = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment}).stdout
    assert "  + sigmoid" in out
    assert "  x sgd" in out


def test_a_file_that_can_not_be_read_is_told_once(capsys, tmp_path):
    out = firth(capsys, "grade", submit(tmp_path, "def broken(:\n"), "-q")[1]
    assert out.count("Python can't read the file") == 1
    assert out.count("for the same reason") == 3
    assert "4 of 16 points" in out


@pytest.mark.slow
def test_json_says_the_same_and_repeats_to_the_byte(capsys, wrong):
    code, out, _ = firth(capsys, "grade", wrong, "--json")
    answer = json.loads(out)
    assert code == 1
    assert (answer["points"], answer["of"], answer["passed"]) == (8, 16, False)
    parts = {part["function"]: part for part in answer["parts"]}
    finding = next(check["finding"] for check in parts["negSamplingLossAndGradient"]["checks"] if check["finding"])
    assert finding["mistakes"] == ["repeats-dropped"]
    assert parts["skipgram"]["checks"][0]["finding"]["kind"] == "unfinished"
    assert parts["sgd"]["checks"][0]["finding"]["line"] == 17
    assert sum(part["of"] for part in answer["parts"]) == 16
    assert firth(capsys, "grade", wrong, "--json")[1] == out


def test_a_file_can_not_command_the_terminal(capsys, tmp_path):
    body = "raise ValueError('\\x1b[2J gone \\x07')"
    out = firth(capsys, "grade", submit(tmp_path, source(sigmoid=with_body("sigmoid", body))), "-q")[1]
    assert "\x1b" not in out
    assert "\\x1b[2J" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["grade", "nowhere"], 1, "nowhere: no such file or folder"),
        (["grade", "."], 1, "holds neither word2vec.py nor sgd.py"),
        (["grade"], 2, "Missing argument 'PATH'"),
        (["grade", ".", "--timeout", "0"], 2, "--timeout is 0.0: give seconds"),
        (["grade", ".", "--timeout", "nan"], 2, "--timeout is nan"),
        (["grade", ".", "--memory", "3"], 2, "--memory is 3: give megabytes"),
        (["grade", ".", "--memory", "much"], 2, "--memory"),
        (["grade", ".", "--seed", "-1"], 2, "--seed"),
        (["course", "pack", "nowhere"], 1, "nowhere: no such folder"),
        (["course", "pack", "."], 1, "lacks word2vec.py, sgd.py, run.py, written.pdf or written.md"),
        (["course", "unpack", "."], 2, "No such command 'unpack'"),
    ],
)
def test_bad_usage_is_one_sentence(arguments, code, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = firth(capsys, *arguments)
    assert (status, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


def test_the_assignment_is_written_graded_and_packed(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = firth(capsys, "course", "new", "work")
    assert code == 0
    assert "make check" in out
    code, _, err = firth(capsys, "course", "new", "work")
    assert code == 1
    assert "--force" in err
    code, _, err = firth(capsys, "course", "pack", "work")
    assert code == 1
    assert "written" in err
    code, out, err = firth(capsys, "course", "pack", "work", "--no-written")
    assert code == 0
    assert "with      run.py, sgd.py, word2vec.py" in out
    assert "note: word2vec.py is as it was given" in err
    code, out, _ = firth(capsys, "course", "pack", "work", "--no-written", "--json")
    assert json.loads(out)["files"] == ["run.py", "sgd.py", "word2vec.py"]
    code, out, _ = firth(capsys, "grade", "work/submission.zip", "-q")
    assert code == 1
    assert "0 of 16 points  Next: sigmoid." in out


@pytest.mark.slow
def test_the_teachers_loop_in_the_docs_works(capsys, tmp_path, wrong):
    page = (Path(__file__).parents[1] / "docs" / "grade.md").read_text()
    loop = re.search(r"```sh\n(.*?)```", page, flags=re.DOTALL).group(1)
    (tmp_path / "submissions").mkdir()
    for name in ("word2vec.py", "sgd.py"):
        with zipfile.ZipFile(tmp_path / "submissions" / "alice.zip", "a") as archive:
            archive.write(wrong / name, name)
    (tmp_path / "submissions" / "bob.zip").write_text("no zip")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "firth"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m firth "$@"\n')
    command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["sh"], input=loop, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "submissions/alice.zip\t8\trepeats-dropped",
        "submissions/bob.json\tnothing to grade",
    ]
    assert "bob.zip is no zip file, or a damaged one" in done.stderr
