"""What surrounds a run of `firth train`: checks before it, what it needs, how it is stopped and gone on with."""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.checkpoints import Checkpoints
from firth.errors import DataError, OptionError
from firth.files import make_folder
from firth.output import print_json, print_table, say
from firth.signals import StoppedError, StopRequest
from firth.training.checkpointing import demand_none, parse_every
from firth.training.config import TrainingConfig

if TYPE_CHECKING:
    from firth.corpus.corpus import Corpus
    from firth.corpus.sharded import ShardedCorpus
    from firth.training.cluster import Cluster
    from firth.training.engine import TrainingRun
    from firth.training.needs import Needs
    from firth.vectors.vectors import Vectors

_KEPT = "Nothing lost"
Checkpoint = Annotated[
    Path | None,
    typer.Option(help="Keep checkpoints in this folder, two at most.", metavar="FOLDER", rich_help_panel=_KEPT),
]
CheckpointEvery = Annotated[
    str,
    typer.Option(
        help="How often: a number and s, min, h, words, kwords, Mwords or Gwords.",
        metavar="TIME|WORDS",
        rich_help_panel=_KEPT,
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the newest checkpoint that is whole.", rich_help_panel=_KEPT)
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Read the text, say what the run needs of memory and disk, and leave.", rich_help_panel=_KEPT
    ),
]

_MANY = "Many machines"
Ray = Annotated[
    str | None,
    typer.Option(
        help="Learn on the nodes of a Ray cluster: auto, host:port, or local for this machine alone.",
        metavar="ADDRESS",
        rich_help_panel=_MANY,
    ),
]
Replicas = Annotated[
    int | None,
    typer.Option(
        help="With --ray: copies of the vectors that learn side by side.",
        show_default="one a node, also of those that join later",
        rich_help_panel=_MANY,
    ),
]
Sync = Annotated[
    str | None,
    typer.Option(
        help="With --ray: words that each learns from between two exchanges, such as 4Mwords.",
        metavar="WORDS",
        show_default="by the length of the run and the replicas",
        rich_help_panel=_MANY,
    ),
]
Half = Annotated[bool, typer.Option("--half", help="With --ray: exchange changes as float16.", rich_help_panel=_MANY)]

READING = (
    "tokenizer",
    "lowercase",
    "nfkc",
    "digits",
    "column",
    "min_count",
    "max_size",
    "unknown",
    "max_sentence",
    "strict",
)


def demand_fitting(
    config: TrainingConfig, start: Path | None, update: Path | None, update_vocabulary: bool, freeze_start: bool
) -> None:
    """Refuse options that don't go together."""
    if start and update:
        raise OptionError("--start and --update are both given: choose one")
    if update_vocabulary and not update:
        raise OptionError("--update-vocabulary adds words to the vectors of --update: name their file with it")
    if freeze_start and not (start or update):
        raise OptionError("--freeze-start keeps the vectors of --start or --update as they are: name their file")
    if update and config.objective == "hierarchical-softmax":
        raise OptionError("--update can't go on with hierarchical softmax, whose tree no file holds: use --start")


def cluster_asked(
    ray: str | None, replicas: int | None, sync: str | None, half: bool, update: Path | None
) -> Cluster | None:
    """How many machines are to be used; None is this one."""
    if ray is None:
        for name, given in (("--replicas", replicas), ("--sync", sync), ("--half", half)):
            if given:
                raise OptionError(f"{name} is about a cluster: name its address with --ray")
        return None
    from firth.training.cluster import Cluster

    if update:
        raise OptionError("--update goes on with vectors on one machine: with --ray use --start")
    return Cluster(ray, replicas, sync, half)


def demand_writable(out: Path, log: Path | None) -> None:
    """See before the work, which may take hours, that its result will find room."""
    if out.suffix != ".safetensors":
        raise OptionError(f"--out is {out}: vectors are written as .safetensors, so let the name end in that")
    for path in (out, log):
        if path is not None and path.is_dir():
            raise OptionError(f"{path} is a folder: name a file in it")
        if path is not None and not path.parent.is_dir():
            raise DataError(f"cannot write {path}: there is no folder {path.parent}; make it, or choose another place")
        if path is not None:
            make_folder(path.parent)


def before_it(start: Path | None, update: Path | None) -> Vectors | None:
    """The vectors to go on from."""
    from firth.vectors.vectors import Vectors

    path = start or update
    if path is None:
        return None
    vectors = Vectors.load(path)
    if update and vectors.outside is None:
        raise OptionError(f"--update is {path}, which has no outside vectors to go on with: use --start")
    return vectors


def demand_checkpoints(checkpoint: Path | None, every: str, resume: bool, dry_run: bool) -> None:
    """Refuse what is said of checkpoints and can't be."""
    parse_every(every)
    if resume and checkpoint is None:
        raise OptionError("--resume goes on from checkpoints: name their folder with --checkpoint")
    if checkpoint is not None and checkpoint.exists() and not checkpoint.is_dir():
        raise OptionError(f"--checkpoint is {checkpoint}, which is a file: name a folder")
    if checkpoint is not None and not resume:
        demand_none(Checkpoints(checkpoint))
    if checkpoint is not None and not dry_run:
        make_folder(checkpoint)


def tell_needs(
    needed: Needs, corpus: Corpus | ShardedCorpus, out: Path, checkpoint: Path | None, dry_run: bool, as_json: bool
) -> bool:
    """See whether there is room for the run; with --dry-run, say what it needs, and that it is not to be done."""
    from firth.fitting import demand_room
    from firth.limits import memory_free, size

    if dry_run:
        free = memory_free()
        disk = needed.file + (needed.checkpoints if checkpoint is not None else 0)
        told = {
            "sentences": len(corpus),
            "words": corpus.words,
            "vocabulary": len(corpus.vocabulary),
            "text_sha256": corpus.checksum(),
            "memory": needed.memory,
            "mapped_text": needed.text,
            "memory_free": free,
            "disk": disk,
            "file": needed.file,
        }
        if as_json:
            print_json(told)
        else:
            of_it = "" if free is None else f", {size(free)} are free"
            rows = [
                ("words", f"{corpus.words:,} in {len(corpus):,} sentences"),
                ("vocabulary", f"{len(corpus.vocabulary):,} words"),
                ("sha256", f"{told['text_sha256']} (of the text, once read)"),
                ("memory", f"about {size(needed.memory)}{of_it}; and {size(needed.text)} of text, which is mapped"),
                ("disk", f"{size(disk)}, of which {size(needed.file)} for {out}"),
            ]
            print_table(("", ""), rows)
    demand_room(needed, checkpoint, out)
    return dry_run


def stop_request(out: Path, checkpoint: Path | None) -> StopRequest:
    """What a signal does while the run goes on."""
    if checkpoint is None:
        first = f"stopping: the vectors so far are written to {out} (once more stops at once)"
        second = f"stopped at once; {out} is not written, and no file is left half-written"
    else:
        first = "stopping with a checkpoint (once more stops at once)"
        second = f"stopped at once; the checkpoints that are there are whole: go on with  {resume_command()}"
    return StopRequest(say, first, second)


def demand_finished(run: TrainingRun, checkpoint: Path | None, stop: StopRequest) -> None:
    """Leave where a run that has checkpoints was asked to stop: it is to be gone on with."""
    if checkpoint is not None and run.stopped and run.by_request:
        message = f"stopped after {run.words:,} words with a checkpoint: go on with  {resume_command()}"
        raise StoppedError(message, stop.signal_number or signal.SIGINT)


def resume_command() -> str:
    """How this command was called, with --resume."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        command = [sys.executable, "-m", "firth"]
    else:
        command = ["firth" if shutil.which("firth") == str(called) else str(called)]
    return shlex.join([*command, *[each for each in sys.argv[1:] if each != "--resume"], "--resume"])
