"""Machine code is kept between processes, and never outlives a change of the source that went into it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import firth
from firth.compute import compiling

TRAIN = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from firth.training.config import MinibatchConfig
from firth.training.trainer import EncodedText, train_minibatch
ids = np.tile(np.arange(1, 7, dtype=np.uint32), 50)
text = EncodedText(ids, np.array([0, ids.size]), np.bincount(ids))
config = MinibatchConfig(iterations=20, dimensions=3, batch=5, subsample=1.0)
said = []
run = train_minibatch(text, config, announce=said.append)
print(float(run.center.sum()), len(said))
"""


@pytest.mark.slow
def test_a_change_of_any_kernel_file_compiles_the_trainer_anew(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(Path(firth.__file__).parent, source / "firth", ignore=shutil.ignore_patterns("__pycache__"))
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "numba")}

    def train():
        command = [sys.executable, "-c", TRAIN, str(source)]
        answer = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        total, said = answer.stdout.split()
        return float(total), int(said)

    first, said = train()
    assert said == 1
    assert train() == (first, 0)
    draws = source / "firth" / "training" / "kernels" / "draws.py"
    changed = draws.read_text().replace("2.0**-53", "2.0**-54")
    assert changed != draws.read_text()
    draws.write_text(changed)
    again, said = train()
    assert said == 1
    assert again != first


def double(x):
    return 2 * x


def test_code_that_is_just_being_kept_is_never_taken_from_an_older_source(monkeypatch, tmp_path):
    """Between an index and its code being written, what lies there under its name must not be that of another."""
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiling, "_source_digest", lambda room: "a" * 64)
    assert compiling.compiled(double)(2) == 4
    older = {path.name for path in tmp_path.rglob("*.nbc")}
    assert len(older) == 1
    monkeypatch.setattr(compiling, "_source_digest", lambda room: "b" * 64)
    kept = []
    monkeypatch.setattr(
        compiling.IndexDataCacheFile, "_save_data", lambda self, name, overload: kept.append(name)
    )  # as another process sees it before it is done
    assert compiling.compiled(double)(2) == 4
    assert len(kept) == 1
    assert not older & set(kept)
