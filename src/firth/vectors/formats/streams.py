"""Files of vectors as streams of bytes, packed or not, and the same for writing."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from firth.errors import DataError, OptionError
from firth.files import whole_file, whole_folder

CHUNK = 8 << 20


def packing_of(start: bytes) -> str:
    """How a file with these first bytes is packed: ``".gz"``, ``".zst"`` or not at all."""
    if start.startswith(b"\x1f\x8b"):
        return ".gz"
    return ".zst" if start.startswith(b"\x28\xb5\x2f\xfd") else ""


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, unpacked if it is packed.

    Raises
    ------
    DataError
        It can't be read, or its packed content is damaged or cut short.
    """
    try:
        with path.open("rb") as raw:
            packing = packing_of(raw.read(4))
            raw.seek(0)
            if not packing:
                yield raw
                return
            with _opened(raw, packing, "rb") as stream:
                yield stream
    except EOFError as error:
        raise DataError(f"{path} is cut short: its packed content ends too early; get a whole copy") from error
    except (OSError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"cannot read {path}: {reason}") from error
    except Exception as error:
        if type(error).__name__ == "ZstdError":  # of one module or another, by the version of Python
            raise DataError(f"{path} is damaged: it can't be unpacked ({error}); get a whole copy") from error
        raise


@contextmanager
def packed(path: Path) -> Iterator[IO[bytes]]:
    """Write a file whole or not at all, packed if its name ends in .gz or .zst; the same bytes for the same content."""
    with whole_file(path) as raw:
        if path.suffix.lower() in (".gz", ".zst"):
            with _opened(raw, path.suffix.lower(), "wb") as stream:
                yield stream
        else:
            yield raw


@contextmanager
def written_folder(path: Path, names: Collection[str]) -> Iterator[Path]:
    """Write a folder of these names whole or not at all; one that holds anything else is never replaced.

    Raises
    ------
    OptionError
        There is a file, or a folder with other things in it.
    """
    if path.exists() and not path.is_dir():
        raise OptionError(f"{path} is a file, and a folder is to be written: choose another name")
    strange = sorted({each.name for each in path.iterdir()} - set(names)) if path.is_dir() else []
    if strange:
        raise OptionError(f"{path} is a folder that holds other things, such as {strange[0]!r}: choose another name")
    with whole_folder(path) as part:
        yield part


def _opened(raw: IO[bytes], packing: str, mode: Literal["rb", "wb"]) -> IO[bytes]:
    if packing == ".gz":
        import gzip

        return cast(IO[bytes], gzip.GzipFile("", mode, 6, raw, 0))
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdFile
    else:
        from backports.zstd import ZstdFile
    return cast(IO[bytes], ZstdFile(raw, mode))
