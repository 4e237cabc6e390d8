"""The assignment to work in, written empty into a folder, and the zip file that is handed in."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

from firth.errors import DataError
from firth.files import make_folder, write_whole

SKELETON = (
    "README.md",
    "Makefile",
    "word2vec.py",
    "sgd.py",
    "run.py",
    "utils/__init__.py",
    "utils/gradcheck.py",
    "utils/utils.py",
)
IGNORED = ".gitignore"
REQUIRED = ("word2vec.py", "sgd.py", "run.py")
WRITTEN = ("written.pdf", "written.md", "written.tex", "written.txt")
PICTURE = "word_vectors.png"
ARCHIVE = "submission.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file knows


@dataclass(frozen=True)
class Packed:
    """What `pack` made.

    Attributes
    ----------
    path
        The zip file.
    files
        What is in it.
    left_out
        What stands in the folder and is not.
    untouched
        Files in it that are as they were given.
    """

    path: Path
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    untouched: tuple[str, ...]


def skeleton_file(name: str) -> bytes:
    """One file of the empty assignment."""
    kept = "gitignore.txt" if name == IGNORED else f"{name}.txt"
    return (resources("firth.course") / "skeleton" / kept).read_bytes()


def new_course(folder: str | Path, *, force: bool = False) -> list[Path]:
    """Write the empty assignment into a folder.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    force
        Replace files that stand there.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    DataError
        Files of these names stand there, and `force` is not given; none is touched.
    """
    target = Path(folder)
    names = (*SKELETON, IGNORED)
    if target.exists() and not target.is_dir():
        raise DataError(f"{target} is a file: give the name of a folder")
    there = [name for name in names if (target / name).exists()]
    if there and not force:
        listed = ", ".join(there[:3]) + (f" and {len(there) - 3} more" if len(there) > 3 else "")
        raise DataError(f"{target} already holds {listed}: give another folder, or --force to write over them")
    for name in names:
        make_folder((target / name).parent)
        write_whole(target / name, skeleton_file(name))
    return [target / name for name in names]


def pack(folder: str | Path, out: str | Path | None = None, *, written: bool = True) -> Packed:
    """Make the zip file to hand in: the same files give the same bytes.

    In it are the Python files of the folder, the written part and the picture; not `utils`, which everybody has.

    Parameters
    ----------
    folder
        Where the work is.
    out
        The zip file; None takes ``submission.zip`` in the folder. An older zip file is replaced.
    written
        Whether the written part must be there.

    Raises
    ------
    DataError
        Something is missing or can't be read, or another file than a zip stands where it is to be.
    """
    place = Path(folder)
    if not place.is_dir():
        raise DataError(f"{place}: no such folder")
    target = place / ARCHIVE if out is None else Path(out)
    if target.is_dir() or (target.exists() and not zipfile.is_zipfile(target)):
        raise DataError(f"{target} is there already and is no zip file: choose another name")
    here = sorted(path for path in place.iterdir() if path != target and path.name != target.name)
    wanted = [path for path in here if path.is_file() and not path.is_symlink() and _is_wanted(path.name)]
    missing = [name for name in REQUIRED if name not in {path.name for path in wanted}]
    if written and not any(path.name in WRITTEN for path in wanted):
        missing.append(" or ".join(WRITTEN[:2]))
    if missing:
        hint = "" if missing[-1] in REQUIRED else " (--no-written goes without the written part)"
        raise DataError(f"{place} lacks {', '.join(missing)}: nothing is packed{hint}")
    try:
        contents = {path.name: path.read_bytes() for path in wanted}
    except OSError as error:
        raise DataError(f"cannot read {error.filename}: {error.strerror or error}") from None
    write_whole(target, _zipped(contents))
    left_out = tuple(path.name + ("/" if path.is_dir() else "") for path in here if path.name not in contents)
    untouched = tuple(name for name in ("word2vec.py", "sgd.py") if contents[name] == skeleton_file(name))
    return Packed(target, tuple(contents), left_out, untouched)


def _is_wanted(name: str) -> bool:
    return (name.endswith(".py") and not name.startswith(".")) or name in WRITTEN or name == PICTURE


def _zipped(contents: dict[str, bytes]) -> bytes:
    """A zip file of these; not compressed, because compressors differ from machine to machine."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # as on Unix, wherever it is made
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return stream.getvalue()
