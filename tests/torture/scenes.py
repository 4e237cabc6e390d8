"""What is broken: a small text, vectors, and commands whose answers are known."""

import hashlib
from pathlib import Path

import numpy as np
from planted import write_planted

from firth import DataError, Vectors
from firth.checkpoints import read_snapshot

LEARN = ["train", "text.txt", "-o", "v.safetensors", "--dimensions", "8", "--subsample", "0", "--min-count", "1", "-q"]


def write_text(path: Path, sentences: int, seed: int = 5) -> None:
    """A text of two topics, a sentence a line."""
    write_planted(path, seed, sentences)


def some_vectors(seed: int, words: int = 3_000, dimensions: int = 40) -> Vectors:
    """Vectors of random numbers, with everything that a file can hold."""
    generator = np.random.default_rng(seed)
    center, outside = generator.normal(size=(2, words, dimensions)).astype(np.float32)
    names = [f"word{place}" for place in range(words - 1)] + ["naïve"]
    return Vectors(names, center, np.arange(words, 0, -1), outside, {"seed": seed, "dimensions": dimensions})


def digest(path: Path) -> str:
    """SHA-256 of a file, or of all files in a folder; "" where there is none."""
    if path.is_dir():
        inside = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
        told = "".join(f"{each.relative_to(path)} {digest(each)}\n" for each in inside)
        return hashlib.sha256(told.encode()).hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def damaged_checkpoints(folder: Path) -> list[str]:
    """A sentence for each checkpoint under its final name that is not whole."""
    found = []
    for path in folder.glob("checkpoint-*"):
        try:
            read_snapshot(path)
        except DataError as error:
            found.append(str(error))
    return found
