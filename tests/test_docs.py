"""What the documentation shows is true: its code runs, its site is built without the network, every name is described.

A page is read from top to bottom, as its reader does: in one folder, with the names of the blocks before. The texts and
vectors that it speaks of are there, but tiny. Blocks that can't be run say why in the page, and are skipped, visibly.
"""

import gzip
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import navigation
import numpy as np
import pytest
import reference
import snippets
import tiny

import firth
import firth.datasets.python_docs
import firth.datasets.sst
from firth.cli import app, main
from firth.course import demo

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

BLOCKS = {page.name: snippets.blocks(page.read_text()) for page in sorted(DOCS.glob("*.md"))}
RUN = {page: [block for block in blocks if not block.reason] for page, blocks in BLOCKS.items()}
LEFT_OUT = [(page, block) for page, blocks in BLOCKS.items() for block in blocks if block.reason]

LESS = {"demo": ["--dataset", "sst", "--iterations", "40", *tiny.OPTIONS[2:]], "explore": ["--layout", "pca"]}
"""What makes a command's work small."""
NOT_OURS = {"cd", "pip", "./word2vec", "./fasttext"}
"""Programs that stand in pages beside Firth's own command, and are not run."""


READER = {
    "firth": firth,
    "my_function": firth.theory.negative_sampling_loss_and_gradients,
    "my_assignment_function": firth.course.negSamplingLossAndGradient,
}
"""Names that pages use as those of their reader."""


def sentences():
    """A text of all the words that stand in code, each forty times."""
    shown = " ".join(block.text for blocks in BLOCKS.values() for block in blocks)
    words = sorted(set(re.findall(r"[^\W\d_]+", shown.lower())))
    generator = np.random.default_rng(1)
    shuffled = [word for _ in range(40) for word in generator.permutation(words).tolist()]
    return [shuffled[start : start + 20] for start in range(0, len(shuffled), 20)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The files that pages speak of."""
    folder = tmp_path_factory.mktemp("library")
    text = sentences()
    lines = "".join(" ".join(sentence) + "\n" for sentence in text)
    for name in ("wiki.txt", "news.txt", "part.txt"):
        (folder / name).write_text(lines)
    for name in ("wiki.txt.gz", "zhwiki.txt.gz"):
        (folder / name).write_bytes(gzip.compress(lines.encode()))
    rows = (f"{line},{line},{place % 2}\n" for place, line in enumerate(lines.splitlines()))
    (folder / "reviews.csv").write_text("text,review,stars\n" + "".join(rows))
    model = firth.Word2Vec(dimensions=100, epochs=1, threads=1).fit(text)
    for name in ("train", "dev", "test"):
        table = (json.dumps({"text": line, "label": place % 2}) for place, line in enumerate(lines.splitlines()))
        (folder / f"{name}.jsonl").write_text("\n".join(table) + "\n")
    for name in ("wiki", "one", "other"):
        model.vectors.save(folder / f"{name}.safetensors")
    firth.Corpus.from_text(text, folder=folder / "corpora" / "wiki")
    golden = Path(__file__).parent / "golden"
    for kind in ("bin", "vec"):
        (folder / f"cc.en.300.{kind}.gz").write_bytes(gzip.compress((golden / f"fasttext.{kind}").read_bytes()))
    shutil.copy(golden / "glove.txt", folder / "glove.txt")
    return folder, text


@pytest.fixture
def reader(library, tmp_path, monkeypatch):
    """Where the reader of a page stands."""
    folder, text = library
    shutil.copytree(folder, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(firth.datasets.python_docs, "load_python_docs", lambda report=None: text)
    monkeypatch.setattr(firth.datasets.sst, "load_sst", lambda folder=None, report=None: tiny.tiny_treebank())
    monkeypatch.setattr(demo, "load_sst", lambda folder=None, report=None: tiny.tiny_treebank())


def run_command(line):
    """Run a command line; one with a pipe or of another program by the shell."""
    words = shlex.split(line, comments=True)
    if words[0] in NOT_OURS:
        return
    if words[0] == "firth" and "|" not in words:
        assert main([*words[1:], *LESS.get(words[1], [])]) == 0, line
        return
    shell = f'set -o pipefail; firth() {{ {shlex.quote(sys.executable)} -m firth "$@"; }}; {line}'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True)
    assert done.returncode == 0, (line, done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page, blocks in RUN.items() if blocks])
def test_code_in_the_page_runs(page, reader, capsys):
    names = {**READER, "corpus": firth.Corpus.from_text("wiki.txt.gz")}
    for block in RUN[page]:
        if block.kind == "python":
            where = "\n" * block.line + block.text
            exec(compile(where, page, "exec"), names)
        for command in block.commands:
            run_command(command)


@pytest.mark.parametrize(("page", "block"), LEFT_OUT, ids=lambda value: value if isinstance(value, str) else "")
def test_block_that_is_not_run(page, block):
    assert len(block.reason.split()) >= 2
    pytest.skip(f"docs/{page}, line {block.line}: {block.reason}")


def test_few_blocks_are_left_out():
    assert sum(map(len, RUN.values())) > 5 * len(LEFT_OUT)


def test_numbers_in_performance_are_those_of_the_readme():
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| ") and "M |" in line]
    assert len(rows) >= 4
    page = (DOCS / "performance.md").read_text()
    assert [row for row in rows if row not in page] == []


def test_every_public_name_is_described():
    assert reference.undocumented() == []
    listed = {*navigation.NAVIGATION["Reference"].values()}
    assert {f"{navigation.GENERATED}reference/{page}.md" for page in reference.placed()} <= listed


def test_a_name_without_a_docstring_is_told(monkeypatch):
    pages = {**reference.PAGES, "word2vec": ("firth.Word2Vec", ["firth.word2vec.Word2Vec.__init__"])}
    monkeypatch.setattr(reference, "PAGES", pages)
    assert reference.undocumented() == ["firth.word2vec.Word2Vec.__init__"]
    assert "firth.Word2Vec" in reference.placed()["firth"]


def test_a_public_module_without_a_page_is_told(monkeypatch):
    monkeypatch.setattr(reference, "MODULES", ("theory", "evaluation", "sklearn", "datasets", "course"))
    assert reference.undocumented() == ["firth.plots"]


def test_pages_that_are_listed_are_there():
    assert navigation.missing_pages() == []


def test_a_listed_page_that_is_gone_stops_the_build(monkeypatch):
    monkeypatch.setitem(navigation.NAVIGATION, "Gone", "gone.md")
    with pytest.raises(navigation.PluginError, match=r"gone\.md"):
        navigation.on_config(None)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built strictly by a process that can't open a connection."""
    folder = tmp_path_factory.mktemp("site")
    program = (
        "import socket, sys\n"
        "def refuse(*_): raise OSError('the build asks for the network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from mkdocs.__main__ import cli\n"
        "cli(['build', '--strict', '--site-dir', sys.argv[1]])\n"
    )
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.mark.slow
def test_the_site_asks_for_nothing_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]*)\"", page.read_text())
        loaded += re.findall(r"<link\b[^>]*\bhref=\"([^\"]*)\"", page.read_text())
        assert [target for target in loaded if re.match(r"(?:\w+:)?//", target)] == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", sheet.read_text()), sheet


@pytest.mark.slow
def test_formulas_are_mathml_and_their_numbers_can_be_linked_to(site):
    theory = (ROOT / "src" / "firth" / "theory" / "README.md").read_text()
    page = (site / "theory.html").read_text()
    assert "arithmatex" not in page
    assert re.findall(r'id="eq-(\w+)"', page) == re.findall(r"\\tag\{(\w+)\}", theory)


@pytest.mark.slow
def test_every_command_is_in_the_reference(site):
    page = (site / "reference" / "commands.html").read_text()
    for group in app.registered_commands:
        name = group.name or group.callback.__name__
        assert f'id="firth-{name}"' in page, name


@pytest.mark.slow
def test_every_public_name_is_on_its_page(site):
    for page, names in reference.placed().items():
        shown = (site / "reference" / f"{page}.html").read_text()
        assert [name for name in names if f'id="{name}"' not in shown] == []
