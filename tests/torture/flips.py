"""Bits flipped and ends cut off at random: every change of a checkpoint, of vectors and of a corpus is noticed."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from firth import Checkpoints, Corpus, DataError, Vectors
from firth.checkpoints import read_snapshot
from firth.vectors.native import write_native
from torture import Outcome
from torture.scenes import some_vectors, write_text


def changed(content: bytes, chance: random.Random) -> tuple[bytes, str]:
    """One bit flipped, in headers as often as elsewhere; or an end cut off, or a few bytes added."""
    kind, place = chance.random(), chance.randrange(len(content))
    if kind < 0.15:
        return content[:place], f"cut to {place} bytes"
    if kind < 0.2:
        return content + bytes(chance.randint(1, 9)), "zeros added"
    if chance.random() < 0.5:
        place = min(place, chance.randrange(1_000))
    flipped = bytearray(content)
    bit = chance.randrange(8)
    flipped[place] ^= 1 << bit
    return bytes(flipped), f"bit {bit} of byte {place} flipped"


def flip_all(folder: Path, chance: random.Random, flips: int, tell: Callable[[str], None]) -> Outcome:
    """Change a checkpoint and a file of each type of numbers `flips` times each, and a corpus a quarter as often."""
    outcome = Outcome()
    place = folder / "flips"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    vectors = some_vectors(3, words=60, dimensions=12)
    arrays = {"center": vectors.matrix, "losses": np.linspace(0, 1, 50)}
    snapshot = Checkpoints(place / "kept").save(7, arrays, {"kind": "a run", "words": 12})
    _flip("checkpoint", snapshot, lambda: read_snapshot(snapshot), chance, flips, outcome)
    for dtype in ("float32", "float16", "int8"):
        path = place / f"{dtype}.safetensors"
        write_native(path, vectors, dtype)
        number = flips if dtype == "float32" else flips // 4
        _flip(f"vectors, {dtype}", path, lambda path=path: Vectors.load(path, verify=True), chance, number, outcome)
    tell(f"flips: {sum(outcome.done.values()):,} of vectors and checkpoints, {len(outcome.faults)} not noticed")
    write_text(place / "text.txt", 50)
    corpus = Corpus.from_text(place / "text.txt", min_count=1, folder=place / "corpus")
    del corpus
    for path in sorted((place / "corpus").iterdir()):
        _flip("corpus", path, lambda: Corpus.load(place / "corpus"), chance, flips // 16, outcome)
    return outcome


def _flip(
    what: str, path: Path, read: Callable[[], object], chance: random.Random, flips: int, outcome: Outcome
) -> None:
    whole = path.read_bytes()
    read()
    for _ in range(flips):
        content, how = changed(whole, chance)
        path.unlink()  # the old file may still be mapped
        path.write_bytes(content)
        try:
            read()
            outcome.faults.append(f"{what}: {path.name}: {how} is not noticed")
        except DataError as error:
            if "\n" in str(error) or not (path.name in str(error) or str(path.parent) in str(error)):
                outcome.faults.append(f"{what}: {how}: {error}")
        except Exception as error:
            outcome.faults.append(f"{what}: {path.name}: {how}: {type(error).__name__}: {error}")
        outcome.count(f"changes noticed: {what}")
    path.unlink()
    path.write_bytes(whole)
