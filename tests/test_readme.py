"""What the README shows is true: its Python runs, its commands and options exist."""

import re
import shlex
from pathlib import Path

import pytest
import snippets
import tiny

from firth import Vectors
from firth.cli import main
from firth.corpus import Vocabulary

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = snippets.blocks(README)
PYTHON = [block.text for block in BLOCKS if block.kind == "python"]
COMMANDS = [
    line.partition("#")[0]
    for block in BLOCKS
    if block.kind == "console"
    for line in block.commands
    if line.startswith("firth")
]


@pytest.fixture
def demo_folder(tmp_path, monkeypatch):
    """Where the README's reader stands: a folder with what `make demo` left."""
    vocabulary = Vocabulary.from_sentences(tiny.tiny_treebank().sentences)
    matrix = [[row, 1.0] for row in range(len(vocabulary))]
    (tmp_path / "firth-demo").mkdir()
    Vectors(vocabulary.words, matrix, vocabulary.counts).save(tmp_path / "firth-demo" / "vectors.safetensors")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("block", PYTHON)
def test_python_in_the_readme_runs(block, demo_folder):
    names = {}
    exec(compile(block, "README.md", "exec"), names)
    assert len(names) > 1


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_in_the_readme_exist_with_their_options(line, capsys):
    arguments = shlex.split(line)[1:]
    options = [each for each in arguments if each.startswith("--")]
    words = [each for each in arguments[:2] if not each.startswith("-")]
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in options)


def test_there_is_something_to_test():
    assert len(PYTHON) >= 2
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / page).read_text()):
        assert (ROOT / target).exists(), target


def test_the_two_commands_are_on_the_first_screen():
    first = README.splitlines()[:20]
    assert any("make demo" in line for line in first)
    assert any("make test" in line for line in first)
