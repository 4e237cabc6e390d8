"""Counts and ids are exactly those of plain Python; a corpus is reused when it is right, and never trusted else."""

import gzip
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth import Corpus, DataError, FirthError, OptionError
from firth.datasets import is_available_offline, load_sst, locate

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)


def reference(sentences, min_count=1):
    """Vocabulary, ids and offsets by plain Python."""
    counts = Counter(itertools.chain.from_iterable(sentences))
    kept = sorted((word for word in counts if counts[word] >= min_count), key=lambda word: (-counts[word], word))
    index = {word: place for place, word in enumerate(kept)}
    encoded = [[index[word] for word in sentence if word in index] for sentence in sentences]
    offsets = [0, *itertools.accumulate(map(len, encoded))]
    return kept, [counts[word] for word in kept], list(itertools.chain.from_iterable(encoded)), offsets


def as_reference(corpus):
    vocabulary = corpus.vocabulary
    return vocabulary.words, vocabulary.counts.tolist(), corpus.ids.tolist(), corpus.offsets.tolist()


@settings(max_examples=60)
@given(st.lists(st.lists(WORDS, max_size=8), max_size=20), st.integers(1, 3))
def test_any_lists_of_words_are_counted_and_encoded_as_plain_python_does(sentences, min_count):
    expected = reference(sentences, min_count)
    if not expected[0]:
        with pytest.raises(FirthError):
            Corpus.from_text(sentences, min_count=min_count)
        return
    corpus = Corpus.from_text(sentences, min_count=min_count)
    assert as_reference(corpus) == expected
    assert corpus.ids.dtype == np.uint32
    if min_count == 1:
        assert list(corpus.sentences()) == sentences


def test_more_sentences_than_a_piece_holds_come_out_in_order(monkeypatch):
    from firth.corpus import encoding, sources

    generator = random.Random(3)
    sentences = [[f"w{int(generator.expovariate(0.05))}" for _ in range(generator.randrange(9))] for _ in range(2_000)]
    monkeypatch.setattr(sources, "ITEMS_PER_PIECE", 37)
    monkeypatch.setattr(encoding, "_IDS_PER_CHUNK", 101)
    for min_count in (1, 5):
        corpus = Corpus.from_text(sentences, min_count=min_count)
        assert as_reference(corpus) == reference(sentences, min_count)


def test_words_left_out_may_leave_a_trace():
    corpus = Corpus.from_text([["a", "b", "a"], ["c"], ["a"]], min_count=2, unknown="UNK")
    assert list(corpus.sentences()) == [["a", "UNK", "a"], ["UNK"], ["a"]]
    assert dict(zip(corpus.vocabulary.words, corpus.vocabulary.counts.tolist(), strict=True)) == {"a": 3, "UNK": 2}
    assert corpus.report.kept_tokens == 3
    assert corpus.report.coverage == 3 / 5


def test_word_lists_and_a_largest_size_choose_the_words():
    sentences = [["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 2]
    assert Corpus.from_text(sentences, min_count=1, max_size=2).vocabulary.words == ["a", "b"]
    assert Corpus.from_text(sentences, min_count=1, drop=["a"]).vocabulary.words == ["b", "c", "d"]
    assert Corpus.from_text(sentences, min_count=3, keep=["d", "c", "x"]).vocabulary.words == ["c"]


@pytest.mark.parametrize(("longest", "lengths"), [(None, [7, 1, 4]), (3, [3, 3, 1, 1, 3, 1]), (1, [1] * 12)])
def test_sentences_are_kept_whole_or_cut_and_lose_nothing(longest, lengths):
    sentences = [list("abcdefg"), ["h"], list("ijkl")]
    corpus = Corpus.from_text(sentences, min_count=1, max_sentence=longest)
    assert np.diff(corpus.offsets).tolist() == lengths
    assert list(itertools.chain.from_iterable(corpus.sentences())) == list("abcdefghijkl")


def test_a_sentence_of_a_million_words_is_one_sentence(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text(" ".join(f"w{number % 1000}" for number in range(1_000_000)))
    corpus = Corpus.from_text(path, min_count=1)
    assert corpus.offsets.tolist() == [0, 1_000_000]


def test_the_report_says_what_reading_came_to(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("The cat sat\n\nthe dog ran\n")
    report = Corpus.from_text(path, min_count=2).report
    assert (report.sentences, report.tokens, report.types, report.kept_tokens, report.kept_types) == (2, 6, 5, 2, 1)
    assert report.coverage == pytest.approx(1 / 3)
    assert report.megabytes == pytest.approx(25e-6)
    assert [str(each) for each in report.skipped] == [f"1 blank lines, first {path}:2"]
    assert type(report).from_dict(json.loads(json.dumps(report.as_dict()))) == report


def test_progress_ends_at_the_size_of_the_files(tmp_path):
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(b"some words\n" * 1000))
    seen = []
    Corpus.from_text(path, min_count=1, report=lambda done, total, note: seen.append((done, total, note)))
    assert seen[-1] == (path.stat().st_size, path.stat().st_size, "2,000 words")


class TestKept:
    """A corpus on disk is reused when files and options are the same, and never otherwise."""

    @pytest.fixture
    def path(self, tmp_path, monkeypatch):
        monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
        path = tmp_path / "text.txt"
        path.write_text("a b c\nb c\n")
        return path

    def test_it_is_reused(self, path):
        first = Corpus.from_text(path, min_count=1)
        again = Corpus.from_text(path, min_count=1)
        assert (first.report.from_cache, again.report.from_cache) == (False, True)
        assert as_reference(first) == as_reference(again)
        assert first.folder == again.folder

    def test_another_text_or_another_option_is_read_anew(self, path):
        Corpus.from_text(path, min_count=1)
        assert not Corpus.from_text(path, min_count=2).report.from_cache
        assert not Corpus.from_text(path, min_count=1, tokenizer="characters").report.from_cache
        assert not Corpus.from_text(path, min_count=1, cache=False).report.from_cache
        path.write_text("a b c\nb d\n")
        corpus = Corpus.from_text(path, min_count=1)
        assert not corpus.report.from_cache
        assert "d" in corpus.vocabulary

    def test_a_tokenizer_that_is_a_function_is_never_taken_for_an_older_one(self, path):
        assert Corpus.from_text(path, min_count=1, tokenizer=str.split).vocabulary.words == ["b", "c", "a"]
        corpus = Corpus.from_text(path, min_count=1, tokenizer=lambda line: line.upper().split())
        assert corpus.vocabulary.words == ["B", "C", "A"]

    @pytest.mark.parametrize("name", ["ids.npy", "offsets.npy", "vocabulary.parquet", "corpus.json"])
    @pytest.mark.parametrize("damage", ["cut", "flip", "remove"])
    def test_a_damaged_one_is_an_error_to_load_and_made_again_by_itself(self, path, name, damage):
        corpus = Corpus.from_text(path, min_count=1)
        expected = as_reference(corpus)
        file = corpus.folder / name
        content = bytearray(file.read_bytes())
        del corpus
        if damage == "remove":
            file.unlink()
        elif damage == "cut":
            file.write_bytes(content[:-3])
        else:
            content[len(content) // 2] ^= 4
            file.write_bytes(content)
        with pytest.raises(DataError, match=r"make the corpus again|holds no corpus"):
            Corpus.load(file.parent)
        again = Corpus.from_text(path, min_count=1)
        assert not again.report.from_cache
        assert as_reference(again) == expected

    def test_a_cache_that_can_not_be_written_is_done_without(self, path, tmp_path, monkeypatch):
        (tmp_path / "file").write_text("in the way")
        monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "file" / "cache"))
        assert Corpus.from_text(path, min_count=1).vocabulary.words == ["b", "c", "a"]

    def test_a_folder_of_ones_own_is_kept_and_other_folders_are_not_overwritten(self, path, tmp_path):
        corpus = Corpus.from_text(path, min_count=1, folder=tmp_path / "mine")
        assert as_reference(Corpus.load(tmp_path / "mine")) == as_reference(corpus)
        path.write_text("d d\n")
        assert Corpus.from_text(path, min_count=1, folder=tmp_path / "mine").vocabulary.words == ["d"]
        (tmp_path / "mine" / "vectors").write_text("mine")
        with pytest.raises(OptionError, match="holds something else"):
            Corpus.from_text(path, folder=tmp_path / "mine")
        with pytest.raises(OptionError, match="holds something else"):
            Corpus.from_text(path, folder=path)
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "precious").write_text("mine")
        with pytest.raises(OptionError, match="holds something else"):
            Corpus.from_text(path, folder=tmp_path / "other")
        assert (tmp_path / "other" / "precious").read_text() == "mine"

    def test_without_a_cache_nothing_is_left(self, path, tmp_path):
        corpus = Corpus.from_text(path, min_count=1, cache=False)
        folder = corpus.folder
        assert folder.is_dir()
        del corpus
        assert not folder.parent.exists()

    def test_a_text_that_fails_leaves_nothing(self, path, tmp_path):
        path.write_bytes(b"caf\xe9\n")
        with pytest.raises(DataError):
            Corpus.from_text(path)
        assert list((tmp_path / "cache" / "corpora").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_count": 0}, "min_count is 0"),
        ({"min_count": 9}, "leaves no word: the most frequent, 'a', occurs 2 times"),
        ({"max_size": 0}, "max_size is 0"),
        ({"max_sentence": 0}, "max_sentence is 0"),
        ({"max_sentence": True}, "max_sentence is True"),
        ({"keep": "abc"}, "keep is the string 'abc'"),
        ({"drop": "abc"}, "drop is the string 'abc'"),
        ({"tokenizer": "word"}, "tokenizer is 'word': it must be one of words, whitespace, characters, jieba"),
        ({"digits": "drop"}, "digits is 'drop'"),
    ],
)
def test_bad_options_are_named(options, said):
    with pytest.raises(OptionError, match=said):
        Corpus.from_text([["a", "a", "b"]], **options)


def test_processes_that_make_the_same_corpus_at_once_all_get_it(tmp_path):
    text = tmp_path / "text.txt"
    code = (
        "import firth, os, sys\nfor n in range(30):\n"
        "    c = firth.Corpus.from_text(sys.argv[1], min_count=1, max_sentence=n // 2 + 1)\n"
        "    assert c.ids.tolist() == [0, 0]"
    )
    text.write_text("a a\n")
    environment = os.environ | {"FIRTH_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code, str(text)]
    processes = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        assert process.communicate()[1] == ""
        assert process.returncode == 0


def test_a_text_that_fails_leaves_no_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(DataError):
        Corpus.from_text([[]])
    assert list(tmp_path.iterdir()) == []


def test_lists_of_words_are_recorded_as_given():
    corpus = Corpus.from_text([["The", "Cat"]], min_count=1)
    assert corpus.vocabulary.words == ["Cat", "The"]
    assert (corpus.settings["tokenizer"], corpus.settings["lowercase"]) == ("given", False)


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path):
    def full():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    code = (
        "import firth, sys\ntry: firth.Corpus.from_text([['a', 'b']] * 50_000, folder=sys.argv[1])\n"
        "except firth.FirthError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "corpus")]
    answer = subprocess.run(command, capture_output=True, text=True, preexec_fn=full, check=True)
    assert answer.stdout.startswith(f"cannot write {tmp_path / 'corpus'}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_killed_encode_leaves_no_folder_that_is_trusted(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("".join(f"w{n % 977} w{n % 31} w{n}\n" for n in range(300_000)))
    code = "import firth, sys; firth.Corpus.from_text(sys.argv[1], min_count=1)"
    environment = os.environ | {"FIRTH_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code, str(text)]
    started = time.monotonic()
    subprocess.run(command, env=environment | {"FIRTH_CACHE": str(tmp_path / "other")}, check=True)
    seconds = time.monotonic() - started
    for share in (0.5, 0.7, 0.8, 0.9):
        process = subprocess.Popen(command, env=environment)
        time.sleep(share * seconds)
        process.kill()
        process.wait()
        for folder in (tmp_path / "cache" / "corpora").glob("[!.]*"):
            Corpus.load(folder)  # whatever stands under its own name is whole
    subprocess.run(command, env=environment, check=True)
    (whole,) = (tmp_path / "cache" / "corpora").iterdir()
    (other,) = (tmp_path / "other" / "corpora").iterdir()
    assert (whole / "ids.npy").read_bytes() == (other / "ids.npy").read_bytes()


@pytest.mark.needs_sst
def test_the_treebank_gives_the_assignments_counts():
    corpus = Corpus.from_text(load_sst().sentences, min_count=1, unknown="UNK")
    assert len(corpus.vocabulary) == 19_539
    assert len(corpus.ids) == 227_242
    assert len(corpus) == 11_855
    assert corpus.vocabulary.counts[corpus.vocabulary.id_of("UNK")] == 1


def test_every_script_comes_through_whole(tmp_path):
    line = "我爱Python编程 😀👩‍👩‍👧 e\u0301cole ＡＢＣ مرحبا بالعالم"
    path = tmp_path / "mixed.txt"
    path.write_text(line + "\n", encoding="utf-8")
    for tokenizer in ("words", "whitespace", "characters", "jieba"):
        corpus = Corpus.from_text(path, tokenizer=tokenizer, min_count=1, lowercase=False, cache=False)
        (sentence,) = corpus.sentences()
        assert "".join(sentence) == line.replace(" ", ""), tokenizer
    words = next(Corpus.from_text(path, tokenizer="words", min_count=1).sentences())
    assert {"👩‍👩‍👧", "e\u0301cole", "ａｂｃ", "مرحبا"} <= set(words)


@pytest.mark.slow
@pytest.mark.parametrize("tokenizer", ["characters", "jieba"])
def test_chinese_wikipedia_is_cut_and_kept(tokenizer):
    if not is_available_offline("zhwiki-12mb"):
        pytest.skip("zhwiki-12mb is not here: set FIRTH_DATA")
    corpus = Corpus.from_text(locate("zhwiki-12mb") / "zhwiki-12mb.txt.gz", tokenizer=tokenizer)
    known = {"characters": ["的", "中", "國", "国"], "jieba": ["中国", "中國", "北京", "大学"]}[tokenizer]
    assert all(word in corpus.vocabulary for word in known)
    assert corpus.report.coverage > 0.85


@pytest.mark.slow
def test_wikipedia_is_counted_and_encoded_exactly_as_plain_python_does(tmp_path):
    if not is_available_offline("enwiki-100mb"):
        pytest.skip("enwiki-100mb is not here: set FIRTH_DATA")
    path = Path(locate("enwiki-100mb")) / "enwiki-100mb.txt.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as stream:
        sentences = [line.split() for line in itertools.islice(stream, 60_000)]
    part = tmp_path / "part.txt"
    part.write_text("".join(" ".join(sentence) + "\n" for sentence in sentences), encoding="utf-8")
    expected = reference(sentences, 5)
    for tokenizer in ("whitespace", "words"):
        assert as_reference(Corpus.from_text(part, tokenizer=tokenizer)) == expected
    whole = Corpus.from_text(path, tokenizer="whitespace")
    assert whole.report.tokens == 16_800_127
    assert whole.report.sentences == 250_271


@pytest.mark.slow
def test_what_a_limit_of_the_shell_leaves_no_room_for_is_one_sentence_and_no_crash(tmp_path):
    """Polars ends the interpreter where it gets no memory, so what it will take is looked at before."""
    (tmp_path / "text.txt").write_text("some words of a line\n" * 400_000)
    program = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, ({0}, {0})); from firth.cli import main; "
    program += "sys.exit(main(['data', 'describe', 'text.txt', '--no-cache', '-q']))"
    for megabytes in (600, 900, 1_200):
        command = [sys.executable, "-c", program.format(megabytes << 20)]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
        assert "are left of what ulimit -v allows: raise that" in ended.stderr
