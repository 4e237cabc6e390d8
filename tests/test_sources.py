"""Text in whatever form people have it: all kinds of files and objects give the same sentences; mistakes are named."""

import bz2
import gzip
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from firth import Corpus, DataError, OptionError

SENTENCES = [["the", "cat", "sat"], ["a", "café", "for", "the", "cat"], ["東京", "is", "far"]]
LINES = [" ".join(sentence) for sentence in SENTENCES]
TEXT = "".join(line + "\n" for line in LINES)


def read(source, **options):
    return Corpus.from_text(source, **{"min_count": 1, "cache": False, **options})


def sentences_of(source, **options):
    return list(read(source, **options).sentences())


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zstandard(content):
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.compress(content)


PACKERS = {".txt": bytes, ".txt.gz": gzip.compress, ".txt.bz2": bz2.compress, ".txt.zst": zstandard}


@pytest.mark.parametrize("suffix", PACKERS)
def test_plain_and_packed_files_give_the_same_sentences(tmp_path, suffix):
    path = write(tmp_path / f"text{suffix}", PACKERS[suffix](TEXT.encode()))
    assert sentences_of(path) == sentences_of(str(path)) == SENTENCES


@pytest.mark.parametrize("suffix", [".txt.gz", ".txt.bz2", ".txt.zst"])
def test_a_packed_file_that_is_cut_short_is_named(tmp_path, suffix):
    packed = PACKERS[suffix]((TEXT * 200).encode())
    path = write(tmp_path / f"text{suffix}", packed[: len(packed) * 2 // 3])
    with pytest.raises(DataError, match=rf"text{suffix}.*(cut short|cannot read)"):
        read(path)


@pytest.mark.parametrize("suffix", [".txt.gz", ".txt.bz2", ".txt.zst"])
def test_a_file_that_is_not_packed_as_its_name_says_is_named(tmp_path, suffix):
    with pytest.raises(DataError, match=f"cannot read .*text{suffix}"):
        read(write(tmp_path / f"text{suffix}", TEXT))


def test_several_files_a_folder_and_a_pattern_are_read_in_order(tmp_path):
    paths = [write(tmp_path / "texts" / name, line + "\n") for name, line in zip("abc", LINES, strict=True)]
    assert sentences_of(paths) == sentences_of([str(path) for path in paths]) == SENTENCES
    assert sentences_of(tmp_path / "texts") == SENTENCES
    assert sentences_of(str(tmp_path / "texts" / "[ab]*")) == SENTENCES[:2]


def test_a_file_without_a_last_line_end_loses_nothing(tmp_path):
    one = write(tmp_path / "one.txt", TEXT.rstrip("\n"))
    assert sentences_of([one, one]) == SENTENCES * 2


def test_windows_line_ends_and_a_byte_order_mark_are_no_words(tmp_path):
    path = write(tmp_path / "text.txt", b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert sentences_of(path, tokenizer="whitespace") == SENTENCES


def test_what_a_folder_holds_besides_text_is_skipped_and_counted(tmp_path):
    write(tmp_path / "a.txt", TEXT)
    write(tmp_path / ".hidden", "hidden words")
    write(tmp_path / "picture.png", b"\x89PNG\0\0")
    write(tmp_path / "table.csv", "text\nin a table\n")
    corpus = read(tmp_path)
    assert list(corpus.sentences()) == SENTENCES
    told = {each.what: each for each in corpus.report.skipped}
    assert set(told) == {"hidden files", "binary files", "tables, since no column was named"}
    assert told["binary files"].first == str(tmp_path / "picture.png")


def test_standard_input_is_read(tmp_path):
    code = "import firth; c = firth.Corpus.from_text('-', min_count=1); print(list(c.sentences()))"
    answer = subprocess.run([sys.executable, "-c", code], input=TEXT, capture_output=True, text=True, check=True)
    assert answer.stdout == f"{SENTENCES}\n"


ROWS = pl.DataFrame({"n": [1, 2, 3], "text": LINES})


def table_files(folder):
    stream = io.BytesIO()
    ROWS.write_parquet(stream)
    csv, tsv, jsonl = ROWS.write_csv().encode(), ROWS.write_csv(separator="\t").encode(), ROWS.write_ndjson().encode()
    contents = {
        "a.csv": csv,
        "a.tsv": tsv,
        "a.jsonl": jsonl,
        "a.parquet": stream.getvalue(),
        "a.csv.gz": gzip.compress(csv),
        "a.jsonl.bz2": bz2.compress(jsonl),
        "a.tsv.zst": zstandard(tsv),
    }
    return [write(folder / name, content) for name, content in contents.items()]


def test_a_column_of_every_kind_of_table_is_read(tmp_path):
    for path in table_files(tmp_path):
        assert sentences_of(path, column="text") == SENTENCES, path
        with pytest.raises(OptionError, match="name the column"):
            read(path)
        with pytest.raises(DataError, match=r"no column 'txt'.*n, text"):
            read(path, column="txt")


def test_a_column_of_numbers_in_csv_is_text_and_in_parquet_is_refused(tmp_path):
    files = {path.name: path for path in table_files(tmp_path)}
    assert sentences_of(files["a.csv"], column="n") == [["1"], ["2"], ["3"]]
    with pytest.raises(DataError, match="'n' holds Int64, not text"):
        read(files["a.parquet"], column="n")


def test_rows_without_a_value_are_skipped_and_counted(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text":"a b"}\n{"text":null}\n{"other":1}\n{"text":"c"}\n')
    corpus = read(path, column="text")
    assert list(corpus.sentences()) == [["a", "b"], ["c"]]
    assert [str(each) for each in corpus.report.skipped] == [f"2 rows without a value, first {path}:2"]


def test_a_table_that_is_damaged_is_named(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text":"a b"}\n{"text":nu\n')
    with pytest.raises(DataError, match=r"cannot read .*a\.jsonl"):
        read(path, column="text")
    path = write(tmp_path / "a.parquet", b"PAR1 and no more")
    with pytest.raises(DataError, match=r"cannot read .*a\.parquet"):
        read(path, column="text")


def test_polars_pandas_and_hugging_face_columns_are_read():
    pandas = pytest.importorskip("pandas")
    assert sentences_of(ROWS["text"]) == sentences_of(ROWS, column="text") == SENTENCES
    frame = pandas.DataFrame({"text": LINES})
    assert sentences_of(frame["text"]) == sentences_of(frame, column="text") == SENTENCES
    assert sentences_of(pl.Series(SENTENCES)) == SENTENCES
    with pytest.raises(OptionError, match="name the column"):
        read(frame)
    with pytest.raises(DataError, match="no column 'txt': it has text"):
        read(frame, column="txt")


def test_a_hugging_face_data_set_is_read():
    datasets = pytest.importorskip("datasets")
    data_set = datasets.Dataset.from_dict({"text": LINES, "label": [0, 1, 2]})
    assert sentences_of(data_set, column="text") == sentences_of(data_set["text"]) == SENTENCES
    with pytest.raises(OptionError, match="name the column"):
        read(data_set)


def test_any_iterable_is_gone_through_once_and_can_be_gone_through_again_as_a_corpus():
    for given in (SENTENCES, iter(SENTENCES), (tuple(sentence) for sentence in SENTENCES), iter(LINES)):
        corpus = read(given)
        assert list(corpus.sentences()) == list(corpus.sentences()) == SENTENCES


def test_strings_that_are_no_files_are_sentences():
    assert sentences_of(LINES) == SENTENCES


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("no/such/file.txt", DataError, "there is no file no/such/file.txt"),
        ("no/such/*.txt", DataError, "no file matches no/such"),
        (17, OptionError, "source is a int"),
        (b"bytes", OptionError, "source is a bytes"),
        ([["a"], 3], DataError, "sentence 2 is 3"),
        ([["a"], ["b", 3]], DataError, "sentence 2 holds 3, which is no word"),
        ([["a"], ["b", ""]], DataError, "sentence 2 holds '', which is no word"),
        ([["a"], "b c"], DataError, "sentence 2 is a str, those before are not"),
        ([["a"], ["\ud800"]], DataError, "no valid text"),
        ([], DataError, "has no words"),
        ([[], []], DataError, "has no words"),
        (["", "  "], DataError, r"has no words \(2 blank sentences"),
    ],
)
def test_what_is_no_text_is_named(given, error, said):
    with pytest.raises(error, match=said):
        read(given)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_list_with_an_existing_file_and_a_missing_one_is_an_error(tmp_path, kind):
    path = write(tmp_path / "a.txt", TEXT)
    with pytest.raises(DataError, match="there is no file"):
        read([kind(path), kind(tmp_path / "b.txt")])


def test_a_list_of_patterns_is_one_of_files(tmp_path):
    write(tmp_path / "a.txt", TEXT)
    write(tmp_path / "b.txt", TEXT)
    assert sentences_of([str(tmp_path / "a*.txt"), str(tmp_path / "b*.txt")]) == SENTENCES * 2


def test_brackets_in_the_name_of_a_table_are_no_pattern(tmp_path):
    write(tmp_path / "t1.csv", "text\nwrong\n")
    path = write(tmp_path / "t[1].csv", "text\nright\n")
    assert sentences_of(path, column="text") == [["right"]]


def test_a_row_with_too_many_fields_is_an_error_and_not_cut_short(tmp_path):
    path = write(tmp_path / "a.csv", "n,text\n1,hello, world\n2,b\n")
    with pytest.raises(DataError, match=r"cannot read .*a\.csv"):
        read(path, column="text")


def test_quotes_mean_nothing_in_tsv(tmp_path):
    path = write(tmp_path / "a.tsv", 'n\ttext\n1\t"quoted\n2\tb\n')
    assert sentences_of(path, column="text") == [["quoted"], ["b"]]


def test_json_lines_whose_text_comes_late_are_read(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"n":1}\n' * 2_000 + '{"text":"late words"}\n')
    assert sentences_of(path, column="text") == [["late", "words"]]


def test_a_named_pipe_is_read_and_never_kept(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(TEXT))
    writer.start()
    corpus = read(pipe, cache=True)
    writer.join()
    assert list(corpus.sentences()) == SENTENCES
    assert "firth-corpus-" in str(corpus.folder)


def test_a_column_of_what_has_none_is_an_error(tmp_path):
    for given in (write(tmp_path / "a.txt", TEXT), LINES):
        with pytest.raises(OptionError, match="is no table: leave it out"):
            read(given, column="text")


def test_an_iterable_that_fails_is_not_taken_for_a_full_disk(tmp_path):
    def lines():
        yield "first"
        yield from (tmp_path / "none.txt").open()

    with pytest.raises(DataError, match=r"the given generator failed: FileNotFoundError.*none\.txt"):
        read(lines())


def test_a_missing_word_in_a_list_column_is_named():
    with pytest.raises(DataError, match="empty or missing word"):
        read(pl.Series([["a", None, "b"]]))


def test_a_function_finds_no_words_in_lines_that_were_skipped(tmp_path):
    path = write(tmp_path / "a.txt", b"good line\n\xff\n")
    corpus = read(path, tokenizer=lambda line: ["<s>", *line.split()])
    assert list(corpus.sentences()) == [["<s>", "good", "line"]]
    assert str(corpus.report.skipped[0]) == f"1 lines of invalid UTF-8, first {path}:2"
    with pytest.raises(DataError, match="not UTF-8"):
        read(path, tokenizer=str.split, strict=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no words"),
        (b"\n\n  \n", r"has no words \(3 blank lines, first .*:1\)"),
        (b"\x00\x01\x02 binary", "is a binary file"),
        (b"caf\xe9\n", r"has no words \(1 lines of invalid UTF-8, first .*:1\)"),
        (b"... !!\n", r"has no words \(1 lines without a word"),
    ],
)
def test_a_file_without_text_is_named_with_the_reason(tmp_path, content, said):
    path = write(tmp_path / "text.txt", content)
    with pytest.raises(DataError, match=said) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="has no text files"):
        read(tmp_path)


def test_invalid_utf8_is_skipped_and_counted_with_its_line_or_an_error(tmp_path):
    lines = [line.encode() for line in LINES * 300]
    lines[811], lines[850] = b"caf\xe9 au lait", b"\xff"
    lines[820] = b""
    path = write(tmp_path / "text.txt", b"\n".join(lines) + b"\n")
    corpus = read(path)
    assert [str(each) for each in corpus.report.skipped] == [
        f"2 lines of invalid UTF-8, first {path}:812",
        f"1 blank lines, first {path}:821",
    ]
    assert len(corpus) == 897
    with pytest.raises(DataError, match=r"text\.txt:812 is not UTF-8"):
        read(path, strict=True)


@pytest.mark.parametrize("size", [7, 16, 50])
def test_however_the_file_is_cut_into_pieces_the_sentences_are_the_same(tmp_path, size, monkeypatch):
    from firth.corpus import pieces

    long = " ".join(f"word{number}" for number in range(100))
    wide = "\t".join(f"tab{number}" for number in range(100))
    lines = [*LINES, "", long, wide, "東" * 60, LINES[0]]
    path = write(tmp_path / "text.txt", "\n".join(lines))
    expected = [line.split() for line in lines if line]
    assert sentences_of(path, tokenizer="whitespace") == expected
    monkeypatch.setattr(pieces, "PIECE_BYTES", size)
    assert sentences_of(path, tokenizer="whitespace") == expected
    monkeypatch.setattr(pieces, "LONGEST_PIECE", 300)
    assert sentences_of(path, tokenizer="whitespace") == expected


@pytest.mark.parametrize("longest", [100, 101, 102])
def test_a_cut_never_falls_inside_a_letter(tmp_path, longest, monkeypatch):
    from firth.corpus import pieces

    monkeypatch.setattr(pieces, "PIECE_BYTES", 50)
    monkeypatch.setattr(pieces, "LONGEST_PIECE", longest)
    path = write(tmp_path / "text.txt", "東é" * 200 + "\nlast\n")
    assert sentences_of(path, tokenizer="characters") == [list("東é" * 200), list("last")]


def test_an_invalid_part_of_a_line_that_is_cut_is_counted_and_an_error_if_strict(tmp_path, monkeypatch):
    from firth.corpus import pieces

    monkeypatch.setattr(pieces, "PIECE_BYTES", 32)
    monkeypatch.setattr(pieces, "LONGEST_PIECE", 128)
    words = [f"w{number}" for number in range(200)]
    content = "\n".join(["first", " ".join(words), "last"]).encode().replace(b"w100 ", b"w\xff ")
    path = write(tmp_path / "a.txt", content)
    corpus = read(path)
    assert len(corpus) == 3
    assert [str(each) for each in corpus.report.skipped] == [f"1 lines of invalid UTF-8, first {path}:2"]
    with pytest.raises(DataError, match=r"a\.txt:2 is not UTF-8"):
        read(path, strict=True)


def test_a_byte_order_mark_is_one_at_the_start_of_a_file_alone(tmp_path, monkeypatch):
    from firth.corpus import pieces

    path = write(tmp_path / "a.txt", "\ufeffa\n\ufeffa\n" * 20)
    expected = read(path, tokenizer="whitespace").vocabulary.counts.tolist()
    monkeypatch.setattr(pieces, "PIECE_BYTES", 8)
    assert read(path, tokenizer="whitespace").vocabulary.counts.tolist() == expected == [39, 1]


def test_line_numbers_count_over_pieces_and_start_anew_in_each_file(tmp_path, monkeypatch):
    from firth.corpus import pieces

    monkeypatch.setattr(pieces, "PIECE_BYTES", 32)
    good = write(tmp_path / "good.txt", TEXT * 5)
    bad = write(tmp_path / "bad.txt", (TEXT * 3).encode() + b"\xff\n" + TEXT.encode())
    assert str(read([good, bad]).report.skipped[0]) == f"1 lines of invalid UTF-8, first {bad}:10"


def test_json_lines_may_hold_lists_of_words(tmp_path):
    path = write(tmp_path / "a.jsonl", "".join(json.dumps({"words": sentence}) + "\n" for sentence in SENTENCES))
    assert sentences_of(Path(path), column="words") == SENTENCES
