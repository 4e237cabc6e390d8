"""Other tools' formats: round trips, policies for strange words, and files that are not what they should be."""

from __future__ import annotations

import gzip
import pickle
import struct
import tracemalloc

import fuzzing
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.errors import DataError, OptionError
from firth.vectors import Vectors
from firth.vectors.formats.registry import FORMATS, losses
from firth.vectors.formats.streams import packed
from firth.vectors.native import to_bytes

LOSSLESS = ["native", "word2vec-text", "word2vec-binary", "word2vec-binary-bare", "glove"]
ANY_WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\v\f"), min_size=1)
FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
VECTORS = Vectors(
    ["the", "naïve", "new\u00a0york"], [[1, 2], [0.1, -1e-45], [3, 3e38]], [3, 2, 1], np.ones((3, 2)), {"a": 1}
)


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@given(
    words=st.lists(ANY_WORD, min_size=1, max_size=6, unique=True), numbers=st.lists(FLOAT32, min_size=12, max_size=12)
)
@settings(max_examples=40)
def test_any_words_and_numbers_come_back_to_the_bit(tmp_path_factory, name, packing, words, numbers):
    if packing and name == "native":
        return
    path = tmp_path_factory.mktemp("v") / f"v{packing}"
    matrix = np.array(numbers, dtype=np.float32).reshape(6, 2)[: len(words)]
    Vectors(words, matrix).save(path, name)
    loaded = Vectors.load(path, name)
    assert loaded.words == words
    assert loaded.matrix.tobytes() == matrix.tobytes()


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_file_is_told_by_its_content(tmp_path, name):
    VECTORS.save(tmp_path / "v", name)
    loaded = Vectors.load(tmp_path / "v")
    assert loaded.words == VECTORS.words
    assert loaded.matrix.tobytes() == VECTORS.matrix.tobytes()


def test_equal_vectors_give_equal_packed_files(tmp_path):
    for name in ("a.txt.gz", "b.txt.gz", "a.bin.zst", "b.bin.zst"):
        VECTORS.save(tmp_path / name)
    assert (tmp_path / "a.txt.gz").read_bytes() == (tmp_path / "b.txt.gz").read_bytes()
    assert (tmp_path / "a.bin.zst").read_bytes() == (tmp_path / "b.bin.zst").read_bytes()


def test_files_in_many_pieces_are_read_as_in_one(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    vectors = Vectors([f"w{row}" for row in range(500)], rng.normal(size=(500, 5)))
    for module in ("text", "binary"):
        monkeypatch.setattr(f"firth.vectors.formats.{module}.CHUNK", 97)
    monkeypatch.setattr("firth.vectors.formats.text._ODD_NUMBERS", 1)
    for name in LOSSLESS[1:]:
        vectors.save(tmp_path / "v", name)
        loaded = Vectors.load(tmp_path / "v")
        assert loaded.words == vectors.words
        assert loaded.matrix.tobytes() == vectors.matrix.tobytes()


def test_numbers_of_every_spelling_are_read_as_python_reads_them(tmp_path):
    spellings = ["1", "-1", "+1.5", ".5", "5.", "-.25e2", "1E-3", "1e+05", "0.1234567890123456789012", "1e-44", "4e-46"]
    spellings += [
        "123456789012345678901234567890",
        "9007199254740993",
        "1e22",
        "1e23",
        "-0.0",
        "000000000000000000001.5",
    ]
    spellings += ["3.88898098468780521"]  # rounded twice in float64, it is another float32
    (tmp_path / "v").write_text(f"w {' '.join(spellings)}\n")
    loaded = Vectors.load(tmp_path / "v")
    assert loaded.matrix[0].tobytes() == np.array([float(each) for each in spellings], dtype=np.float32).tobytes()


def load(tmp_path, content, *arguments, **options):
    (tmp_path / "v").write_bytes(content)
    return Vectors.load(tmp_path / "v", *arguments, **options)


def test_duplicates_are_an_error_or_the_first_or_the_last(tmp_path):
    content = b"3 1\ncat 1\ndog 2\ncat 3\n"
    with pytest.raises(
        DataError, match=r"line 4: the word 'cat' is there twice \(first as line 2\).*duplicates='first'"
    ):
        load(tmp_path, content)
    first = load(tmp_path, content, duplicates="first")
    assert (first.words, first.matrix.ravel().tolist()) == (["cat", "dog"], [1, 2])
    assert first.settings["duplicates_left_out"] == {"count": 1, "policy": "first"}
    last = load(tmp_path, content, duplicates="last")
    assert (last.words, last.matrix.ravel().tolist()) == (["dog", "cat"], [2, 3])
    with pytest.raises(OptionError, match="error, first, last"):
        load(tmp_path, content, duplicates="merge")


def test_invalid_utf8_is_an_error_or_replaced_or_escaped(tmp_path):
    content = b"2 1\n\xff\xfe 1\ndog 2\n"
    with pytest.raises(DataError, match=r"line 2: the word '\\\\xff\\\\xfe' is not UTF-8; .* invalid='replace'"):
        load(tmp_path, content)
    assert load(tmp_path, content, invalid="replace").words == ["\ufffd\ufffd", "dog"]
    escaped = load(tmp_path, content, invalid="escape")
    assert escaped.words == ["\\xff\\xfe", "dog"]
    assert escaped.settings["words_of_invalid_utf8"] == {"count": 1, "policy": "escape"}
    with pytest.raises(DataError, match="twice"):
        load(tmp_path, b"2 1\n\xff 1\n\xfe 2\n", invalid="replace")


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.write and each.separators])
def test_words_with_white_space_are_refused_or_changed_as_asked(tmp_path, name):
    vectors = Vectors(["new york", "a\nb", "c"], [[1], [2], [3]])
    with pytest.raises(
        OptionError, match=rf"{name} can't hold words with white space, and 2 have some, such as 'new york'"
    ):
        vectors.save(tmp_path / "v", name)
    assert not list(tmp_path.iterdir())
    vectors.save(tmp_path / "v", name, spaces="underscore")
    vectors.save(tmp_path / "v", name, spaces="skip")
    if name in LOSSLESS:
        assert Vectors.load(tmp_path / "v", name).words == ["c"]
    with pytest.raises(OptionError, match="twice"):
        Vectors(["a b", "a_b"], [[1], [2]]).save(tmp_path / "v", name, spaces="underscore")


def test_what_a_format_can_not_hold_is_known():
    assert losses(VECTORS, FORMATS["native"]) == []
    assert losses(VECTORS, FORMATS["parquet"]) == ["outside vectors", "settings"]
    assert losses(VECTORS, FORMATS["glove"]) == ["counts", "outside vectors", "settings"]
    assert "letter sequences" in losses(Vectors.load(fuzzing.GOLDEN / "fasttext.bin"), FORMATS["native"])[0]


def test_parquet_numpy_and_tensorboard_hold_words_and_vectors(tmp_path):
    VECTORS.save(tmp_path / "v.parquet")
    frame = pl.read_parquet(tmp_path / "v.parquet")
    assert frame["word"].to_list() == VECTORS.words
    assert frame["count"].to_list() == [3, 2, 1]
    assert frame["vector"].to_numpy().tobytes() == VECTORS.matrix.tobytes()
    VECTORS.save(tmp_path / "v.npy")
    assert np.load(tmp_path / "v.npy").tobytes() == VECTORS.matrix.tobytes()
    assert (tmp_path / "v.words.txt").read_text().splitlines() == VECTORS.words
    VECTORS.save(tmp_path / "board", "tensorboard")
    table = [line.split("\t") for line in (tmp_path / "board" / "vectors.tsv").read_text().splitlines()]
    assert np.array(table, dtype=np.float32).tobytes() == VECTORS.matrix.tobytes()
    assert (tmp_path / "board" / "metadata.tsv").read_text() == "word\tcount\nthe\t3\nnaïve\t2\nnew\u00a0york\t1\n"


RECORD = b"king " + struct.pack("<2f", 1, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (gzip.compress(b""), "holds nothing"),
        (b"<!DOCTYPE html>\n<html><body>Not found", "web page"),
        (b"\xef\xbb\xbf  <html>", "web page"),
        (b"2 2\nking 1 2\nqueen 1\n", r"line 3: 'queen 1' is no word and 2 numbers"),
        (b"2 2\nking 1 2\nqueen 1 x\n", r"line 3: 'x' stands where a number must be"),
        (b"2 2\nking 1 2\nqueen 1 1_0\n", r"line 3: '1_0' stands where a number must be"),
        (b"2 2\nking 1 2\nqueen 1 nan\n", r"line 3: the vector of 'queen' holds a number that is not finite"),
        (b"2 2\nking 1 2\nqueen 1 -inf\n", "line 3: the vector of 'queen'"),
        (b"2 2\nking 1 2\nqueen 1 1e39\n", "too large for float32"),
        (b"2 2\nking 1 2\nqueen 1 2", "ends within a line"),
        (b"2 2\nking 1 2\n\nqueen 1 2\n", "line 3: '' is no word"),
        (b"2 2\nking 1.25 2.25\n", "cut short: its header promises 2 words and it holds 1"),
        (b"1 2\nking 1 2\nqueen 3 4\n", "goes on too long: its header promises 1 words"),
        (b"1000000000000 300\nking 1 2\n", "promises 1,000,000,000,000 words"),
        (b"1 1000000\nking 1 2\n", "promises 1 words of 1,000,000 dimensions"),
        (b"1 99999999999999\nking 1 2\n", "line 1"),
        (b"0 2\nking 1 2\n", "both must be at least 1"),
        (b"-1 2\nking 1 2\n", "line 1: '-1 2' is neither"),
        (b"nan 300\nking 1 2\n", "line 1: 'nan 300' is neither"),
        (b"king 1 2\nqueen 1 2 3\n", "line 2: it has more than 2 numbers"),
        (b"king 1 2\nqueen 1 3\nrain 1\n", "line 3"),
        (b"king\nqueen\n", "no file of vectors that Firth knows"),
        (b"king queen rain\n", "no word with numbers"),
        (b"2 2\n" + RECORD, "promises 2 words of 2 dimensions, which 17 bytes can't hold"),
        (gzip.compress(b"2 2\n" + RECORD), "cut short: its header promises 2 words and it holds 1"),
        (b"1 2\n" + RECORD[:-1], "can't hold|cut short"),
        (b"1 2\n" + RECORD + b"more", "goes on after the last word"),
        (b"1000000000000 2\n" + RECORD, "promises 1,000,000,000,000 words"),
        (
            b"1 2\nking " + struct.pack("<2f", 1, np.nan),
            "word 1: the vector of 'king' holds a number that is not finite",
        ),
        (b"2 2\n" + RECORD + b"\n " + bytes(8), "word 2: an empty word"),
        (b"1 2\n" + b"\x01" * 70_000 + b" " + bytes(8), "word of over 65,536 bytes"),
        (gzip.compress(b"1 2\nking 1 2\n")[:-9], "cut short"),
        (gzip.compress(b"1 2\nking 1 2\n")[:-12] + b"\1" * 12, "cannot read|cut short"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 20, "damaged|cut short|holds nothing"),
        (b"\xba\x16\x4f\x2f\x0c\0\0\0" + b"\xff" * 200, "damaged"),
        (b"\xba\x16\x4f\x2f\x63\0\0\0" + b"\0" * 200, "version 99"),
        (b"\xba\x16\x4f\x2f", "cut short"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_a_sentence(tmp_path, content, said):
    with pytest.raises(DataError, match=said) as caught:
        load(tmp_path, content)
    assert str(tmp_path / "v") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["gensim.txt", "gensim.bin", "word2vec_c.bin", "fasttext.bin", "fasttext.vec"])
def test_every_truncation_is_refused(tmp_path, name):
    content = (fuzzing.GOLDEN / name).read_bytes()
    last = len(content) - content.endswith(b"\n") if name == "word2vec_c.bin" else len(content)
    for size in range(last):
        with pytest.raises(DataError):
            load(tmp_path, content[:size])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps({"gensim.models": 1}), r"convert it with gensim.*save_word2vec_format"),
        (b"PK\x03\x04 archive/data.pkl torch", "PyTorch"),
        (b"PK\x03\x04 glove.6B.50d.txt", "unpack it and give the file that is in it"),
        (pickle.dumps([1]), "tool that wrote it"),
        (b"\x93NUMPY\x01\0", "array without words"),
    ],
)
def test_a_pickle_says_how_to_convert_it(tmp_path, content, said):
    with pytest.raises(DataError, match=said) as caught:
        load(tmp_path, content)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", ["word2vec-text", "word2vec-binary", "glove"])
def test_reading_takes_no_more_memory_than_twice_the_file(tmp_path, name):
    Vectors([f"w{row}" for row in range(40_000)], np.random.default_rng(1).normal(size=(40_000, 100))).save(
        tmp_path / "v", name
    )
    Vectors.load(tmp_path / "v")
    size = (tmp_path / "v").stat().st_size
    tracemalloc.start()
    Vectors.load(tmp_path / "v")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * size + 40e6  # pieces of 8 MB, a few at a time


@pytest.mark.parametrize("reader", list(fuzzing.seeds()))
def test_nearly_right_files_are_read_or_refused_in_a_sentence(reader):
    ended = fuzzing.fuzz(reader, 400)
    assert ended["refused"] > 100
    assert ended["read"] > 0


def test_formats_that_are_written_or_read_alone_say_so(tmp_path):
    with pytest.raises(OptionError, match="read and not written"):
        VECTORS.save(tmp_path / "v", "fasttext-bin")
    with pytest.raises(OptionError, match="written and not read"):
        Vectors.load(tmp_path / "v", "parquet")
    with pytest.raises(OptionError, match="must be one of native, word2vec-text"):
        VECTORS.save(tmp_path / "v", "word3vec")
    with pytest.raises(OptionError, match=r"does not tell its format: let its name end in one of \.safetensors"):
        VECTORS.save(tmp_path / "v.doc")
    with pytest.raises(OptionError, match="Firth's own format"):
        VECTORS.save(tmp_path / "v.txt", dtype="int8")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"king x\n", "line 1"),
        (b"a 1\nking\n", "line 2"),
        (b"a 1\na 2\n", "line 2.*twice"),
        (b"\xff 1\n", "UTF-8"),
        (b"b 1\n", "holds none of the words of the vectors"),
    ],
)
def test_a_wrong_vocabulary_is_named(tmp_path, content, said):
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(DataError, match=said):
        load(tmp_path, b"1 1\na 1\n", vocabulary=tmp_path / "c")


@pytest.mark.parametrize("name", ["model2vec", "sentence-transformers", "tensorboard"])
def test_a_folder_that_holds_other_things_is_never_replaced(tmp_path, name):
    VECTORS.subset(["the"]).save(tmp_path / "v", name)
    VECTORS.subset(["the"]).save(tmp_path / "v", name)  # its own is
    (tmp_path / "v" / "thesis.txt").write_text("years of work")
    with pytest.raises(OptionError, match=r"v is a folder that holds other things, such as 'thesis\.txt'"):
        VECTORS.subset(["the"]).save(tmp_path / "v", name)
    assert (tmp_path / "v" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OptionError, match="file is a file, and a folder is to be written"):
        VECTORS.subset(["the"]).save(tmp_path / "file", name)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "v"]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_packed_fasttext_model_is_read_as_a_plain_one(tmp_path, suffix):
    plain = Vectors.load(fuzzing.GOLDEN / "fasttext.bin")
    with packed(tmp_path / f"v{suffix}") as stream:
        stream.write((fuzzing.GOLDEN / "fasttext.bin").read_bytes())
    loaded = Vectors.load(tmp_path / f"v{suffix}")
    assert loaded.words == plain.words
    assert loaded.matrix.tobytes() == plain.matrix.tobytes()
    assert loaded["kings"].tobytes() == plain["kings"].tobytes()
    content = (tmp_path / f"v{suffix}").read_bytes()
    with pytest.raises(DataError, match=r"cut short|damaged"):
        load(tmp_path, content[: len(content) // 2], "fasttext-bin")


def test_a_fasttext_model_says_which_words_were_left_out_or_changed(tmp_path):
    content = (fuzzing.GOLDEN / "fasttext.bin").read_bytes()
    twice = content.replace(b"queen\0", b"king\0", 1)
    kept = load(tmp_path, twice, duplicates="first")
    assert kept.settings["duplicates_left_out"] == {"count": 1, "policy": "first"}
    assert "read_from" in kept.settings
    strange = load(tmp_path, content.replace(b"queen\0", b"que\xffn\0", 1), invalid="escape")
    assert strange.settings["words_of_invalid_utf8"] == {"count": 1, "policy": "escape"}


@pytest.mark.parametrize("name", ["v.safetensors.gz", "v.npy.zst", "v.parquet.gz"])
def test_a_name_never_promises_a_packing_that_is_not_done(tmp_path, name):
    with pytest.raises(OptionError, match=r"let the name not end in \.(gz|zst)"):
        VECTORS.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_packed_native_file_says_to_unpack_it(tmp_path):
    with pytest.raises(DataError, match="unpack it first"):
        load(tmp_path, gzip.compress(to_bytes(VECTORS)))


@pytest.mark.parametrize("name", ["model2vec", "sentence-transformers"])
def test_words_that_a_tokenizer_would_cut_are_not_written_for_it(tmp_path, name):
    with pytest.raises(OptionError, match=r"1 have some, such as 'new\\xa0york'"):
        VECTORS.save(tmp_path / "v", name)
    VECTORS.save(tmp_path / "v", name, spaces="underscore")
    assert "new_york" in next((tmp_path / "v").rglob("tokenizer.json")).read_text()


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path):
    for name, head in (("v.glove", b""), ("v.txt", b"2 2\n")):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + head + b"a 1 2\nb 3 4\n")
        assert Vectors.load(tmp_path / name).words == ["a", "b"]
