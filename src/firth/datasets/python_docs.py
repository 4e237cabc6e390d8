"""The text that is on every machine: docstrings of Python's standard library and of the installed packages.

Source files are parsed by `ast` and never imported. What looks like prose is split into sentences of lower-case words,
and kept compressed in the user cache until other packages are installed.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import platform
import re
import sys
import sysconfig
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

from firth.datasets.places import FileCheck, cache_folder
from firth.errors import DataError, FirthError
from firth.files import make_folder, write_whole
from firth.progress import Report, silent

_MAGIC = b"firth python-docs 1 "
"""Opens a cache file. The number rises when the same sources come to give other sentences."""
_TOPICS = "pydoc_data/topics.py"
_SKIPPED_FOLDERS = frozenset({"__pycache__", "idle_test", "site-packages", "dist-packages", "test", "tests"})
_LARGEST_SOURCE = 4_000_000
"""Bytes. Larger files are tables that a program wrote, and take memory without measure to parse."""

_LITERAL = re.compile(r"\.\. (?:code|code-block|sourcecode|highlight|ipython|math|plot|prompt|test\w*|doctest)::")
_RULE = re.compile(r"[-=~^*#+_.\"' ]{3,}")
_LIST_ITEM = re.compile(r"(?:[-*+•]|\(?(?:\d{1,2}|[a-zA-Z])[.)])\s+(?=\S)|:[a-z]+[^:]*:(?!`)\s*|@\w+\s+\w+:\s*")
_SIGNATURE = re.compile(r"[\w*`., ]{1,60} : \S")
_TABLE = re.compile(r"[|+]|.*[^.!?:\s] {2,}\S")
_MARKUP = re.compile(r"\w+://\S+|:[a-zA-Z:+-]+:(?=`)|(?<=`)[~!]")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]`*]*\s+(?=[\"'(`*\[]*[^\W\d_a-z])")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

_LEAST_WORDS = 3
_LEAST_LETTERS = 0.75
"""Letters among the characters of a sentence, spaces aside: prose has over 0.9, code and formulas less than this."""


def load_python_docs(report: Report = silent, cache: bool = True) -> list[list[str]]:
    """Sentences of the docstrings of the standard library, its language topics and the installed packages.

    The standard library comes first, then each folder of installed packages; within one, files are in the order of
    their paths. Of sentences that are alike only the first is kept, because docstrings are inherited, vendored and
    made from templates, and a sentence that is there a thousand times would be all that a model learns.

    Parameters
    ----------
    report
        Told the files read, and how many there are.
    cache
        Take the sentences from the user cache where it has them, and put them there otherwise. A cache that is damaged
        is made again; one that can't be written to is done without.

    Returns
    -------
    list of list of str
        Lower-case words of each sentence; the same each time while the same packages are installed.

    Raises
    ------
    DataError
        There are no docstrings: Python was installed without its source files.
    """
    if not cache:
        return _sentences(_build(report))
    with contextlib.suppress(FirthError):
        return _sentences(_read_cache(_cache_path()))
    text = _build(report)
    with contextlib.suppress(FirthError):
        _write_cache(_cache_path(), text)
    return _sentences(text)


def build_cache(report: Report = silent) -> Path:
    """Put the sentences into the user cache, unless they are there, whole and up to date.

    Parameters
    ----------
    report
        Told the files read, and how many there are.

    Returns
    -------
    Path
        The folder that holds the cache file.

    Raises
    ------
    DataError
        There are no docstrings.
    FirthError
        The cache can't be written to.
    """
    path = _cache_path()
    if check_cache().state != "ready":
        make_folder(path.parent)  # so that a folder that can't be written to is told before the work, not after it
        _write_cache(path, _build(report))
    return path.parent


def check_cache() -> FileCheck:
    """Check the cache file: whole, and made from the packages that are installed now.

    Returns
    -------
    FileCheck
        ``"missing"`` also where it was made from other packages. Neither that nor ``"damaged"`` needs mending:
        `load_python_docs` makes it again.

    Raises
    ------
    FirthError
        There is no place for a cache.
    """
    path = _cache_path()
    try:
        _read_cache(path)
    except _StaleError as error:
        return FileCheck(path, "missing", str(error))
    except DataError as error:
        return FileCheck(path, "damaged", str(error))
    return FileCheck(path, "ready")


class _StaleError(DataError):
    """The cache file is not there, or was made from other packages."""


def _cache_path() -> Path:
    """One file for each environment, so that a package that is added does not leave another file behind."""
    environment = hashlib.sha256("\n".join(map(str, _roots())).encode("utf-8", "surrogateescape")).hexdigest()
    return cache_folder() / "python-docs" / f"{environment[:16]}.txt.zlib"


def _read_cache(path: Path) -> str:
    mend = "it is made again when it is used, or run  firth data fetch python-docs"
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _StaleError(f"{path} is missing: {mend}") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; check its permissions") from error
    head, _, body = content.partition(b"\n")
    if head != _MAGIC + _sha256(body):
        raise DataError(f"{path} is damaged (its SHA-256 checksum is not the one inside): {mend}")
    key, _, packed = body.partition(b"\n")
    if key != _key():
        raise _StaleError(f"{path} was made from other packages than are installed now: {mend}")
    return zlib.decompress(packed).decode("utf-8")


def _write_cache(path: Path, text: str) -> None:
    body = _key() + b"\n" + zlib.compress(text.encode("utf-8"))
    make_folder(path.parent)
    write_whole(path, _MAGIC + _sha256(body) + b"\n" + body)


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode("ascii")


def _key() -> bytes:
    """Digest of what the text depends on: Python's version, and the installed distributions with theirs.

    Both are in the names of the ``.dist-info`` folders, which are read far faster than the metadata within.
    """
    installed = [
        name for root in _roots() for name in _names_in(root) if name.endswith((".dist-info", ".egg-info", ".egg"))
    ]
    listed = "\n".join([platform.python_implementation(), platform.python_version(), *installed])
    return _sha256(listed.encode("utf-8", "surrogateescape"))


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def _roots() -> list[Path]:
    """The standard library's folder, then those of `sys.path` that hold installed packages."""
    installed = [Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    return list(dict.fromkeys(root.resolve() for root in [Path(sysconfig.get_path("stdlib")), *installed]))


def _sentences(text: str) -> list[list[str]]:
    # Interned, or a million occurrences of "the" are a million strings.
    return [list(map(sys.intern, line.split(" "))) for line in text.split("\n")]


def _build(report: Report) -> str:
    """Read every source file; one sentence a line, its words with single spaces between them."""
    roots = _roots()
    sources = [(root, path) for root in roots for path in _sources_below(root)]
    seen: dict[str, None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's invalid escapes
        for done, (root, path) in enumerate(sources, start=1):
            relative = path.relative_to(root).as_posix()
            for docstring in _docstrings(path, relative == _TOPICS):
                seen.update(dict.fromkeys(_prose_of(docstring)))
            report(done, len(sources), relative.partition("/")[0].removesuffix(".py"))
    if not seen:
        raise DataError(
            f"there are no docstrings in {', '.join(map(str, roots))}: install Python with its source files, or give a "
            "text of your own"
        )
    return "\n".join(seen)


def _sources_below(root: Path) -> list[Path]:
    """Python source files, sorted by their paths; test folders, which say little, are left out."""
    found: list[Path] = []
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in _SKIPPED_FOLDERS]
        found.extend(Path(folder, name) for name in names if name.endswith(".py"))
    return sorted(found)


def _docstrings(path: Path, is_topics: bool) -> list[str]:
    """Docstrings of a module, its classes and functions, as they stand in the file; none where it can't be parsed."""
    try:
        if path.stat().st_size > _LARGEST_SOURCE:
            return []
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    if is_topics:
        return [value.value for value in _dictionary_values(tree) if isinstance(value.value, str)]
    nodes: list[ast.AST] = [tree]
    docstrings: list[str] = []
    while nodes:
        node = nodes.pop()
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node)
            if docstring:
                docstrings.append(docstring)
        for block in ("handlers", "finalbody", "orelse", "body"):  # taken from the end: the body comes first
            nodes.extend(reversed(getattr(node, block, ())))
    return docstrings


def _dictionary_values(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from (value for value in node.values if isinstance(value, ast.Constant))


def _prose_of(docstring: str) -> Iterator[str]:
    """Yield the sentences of a docstring, each as lower-case words with single spaces between them."""
    for paragraph in _paragraphs(docstring):
        for sentence in _SENTENCE_END.split(_MARKUP.sub("", paragraph)):
            words = _WORD.findall(sentence.lower().replace("’", "'"))
            if len(words) < _LEAST_WORDS:
                continue
            characters = len(sentence) - sentence.count(" ")
            if sum(map(len, words)) >= _LEAST_LETTERS * characters:
                yield " ".join(words)


def _paragraphs(docstring: str) -> list[str]:
    """Paragraphs and list items; doctests, literal blocks, tables, headings and signatures are left out."""
    paragraphs: list[list[str]] = [[]]
    in_doctest = False
    literal_below: int | None = None  # the indentation below which a literal block's lines lie
    for line in docstring.split("\n"):
        text = line.strip()
        indentation = len(line) - len(line.lstrip())
        if literal_below is not None and (not text or indentation > literal_below):
            continue
        is_directive = text.startswith("..")
        opens_literal = _LITERAL.match(text) if is_directive else text.endswith("::")
        literal_below = indentation if opens_literal else None
        in_doctest = bool(text) and (in_doctest or text.startswith(">>>"))
        if _RULE.fullmatch(text):
            del paragraphs[-1][-1:]  # the heading above it
            continue
        item = _LIST_ITEM.match(text)
        is_prose = bool(text) and not (in_doctest or is_directive or _is_laid_out(text))
        if item or not is_prose:
            paragraphs.append([])
        if is_prose:
            paragraphs[-1].append(text[item.end() :] if item else text)
        if opens_literal:
            paragraphs.append([])
    return [" ".join(lines) for lines in paragraphs if lines]


def _is_laid_out(text: str) -> bool:
    return bool(_TABLE.match(text) or _SIGNATURE.match(text))
