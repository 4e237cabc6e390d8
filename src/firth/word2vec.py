"""`Word2Vec`: options in, vectors out, with scikit-learn's manners.

Puts the flow together: a corpus, the engine, vectors. The constructor only stores; `fit` validates.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from firth.during import EvaluationDuringTraining
from firth.errors import FirthError, OptionError
from firth.files import held
from firth.fitting import (
    Beginning,
    Watching,
    corpus_of,
    demand_room,
    demand_tree,
    epochs_before,
    frozen_rows,
    learner,
    loaded,
    needs,
    text_and_learner,
    translated,
)
from firth.progress import Report, progress, silent
from firth.training.checkpointing import DEFAULT_EVERY, RunCheckpoints
from firth.training.config import TrainingConfig
from firth.training.engine import Callback, Parameters
from firth.training.history_log import HistoryLog
from firth.training.trainer import EncodedText

if TYPE_CHECKING:
    import polars

    from firth.corpus.corpus import Corpus
    from firth.corpus.sharded import ShardedCorpus
    from firth.training.cluster import Cluster
    from firth.training.engine import TrainingRun
    from firth.training.needs import Needs
    from firth.vectors.vectors import Vectors

_LOW_FOR_CBOW = 0.025
_ADVICE_ON_CBOW = (
    "cbow learns slowly at this learning_rate, which is skip-gram's: try 0.14, or 0.06 with context_gradient word2vec"
)
_OPTIONS = [each.name for each in dataclasses.fields(TrainingConfig)]


class Word2Vec:
    """Word vectors learned from a text.

    Parameters
    ----------
    **options
        architecture, objective, dimensions, window, negatives, negative_exponent, subsample, epochs, learning_rate,
        threads, deterministic, seed and the other options of `firth.training.config.TrainingConfig`, where each is
        described; all have defaults. They are stored as they are, and validated by `fit`.

    Attributes
    ----------
    vectors : Vectors
        The words and their vectors, once there are any.
    history_ : polars.DataFrame
        What was reported while it learned, a row a report: epoch, words, loss, learning_rate, words_per_second,
        seconds.
    run_ : TrainingRun
        How the last run ended.

    Raises
    ------
    OptionError
        There is no such option; the message names the nearest.

    Examples
    --------
    >>> corpus = firth.Corpus.from_text("wiki.txt.gz", min_count=5)
    >>> model = firth.Word2Vec(dimensions=100, window=5, negatives=5, seed=7).fit(corpus)
    >>> model.vectors.most_similar("king", n=5)
    """

    def __init__(self, **options: Any) -> None:
        for name in options:
            _demand_known(name)
        for each in dataclasses.fields(TrainingConfig):
            setattr(self, each.name, options.get(each.name, each.default))
        self._vectors: Vectors | None = None
        self._nodes: NDArray[np.float32] | None = None

    @classmethod
    def from_vectors(cls, vectors: Vectors, **options: Any) -> Word2Vec:
        """A model that goes on from vectors with `partial_fit`; its dimensions are theirs.

        Parameters
        ----------
        vectors
            Center vectors, and the outside vectors beside them.
        options
            As for `Word2Vec`.

        Raises
        ------
        OptionError
            There are no outside vectors, or no such option.
        """
        if vectors.outside is None:
            raise OptionError("these vectors have no outside vectors to go on with: use fit(corpus, start=vectors)")
        model = cls(**{"dimensions": vectors.matrix.shape[1], **options})
        model._vectors = vectors
        return model

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  (scikit-learn's signature)
        """The options, by name."""
        return {name: getattr(self, name) for name in _OPTIONS}

    def set_params(self, **options: Any) -> Word2Vec:
        """Change options; the model itself is returned.

        Raises
        ------
        OptionError
            There is no such option.
        """
        for name, value in options.items():
            _demand_known(name)
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = {
            each.name: getattr(self, each.name)
            for each in dataclasses.fields(TrainingConfig)
            if getattr(self, each.name) != each.default
        }
        return f"Word2Vec({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    @property
    def vectors(self) -> Vectors:
        """The words and their vectors."""
        if self._vectors is None:
            raise FirthError("this model has no vectors yet: call fit first")
        return self._vectors

    @property
    def history_(self) -> polars.DataFrame:
        """What was reported while it learned."""
        import polars

        if not hasattr(self, "run_"):
            raise FirthError("this model has no history yet: call fit first")
        return polars.DataFrame(self.run_.history, infer_schema_length=None)

    def fit(
        self,
        corpus: Corpus | ShardedCorpus | Any,
        *,
        cluster: Cluster | str | None = None,
        start: Vectors | str | Path | None = None,
        frozen: Collection[str] | str = (),
        report: Report | None = None,
        show_progress: bool = False,
        announce: Callable[[str], None] = lambda _: None,
        callbacks: Sequence[Callback] = (),
        log: str | Path | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        checkpoint: str | Path | None = None,
        every: str = DEFAULT_EVERY,
        resume: bool = False,
    ) -> Word2Vec:
        """Learn from a text, from the beginning.

        Parameters
        ----------
        corpus
            A `Corpus`, or anything that `Corpus.from_text` reads.
        cluster
            Learn on the nodes of a Ray cluster: its address, ``"auto"`` or ``"local"``, or a
            `firth.training.cluster.Cluster`. A text that is no corpus yet is read by the nodes.
        start
            Vectors to start from, or a file of them: words that are in both begin where those stand.
        frozen
            Words whose vectors stay as they are; ``"start"`` means all that come from `start`.
        report
            Told of the progress.
        show_progress
            Show a progress bar on standard error.
        announce
            Told sentences worth telling.
        callbacks
            What to do while it learns, see `firth.training.engine.Callback`; `firth.during.EvaluationDuringTraining`
            scores the vectors now and then.
        log
            A file that takes the history, a JSON object a line.
        should_stop
            Asked several times a second; True ends the run with the vectors so far. So does Ctrl-C.
        checkpoint
            A folder that takes a checkpoint now and then, and at the end or where the run is stopped.
        every
            How often: ``"30s"``, ``"5min"``, ``"2h"``, ``"500kwords"``, ``"10Mwords"``, and so on.
        resume
            Go on from the newest checkpoint that is whole; where there is none yet, begin.

        Returns
        -------
        Word2Vec
            The model itself.

        Raises
        ------
        OptionError
            An option has a value that is not allowed, or the options don't fit the text; the checkpoints are of another
            run (the message names what differs), or are not to be resumed.
        DataError
            The text can't be read, or every checkpoint is damaged.
        FirthError
            The run diverges, there is nothing to learn from, or memory or disk would not do.
        """
        from firth.training.parameters import first_parameters, started_from

        config = self._config()
        watch = Watching(report, show_progress, announce, callbacks, log, should_stop, checkpoint, every, resume)
        known = loaded(start)
        with contextlib.ExitStack() as entered:
            read, learn, described = text_and_learner(corpus, cluster, config, entered)
            words = read.vocabulary.words
            demand_tree(config, len(words))
            demand_room(needs(config, read, words, translates=False), checkpoint)
            parameters = first_parameters(len(words), config)
            if known is not None:
                taken = started_from(parameters, words, known.index, known.matrix, known.outside, config)
                announce(f"{taken:,} of {len(words):,} words start from the vectors given")
            parameters.frozen[:] = frozen_rows(frozen, words, known)
            how = "start" if known is not None else ""
            beginning = Beginning(read, how, known, parameters.frozen, cluster=described)
            return self._run(words, read.vocabulary.counts, learn, parameters, config, watch, beginning)

    def partial_fit(
        self,
        corpus: Corpus | Any,
        *,
        update_vocabulary: bool = False,
        frozen: Collection[str] = (),
        report: Report | None = None,
        show_progress: bool = False,
        announce: Callable[[str], None] = lambda _: None,
        callbacks: Sequence[Callback] = (),
        log: str | Path | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        checkpoint: str | Path | None = None,
        every: str = DEFAULT_EVERY,
        resume: bool = False,
    ) -> Word2Vec:
        """Go on learning, from more text; a model without vectors is fitted.

        Counts add up over all texts; the learning rate goes through its schedule anew.

        Parameters
        ----------
        corpus
            As for `fit`.
        update_vocabulary
            Add the words that are new; otherwise they are left out.
        frozen, report, show_progress, announce, callbacks, log, should_stop, checkpoint, every, resume
            As for `fit`.

        Raises
        ------
        OptionError
            As for `fit`; also where the dimensions are not those of the vectors, or words are to be added to the tree
            of hierarchical softmax.
        """
        if self._vectors is None:
            return self.fit(
                corpus,
                frozen=frozen,
                report=report,
                show_progress=show_progress,
                announce=announce,
                callbacks=callbacks,
                log=log,
                should_stop=should_stop,
                checkpoint=checkpoint,
                every=every,
                resume=resume,
            )
        from firth.training.parameters import first_parameters, started_from

        config, before = self._config(), self._vectors
        watch = Watching(report, show_progress, announce, callbacks, log, should_stop, checkpoint, every, resume)
        hierarchical = config.objective == "hierarchical-softmax"
        learned_by = before.settings.get("objective", "negative-sampling" if hierarchical else config.objective)
        if hierarchical != (self._nodes is not None) or learned_by != config.objective:
            raise OptionError(f"objective is not that of the vectors, {learned_by}: go on with the same, or call fit")
        read = corpus_of(corpus)
        demand_room(self.needs(read, update_vocabulary=update_vocabulary), checkpoint)
        words, counts, ids, offsets = translated(read, before, update_vocabulary)
        if hierarchical and len(words) > len(before):
            raise OptionError("update_vocabulary can't add words to the tree of hierarchical softmax: call fit")
        parameters = first_parameters(len(words), config)
        outside = self._nodes if hierarchical else before.outside
        started_from(parameters, words, before.index, before.matrix, outside, config)
        parameters.frozen[:] = frozen_rows(frozen, words, before)
        how = "update-vocabulary" if update_vocabulary else "update"
        beginning = Beginning(read, how, before, parameters.frozen, epochs_before(before))
        known = before.counts if hierarchical else counts
        learn = learner(EncodedText(ids, offsets, known))
        return self._run(words, known, learn, parameters, config, watch, beginning)

    def needs(self, corpus: Corpus | Any, *, update_vocabulary: bool = False) -> Needs:
        """Estimate what `fit`, or of a model with vectors `partial_fit`, needs of memory and disk; nothing is learned.

        Parameters
        ----------
        corpus, update_vocabulary
            As there.

        Raises
        ------
        OptionError, DataError
            As there.
        """
        before = self._vectors
        if before is None:
            whole = corpus if hasattr(corpus, "vocabulary") else corpus_of(corpus)
            return needs(self._config(), whole, whole.vocabulary.words, translates=False)
        read = corpus_of(corpus)
        new = [word for word in read.vocabulary.words if word not in before.index] if update_vocabulary else []
        return needs(self._config(), read, before.words + new, translates=True)

    def _config(self) -> TrainingConfig:
        options = self.get_params()
        return TrainingConfig(
            **{name: each.item() if isinstance(each, np.generic) else each for name, each in options.items()}
        )

    def _run(
        self,
        words: list[str],
        counts: NDArray[np.int64],
        learn: Callable[..., TrainingRun],
        parameters: Parameters,
        config: TrainingConfig,
        watch: Watching,
        beginning: Beginning,
    ) -> Word2Vec:
        from firth.provenance import identity_of, settings_of
        from firth.training.parameters import compact
        from firth.vectors.vectors import Vectors

        if config.architecture == "cbow" and config.learning_rate <= _LOW_FOR_CBOW:
            watch.announce(_ADVICE_ON_CBOW)
        for callback in watch.callbacks:
            if isinstance(callback, EvaluationDuringTraining):
                callback.know(words, counts)
        keep_log: list[Callback] = [HistoryLog(watch.log)] if watch.log is not None else []
        identity = identity_of(config, beginning)
        with contextlib.ExitStack() as entered:
            checkpoints = None
            if watch.checkpoint is not None:
                entered.enter_context(held(watch.checkpoint))
                checkpoints = RunCheckpoints(watch.checkpoint, watch.every, watch.resume, identity, watch.announce)
            bar = entered.enter_context(progress("training", quiet=not watch.show_progress))
            self.run_: TrainingRun = learn(
                config,
                parameters,
                report=watch.report or (bar if watch.show_progress else silent),
                announce=watch.announce,
                callbacks=[*watch.callbacks, *keep_log],
                should_stop=watch.should_stop,
                checkpoints=checkpoints,
                first_epoch=beginning.first_epoch,
            )
        if self.run_.stopped:
            kept = f"; a checkpoint is in {watch.checkpoint}" if watch.checkpoint is not None else ""
            watch.announce(f"{self.run_.stopped}: these are the vectors after {self.run_.words:,} words{kept}")
        center, outside = compact(parameters, len(words), config.dimensions)
        hierarchical = config.objective == "hierarchical-softmax"
        self._nodes = outside if hierarchical else None
        settings = settings_of(self.run_, beginning, words, identity)
        self._vectors = Vectors(words, center, counts, None if hierarchical else outside, settings)
        return self


def _demand_known(name: str) -> None:
    if name not in _OPTIONS:
        near = get_close_matches(name, _OPTIONS, 1, 0.4)
        hint = f": did you mean {near[0]}?" if near else f": there are {', '.join(_OPTIONS)}"
        raise OptionError(f"Word2Vec has no option {name!r}{hint}")
