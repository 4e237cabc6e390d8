"""The docstrings of this machine become prose, the same each time, and are kept in a cache that is never trusted."""

import pytest

from firth import DataError, FirthError
from firth.datasets import fetch, load_python_docs, python_docs, verify
from firth.datasets.python_docs import build_cache, check_cache

MODULE = '''
"""Tools for birds. They sing in the morning! Do they?

Every bird has two wings:

    * a left wing that flaps
    * the right one, which doesn't
"""
import this_module_does_not_exist

raise SystemExit("sources are never run")

class Bird:
    """One bird of the flock."""

    async def sing(self):
        """Sing a song aloud."""

    if True:
        def fly(self):
            """Fly over the hills."""
            "This string is not a docstring."
            def land():
                """Land on a branch."""

def other():
    """One bird of the flock."""
'''
FOUND = [
    "tools for birds",
    "they sing in the morning",
    "every bird has two wings",
    "a left wing that flaps",
    "the right one which doesn't",
    "one bird of the flock",
    "sing a song aloud",
    "fly over the hills",
    "land on a branch",
]
TOPICS = "topics = {'if': 'The if statement is for choices.', 'for': 'The for statement\\nis for loops.'}"


@pytest.fixture
def roots(tmp_path, monkeypatch):
    """Make a small standard library and one folder of installed packages the only ones."""
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    library, installed = tmp_path / "lib", tmp_path / "site-packages"
    monkeypatch.setattr(python_docs, "_roots", lambda: [library, installed])
    write(library / "birds.py", MODULE)
    write(library / "pydoc_data" / "topics.py", TOPICS)
    write(installed / "zoo" / "__init__.py", '"""Animals behind some bars."""')
    write(installed / "zoo-1.0.dist-info" / "METADATA", "Name: zoo")
    return library, installed


def write(path, source):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source if isinstance(source, bytes) else source.encode())


def read(**how):
    return [" ".join(sentence) for sentence in load_python_docs(**how)]


def prose(docstring):
    return list(python_docs._prose_of(docstring))


def test_docstrings_and_topics_are_read_in_order_and_once(roots):
    topics = ["the if statement is for choices", "the for statement is for loops"]
    assert read() == [*FOUND, *topics, "animals behind some bars"]


@pytest.mark.parametrize(
    "source",
    [
        b'"""Half a file is here."""\ndef (',
        b'"""Null bytes are here."""\n\0',
        b'"""Not UTF-8 \xff at all here."""',
        b'# coding: no-such-encoding\n"""Some words are here."""',
        b"x = " + b"(" * 5000 + b")" * 5000,
        b"x = " + b"-" * 200_000 + b"1",
        b"",
    ],
    ids=["syntax", "null", "encoding", "unknown-encoding", "deep", "deeper", "empty"],
)
def test_files_that_can_not_be_parsed_are_left_out(roots, source):
    before = read(cache=False)
    write(roots[1] / "zoo" / "broken.py", source)
    assert read(cache=False) == before


def test_other_encodings_are_decoded(roots):
    write(roots[1] / "zoo" / "cafe.py", '# coding: latin-1\n"""Birds in a café."""'.encode("latin-1"))
    assert "birds in a café" in read()


def test_a_file_with_an_invalid_escape_is_read_without_a_warning(roots):
    write(roots[1] / "zoo" / "escape.py", 'r"""Escapes are not mine."""\nx = "\\d"')
    assert "escapes are not mine" in read()


@pytest.mark.parametrize("name", ["tests/a.py", "zoo/test/a.py", "__pycache__/a.py", "zoo/a.txt"])
def test_tests_and_what_is_no_source_are_left_out(roots, name):
    write(roots[1] / name, '"""Nobody should read this."""')
    assert "nobody should read this" not in read()


def test_a_very_large_file_is_left_out(roots, monkeypatch):
    monkeypatch.setattr(python_docs, "_LARGEST_SOURCE", 50)
    assert read() == ["animals behind some bars"]


@pytest.mark.parametrize(
    ("docstring", "sentences"),
    [
        ("Add two numbers.\n\n>>> add(one, two)\nthree of them here\n\nThat is all there is.", 2),
        ("Use it like this::\n\n    some code that runs here\n\n    more code that runs\n\nThat is all there is.", 2),
        (".. code-block:: python\n\n   some code that runs\n\nThat is all there is.", 1),
        (".. note::\n\n   Words within notes count.", 1),
        ("Parameters here are\n-------------------\nx : int, optional or none\n    How many there are.", 1),
        ("===== =====\none   two  three\n===== =====\nFirst  second and third\n\n| a | table of three |", 0),
        ("x = f(y[0], z[1]) + g(a, b, c) ** 2 / (d - e)", 0),
        ("Too short.\n\nOK.", 0),
        ("- first item of two\n- second item of two\n1. third item in all", 3),
        (":param int size: How many there are.\n:returns: Nothing at all today.", 2),
    ],
)
def test_code_tables_and_headings_are_left_out(docstring, sentences):
    found = prose(docstring)
    assert len(found) == sentences
    assert not any("code" in sentence or "optional" in sentence for sentence in found)


def test_markup_and_case_go_and_apostrophes_stay():
    text = "It’s a friendly :class:`~zoo.Bird`, described at https://birds.example/x and in ``Zoo``."
    assert prose(text) == ["it's a friendly zoo bird described at and in zoo"]


def test_a_sentence_ends_at_its_stop_and_not_at_a_line_s_end():
    text = 'A sentence that\nruns on. (Another one follows.) "And a third!" Is version 2.5 a fourth?'
    assert prose(text) == ["a sentence that runs on", "another one follows", "and a third", "is version a fourth"]


def test_the_cache_is_used_until_other_packages_are_installed(roots):
    before = read()
    assert check_cache().state == "ready"
    write(roots[0] / "birds.py", '"""Changed under our feet."""')
    assert read() == before
    (roots[1] / "zoo-1.0.dist-info").rename(roots[1] / "zoo-1.1.dist-info")
    assert check_cache().state == "missing"
    assert "was made from other packages" in check_cache().problem
    assert read()[0] == "changed under our feet"
    assert len(list(check_cache().path.parent.iterdir())) == 1


def test_another_version_of_python_makes_it_again(roots, monkeypatch):
    build_cache()
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    assert check_cache().state == "missing"


@pytest.mark.parametrize("damage", ["empty", "cut", "first line", "key", "text", "garbage"])
def test_a_damaged_cache_is_told_and_made_again(roots, damage):
    before = read()
    path = check_cache().path
    content = bytearray(path.read_bytes())
    if damage in ("first line", "key", "text"):
        content[{"first line": 30, "key": 100, "text": -20}[damage]] ^= 1
    path.write_bytes({"empty": b"", "cut": content[:-1], "garbage": b"\x80\x04." * 50}.get(damage, content))
    assert check_cache().state == "damaged"
    assert str(path) in check_cache().problem
    assert read() == before
    assert check_cache().state == "ready"


def test_without_a_cache_none_is_written(roots, tmp_path):
    assert read(cache=False) == read(cache=False)
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_can_not_be_written_is_done_without_unless_it_is_asked_for(roots, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert read()[0] == "tools for birds"
    with pytest.raises(FirthError, match="cannot write"):
        fetch("python-docs")


def test_a_full_disk_leaves_no_part_and_is_no_error(roots, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert read()[0] == "tools for birds"
    assert list((tmp_path / "cache" / "python-docs").iterdir()) == []


def test_an_interrupt_leaves_nothing(roots, tmp_path):
    def interrupt(done, total, note):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_python_docs(interrupt)
    assert not (tmp_path / "cache").exists()


def test_fetch_builds_it_once_and_verify_checks_it(roots, tmp_path):
    assert [check.state for check in verify("python-docs")] == ["missing"]
    told = []
    assert fetch("python-docs", lambda *report: told.append(report)) == tmp_path / "cache" / "python-docs"
    assert told == [(1, 3, "birds"), (2, 3, "pydoc_data"), (3, 3, "zoo")]
    fetch("python-docs", lambda *report: pytest.fail("it was built twice"))
    assert [check.state for check in verify("python-docs")] == ["ready"]


def test_a_python_without_sources_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(python_docs, "_roots", lambda: [tmp_path / "none"])
    with pytest.raises(DataError, match=r"there are no docstrings in .*none: install Python with its source files"):
        load_python_docs(cache=False)


def test_the_roots_are_the_library_and_the_installed_packages_each_once(monkeypatch, tmp_path):
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "project").mkdir()
    again = str(tmp_path / "project" / ".." / "site-packages")
    monkeypatch.setattr("sys.path", ["", str(tmp_path / "project"), str(tmp_path / "site-packages"), again])
    library, *installed = python_docs._roots()
    assert (library / "pydoc_data" / "topics.py").exists()
    assert installed == [tmp_path / "site-packages"]


@pytest.mark.slow
def test_the_real_text_has_many_words_and_is_the_same_from_the_cache():
    built = load_python_docs()
    assert load_python_docs(lambda *report: pytest.fail("it was built twice")) == built
    assert sum(map(len, built)) > 500_000
