"""Files are written whole or not at all."""

import os
import subprocess
import sys

import pytest

from firth import FirthError
from firth.files import make_folder, write_whole

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


def test_parts_of_killed_runs_are_swept_and_those_of_live_ones_are_not(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    (tmp_path / f".a.{dead.pid}.part").write_bytes(b"half")
    alive = tmp_path / f".a.{os.getpid()}.part"
    alive.write_bytes(b"half")
    make_folder(tmp_path)
    assert list(tmp_path.iterdir()) == [alive]
