"""Threads: none begins before all are there, and one that fails keeps no other waiting."""

import subprocess
import sys
import threading

import pytest

from firth import FirthError
from firth.compute.crew import beside, run_threads


def fail_to_start(monkeypatch, number):
    """Let the system refuse the thread of that number, as it does where there are too many."""
    start = threading.Thread.start

    def refused(thread):
        if thread.name == f"firth-{number}":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refused)


def test_all_threads_do_their_part():
    done = []
    run_threads(5, done.append)
    assert sorted(done) == [0, 1, 2, 3, 4]


def test_where_a_thread_can_not_be_had_none_begins_and_none_is_left(monkeypatch):
    before, begun = threading.active_count(), []
    fail_to_start(monkeypatch, 3)
    with pytest.raises(FirthError, match="only 3 of 4 threads can be had here: ask for fewer threads"):
        run_threads(4, begun.append)
    assert begun == []
    for thread in threading.enumerate():
        if thread.name.startswith("firth-"):
            thread.join(10)
    assert threading.active_count() == before


def test_a_failure_is_raised_again_and_the_others_are_told():
    told = threading.Event()

    def work(number):
        if number == 1:
            raise ValueError("planned")
        assert told.wait(10)

    with pytest.raises(ValueError, match="planned"):
        run_threads(3, work, told.set)


def test_what_is_done_beside_answers_or_raises():
    assert beside(lambda: 7, "firth-test") == 7
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1 // 0, "firth-test")


_TEAM = """
import threading
import numpy as np
from planted import planted_text
from test_engine import make_config
from firth.training import prepare
from firth.training.engine import train
from firth.training.parameters import first_parameters

text, _ = planted_text(6, sentences=300)
make = prepare.make_engine
start = threading.Thread.start


def run(objective):
    config = make_config(("skip-gram", objective), deterministic=True, threads=3, held_out=0.1)
    try:
        train(text, config, first_parameters(text.counts.size, config))
    except BaseException as failure:
        print(objective, type(failure).__name__, failure, flush=True)


for objective in ("negative-sampling", "softmax"):
    for thread in (0, 2):
        for epoch in (0, -1):  # in learning, and in measuring what is held out

            def failing(*arguments):
                engine = make(*arguments)

                def learn(plan, number, at, chunk, rates):
                    if number == thread and at == epoch and chunk == 2:
                        raise MemoryError("planned")
                    return engine.learn(plan, number, at, chunk, rates)

                return prepare.Engine(learn, engine.threads, engine.is_team, engine.abandon)

            prepare.make_engine = failing
            run(objective)

prepare.make_engine = make


def refused(thread):
    if thread.name == "firth-2":
        raise RuntimeError("can't start new thread")
    start(thread)


threading.Thread.start = refused
run("negative-sampling")
"""


@pytest.mark.slow
def test_a_team_that_has_lost_a_thread_does_not_wait_for_it():
    from pathlib import Path

    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{_TEAM}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    lines = answer.stdout.splitlines()
    assert lines[:8] == [f"{name} MemoryError planned" for name in ("negative-sampling", "softmax") for _ in range(4)]
    assert lines[8] == ("negative-sampling FirthError only 2 of 3 threads can be had here: ask for fewer threads")
    assert answer.stderr == ""
