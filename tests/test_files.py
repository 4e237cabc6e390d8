"""Files are written whole or not at all."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from firth import FirthError, files
from firth.files import held, make_folder, write_whole

WRITE_UNDER_A_LIMIT = """
import resource, signal, sys
from firth.files import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write_whole(sys.argv[1], b"y" * 5000)
"""


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    write_whole(tmp_path / "a", b"old")
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_leaves_the_old_file_and_no_part(tmp_path):
    write_whole(tmp_path / "a", b"old")
    command = [sys.executable, "-c", WRITE_UNDER_A_LIMIT, str(tmp_path / "a")]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"cannot write {tmp_path / 'a'}: File too large" in failed.stderr
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_does_not_exist_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(FirthError, match=r"cannot write .*none.*a: No such file"):
        write_whole(tmp_path / "none" / "a", b"x")


@pytest.fixture
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


def part(name, pid, node=None):
    return f".{name}.{pid}@{node or files._node()}.0123abcd.part"


def test_parts_of_killed_runs_are_swept_and_those_of_live_ones_are_not(tmp_path, dead):
    (tmp_path / part("a", dead)).write_bytes(b"half")
    (tmp_path / part("b", dead)).mkdir()
    (tmp_path / part("b", dead) / "ids").write_bytes(b"half")
    alive = tmp_path / part("a", os.getpid())
    alive.write_bytes(b"half")
    make_folder(tmp_path)
    assert list(tmp_path.iterdir()) == [alive]


def test_a_file_written_again_takes_what_a_killed_run_left_of_it_along(tmp_path, dead):
    (tmp_path / part("a", dead)).write_bytes(b"half")
    other = tmp_path / part("b", dead)
    other.write_bytes(b"half")
    write_whole(tmp_path / "a", b"new")
    assert sorted(tmp_path.iterdir()) == [other, tmp_path / "a"]


def test_parts_of_another_machine_stay_until_they_are_given_up(tmp_path, dead):
    """In a folder that machines share, a process number that is free here may be taken there."""
    there = tmp_path / part("a", dead, "89abcdef")
    there.write_bytes(b"half")
    make_folder(tmp_path)
    assert list(tmp_path.iterdir()) == [there]
    os.utime(there, (time.time() - 8 * 24 * 3600,) * 2)
    make_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_temporary_folders_of_killed_runs_are_swept(tmp_path, dead, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / f"firth-corpus-{dead}@{files._node()}-abc"
    (left / "corpus").mkdir(parents=True)
    alive, more = files.passing_folder("corpus"), files.passing_folder("corpus")
    assert sorted(tmp_path.iterdir()) == sorted([alive, more])


def test_a_device_or_a_pipe_is_never_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FirthError, match=r"cannot write .*pipe: it is a device or a pipe, which would be replaced"):
        write_whole(tmp_path / "pipe", b"x")
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_link_stays_one_and_what_it_points_to_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "a")
    for content in (b"old", b"new"):
        write_whole(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "there" / "a").read_bytes() == content


def test_threads_that_write_one_file_never_show_a_part_of_it(tmp_path):
    target = tmp_path / "file"
    payloads = [bytes([number]) * 300_000 for number in range(4)]
    write_whole(target, payloads[0])

    def write(payload):
        for _ in range(20):
            write_whole(target, payload)
            assert target.read_bytes() in payloads

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, payloads))
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_is_held_by_one_at_a_time_and_let_go_at_the_end(tmp_path):
    with held(tmp_path), pytest.raises(FirthError, match="another run is working in"), held(tmp_path):
        pass
    with held(tmp_path):
        pass


def test_an_error_in_the_block_is_not_taken_for_one_of_the_lock(tmp_path):
    with pytest.raises(FileNotFoundError), held(tmp_path):
        (tmp_path / "none").read_bytes()
