"""The commands about vectors, as people and programs call them."""

import json

import pytest

from firth.cli import main
from firth.vectors import Vectors

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
