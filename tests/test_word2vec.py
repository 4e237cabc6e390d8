"""`Word2Vec`: what it is given, what it says when that is wrong, how it goes on, and how it stops."""

import json
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from planted import planted_text, separation

import firth
from firth import Callback, Corpus, FirthError, OptionError, Vectors, Word2Vec

OPTIONS = {"dimensions": 8, "window": 3, "epochs": 20, "learning_rate": 0.05, "subsample": 0.0, "threads": 2}


@pytest.fixture(scope="module")
def planted():
    """A corpus of two topics, and the words of each."""
    text, topics = planted_text()
    sentences = [
        [f"w{word}" for word in text.ids[start:end].tolist()]
        for start, end in zip(text.offsets[:-1], text.offsets[1:], strict=True)
    ]
    return Corpus.from_text(sentences, min_count=1), [[f"w{word}" for word in topic] for topic in topics]


def test_it_learns_from_a_corpus_and_returns_itself(planted):
    corpus, topics = planted
    model = Word2Vec(**OPTIONS)
    assert model.fit(corpus) is model
    vectors = model.vectors
    assert vectors.words == corpus.vocabulary.words
    assert vectors.counts.tolist() == corpus.vocabulary.counts.tolist()
    rows = [np.array([vectors.index[word] for word in topic]) for topic in topics]
    assert separation(vectors.matrix, rows) > 0.5
    assert vectors.outside.shape == vectors.matrix.shape == (24, 8)
    assert vectors.settings["dimensions"] == 8
    assert vectors.settings["words"] == 20 * len(corpus.ids)


def test_lists_of_words_will_do_for_a_corpus():
    model = Word2Vec(**OPTIONS).fit([["a", "b", "c", "a", "b"]] * 30)
    assert sorted(model.vectors.words) == ["a", "b", "c"]


def test_an_unknown_option_suggests_the_near_one():
    with pytest.raises(OptionError, match="no option 'dimension': did you mean dimensions"):
        Word2Vec(dimension=100)
    with pytest.raises(OptionError, match="did you mean window"):
        Word2Vec().set_params(windows=3)
    with pytest.raises(OptionError, match="there are architecture, objective"):
        Word2Vec(zzz=1)


def test_the_constructor_only_stores_and_fit_validates():
    model = Word2Vec(window=0)
    assert model.window == 0
    assert model.get_params()["window"] == 0
    with pytest.raises(OptionError, match="window is 0"):
        model.fit([["a", "b"]] * 9)
    assert model.set_params(window=2).window == 2
    assert repr(Word2Vec(window=2, seed=7)) == "Word2Vec(window=2, seed=7)"


def test_before_fit_there_are_no_vectors_and_no_history():
    with pytest.raises(FirthError, match="call fit first"):
        _ = Word2Vec().vectors
    with pytest.raises(FirthError, match="call fit first"):
        _ = Word2Vec().history_


def test_fit_again_begins_anew_and_one_thread_gives_the_same_bits(planted):
    model = Word2Vec(**{**OPTIONS, "threads": 1})
    first = model.fit(planted[0]).vectors.matrix.tobytes()
    assert model.fit(planted[0]).vectors.matrix.tobytes() == first
    assert model.set_params(seed=2).fit(planted[0]).vectors.matrix.tobytes() != first


def test_history_is_a_table_and_a_log_of_json_lines(planted, tmp_path):
    model = Word2Vec(**OPTIONS).fit(planted[0], log=tmp_path / "log.jsonl")
    table = model.history_
    assert table.columns == ["epoch", "words", "loss", "learning_rate", "words_per_second", "seconds"]
    assert table["words"][-1] == 20 * len(planted[0].ids)
    assert table["learning_rate"][-1] == pytest.approx(0.005)
    assert table["loss"].is_finite().all()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines == table.to_dicts()


def test_a_log_that_cannot_be_written_is_known_before_the_training(planted, tmp_path):
    with pytest.raises(FirthError, match=r"no/log\.jsonl"):
        Word2Vec(**OPTIONS).fit(planted[0], log=tmp_path / "no" / "log.jsonl")


def test_callbacks_are_called_in_their_order_and_can_stop_the_run(planted):
    calls = []

    class Watch(Callback):
        def on_start(self, run):
            calls.append(("start", run.words))

        def on_report(self, run):
            calls.append(("report", run.words))

        def on_epoch(self, run):
            calls.append(("epoch", run.epoch))
            if run.epoch == 3:
                run.stop("enough")

        def on_end(self, run):
            calls.append(("end", run.epoch))

    told = []
    model = Word2Vec(**OPTIONS).fit(planted[0], callbacks=[Watch()], announce=told.append)
    assert calls[0] == ("start", 0)
    assert calls[-1] == ("end", 3)
    assert [epoch for name, epoch in calls if name == "epoch"] == [1, 2, 3]
    assert ("report", 3 * len(planted[0].ids)) in calls
    assert model.run_.stopped == "enough"
    assert told[-1] == f"enough: these are the vectors after {3 * len(planted[0].ids):,} words"


def test_early_stopping_watches_the_held_out_loss(planted):
    model = Word2Vec(**{**OPTIONS, "epochs": 500, "held_out": 0.1, "patience": 2}).fit(planted[0])
    assert model.run_.epoch < 500
    assert "held-out loss has not become better for 2 epochs" in model.run_.stopped
    losses = model.history_["held_out_loss"].drop_nulls().to_list()
    assert len(losses) == model.run_.epoch
    assert min(losses) == losses[-3]


def test_the_held_out_loss_of_vectors_that_predict_nothing_is_that_of_chance(planted):
    class Zero(Callback):
        def on_start(self, run):
            run.parameters.center[:] = 0.0
            run.parameters.outside[:] = 0.0

    options = {**OPTIONS, "epochs": 1, "learning_rate": 1e-9, "held_out": 0.1, "negatives": 5}
    model = Word2Vec(**options).fit(planted[0], callbacks=[Zero()])
    assert model.history_["held_out_loss"][-1] == pytest.approx(6 * np.log(2))
    assert model.history_["loss"][0] == pytest.approx(6 * np.log(2))


@pytest.mark.parametrize("objective", ["negative-sampling", "softmax", "hierarchical-softmax"])
def test_a_run_that_diverges_names_the_learning_rate(planted, objective):
    with pytest.raises(FirthError, match=r"diverged after [\d,]+ words: learning_rate 1e\+06 is too large"):
        Word2Vec(**{**OPTIONS, "objective": objective, "learning_rate": 1e6}).fit(planted[0])


def test_partial_fit_goes_on_from_where_it_was(planted):
    model = Word2Vec(**OPTIONS).fit(planted[0])
    before = model.vectors
    model.set_params(learning_rate=1e-7, epochs=1).partial_fit(planted[0])
    np.testing.assert_allclose(model.vectors.matrix, before.matrix, atol=1e-4)
    assert model.vectors.counts.tolist() == (2 * before.counts).tolist()
    assert model.vectors.words == before.words


def test_partial_fit_leaves_new_words_out_or_adds_them(planted):
    corpus, topics = planted
    new = [[*topics[0][:3], "new", *topics[0][3:6]]] * 60
    model = Word2Vec(**OPTIONS).fit(corpus).partial_fit(new)
    assert "new" not in model.vectors
    model.partial_fit(new, update_vocabulary=True)
    vectors = model.vectors
    assert vectors.words[-1] == "new"
    assert vectors.counts[-1] == 60
    inside, outside = (np.mean([vectors.similarity("new", word) for word in topic]) for topic in topics)
    assert inside > outside + 0.3


def test_partial_fit_of_a_model_without_vectors_is_fit(planted):
    options = {**OPTIONS, "threads": 1}
    a, b = Word2Vec(**options).partial_fit(planted[0]), Word2Vec(**options).fit(planted[0])
    assert a.vectors.matrix.tobytes() == b.vectors.matrix.tobytes()


def test_a_model_made_of_vectors_goes_on_from_them(planted):
    before = Word2Vec(**OPTIONS).fit(planted[0]).vectors
    model = Word2Vec.from_vectors(before, **{**OPTIONS, "learning_rate": 1e-7, "epochs": 1})
    assert model.dimensions == 8
    np.testing.assert_allclose(model.partial_fit(planted[0]).vectors.matrix, before.matrix, atol=1e-4)
    with pytest.raises(FirthError, match="no history yet"):
        _ = Word2Vec.from_vectors(before).history_
    with pytest.raises(OptionError, match="no outside vectors to go on with"):
        Word2Vec.from_vectors(Vectors(["a"], np.ones((1, 3))))


def test_the_settings_say_how_the_text_was_read(planted):
    settings = Word2Vec(**OPTIONS).fit([["a", "b", "c", "a", "b"]] * 30).vectors.settings
    assert settings["reading"]["tokenizer"] == "given"
    assert settings["reading"]["min_count"] == 5
    assert settings["threads"] == 2


def test_a_log_has_null_where_there_was_no_loss_yet(planted, tmp_path):
    class Early(Callback):
        def on_start(self, run):
            run.history.append({"words": 0, "loss": float("nan")})

    Word2Vec(**OPTIONS).fit(planted[0], callbacks=[Early()], log=tmp_path / "log.jsonl")
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0]) == {"words": 0, "loss": None}


def test_hierarchical_softmax_goes_on_with_its_tree_and_adds_no_words(planted):
    model = Word2Vec(**OPTIONS, objective="hierarchical-softmax").fit(planted[0])
    assert model.vectors.outside is None
    before = model.vectors.matrix
    model.set_params(learning_rate=1e-7, epochs=1).partial_fit(planted[0])
    np.testing.assert_allclose(model.vectors.matrix, before, atol=1e-4)
    assert model.run_.loss < 2.6  # the tree's nodes were kept: a new one would have the loss of chance
    with pytest.raises(OptionError, match="can't add words to the tree"):
        model.partial_fit([["new", "w1", "w2"]] * 9, update_vocabulary=True)
    with pytest.raises(OptionError, match="objective is not that of the vectors"):
        model.set_params(objective="negative-sampling").partial_fit(planted[0])


def test_an_objective_can_not_change_between_texts(planted):
    model = Word2Vec(**OPTIONS).fit(planted[0])
    with pytest.raises(OptionError, match="objective is not that of the vectors, negative-sampling"):
        model.set_params(objective="softmax").partial_fit(planted[0])
    before = Word2Vec(**OPTIONS, objective="softmax").fit(planted[0]).vectors
    with pytest.raises(OptionError, match="objective is not that of the vectors, softmax"):
        Word2Vec.from_vectors(before, **OPTIONS).partial_fit(planted[0])
    other = Vectors(before.words, before.matrix, before.counts, before.outside)  # nobody knows how these were made
    Word2Vec.from_vectors(other, **OPTIONS).partial_fit(planted[0])


def test_more_text_is_learned_from_with_draws_of_its_own(planted, monkeypatch):
    from firth.training import sampling

    drawn, key = [], sampling.epoch_key
    monkeypatch.setattr(sampling, "epoch_key", lambda seed, epoch: drawn.append(epoch) or key(seed, epoch))
    options = {**OPTIONS, "epochs": 2, "threads": 1}
    model = Word2Vec(**options).fit(planted[0]).partial_fit(planted[0])
    model.set_params(epochs=3).partial_fit(planted[0])
    assert model.vectors.settings["provenance"]["first_epoch"] == 4
    model = Word2Vec.from_vectors(model.vectors, **options).partial_fit(planted[0])
    assert [epoch for i, epoch in enumerate(drawn) if i == 0 or drawn[i - 1] != epoch] == list(range(9))
    drawn.clear()
    model.fit(planted[0])
    assert set(drawn) == {0, 1}


def test_a_start_gives_words_their_vectors_and_frozen_words_keep_them(planted, tmp_path):
    corpus, _ = planted
    start = Vectors(["w1", "w2", "elsewhere"], np.full((3, 8), 0.25), outside=np.full((3, 8), 0.5))
    start.save(tmp_path / "start.safetensors")
    told = []
    model = Word2Vec(**OPTIONS).fit(corpus, start=tmp_path / "start.safetensors", frozen="start", announce=told.append)
    assert "2 of 24 words start from the vectors given" in told
    np.testing.assert_array_equal(model.vectors["w1"], np.full(8, 0.25, np.float32))
    np.testing.assert_array_equal(model.vectors.outside[model.vectors.index["w2"]], np.full(8, 0.5, np.float32))
    assert not np.array_equal(Word2Vec(**OPTIONS).fit(corpus, start=start).vectors["w1"], np.full(8, 0.25, np.float32))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frozen": "w1"}, "give a list of words, or 'start'"),
        ({"frozen": "start"}, "no vectors to start from"),
        ({"frozen": ["nowhere"]}, "'nowhere', which is not in the vocabulary"),
        ({"start": Vectors(["w1"], np.ones((1, 3)))}, "dimensions is 8, and the vectors to start from have 3"),
    ],
)
def test_a_wrong_start_is_a_sentence(planted, arguments, message):
    with pytest.raises(OptionError, match=message):
        Word2Vec(**OPTIONS).fit(planted[0], **arguments)


def test_hierarchical_softmax_needs_two_words():
    with pytest.raises(OptionError, match="whose tree needs two words"):
        Word2Vec(objective="hierarchical-softmax").fit([["a", "a", "a", "a", "a"]])


def test_progress_is_told_with_speed_loss_and_rate(planted):
    reports = []
    Word2Vec(**OPTIONS).fit(planted[0], report=lambda *told: reports.append(told))
    done, total, note = reports[-1]
    assert done == total == 20 * len(planted[0].ids)
    assert "M words/s, loss " in note
    assert note.endswith("learning rate 0.00500")


def test_asked_to_stop_it_ends_with_the_vectors_so_far(planted):
    model = Word2Vec(**{**OPTIONS, "epochs": 100_000})
    asked = time.monotonic() + 0.5
    model.fit(planted[0], should_stop=lambda: time.monotonic() > asked)
    assert model.run_.stopped == "asked to stop"
    assert 0 < model.run_.words < model.run_.total_words
    assert np.isfinite(model.vectors.matrix).all()


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_failure_in_a_thread_is_raised_and_nothing_hangs(planted, monkeypatch, deterministic):
    from firth.training import prepare

    def failing(*_):
        raise ValueError("planned")

    before = threading.active_count()
    engine = prepare.make_engine

    def make(*arguments):
        made = engine(*arguments)
        return prepare.Engine(failing, made.threads, made.is_team)

    monkeypatch.setattr(prepare, "make_engine", make)
    with pytest.raises(ValueError, match="planned"):
        Word2Vec(**OPTIONS, deterministic=deterministic).fit(planted[0])
    assert threading.active_count() == before


_INTERRUPTED = """
import sys
from firth import Word2Vec
sentences = [["a", "b", "c", "d", "e"]] * 2000
print("ready", flush=True)
model = Word2Vec(dimensions=8, epochs=10**6, threads=2).fit(
    sentences, announce=lambda told: print(told, flush=True), report=lambda *_: print("reported", flush=True)
)
print(model.run_.stopped, len(model.vectors), flush=True)
"""


@pytest.mark.slow
def test_ctrl_c_returns_the_vectors_so_far_and_says_so():
    with subprocess.Popen([sys.executable, "-c", _INTERRUPTED], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("reported"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(30) == 0
    assert "interrupted: these are the vectors after" in rest
    assert rest.splitlines()[-1] == "interrupted 5"


def test_cbow_at_the_rate_of_skip_gram_gets_advice(planted):
    told = []
    options = {**OPTIONS, "architecture": "cbow"}
    Word2Vec(**{**options, "learning_rate": 0.025}).fit(planted[0], announce=told.append)
    assert any("cbow learns slowly" in sentence for sentence in told)
    told.clear()
    Word2Vec(**{**options, "learning_rate": 0.14}).fit(planted[0], announce=told.append)
    assert not any("cbow" in sentence for sentence in told)


def test_numbers_of_numpy_are_numbers(planted):
    options = {**OPTIONS, "dimensions": np.int64(8), "learning_rate": np.float32(0.05), "epochs": np.int32(2)}
    assert Word2Vec(**options).fit(planted[0]).vectors.settings["dimensions"] == 8


def test_a_held_out_part_that_is_empty_is_an_error(planted):
    with pytest.raises(OptionError, match=r"held_out is 0\.001, which is not one sentence"):
        Word2Vec(**{**OPTIONS, "held_out": 0.001, "patience": 1}).fit(planted[0])


def test_it_is_a_public_name():
    assert firth.Word2Vec is Word2Vec
