"""How vectors were made, so that they can be made again: what a file says of it, and the command that it amounts to."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import firth
from firth.errors import DataError
from firth.training.config import MinibatchConfig, TrainingConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from firth.corpus.corpus import Corpus
    from firth.corpus.sharded import ShardedCorpus
    from firth.fitting import Beginning
    from firth.training.engine import TrainingRun

MOST_NAMED = 100
"""Frozen words that are named; beyond, they are counted."""
_READ_BY_COMMAND = ("words", "whitespace", "characters", "jieba")
_SWITCHES = {"nfkc": "--nfkc", "strict": "--strict", "deterministic": "--deterministic"}
_EITHER = ("lowercase", "shrink_window")


def settings_of(
    run: TrainingRun, beginning: Beginning, words: list[str], checksums: Mapping[str, str]
) -> dict[str, Any]:
    """What a file of vectors says of how they were made.

    Parameters
    ----------
    run
        As it ended.
    beginning
        What it began with.
    words
        Of each row.
    checksums
        Of the text, and of the vectors to start from (see `identity_of`).

    Returns
    -------
    dict of JSON values: every option; threads, words gone through, how the text was read, Firth's version; and under
    `provenance` checksums, the processor, the versions underneath, and whether the same command gives the same bits.
    No time and no folder is in it, so equal runs give equal files.
    """
    import numba
    import numpy

    from firth.compute.compiling import processor
    from firth.training.engine import thread_count

    config, corpus = run.config, beginning.corpus
    threads = config.threads if beginning.cluster else thread_count(config)
    repeatable = config.deterministic or (threads == 1 and not beginning.cluster)
    return {
        **dataclasses.asdict(config),
        "threads": threads,
        "words": run.words,
        "reading": _reading(corpus),
        "firth": firth.__version__,
        "provenance": {
            "text": list(corpus.report.names),
            "text_sha256": checksums["text"],
            "words_were_chosen": corpus.settings.get("keep") is not None or bool(corpus.settings.get("drop")),
            "start": {"how": beginning.how, "sha256": checksums["start"]} if beginning.how else None,
            "frozen": _frozen(beginning, words),
            "first_epoch": beginning.first_epoch,
            "stopped": run.stopped or None,
            "cluster": beginning.cluster,
            "repeatable": repeatable and not run.by_request,
            "processor": {"machine": platform.machine(), **processor()},
            "versions": {"python": platform.python_version(), "numpy": numpy.__version__, "numba": numba.__version__},
        },
    }


def identity_of(config: TrainingConfig, beginning: Beginning) -> dict[str, Any]:
    """What must be the same for a run to go on from a checkpoint; see `firth.training.checkpointing.differences`."""
    from firth.vectors.native import content_checksum

    return {
        "firth": firth.__version__,
        "options": dataclasses.asdict(config),
        "reading": _reading(beginning.corpus),
        "text": beginning.corpus.checksum(),
        "start": content_checksum(beginning.vectors) if beginning.vectors is not None else "",
        "how": beginning.how,
        "frozen": _digest(beginning.frozen),
        "first_epoch": beginning.first_epoch,
        "cluster": beginning.cluster,
    }


def _reading(corpus: Corpus | ShardedCorpus) -> dict[str, Any]:
    """How a text was read, without lists of words, which may be long and whose work shows in the text's checksum."""
    return {name: value for name, value in corpus.settings.items() if name not in ("keep", "drop")}


def _digest(frozen: NDArray[np.bool_]) -> str:
    return hashlib.sha256(frozen.tobytes()).hexdigest()


def _frozen(beginning: Beginning, words: list[str]) -> str | int | list[str]:
    """The words that stayed as they were: "start" for all that were taken over, a list, or how many."""
    named = [word for word, is_frozen in zip(words, beginning.frozen.tolist(), strict=True) if is_frozen]
    if named and beginning.vectors is not None:
        index = beginning.vectors.index
        if len(named) == sum(word in index for word in words) and all(word in index for word in named):
            return "start"
    can_be_named = len(named) <= MOST_NAMED and not any("," in word or word != word.strip() for word in named)
    return named if can_be_named else len(named)


def command_of(settings: Mapping[str, Any], out: str) -> tuple[str, list[str]]:
    """The command that makes vectors again, and sentences that say what it needs and what it can't promise.

    Parameters
    ----------
    settings
        Of the file.
    out
        What the file is to be called.

    Raises
    ------
    DataError
        The settings don't say how the vectors were made.
    """
    if "iterations" in settings and "dataset" in settings:
        return _demo_command(settings)
    try:
        return _train_command(settings, settings.get("provenance", {}), out)
    except (AttributeError, KeyError, TypeError, ValueError):
        message = f"{out} doesn't say how it was made: files do that firth train or firth demo wrote"
        raise DataError(message) from None


def _train_command(settings: Mapping[str, Any], provenance: Mapping[str, Any], out: str) -> tuple[str, list[str]]:
    names = [f"./{name}" if name.startswith("-") else name for name in provenance.get("text") or ["TEXT"]]
    command = ["firth", "train", *names, "--out", out]
    if "epochs" not in settings:
        raise KeyError("epochs")
    command += _flags(settings, dataclasses.asdict(TrainingConfig()))
    # What `firth train` leaves out where nothing else is said is not what `Corpus.from_text` does.
    command += _flags(settings["reading"], {**_READING_DEFAULTS, "min_count": None})
    if start := provenance.get("start"):
        command += ["--start" if start["how"] == "start" else "--update", "VECTORS"]
        command += ["--update-vocabulary"] if start["how"] == "update-vocabulary" else []
    frozen = provenance.get("frozen")
    command += ["--freeze-start"] if frozen == "start" else []
    if cluster := provenance.get("cluster"):
        command += ["--ray", "auto", *(["--half"] if cluster["half"] else [])]
        command += [
            part for name in ("replicas", "sync") if cluster[name] for part in (f"--{name}", str(cluster[name]))
        ]
    command += ["--freeze", ",".join(frozen)] if isinstance(frozen, list) and frozen else []
    return shlex.join(command), _notes(settings, provenance)


_READING_DEFAULTS = {
    "tokenizer": "words",
    "nfkc": False,
    "digits": "keep",
    "column": None,
    "max_size": None,
    "unknown": None,
    "max_sentence": None,
    "strict": False,
}


def _flags(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Options as the command has them, those that have their defaults left out."""
    wanted = [name for name in defaults if name in settings and settings[name] != defaults[name]]
    if "tokenizer" in defaults and settings.get("lowercase", True) != (settings["tokenizer"] == "words"):
        wanted.append("lowercase")
    flags: list[str] = []
    for name in wanted:
        dashed, value = name.replace("_", "-"), settings[name]
        if name in _EITHER:
            flags.append(f"--{dashed}" if value else f"--no-{dashed}")
        elif name in _SWITCHES:
            flags.append(_SWITCHES[name])
        else:
            flags += [f"--{dashed}", str(value)]
    return flags


def _demo_command(settings: Mapping[str, Any]) -> tuple[str, list[str]]:
    defaults = dataclasses.asdict(MinibatchConfig())
    flags = [part for name in defaults if name in settings for part in (f"--{name.replace('_', '-')}", settings[name])]
    notes = _version_notes(settings)
    return shlex.join(["firth", "demo", "--dataset", str(settings["dataset"]), *map(str, flags)]), notes


def _version_notes(settings: Mapping[str, Any]) -> list[str]:
    if settings.get("firth") == firth.__version__:
        return []
    return [f"it was made by Firth {settings.get('firth')}, and this is {firth.__version__}: install that one"]


def _notes(settings: Mapping[str, Any], provenance: Mapping[str, Any]) -> list[str]:
    notes = _version_notes(settings)
    if not provenance:
        return [*notes, "it holds no checksum of its text: TEXT is the text it was made from"]
    names = provenance.get("text") or ["TEXT"]
    named = " and ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    notes.append(f"{named}: the text whose SHA-256, as firth train --dry-run tells it, is {provenance['text_sha256']}")
    if start := provenance.get("start"):
        notes.append(f"VECTORS: the vectors whose SHA-256, as firth verify tells it, is {start['sha256']}")
    if settings["reading"]["tokenizer"] not in _READ_BY_COMMAND:
        notes.append(f"its text was cut by {settings['reading']['tokenizer']!r} in Python, which a command can't do")
    if provenance.get("words_were_chosen"):
        notes.append("its words were chosen by keep or drop in Python, which a command can't do")
    if isinstance(provenance.get("frozen"), int):
        notes.append(f"{provenance['frozen']:,} words stayed as they were, and are not named: freeze them in Python")
    if provenance.get("stopped"):
        notes.append(f"that run ended after {settings['words']:,} words: {provenance['stopped']}")
    if not provenance.get("repeatable"):
        why = "it was stopped" if provenance.get("stopped") else "its threads shared the vectors without locks"
        notes.append(f"{why}, so the same command gives vectors as good, not the same bits")
    return notes
