"""What kind of file this is, told by its first bytes; pickles and web pages are refused in a sentence."""

from __future__ import annotations

from pathlib import Path

from firth.errors import DataError
from firth.vectors.native import LONGEST_HEADER

_PICKLE_STARTS = (b"(dp", b"(lp", b"}q\0", b"]q\0", b"ccopy_reg", b"cnumpy", b"c__builtin__")
_PAGE_STARTS = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")


class PickleRefusedError(DataError, ValueError):
    """The file is a pickle, which would run code when opened."""


def start_of(path: Path, size: int = 1 << 16) -> bytes:
    """The first bytes of a file.

    Raises
    ------
    DataError
        It can't be read, or is empty.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(size)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"cannot read {path}: {reason}; check the path and its permissions") from error
    if not start:
        raise DataError(f"{path} is empty; copy or make it again")
    return start


def is_native(start: bytes) -> bool:
    """Whether these first bytes are those of a safetensors file."""
    return start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= LONGEST_HEADER


def refuse_pickles_and_pages(path: Path, start: bytes) -> None:
    """Raise where the first bytes are those of a pickle, of an archive, or of a web page.

    Raises
    ------
    PickleRefusedError
        It is a pickle or an archive that may hold one; the message says how to convert it with the tool that wrote it.
    DataError
        It is a web page.
    """
    pickled = start[:1] == b"\x80" and b"\0" < start[1:2] <= b"\x05" and start[2:3] in b"}](Kc\x95XUqN)"
    if pickled or start.startswith(_PICKLE_STARTS):
        raise PickleRefusedError(f"{path} is a pickle, which can run any code and is never opened; {_way_out(start)}")
    if start.startswith((b"PK\x03\x04", b"\x93NUMPY")):
        raise PickleRefusedError(
            f"{path} is {'an archive that may hold a pickle' if start[0] == 80 else 'an array without words'} and is "
            f"never opened; {_way_out(start)}"
        )
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_STARTS):
        raise DataError(f"{path} is a web page, not word vectors; download the file itself")


def _way_out(start: bytes) -> str:
    """How to convert a pickle with the tool that wrote it, as far as its first bytes tell the tool."""
    if b"gensim" in start:
        return (
            "convert it with gensim, the tool that wrote it:  "
            "KeyedVectors.load(path).save_word2vec_format('vectors.bin', binary=True)  "
            "(of a whole model, Word2Vec.load(path).wv)"
        )
    if start.startswith(b"PK") and not any(sign in start for sign in (b".pkl", b".npy", b"torch")):
        return "if it is a zip of text or binary vectors, unpack it and give the file that is in it"
    if b"torch" in start or b"/data.pkl" in start:
        return (
            "export the vectors with PyTorch, the tool that wrote it: load it with weights_only=True and write words "
            "and rows as text"
        )
    return "export the vectors with the tool that wrote it, as word2vec text or binary"
