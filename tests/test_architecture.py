"""The arrows between the rooms, what an import loads, and the equations that docstrings cite."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import firth

SOURCE = Path(firth.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))


def room_of(path):
    return path.relative_to(SOURCE).parts[0]


def imports_of(path):
    """Top-level modules that a file imports anywhere, and the parts of Firth as ``firth.room``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [node.module] if node.module != "firth" else [f"firth.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            found.add(".".join(parts[:2]) if parts[0] == "firth" else parts[0])
    return found


def imports_of_room(room):
    found = set()
    for path in FILES:
        if room_of(path) == room:
            found |= imports_of(path)
    assert found, f"there is no room {room}"
    return found


def test_theory_imports_numpy_and_the_standard_library_alone():
    allowed = {"numpy", "firth.theory"} | set(sys.stdlib_module_names)
    assert imports_of_room("theory") <= allowed


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("corpus", {"training", "vectors", "evaluation", "plots", "course", "cli"}),
        ("training", {"vectors", "evaluation", "plots", "course", "datasets", "cli"}),
        ("vectors", {"training", "corpus", "evaluation", "plots", "course", "datasets", "cli"}),
        ("evaluation", {"training", "corpus", "plots", "course", "cli"}),
        ("plots", {"training", "corpus", "evaluation", "course", "datasets", "cli"}),
        ("datasets", {"training", "vectors", "evaluation", "plots", "course", "corpus", "cli"}),
        ("course", {"cli"}),
    ],
)
def test_nothing_imports_against_the_flow(room, forbidden):
    assert not imports_of_room(room) & {f"firth.{name}" for name in forbidden}


def test_nothing_is_ever_unpickled():
    for path in FILES:
        assert not imports_of(path) & {"pickle", "joblib", "shelve", "marshal", "dill"}, path
        assert "allow_pickle=True" not in path.read_text(), path


def test_importing_firth_loads_nothing_heavy():
    code = (
        "import sys, firth; heavy = {'numba', 'polars', 'matplotlib', 'sklearn', 'scipy', 'rich', 'typer', 'numpy'}; "
        "print(*sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ""


def test_asking_for_help_loads_nothing_heavy():
    code = (
        "import sys, contextlib, io\nfrom firth.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()): assert main(['--help']) == 0\n"
        "print(*sorted({'numba', 'polars', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ""


@pytest.mark.parametrize("name", firth.__all__)
def test_every_public_name_is_there(name):
    assert getattr(firth, name) is not None
    assert name in dir(firth)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="word3vec"):
        _ = firth.word3vec


def test_every_cited_equation_exists():
    found = re.findall(r"\\tag\{(\d+)\}", (SOURCE / "theory" / "README.md").read_text())
    numbered = set(found)
    assert len(found) == len(numbered)
    assert {str(number) for number in range(1, len(numbered) + 1)} == numbered
    cited = {
        (path.name, number)
        for path in FILES
        for numbers in re.findall(r"equations? ((?:\(\d+\)(?:, | and | to )?)+)", path.read_text())
        for number in re.findall(r"\d+", numbers)
    }
    assert len(cited) >= 20
    assert not {citation for citation in cited if citation[1] not in numbered}


def test_no_file_is_longer_than_400_lines():
    assert not [path.name for path in FILES if len(path.read_text().splitlines()) > 400]
