"""Stopping on request, and progress outside a terminal."""

import ctypes
import io
import os
import signal
import subprocess
import sys
import time

import pytest

from firth import progress as progress_module
from firth.cli import main
from firth.progress import progress
from firth.signals import StoppedError, StopRequest


def test_the_first_signal_asks_and_the_second_ends(capsys):
    said = []
    stop = StopRequest(said.append)
    with stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(StoppedError) as caught:
            signal.raise_signal(signal.SIGTERM)
    assert caught.value.exit_code == 143
    assert len(said) == 1


def test_a_signal_that_comes_twice_at_once_asks_once():
    """As from `timeout`, which sends it to the process and to its group."""
    said = []
    with StopRequest(said.append) as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert stop()
        assert len(said) == 1
        time.sleep(0.25)
        with pytest.raises(StoppedError):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_comes_while_a_compiler_calls_back_is_not_lost(monkeypatch, capsys, number, code):
    """As the first epoch of UMAP is compiled for seconds, and what its compiler's callbacks raise is ignored."""

    def compile_and_work():
        ctypes.CFUNCTYPE(None)(lambda: signal.raise_signal(number))()
        for _ in range(500):
            time.sleep(0.01)

    before = signal.signal(signal.SIGTERM, signal.SIG_DFL), sys.unraisablehook
    try:
        monkeypatch.setattr("firth.course.check.run_checks", compile_and_work)
        assert main(["check"]) == code
        assert capsys.readouterr() == ("", "firth: stopped; no file is left half-written\n")
        assert sys.unraisablehook is before[1]
    finally:
        signal.signal(signal.SIGTERM, before[0])


def test_handlers_are_put_back_and_ignored_signals_stay_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopRequest() as stop:
            signal.raise_signal(signal.SIGINT)
            assert not stop()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["check"], ["data", "list"]])
def test_ctrl_c_anywhere_is_told_and_exits_130(arguments):
    code = (
        "import signal, sys, firth.cli, firth.course.check, firth.datasets\n"
        "def interrupt(*_): raise KeyboardInterrupt\n"
        "firth.course.check.run_checks = firth.datasets.status = interrupt\n"
        f"sys.exit(firth.cli.main({arguments}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 130
    assert answer.stderr == "firth: stopped; no file is left half-written\n"


@pytest.mark.slow
def test_a_terminal_without_greek_letters_still_gets_the_table():
    answer = subprocess.run(
        [sys.executable, "-m", "firth", "check"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert answer.returncode == 0
    assert b"\\u03c3" in answer.stdout


def test_time_left_is_that_of_the_work_since_the_first_report(monkeypatch):
    clock = iter([0.0, 100.0, 110.0])  # 100 s of compiling before the first report foretell nothing
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress("training") as report:
        report(38_000, 40_000, "")
        report(39_000, 40_000, "loss 1")
    assert sys.stderr.getvalue().splitlines()[-1] == "training: 39,000 of 40,000, loss 1, 10 s left"
