"""What `Word2Vec.fit` and `partial_fit` are given, made ready: text, vectors to go on from, who watches."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import OptionError
from firth.progress import Report
from firth.training.checkpointing import parse_every
from firth.training.trainer import EncodedText

if TYPE_CHECKING:
    from firth.corpus.corpus import Corpus
    from firth.corpus.sharded import ShardedCorpus
    from firth.training.cluster import Cluster
    from firth.training.config import TrainingConfig
    from firth.training.engine import Callback, TrainingRun
    from firth.training.needs import Needs
    from firth.vectors.vectors import Vectors

Learner = Callable[..., "TrainingRun"]
"""(config, parameters, and how the run is watched) to the run."""


@dataclasses.dataclass(frozen=True)
class Watching:
    """How a run is watched, stopped and kept; see `Word2Vec.fit`."""

    report: Report | None
    show_progress: bool
    announce: Callable[[str], None]
    callbacks: Sequence[Callback]
    log: str | Path | None
    should_stop: Callable[[], bool]
    checkpoint: str | Path | None
    every: str
    resume: bool

    def __post_init__(self) -> None:
        parse_every(self.every)
        if self.resume and self.checkpoint is None:
            raise OptionError("resume goes on from checkpoints: name their folder with checkpoint")


@dataclasses.dataclass(frozen=True)
class Beginning:
    """What a run begins with.

    Attributes
    ----------
    corpus
        The text.
    how
        In what way vectors were taken over: "start", "update" or "update-vocabulary"; empty where none were.
    vectors
        Those.
    frozen
        Which words stay as they are, shape (V,).
    first_epoch
        Epochs that the vectors have been through already.
    cluster
        How many machines are used, as JSON values; None: one.
    """

    corpus: Corpus | ShardedCorpus
    how: str
    vectors: Vectors | None
    frozen: NDArray[np.bool_]
    first_epoch: int = 0
    cluster: dict[str, Any] | None = None


def demand_tree(config: TrainingConfig, words: int) -> None:
    """Refuse hierarchical softmax of one word."""
    if config.objective == "hierarchical-softmax" and words < 2:
        raise OptionError("objective is hierarchical-softmax, whose tree needs two words: the vocabulary has one")


def needs(config: TrainingConfig, corpus: Corpus | ShardedCorpus, words: list[str], *, translates: bool) -> Needs:
    """Estimate what a run needs; see `firth.training.needs.needs_of`."""
    from firth.training.engine import thread_count
    from firth.training.needs import needs_of

    letters = sum(len(word.encode(errors="surrogatepass")) for word in words)
    size = len(corpus), corpus.words
    return needs_of(config, len(words), letters, *size, thread_count(config), translates)


def demand_room(needed: Needs, checkpoint: str | Path | None, out: Path | None = None) -> None:
    """Refuse a run that memory or disk has no room for.

    Parameters
    ----------
    needed
        What it needs.
    checkpoint
        Folder of its checkpoints, if any are written.
    out
        File of its vectors, if that is written.
    """
    from firth.checkpoints import Checkpoints
    from firth.limits import demand_disk, demand_memory
    from firth.training.needs import PROGRAM

    demand_memory(needed.training, needed.reserved - (PROGRAM if "numba" in sys.modules else 0))
    places = {} if out is None else {out.parent: needed.file}
    if checkpoint is not None:
        there = sum(path.stat().st_size for path in Checkpoints(checkpoint).paths())
        places[Path(checkpoint)] = places.get(Path(checkpoint), 0) + max(0, needed.checkpoints - there)
    demand_disk(places)


def corpus_of(source: Any) -> Corpus:
    """A corpus, read where it is none yet.

    Raises
    ------
    OptionError
        It lies on the nodes of a cluster.
    """
    from firth.corpus.corpus import Corpus
    from firth.corpus.sharded import ShardedCorpus

    if isinstance(source, ShardedCorpus):
        raise OptionError("this corpus lies on the nodes of a cluster: use fit with cluster, or make a Corpus")
    return source if isinstance(source, Corpus) else Corpus.from_text(source)


def learner(text: EncodedText) -> Learner:
    """What learns from a text on this machine."""
    from firth.training.engine import train

    return partial(train, text)


def text_and_learner(
    source: Any, cluster: Cluster | str | None, config: TrainingConfig, entered: ExitStack
) -> tuple[Corpus | ShardedCorpus, Learner, dict[str, Any] | None]:
    """A corpus, read where it is none yet; what learns from it, here or on a cluster; and what to say of the cluster.

    Parameters
    ----------
    source
        As for `Word2Vec.fit`.
    cluster
        The cluster, or its address alone; None is this machine.
    config
        The options.
    entered
        Leaves the cluster in the end.
    """
    from firth.corpus.corpus import Corpus

    if cluster is None:
        read = corpus_of(source)
        return read, learner(EncodedText(np.asarray(read.ids), read.offsets, read.vocabulary.counts)), None
    from firth.compute.nodes import connected
    from firth.corpus.sharded import ShardedCorpus
    from firth.training.cluster import Cluster, train_on_cluster

    using = Cluster(cluster) if isinstance(cluster, str) else cluster
    nodes = entered.enter_context(connected(using.address))
    shared = source
    if not isinstance(source, ShardedCorpus):
        shared = (
            ShardedCorpus.of(source, nodes) if isinstance(source, Corpus) else ShardedCorpus.from_text(source, nodes)
        )
    described = using.described(config, nodes, [part.words for part in shared.parts])
    return shared, partial(train_on_cluster, nodes, using, shared.parts, shared.vocabulary.counts), described


def loaded(start: Vectors | str | Path | None) -> Vectors | None:
    """Vectors, loaded where a path was given."""
    from firth.vectors.vectors import Vectors

    return Vectors.load(start) if isinstance(start, str | Path) else start


def epochs_before(vectors: Vectors) -> int:
    """How many epochs vectors have been through, as far as their settings tell."""
    before = vectors.settings.get("provenance", {}), vectors.settings.get("epochs")
    first = before[0].get("first_epoch", 0) if isinstance(before[0], dict) else 0
    whole = [each for each in (first, before[1]) if type(each) is int and 0 <= each < 2**62]
    return sum(whole) if len(whole) == 2 else 0


def frozen_rows(frozen: Collection[str] | str, words: list[str], known: Vectors | None) -> NDArray[np.bool_]:
    """Which words stay as they are, shape (V,)."""
    if frozen == "start":
        if known is None:
            raise OptionError("frozen is 'start', but there are no vectors to start from: give start")
        return np.array([word in known.index for word in words])
    if isinstance(frozen, str):
        raise OptionError(f"frozen is the string {frozen[:40]!r}: give a list of words, or 'start'")
    chosen = set(frozen)
    if missing := chosen - set(words):
        raise OptionError(f"frozen names {min(missing)!r}, which is not in the vocabulary")
    return np.array([word in chosen for word in words])


def translated(
    corpus: Corpus, before: Vectors, update: bool
) -> tuple[list[str], NDArray[np.int64], NDArray[np.uint32], NDArray[np.int64]]:
    """Words, counts, ids and offsets of a new text in terms of an older model's words, new ones added or left out."""
    new = [word for word in corpus.vocabulary.words if word not in before.index] if update else []
    words = [*before.words, *new]
    index = {**before.index, **{word: len(before) + i for i, word in enumerate(new)}}
    unknown = len(words)
    rows = np.array([index.get(word, unknown) for word in corpus.vocabulary.words], dtype=np.uint32)
    counts = np.zeros(unknown + 1, np.int64)
    counts[: len(before)] = before.counts
    np.add.at(counts, rows, corpus.vocabulary.counts)
    ids = rows[np.asarray(corpus.ids)]
    known = ids != unknown
    before_each = np.concatenate(([0], np.cumsum(known)))
    return words, counts[:unknown], ids[known], before_each[corpus.offsets]
