"""Files that are nearly right: each is read, or refused in one sentence. Run as a program, as many as wanted:

python tests/fuzzing.py --cases 100000 [--reader glove] [--seed 1]
"""

from __future__ import annotations

import argparse
import random
import struct
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from firth.errors import DataError
from firth.vectors import Vectors
from firth.vectors.native import to_bytes

GOLDEN = Path(__file__).parent / "golden"
TOKENS = [
    b"\n",
    b" ",
    b"  ",
    b"\t",
    b"\r\n",
    b"nan",
    b"inf",
    b"-inf",
    b"1e999",
    b"-",
    b".",
    b"e",
    b"1e",
    b"_",
    b"0x1",
    b"\0",
]
TOKENS += [
    b"99999999999999999999",
    b"1000000000000 300",
    b"-1 3",
    b"3 -1",
    b"0 0",
    b"\xff",
    b"\xc2\xa0",
    b"<html>",
    b"{",
    b"[",
]
TOKENS += [b"\x7f\xff\xff\xff", b"\xff" * 8, struct.pack("<q", 1 << 60), struct.pack("<i", -5), b"\0" * 9, b"1" * 400]


def seeds() -> dict[str, list[bytes]]:
    """Whole files for each reader."""
    words = ["king", "naïve", "日本", "a"]
    vectors = Vectors(words, np.arange(12).reshape(4, 3) / 7, [4, 3, 2, 1], np.ones((4, 3)), {"seed": 1})
    return {
        "native": [to_bytes(vectors, dtype) for dtype in ("float32", "float16", "int8")],
        "word2vec-text": [(GOLDEN / name).read_bytes() for name in ("gensim.txt", "word2vec_c.txt", "fasttext.vec")],
        "word2vec-binary": [(GOLDEN / name).read_bytes() for name in ("gensim.bin", "word2vec_c.bin")],
        "glove": [(GOLDEN / "glove.txt").read_bytes()],
        "fasttext-bin": [(GOLDEN / "fasttext.bin").read_bytes()],
    }


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Change a file in one to four places."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed) + 1)
        if chance.random() < 0.4:  # headers are short and matter most
            place = min(place, chance.randrange(40))
        match chance.randrange(6):
            case 0:
                del changed[place:]
            case 1:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 2:
                token = chance.choice(TOKENS)
                changed[place : place + chance.choice([0, len(token)])] = token
            case 3:
                del changed[place : place + chance.randint(1, 8)]
            case 4:
                changed[place:place] = changed[place : place + chance.randint(1, 30)]
            case 5:
                if place < len(changed):
                    changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed)


def fuzz(reader: str, cases: int, seed: int = 1) -> dict[str, int]:
    """Read so many nearly right files, by their content and by name in turn; say how many were read and refused."""
    chance = random.Random(f"{reader} {seed}")
    whole = seeds()[reader]
    ended = {"read": 0, "refused": 0}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / "v"
        for case in range(cases):
            path.write_bytes(mutated(chance.choice(whole), chance))
            policy = chance.choice([{}, {"duplicates": "first", "invalid": "escape"}, {"invalid": "replace"}])
            try:
                vectors = Vectors.load(path, reader if case % 2 else None, **policy)
                assert len(vectors.words) == len(vectors.matrix)
                vectors.most_similar(vectors.words[0])
                ended["read"] += 1
            except DataError as error:
                assert str(path) in str(error), error
                assert "\n" not in str(error), error
                ended["refused"] += 1
    return ended


if __name__ == "__main__":
    warnings.simplefilter("error")
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--reader", choices=list(seeds()))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for reader in [given.reader] if given.reader else seeds():
        started = time.perf_counter()
        print(reader, fuzz(reader, given.cases, given.seed), f"{time.perf_counter() - started:.0f} s", flush=True)
