"""Commands with options drawn at random, right and wrong: each does its work, or fails in one clear sentence.

The commands and their options are those that the parser knows, so one that is added is tried too.
"""

import os
import random
import resource
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torture import Outcome
from torture.processes import Process, command, emptied, one_sentence, parts_in, run
from torture.scenes import digest, some_vectors, write_text

WRONG = ["", " ", "-1", "0", "1e400", "nan", "inf", "-inf", "9" * 30, "a", "½", "1.5", "1e-320", "None", "true", "🙂"]
WRONG += [
    "a" * 5_000,
    "--",
    "-",
    "a,b",
    "*",
    "[",
    "~nobody",
    "no/such/file",
    "folder",
    "\x1b[31m",
    "line\nend",
    "\udcff",
    "%s",
]
TEXTS = ["text.txt", "text.txt.gz", "table.csv", "text*.txt", "texts"]
POOLS = {
    "inputs": [*TEXTS, "text.txt", "text.txt", "empty.txt", "binary.bin", "cut.txt.gz", "-", "v.safetensors"],
    "file": ["v.safetensors", "v.txt", "v.bin", "v.safetensors", "damaged.safetensors", "pickle.bin", "empty.txt"],
    "source": ["v.safetensors", "v.txt", "v.bin", "v.txt", "damaged.safetensors", "pickle.bin", "text.txt"],
    "path": ["v.safetensors", "damaged.safetensors", "kept", "folder", "text.txt", "word2vec.py"],
    "target": ["o.safetensors", "o.txt", "o.bin", "o.txt.gz", "o.parquet", "o.npy", "o", "v.txt", "folder", "pipe"],
    "out": [
        "o.safetensors",
        "o.safetensors",
        "o.safetensors",
        "o.txt",
        "v.safetensors",
        "folder",
        "pipe",
        "no/o.safetensors",
    ],
    "words": ["word1", "word1 - word2 + word3", "word1 ~ naïve", "? word1 word2 word3", "nothing"],
    "name": ["sst", "python", "eval"],
    "names": ["sst", "eval", "nothing"],
    "architecture": ["skip-gram", "cbow", "skipgram"],
    "objective": ["negative-sampling", "softmax", "hierarchical-softmax", "hs"],
    "dimensions": ["1", "3", "16", "100", "10000", "10001"],
    "window": ["1", "2", "5", "1000"],
    "negatives": ["1", "5", "64", "65"],
    "negative_exponent": ["0", "0.75", "-1", "2", "3"],
    "subsample": ["0", "1e-4", "0.1", "1", "1e-300"],
    "subsample_rule": ["word2vec", "paper"],
    "context_gradient": ["mean", "word2vec"],
    "epochs": ["1", "2", "3"],
    "learning_rate": ["0.025", "1", "1e-30", "1e9", "1e6"],
    "final_learning_rate": ["0", "0.001", "1"],
    "schedule": ["linear", "constant"],
    "warmup": ["0", "0.5", "1"],
    "held_out": ["0", "0.1", "0.5", "0.6"],
    "patience": ["0", "1", "2"],
    "threads": ["1", "2", "8", "300", "1025"],
    "start": ["v.safetensors", "small.safetensors", "v.txt", "damaged.safetensors", "pickle.bin"],
    "update": ["small.safetensors", "small.safetensors", "v.safetensors", "v.txt"],
    "freeze": ["w1", "w1,w2", "nothing", ","],
    "tokenizer": ["words", "whitespace", "characters", "jieba", "word"],
    "digits": ["keep", "fold"],
    "column": ["text", "number", "other"],
    "min_count": ["1", "1", "5", "1000000"],
    "max_size": ["1", "5", "1000000"],
    "unknown": ["UNK", "w1"],
    "max_sentence": ["1", "2", "100"],
    "log": ["log", "folder", "no/log"],
    "checkpoint": ["kept", "kept2", "text.txt", "folder"],
    "every": ["1s", "100words", "5min", "2kwords"],
    "format_": ["native", "word2vec-text", "glove", "fasttext-bin", "word2vec-binary"],
    "to": ["native", "word2vec-text", "word2vec-binary", "glove", "parquet", "numpy", "tensorboard", "model2vec"],
    "dtype": ["float32", "float16", "int8", "float64"],
    "vocabulary": ["v.vocab", "text.txt"],
    "duplicates": ["error", "first", "last"],
    "invalid": ["error", "replace", "escape"],
    "spaces": ["error", "underscore", "skip"],
    "n": ["1", "10", "100000"],
    "restrict": ["1", "10", "100000"],
    "similarity": ["pairs.txt", "text.txt", "ws353"],
    "analogies": ["questions.txt", "text.txt", "google-analogies"],
    "method": ["3cosadd", "3cosmul"],
    "passes": ["1", "2", "3"],
    "threshold": ["0", "1", "10", "-1"],
    "scoring": ["default", "npmi"],
    "connectors": ["english", "of,the"],
    "apply": ["phrases.json", "text.txt"],
    "save": ["o.json", "folder"],
    "top": ["0", "5", "1000"],
    "dataset": ["sst", "sst", "nothing"],
    "loss": ["negative-sampling", "softmax"],
    "iterations": ["1", "50", "0"],
    "batch": ["1", "5"],
    "step": ["0.3", "10", "1e9"],
    "anneal_every": ["10", "1"],
    "repetitions": ["1", "3"],
    "ray": ["auto", "127.0.0.1:1", "ray://127.0.0.1:1"],
    "replicas": ["2", "0"],
    "sync": ["20kwords", "5min"],
    "during": ["ws353", "google-analogies", "pairs.txt"],
    "during_every": ["1kwords", "1s"],
    "files": ["v.safetensors", "small.safetensors", "v.txt", "damaged.safetensors", "logs.jsonl"],
    "paths": ["v.safetensors", "damaged.safetensors", "v.txt", "kept"],
    "neighbors": ["3", "10", "1000"],
    "changed": ["3", "0"],
    "sample": ["10", "1000000"],
    "table": ["labels.csv", "table.csv", "text.txt"],
    "dev": ["labels.csv"],
    "test": ["labels.csv", "table.csv"],
    "text": ["text", "other"],
    "label": ["label", "text"],
    "classes": ["2", "5"],
    "weights": ["mean", "unit,both", "sif", "tfidf", "idf"],
    "layout": ["pca", "pca", "tsne", "umap"],
    "title": ["A title", "<b>a & b</b>", "$x$"],
    "size": ["9x7", "4x4", "1x1", "100000x100000"],
    "timeout": ["5", "1"],
    "memory": ["500", "1"],
    "topic": ["negative-sampling", "mistakes", "sigmoid", "nothing"],
    "words_file": ["words.txt", "text.txt", "empty.txt"],
    "word": ["word1", "w1", "nothing"],
    "clusters": ["3", "1", "1000"],
    "pairs": ["word1:word2", "w1:w2", "w1"],
    "logs": ["log.jsonl", "text.txt", "empty.txt"],
    "along": ["words", "seconds", "epoch"],
    "seed": ["0", "1", "9223372036854775807", "9223372036854775808"],
}
LEFT_OUT = {"bench"}
"""Starts processes of its own, and measures for minutes."""
KEPT = ("cache", "passing", "kept", "kept2", "log", "d", ".told")
"""What a command that fails may leave: its cache, whole checkpoints, the log so far."""


@dataclass(frozen=True)
class Known:
    """A command that the parser knows: its words, and its parameters."""

    words: tuple[str, ...]
    parameters: list


def known_commands() -> list[Known]:
    """All commands, with their options."""
    import typer

    from firth.cli import app

    found: list[Known] = []

    def walk(each, words: tuple[str, ...]) -> None:
        for name, inside in getattr(each, "commands", {}).items():
            walk(inside, (*words, name))
        if not getattr(each, "commands", {}) and words[0] not in LEFT_OUT:
            found.append(Known(words, [one for one in each.params if one.name not in ("help", "_")]))

    walk(typer.main.get_command(app), ())
    return found


def prepare(folder: Path) -> None:
    """Files that commands may be given, whole and damaged."""
    import gzip

    emptied(folder)
    write_text(folder / "text.txt", 60)
    packed = gzip.compress((folder / "text.txt").read_bytes(), mtime=0)
    (folder / "text.txt.gz").write_bytes(packed)
    (folder / "cut.txt.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "empty.txt").touch()
    (folder / "binary.bin").write_bytes(bytes(range(256)) * 20)
    (folder / "pickle.bin").write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.")
    (folder / "table.csv").write_text("text,number\nw1 w2 w3 w1 w2,1\nw2 w1 w3,2\n" * 9)
    for name in ("folder", "texts", "passing"):
        (folder / name).mkdir()
    (folder / "folder" / "other").write_text("other things\n")
    shutil.copy(folder / "text.txt", folder / "texts" / "one.txt")
    some_vectors(1, 200, 8).save(folder / "v.safetensors")
    small = some_vectors(2, 200, 8).matrix
    from firth import Vectors

    Vectors([f"w{each}" for each in range(200)], small, None, small[::-1].copy()).save(folder / "small.safetensors")
    content = bytearray((folder / "v.safetensors").read_bytes())
    content[50] ^= 8
    (folder / "damaged.safetensors").write_bytes(content)
    rows = ["4 2", "word1 0.5 0.25", "word2 1 0", "word3 0 1", "naïve -1 1"]
    (folder / "v.txt").write_text("\n".join(rows) + "\n")
    (folder / "v.vocab").write_text("word1 4\nword2 3\nword3 2\nnaïve 1\n")
    some_vectors(1, 20, 4).save(folder / "v.bin", "word2vec-binary")
    (folder / "pairs.txt").write_text("word1 word2 7.5\nword2 word3 2\nword1 word3 3\n")
    (folder / "questions.txt").write_text(": a kind\nword1 word2 word3 word4\n")
    (folder / "words.txt").write_text("word1\nword2\nword3\nnothing\n")
    (folder / "labels.csv").write_text("text,label\n" + "word1 word2,good\nword3 word4,bad\n" * 9)
    (folder / "word2vec.py").write_text("import numpy as np\n\ndef sigmoid(x):\n    return 1 / (1 + np.exp(-x))\n")
    (folder / "log.jsonl").write_text('{"event": "progress", "words": 10, "loss": 1.5, "seconds": 1}\n' * 9)
    os.mkfifo(folder / "pipe")


def drawn(known: Known, chance: random.Random) -> list[str]:
    """A command line: each of its parameters by chance, with a value that is mostly right."""
    wrong = chance.choice([0.0, 0.0, 0.05, 0.3])
    options, arguments = [], []
    for each in known.parameters:
        needed = each.required or (each.name in ("dataset", "iterations", "min_count") and chance.random() < 0.8)
        if not needed and chance.random() > chance.choice([0.05, 0.1, 0.3]):
            continue
        pool = POOLS.get(each.name, ["1", "v.safetensors", "text.txt"])
        value = pool[0] if chance.random() < 0.6 else chance.choice(pool)
        if chance.random() < wrong:
            value = chance.choice(WRONG)
        if each.param_type_name == "argument":
            arguments.append(value)
        elif getattr(each, "is_flag", False):
            options.append(chance.choice([*each.opts, *each.secondary_opts]))
        else:
            options += [chance.choice(each.opts), value]
    if chance.random() < wrong / 3:
        options.append(chance.choice(["--no-such-option", "--dimensoins=3", "-z", *WRONG]))
    quiet = ["-q"] if any("-q" in each.opts for each in known.parameters) else []
    return [*known.words, *arguments, *options, *quiet]


def _named(arguments: list[str], option: str) -> str:
    """What an option was given; "cache" where it was not."""
    return (arguments[arguments.index(option) + 1] if option in arguments[:-1] else "") or "cache"


def everything(folder: Path) -> dict[str, str]:
    """What is in a folder, but for what a command may leave."""
    return {
        path.relative_to(folder).as_posix(): "" if path.is_dir() or path.is_fifo() else digest(path)
        for path in folder.rglob("*")
        if not path.relative_to(folder).as_posix().startswith(KEPT)
    }


def try_all(folder: Path, chance: random.Random, cases: int, tell: Callable[[str], None]) -> Outcome:
    """Run so many commands."""
    from tiny import tiny_treebank

    from firth.course import demo

    def first() -> None:
        demo.load_sst = lambda folder=None, report=None: tiny_treebank()
        resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
        os.environ.pop("FIRTH_DATA", None)
        os.environ["https_proxy"] = "http://127.0.0.1:9"  # nothing is to be fetched

    outcome, place = Outcome(), folder / "options"
    prepare(place)
    before = everything(place)
    commands = known_commands()
    weights = [0.15 if each.words[0] == "demo" else 4.0 if each.words[0] == "train" else 1.0 for each in commands]
    for case in range(cases):
        arguments = drawn(chance.choices(commands, weights)[0], chance)
        if arguments[0] == "demo":
            arguments = [*arguments, "--out", "d", "--subsample", "0.1"]
            arguments += [] if "--dataset" in arguments else ["--dataset", "sst"]
        ended = Process(command(arguments), place, first=first).ended(timeout=60)
        is_judged = arguments[0] == "grade" and ended.code == 1 and bool(ended.out) and not ended.err
        # What is verified is told of file by file; marks below the full ones are no failure.
        wrong = "" if is_judged else one_sentence(ended, most=2 if arguments[0] == "verify" else 1)
        if ended.code in (1, 2) and "Usage:" in ended.out:
            wrong = wrong or "a page of help for an error"
        if ended.code == 0 and arguments[0] in ("train", "convert") and (place / "o.safetensors").is_file():
            verified = run(["verify", "o.safetensors"], place, told="told-verify")
            wrong = wrong or ("" if verified.code == 0 else f"what it wrote is damaged: {verified.err}")
        kept = _named(arguments, "--checkpoint")
        after = everything(place)
        changed = sorted(name for name, _ in after.items() ^ before.items() if not name.startswith(kept))
        if ended.code and changed:
            wrong = wrong or f"it failed, and changed {changed[:3]}"
        if parts_in(place):
            wrong = wrong or f"it leaves {parts_in(place)[:2]}"
        if wrong:
            shown = [each if len(each) < 60 else f"{each[:20]}…" for each in arguments]
            outcome.faults.append(f"firth {' '.join(map(repr, shown))}: {wrong}")
        ends = "done" if ended.code == 0 else "refused in one sentence"
        ends = "long, stopped when asked" if ended.timed_out else ends
        outcome.count(f"inputs tried: {ends}" if not wrong else "inputs tried: faults")
        if after != before or (place / "kept").exists() or (place / "d").exists():
            prepare(place)
            before = everything(place)
        if case % 100 == 99:
            tell(f"options: {case + 1:,} tried, {len(outcome.faults)} faults")
    return outcome
