"""A vocabulary comes back from its file as it was, other tools can read it, and a damaged one is named by line."""

import contextlib
import csv
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from firth import DataError, FirthError, OptionError, Vocabulary

ENDINGS = [".parquet", ".tsv"]
WORDS = some.text(
    some.characters(exclude_categories=["Cs"]) | some.sampled_from("\t\n\r\0\\\"' ntr0😀\x85\u2028\ufeff")
)
COUNTED = some.dictionaries(WORDS.filter(bool), some.integers(0, 2**63 - 1), max_size=8)
SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def saved(tmp_path, text):
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def entries(vocabulary):
    return list(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


@pytest.mark.parametrize("ending", ENDINGS)
@SAME_FOLDER
@given(counted=COUNTED, chance=some.randoms())
def test_any_words_come_back_as_they_were_saved(tmp_path, ending, counted, chance):
    ordered = sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))
    unknown = chance.choice([None, *counted])
    vocabulary = Vocabulary([word for word, _ in ordered], [count for _, count in ordered], unknown)
    vocabulary.save(tmp_path / f"words{ending}")
    loaded = Vocabulary.load(tmp_path / f"words{ending}")
    assert entries(loaded) == ordered
    assert loaded.unknown == unknown


@pytest.mark.parametrize("ending", ENDINGS)
def test_loading_orders_by_count_and_may_name_another_unknown_word(tmp_path, ending):
    Vocabulary(["b", "a", "c", "UNK"], [1, 1, 3, 1], "UNK").save(tmp_path / f"words{ending}")
    loaded = Vocabulary.load(str(tmp_path / f"words{ending}"), unknown="c")
    assert entries(loaded) == [("c", 3), ("UNK", 1), ("a", 1), ("b", 1)]
    assert loaded.unknown == "c"
    with pytest.raises(DataError, match="'none' is to stand for unknown words but is not in the vocabulary"):
        Vocabulary.load(tmp_path / f"words{ending}", unknown="none")


def test_the_file_of_tabs_is_readable_by_people(tmp_path):
    Vocabulary(["the", 'a\tb\n"\\\0\r'], [3, 1]).save(tmp_path / "words.tsv")
    assert (tmp_path / "words.tsv").read_bytes() == b'word\tcount\nthe\t3\na\\tb\\n"\\\\\\0\\r\t1\n'
    Vocabulary(["the", "UNK"], [3, 1], "UNK").save(tmp_path / "words.TSV")
    with (tmp_path / "words.TSV").open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows == [
        {"word": "the", "count": "3", "unknown": "false"},
        {"word": "UNK", "count": "1", "unknown": "true"},
    ]


def test_the_parquet_file_is_readable_by_others_and_theirs_by_firth(tmp_path):
    import polars as pl

    Vocabulary(["the", "film"], [3, 1]).save(tmp_path / "ours.parquet")
    table = pl.read_parquet(tmp_path / "ours.parquet")
    assert (table["word"].to_list(), table["count"].to_list()) == (["the", "film"], [3, 1])
    theirs = pl.DataFrame(
        {"id": [0, 1], "word": ["film", "the"], "count": [1, 3]}, schema_overrides={"count": pl.UInt8}
    )
    theirs.write_parquet(tmp_path / "theirs")
    assert entries(Vocabulary.load(tmp_path / "theirs")) == [("the", 3), ("film", 1)]


def test_the_vocabulary_of_word2vec_c_is_read(tmp_path):
    path = saved(tmp_path, "</s> 0\nthe 5\nfilm 7\nPAR1 2\n\u00a0 1\n")
    assert entries(Vocabulary.load(path)) == [("film", 7), ("the", 5), ("PAR1", 2), ("\u00a0", 1)]
    path = saved(tmp_path, "</s> 4\r\nthe 5\r\nUNK 7\r\n")
    loaded = Vocabulary.load(path, unknown="UNK")
    assert (entries(loaded), loaded.unknown) == ([("UNK", 7), ("the", 5), ("</s>", 4)], "UNK")
    assert entries(Vocabulary.load(saved(tmp_path, "PAR1 2\na 1\n"))) == [("PAR1", 2), ("a", 1)]


def test_a_file_that_went_through_a_spreadsheet_is_read(tmp_path):
    path = saved(tmp_path, "\ufeffword\tcount\r\na\t2\r\nb\t3\r\n")
    assert entries(Vocabulary.load(path)) == [("b", 3), ("a", 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("word\tcount\na\t5\nb\t1", "line 3: the file ends within a line, as if cut off"),
        ("a 5\nb 1", "line 2: the file ends within a line, as if cut off"),
        ("word\tcount\na\t5\nb\n", "line 3: 'b' is no line of a vocabulary; it must hold word, count$"),
        ("word\tcount\na\t5\t6\n", "line 2: .* is no line of a vocabulary"),
        ("word\tcount\tunknown\na\t5\n", "line 2: .* it must hold word, count, unknown$"),
        ("word\tcount\tunknown\na\t5\tyes\n", "line 2: .* it must hold word, count, unknown$"),
        ("word\tcount\tunknown\na\t5\ttrue\nb\t4\ttrue\n", "line 3: both 'a' and 'b' stand for unknown words"),
        ("word\tcount\na\t5\n\nb\t4\n", "line 3: '' is no line"),
        ("word\tcount\na\t-5\n", "line 2: '-5' is no count"),
        ("word\tcount\na\t５\n", "line 2: '５' is no count"),
        ("word\tcount\na\t1_000\n", "line 2: '1_000' is no count"),
        (f"word\tcount\na\t{2**63}\n", f"line 2: '{2**63}' is no count"),
        (f"word\tcount\na\t{'9' * 5000}\n", "line 2: '9{59} is no count"),
        ("word\tcount\n\t5\n", "line 2: the word is empty"),
        ("word\tcount\na\t5\na\t4\n", "line 3: the word 'a' stands twice"),
        ("word\tcount\na\\x\t5\n", r"line 2: \\x stands for nothing"),
        ("word\tcount\na\\\t5\n", r"line 2: \\ stands for nothing"),
        ("word\tcount\na\0\t5\n", "line 2: this is a binary file"),
        (b"word\tcount\na\t5\nb\xff\t4\n", "line 3: the text is not UTF-8"),
        (
            "a 5\nb c 4\n",
            "line 2: 'b c 4' is no line of a vocabulary; it must hold a word and its count, with one space",
        ),
        ("the film is good\n", "line 1: 'the film is good' is no line of a vocabulary"),
        ("film\n", "line 1: 'film' is no line"),
        ("a\t5\n", "line 1: .* is no line"),
        ("a good\n", "line 1: 'good' is no count"),
        (" 5\n", "line 1: ' 5' is no line"),
        ("\n", "line 1: '' is no line"),
        ("a 5\na 4\n", "line 2: the word 'a' stands twice"),
        (b"PAR1", "is a damaged Parquet file"),
        (b"\x1f\x8b\x08\0\0\0", "line 1: this is a binary file"),
    ],
)
def test_a_file_that_is_no_vocabulary_is_named_with_its_line(tmp_path, text, message):
    path = saved(tmp_path, text)
    with pytest.raises(DataError, match=message) as caught:
        Vocabulary.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"words": ["a"], "count": [1]}, r"needs the columns word .* has words \(String\), count \(Int64\)"),
        ({"word": ["a"]}, r"needs the columns word \(text\) and count \(whole numbers\), has word \(String\)"),
        ({"word": ["a"], "count": [1.0]}, "needs the columns"),
        ({"word": [1], "count": [1]}, "needs the columns"),
        ({"word": ["a", None], "count": [1, 1]}, "row 2: a word is missing"),
        ({"word": ["a", ""], "count": [1, 1]}, "row 2: a word is missing"),
        ({"word": ["a", "b"], "count": [1, None]}, "row 2: .* its count is not"),
        ({"word": ["a", "b"], "count": [-1, 1]}, "row 1: .* its count is not"),
        ({"word": ["a", "b", "a"], "count": [1, 1, 1]}, "row 3: the word 'a' stands twice"),
        ({"word": ["a", "b"], "count": [1, 1], "unknown": [True, True]}, "both 'a' and 'b' stand for unknown words"),
    ],
)
def test_a_table_that_is_no_vocabulary_is_named_with_its_row(tmp_path, columns, message):
    import polars as pl

    pl.DataFrame(columns).write_parquet(tmp_path / "words.parquet")
    with pytest.raises(DataError, match=message) as caught:
        Vocabulary.load(tmp_path / "words.parquet")
    assert "words.parquet" in str(caught.value)


def test_a_parquet_file_with_a_changed_byte_is_never_read_as_another_vocabulary(tmp_path):
    path = tmp_path / "words.parquet"
    vocabulary = Vocabulary([f"word{number}" for number in range(300)], list(range(300, 0, -1)), "word7")
    vocabulary.save(path)
    whole = path.read_bytes()
    chance = random.Random(1)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[chance.randrange(4, len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        with contextlib.suppress(DataError):
            assert entries(Vocabulary.load(path)) == entries(vocabulary)
            refused -= 1
        refused += 1
    assert refused > 30
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="is a damaged Parquet file"):
        Vocabulary.load(path)


def test_a_file_that_is_not_there_or_not_a_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"cannot read the vocabulary .*missing\.tsv: No such file"):
        Vocabulary.load(tmp_path / "missing.tsv")
    with pytest.raises(DataError, match=r"cannot read the vocabulary .*: Is a directory"):
        Vocabulary.load(tmp_path)


def test_saving_under_another_ending_is_an_error_and_writes_nothing(tmp_path):
    with pytest.raises(OptionError, match=r"words\.json: its name must end in \.parquet or \.tsv"):
        Vocabulary(["a"], [1]).save(tmp_path / "words.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_word_that_is_no_text_is_an_error_and_leaves_the_old_file(tmp_path, ending):
    path = tmp_path / f"words{ending}"
    Vocabulary(["a"], [1]).save(path)
    with pytest.raises(DataError, match=r"cannot save a word of the vocabulary, near .*\\ud800"):
        Vocabulary(["a", "b\ud800"], [1, 1]).save(path)
    assert entries(Vocabulary.load(path)) == [("a", 1)]
    with pytest.raises(FirthError, match=r"cannot write .*no_folder"):
        Vocabulary(["a"], [1]).save(tmp_path / "no_folder" / f"words{ending}")
