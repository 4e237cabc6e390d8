"""A small form of `make torture`: killed, starved of disk, damaged and misused, Firth loses nothing and says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="forks processes and mounts disks")
def test_broken_on_purpose_nothing_is_lost():
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-m", "torture", "--short", "--seed", "1"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        check=False,
        timeout=900,
    )
    assert ended.returncode == 0, ended.stdout[-5_000:] + ended.stderr[-5_000:]
    assert "faults" in ended.stdout
