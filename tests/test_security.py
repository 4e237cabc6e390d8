"""Nothing that a user gives is run: no source of Firth's evaluates, unpickles, or hands text to a shell."""

import ast
import random
import struct
import zipfile
from pathlib import Path

import pytest
from test_download import MEMBERS, ONE, zipped

import firth
from firth import DataError
from firth.datasets import Archive, DataFile, Dataset
from firth.datasets.download import _take_members
from firth.files import sha256_of

SOURCES = Path(firth.__file__).parent
BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint"}
CODE_LOADERS = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
CODE_LOADERS |= {"runpy", "imp", "code", "codeop", "pty", "tarfile"}
SHELLS = {"system", "popen", "getoutput", "getstatusoutput", "unpack_archive", "extractall", "extract", "read_pickle"}
STARTS_PROGRAMS = {"benchmark.py", "course/grader/process.py"}
"""Files that start a process: the first one of Firth's own, the second the student's, which is what a grader is for."""
IMPORTS_BY_NAME = {"__init__.py", "datasets/__init__.py", "errors.py", "vectors/exchange.py"}
IMPORTS_BY_NAME |= {"course/mistakes/__init__.py", "course/grader/worker.py"}
"""Files that import a module by a name: of a list in the source; the last the student's file, in that process."""


def faults(source, name):
    """What in a source could run what a user gives, a phrase each."""
    found = []

    def say(node, what):
        found.append(f"{name}:{node.lineno}: {what}")

    for node in ast.walk(ast.parse(source)):
        modules = []
        if isinstance(node, ast.Import):
            modules = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
            for each in node.names:
                by_name = node.module == "importlib" and name not in IMPORTS_BY_NAME
                if each.name in SHELLS or (by_name and each.name not in ("metadata", "resources")):
                    say(node, f"imports {each.name}")
        for module in modules:
            if module.partition(".")[0] in CODE_LOADERS:
                say(node, f"imports {module}")
            if module.partition(".")[0] in ("subprocess", "multiprocessing") and name not in STARTS_PROGRAMS:
                say(node, f"imports {module}")
            if module.partition(".")[0] == "ctypes":
                say(node, "imports ctypes")
        if isinstance(node, ast.Name) and node.id in BUILTINS and not _is_stored(node):
            say(node, f"uses {node.id}")
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if (called in SHELLS and _root(node.func) != "platform") or called.startswith(("spawn", "execv", "execl")):
            say(node, f"calls {called}")
        by_name = called in ("import_module", "spec_from_file_location") and name not in IMPORTS_BY_NAME
        if by_name and not isinstance(node.args[0], ast.Constant):
            say(node, f"calls {called}")
        if isinstance(node.func, ast.Attribute) and called in BUILTINS and _root(node.func) == "builtins":
            say(node, f"calls builtins.{called}")
        for keyword in node.keywords:
            is_false = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg in ("shell", "allow_pickle") and not is_false:
                say(node, f"passes {keyword.arg}")
        if called == "load" and _root(node.func) in ("np", "numpy") and len(node.args) > 2:
            say(node, "passes allow_pickle by its place")
        starts = called in ("run", "Popen", "call", "check_call", "check_output") and _root(node.func) == "subprocess"
        if starts and isinstance(node.args[0], ast.Constant | ast.JoinedStr):
            say(node, "starts a program by a string")
    return found


def _root(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_stored(node):
    return isinstance(node.ctx, ast.Store)


def test_no_source_evaluates_unpickles_or_asks_a_shell():
    paths = sorted(SOURCES.rglob("*.py"))
    assert len(paths) > 90
    found = [each for path in paths for each in faults(path.read_text(), path.relative_to(SOURCES).as_posix())]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "eval(word)",
        "run = exec",
        "compile(text, '', 'exec')",
        "__import__(name)",
        "import builtins\nbuiltins.eval(word)",
        "import pickle",
        "from pickle import loads",
        "import yaml",
        "import marshal as m",
        "import joblib",
        "import tarfile",
        "import ctypes",
        "import subprocess",
        "import os\nos.system(word)",
        "from os import system",
        "import os\nos.popen(word)",
        "import os\nos.execvp('sh', words)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import numpy as np\nnp.load(path, allow_pickle=wanted)",
        "import numpy as np\nnp.load(path, None, True)",
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module",
        "archive.extractall(folder)",
        "subprocess.run(words, shell=True)",
        "subprocess.run(f'tar x {path}')",
        "pandas.read_pickle(path)",
    ],
)
def test_what_would_run_a_users_text_is_seen(source):
    assert faults(source, "a.py")


@pytest.mark.parametrize(
    "source",
    ["np.load(path)", "re.compile(x)", "pl.col.list.eval(x)", "np.load(path, mmap_mode='r', allow_pickle=False)"],
)
def test_what_runs_nothing_is_let_pass(source):
    assert faults(source, "a.py") == []


def test_each_exception_is_needed():
    """A file that no longer starts a program, or imports by a name, leaves the list."""
    for exceptions in (STARTS_PROGRAMS, IMPORTS_BY_NAME):
        for name in exceptions:
            path = SOURCES / name
            assert not path.exists() or faults(path.read_text(), "other.py")


# Archives of a server that has been taken over.

WANTED = (("release/one.txt", "tiny/one.txt"), ("release/spare.txt", "tiny/spare.txt"))


@pytest.fixture
def tiny(tmp_path):
    (tmp_path / "one").write_bytes(ONE)
    pinned = (DataFile("tiny/one.txt", len(ONE), sha256_of(tmp_path / "one")),)
    return Dataset("tiny", "", "", "", "tiny", pinned, (("tiny/spare.txt", 20),))


ARCHIVE = Archive("https://example.org/tiny.zip", 10_000, WANTED)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_3000_changed_archives_give_what_is_pinned_or_one_sentence(tiny, packing):
    whole, chance = zipped(MEMBERS, compression=packing), random.Random(packing)
    refusals = []
    for _ in range(3_000):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(changed))
            match chance.randrange(4):
                case 0:
                    changed[place] ^= 1 << chance.randrange(8)
                case 1:
                    changed[place] = chance.randrange(256)
                case 2:
                    changed[place : place + 4] = struct.pack("<I", chance.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF]))
                case 3:
                    del changed[place : place + chance.randint(1, 40)]
        try:
            taken = _take_members(bytes(changed), tiny, ARCHIVE)
            assert taken["tiny/one.txt"] == ONE
            assert set(taken) == {"tiny/one.txt", "tiny/spare.txt"}
            assert len(taken["tiny/spare.txt"]) <= 20
        except DataError as error:
            refusals.append(str(error))
    assert all("\n" not in each and "nothing was kept" in each for each in refusals)
    assert len(refusals) > 1_000


@pytest.mark.parametrize("name", ["../one.txt", "/etc/one.txt", "..\\one.txt", "C:\\one.txt", "release/../../one.txt"])
def test_a_member_that_points_outside_is_never_taken(tiny, name):
    packed = zipped({name: ONE, "release/spare.txt": b""})
    with pytest.raises(DataError, match=r"lacks a file .*release/one\.txt"):
        _take_members(packed, tiny, ARCHIVE)


def test_a_member_that_is_a_link_is_bytes_and_no_link(tiny):
    link = zipfile.ZipInfo("release/one.txt")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with pytest.raises(DataError, match="pinned checksum"):
        _take_members(_zip_of([(link, b"/etc/passwd"), ("release/spare.txt", b"")]), tiny, ARCHIVE)


def _zip_of(members):
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def test_every_address_is_https_every_file_pinned_and_every_path_inside():
    from firth.datasets import DATASETS

    for dataset in DATASETS.values():
        kept = {file.path for file in dataset.files} | {path for path, _ in dataset.unpinned}
        for archive in dataset.archives:
            assert archive.url.startswith("https://")
            assert 0 < archive.size_limit < 1 << 30
            assert {path for _, path in archive.members} <= kept
        for path in kept:
            assert not Path(path).is_absolute()
            assert ".." not in Path(path).parts
        assert all(len(file.sha256) == 64 and file.size > 0 for file in dataset.files)
