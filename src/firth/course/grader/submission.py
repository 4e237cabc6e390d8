"""What is handed in: a folder, a zip file or a single file, read into memory, with the assignment's `utils` beside."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path, PurePosixPath

from firth.errors import DataError

MOST_FILES = 200
MOST_BYTES = 2 * 2**20
"""Of one file: source is shorter."""
_SUPPLIED = ("utils/__init__.py", "utils/gradcheck.py", "utils/utils.py")
_EMPTY_WHERE_ABSENT = "utils/sanity_checks.py"


@dataclass(frozen=True)
class Submission:
    """A student's files.

    Attributes
    ----------
    path
        What was given.
    files
        Content by path, helper modules included.
    modules
        From the assignment's file (``"word2vec"``, ``"sgd"``) to the student's, where there is one.
    label
        The name to show for ``word2vec.py``.
    """

    path: Path
    files: Mapping[str, bytes]
    modules: Mapping[str, str]
    label: str

    def shown(self, file: str) -> str:
        """A file's name as the student knows it."""
        return self.label if file == "word2vec.py" else file


def read_submission(path: str | Path) -> Submission:
    """Read what was handed in.

    Parameters
    ----------
    path
        A folder with ``word2vec.py`` or ``sgd.py``, a zip file of such a folder, or one ``.py`` file: one called
        ``word2vec.py`` or ``sgd.py`` goes with its folder, one of another name stands alone.

    Raises
    ------
    DataError
        There is nothing to grade, or it can't be read.
    """
    place = Path(path)
    label = "word2vec.py"
    try:
        if place.is_dir():
            found = _of_folder(place)
        elif not place.exists():
            raise DataError(f"{place}: no such file or folder")
        elif zipfile.is_zipfile(place):
            found = _of_zip(place)
        elif place.name in {"word2vec.py", "sgd.py"}:
            found = _of_folder(place.parent)
        elif place.suffix == ".py":
            found, label = {"word2vec.py": _checked(place.name, place.read_bytes())}, place.name
        elif place.suffix.lower() == ".zip":
            raise DataError(f"{place} is no zip file, or a damaged one: have it made again")
        else:
            raise DataError(f"{place} is no Python file, no zip file and no folder: give word2vec.py or its folder")
    except OSError as error:
        raise DataError(f"cannot read {error.filename or place}: {error.strerror or error}") from None
    except zipfile.BadZipFile as error:
        raise DataError(f"{place} is a damaged zip file ({error}): have it made again") from None
    if not {"word2vec.py", "sgd.py"} & found.keys():
        raise DataError(f"{place} holds neither word2vec.py nor sgd.py: give the folder that does")
    modules = {name: name for name in ("word2vec", "sgd") if f"{name}.py" in found}
    return Submission(place, {**found, **_supplied(found)}, modules, label)


def _supplied(found: Mapping[str, bytes]) -> dict[str, bytes]:
    """The assignment's helper modules, always the same: nobody is graded by changed ones."""
    if "utils.py" in found:  # then `utils` is no package, and the file doesn't count on ours
        return {}
    skeleton = resources("firth.course") / "skeleton"
    supplied = {name: (skeleton / f"{name}.txt").read_bytes() for name in _SUPPLIED}
    if _EMPTY_WHERE_ABSENT not in found:
        supplied[_EMPTY_WHERE_ABSENT] = b""
    return supplied


def _of_folder(folder: Path) -> dict[str, bytes]:
    paths = [*sorted(folder.glob("*.py")), *sorted(folder.glob("utils/*.py"))]
    _few_enough(folder, paths)
    return {
        path.relative_to(folder).as_posix(): _checked(str(path), _first_bytes(path)) for path in paths if path.is_file()
    }


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def _of_zip(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        members = {
            PurePosixPath(member.filename): member
            for member in archive.infolist()
            if member.filename.endswith(".py") and "__MACOSX" not in member.filename
        }
        tops = [name.parent for name in members if name.name in {"word2vec.py", "sgd.py"}]
        if not tops:
            return {}
        top = min(tops, key=lambda each: len(each.parts))
        wanted = {name: member for name, member in members.items() if name.parent in {top, top / "utils"}}
        _few_enough(path, wanted)
        found = {}
        for name, member in wanted.items():
            try:
                with archive.open(member) as stream:
                    found[name.relative_to(top).as_posix()] = _checked(str(name), stream.read(MOST_BYTES + 1))
            except (RuntimeError, NotImplementedError) as error:  # a password, or a packing that is not known
                raise DataError(f"{path}: {name} can't be unpacked ({error}): have the zip made again") from None
        return found


def _few_enough(place: Path, paths: Iterable[object]) -> None:
    count = len(list(paths))
    if count > MOST_FILES:
        raise DataError(
            f"{place} holds {count} Python files, more than {MOST_FILES}: give the folder of the work alone"
        )


def _checked(name: str, content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise DataError(f"{name} is larger than {MOST_BYTES // 2**20} MB, which no source file is: look what it holds")
    return content
