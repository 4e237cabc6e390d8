"""Whether files are whole: vectors, checkpoints and corpora, read to their last byte and held to their checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firth.errors import DataError, OptionError


@dataclass(frozen=True)
class Verified:
    """What was found whole.

    Attributes
    ----------
    path
        Of the file or folder.
    kind
        "vectors", "checkpoint" or "corpus".
    has_checksum
        Whether it carries a checksum, which it was held to. Without, all that is known is that it can be read and that
        its numbers are finite.
    what
        What is in it, for people.
    sha256
        Of its content; None of what is not told apart by one. That of vectors is of words, counts and numbers without
        the settings, so it is the same for the same vectors, whatever machine made them.
    """

    path: Path
    kind: str
    has_checksum: bool
    what: str
    sha256: str | None

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {**self.__dict__, "path": str(self.path)}


def verify(path: str | Path) -> list[Verified]:
    """Read a file, or a folder of checkpoints or of a corpus, whole.

    Returns
    -------
    list of what was found: one thing, or all checkpoints of a folder

    Raises
    ------
    DataError
        It is damaged or can't be read; the message names the file.
    OptionError
        It is a folder that holds neither checkpoints nor a corpus.
    """
    from firth.checkpoints import MAGIC, Checkpoints

    path = Path(path)
    if path.is_dir():
        if (path / "corpus.json").exists():
            return [_corpus(path)]
        if checkpoints := Checkpoints(path).paths():
            return [_checkpoint(each) for each in checkpoints]
        raise OptionError(f"{path} is a folder without checkpoints or a corpus in it: name a file")
    from firth.vectors.kinds import start_of

    if start_of(path, len(MAGIC)) == MAGIC:
        return [_checkpoint(path)]
    return [_vectors(path)]


def _corpus(folder: Path) -> Verified:
    import numpy as np

    from firth.corpus.corpus import Corpus

    corpus = Corpus.load(folder)
    words, offsets = len(corpus.vocabulary), corpus.offsets
    rise = offsets.size > 0 and offsets[0] == 0 and offsets[-1] == len(corpus.ids) and (np.diff(offsets) >= 0).all()
    if not rise or any(
        block.max() >= words for block in np.array_split(corpus.ids, 1 + len(corpus.ids) // (1 << 24)) if block.size
    ):
        raise DataError(f"{folder} is damaged: its sentences are not ones of its words; make the corpus again")
    what = f"{len(corpus):,} sentences, {len(corpus.ids):,} words, {words:,} different"
    return Verified(folder, "corpus", True, what, corpus.checksum())


def _checkpoint(path: Path) -> Verified:
    import numpy as np

    from firth.checkpoints import read_snapshot

    snapshot = read_snapshot(path)
    for name, array in snapshot.arrays.items():
        if array.dtype.kind == "f" and name != "losses" and not _finite(array):
            raise DataError(f"checkpoint {path} is damaged: {name} holds a number that is not finite; remove it")
    sizes = ", ".join(f"{name} {' x '.join(map(str, np.shape(each)))}" for name, each in snapshot.arrays.items())
    return Verified(path, "checkpoint", True, f"at {snapshot.iteration:,}: {sizes}", None)


def _finite(array: Any) -> bool:
    import numpy as np

    return all(bool(np.isfinite(block).all()) for block in np.array_split(array, 1 + array.nbytes // (1 << 26)))


def _vectors(path: Path) -> Verified:
    from firth.vectors.kinds import is_native, start_of
    from firth.vectors.native import content_checksum
    from firth.vectors.vectors import Vectors

    native = is_native(start_of(path, 16))
    vectors = Vectors.load(path, verify=native)
    for name, matrix in (("center", vectors.matrix), ("outside", vectors.outside)):
        if matrix is not None and not _finite(matrix):
            raise DataError(f"{path} is damaged: {name} holds a number that is not finite; copy or make it again")
    what = f"{len(vectors):,} words of {vectors.dimensions} dimensions"
    return Verified(path, "vectors", native, what, content_checksum(vectors))
