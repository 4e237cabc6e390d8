"""Tokenizers cut lines into words in every script, and take no word, letter or emoji apart."""

import functools
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firth import OptionError
from firth.corpus import tokenizers
from firth.corpus.tokenizers import Tokenization

pl = pytest.importorskip("polars")

FAMILY, ASTRONAUT, FLAGS, THUMB = "👨‍👩‍👧‍👦", "👩🏽‍🚀", "🇫🇷🇩🇪", "👍🏽"
KEYCAP, HEART, RAINBOW, ENGLAND = "1️⃣", "❤️", "🏳️‍🌈", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
EMOJI = [FAMILY, ASTRONAUT, THUMB, KEYCAP, HEART, RAINBOW, ENGLAND, "👁️‍🗨️", "🧑🏻‍🦰", "#️⃣", "⛹🏿‍♀️", "☺", "©️"]
UNUSED = ["Cs", "Cn", "Co"]
# Letters of the oldest supported Python's Unicode, so that no newer table knows more about one of them.
LETTERS = some.characters(exclude_categories=["Cs", "Cn"])
AWKWARD = some.sampled_from(
    [
        "\u200c",
        "\u200d",
        "\ufe0f",
        "\u20e3",
        "\u0301",
        "🏽",
        "🇫",
        "1",
        "#",
        "'",
        "’",
        "-",
        "_",
        " ",
        "\xad",
        "ᅡ",
        "ℹ",
        "©",
    ]
)
LINES = some.lists(LETTERS | AWKWARD | some.sampled_from(EMOJI) | some.sampled_from("abcé電क न"), max_size=12).map(
    "".join
)


def cut(line, tokenizer="words", **options):
    return Tokenization(tokenizer, **{"lowercase": False, **options})(pl.Series([line])).to_list()[0]


def cut_all(lines, tokenizer):
    return Tokenization(tokenizer, lowercase=False)(pl.Series(lines, dtype=pl.String)).to_list()


@given(some.lists(some.text(LETTERS | some.sampled_from(" \x1c\x1d\x1e\x1f\x85\u3000\xa0\u200b\t\v\f\r\n"))))
def test_whitespace_cuts_as_python_does(lines):
    assert cut_all(lines, "whitespace") == [line.split() for line in lines]


def test_whitespace_cuts_at_each_space_of_unicode_and_at_nothing_else():
    signs = [sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign) not in UNUSED]
    lines = [f"a{sign}b" for sign in signs]
    assert len(lines) > 140_000
    assert cut_all(lines, "whitespace") == [line.split() for line in lines]


@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "characters"])
@given(lines=some.lists(LINES))
def test_plain_lines_are_cut_as_the_pattern_cuts_all(lines, tokenizer):
    pattern = tokenizers._CUTS[tokenizer][0]
    assert cut_all(lines, tokenizer) == pl.Series(lines, dtype=pl.String).str.extract_all(pattern).to_list()


def test_plain_and_other_lines_keep_their_order():
    lines = ["a b", "c, d", "", "e f", " g", "h"] * 3
    expected = [["a", "b"], ["c", "d"], [], ["e", "f"], ["g"], ["h"]] * 3
    assert cut_all(lines, "words") == expected
    assert cut_all(lines[3:4], "words") == expected[3:4]
    assert cut_all([], "words") == []


@pytest.mark.parametrize(
    "word",
    [
        "don't", "l’été", "o'clock's", "state-of-the-art", "COVID-19", "x2", "2024", "snake_case", "__init__", "m²",
        "é", "e\u0301te\u0301", "می‌خواهم", "हिन्दी", "क्‍ष", "العربية", "مُحَمَّد", "עברית", "צה״ל",
        "col·lecció", "Ελλάδα", "Москва",
        "ｆｕｌｌ", "ｄｏｎ＇ｔ", "１２３", "電影", "한글", "\u1112\u1161\u11ab\u1100\u1173\u11af", "ไทย", "நன்றி",
        "co\xadoperate", "𝒳𝒴", "ǆ", "ﬁ",
        *EMOJI,
    ],
)  # fmt: skip
def test_a_word_stays_whole(word):
    assert cut(word) == [word]
    assert cut(f"  ({word}), «{word}»! {word}.") == [word] * 3
    assert cut(f"a {word} b") == ["a", word, "b"]


def test_signs_between_and_around_words_are_left_out():
    assert cut("Hello, world! 'tis the dogs' -- a--b (c) 3.14 © ™ … — \u200c \u0301 ℹ") == [
        *("Hello", "world", "tis", "the", "dogs", "a", "b", "c", "3", "14", "ℹ"),
    ]
    assert cut(" . , \u3000 \x1c") == []


def test_emoji_side_by_side_are_one_word_each():
    assert cut(f"so{FLAGS}{FAMILY}{THUMB}{KEYCAP}2️⃣ cool{HEART}") == [
        *("so", "🇫🇷", "🇩🇪", FAMILY, THUMB, KEYCAP, "2️⃣", "cool", HEART),
    ]
    assert cut(f"{KEYCAP}st 2\u20e3nd") == [KEYCAP, "st", "2\u20e3", "nd"]


@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "characters", "jieba"])
@given(lines=some.lists(LINES, max_size=4))
def test_no_word_is_empty_or_has_a_space_and_there_are_as_many_lists_as_lines(tokenizer, lines):
    found = cut_all(lines, tokenizer)
    assert len(found) == len(lines)
    assert all(word and word == "".join(word.split()) for words in found for word in words)


@pytest.mark.parametrize("tokenizer", ["characters", "jieba"])
@given(line=LINES)
def test_no_mark_is_parted_from_what_it_stands_on_and_nothing_is_lost(tokenizer, line):
    for part in line.split():
        found = cut(part, tokenizer)
        assert "".join(found) == part
        assert not [
            word for word in found[1:] if unicodedata.category(word[0])[0] == "M" or word[0] in "🏽\u200d\u200c"
        ]


@pytest.mark.parametrize("tokenizer", ["characters", "jieba"])
@pytest.mark.parametrize("emoji", [*EMOJI, "🇫🇷", "☺\u0301"])
def test_an_emoji_stays_whole_among_chinese(tokenizer, emoji):
    assert cut(f"{emoji}好{emoji}{emoji}", tokenizer) == [emoji, "好", emoji, emoji]


def test_characters_are_what_a_reader_sees_as_one():
    assert cut("電影 is\u3000é!", "characters") == ["電", "影", "i", "s", "é", "!"]
    assert cut("हिन्दी", "characters") == ["हि", "न्", "दी"]
    assert cut("\u1112\u1161\u11ab\u1100\u1173", "characters") == ["\u1112\u1161\u11ab", "\u1100\u1173"]
    assert cut("\x1c\x85 ", "characters") == []


def test_jieba_finds_chinese_words_and_leaves_others_whole():
    assert cut("我来到北京清华大学", "jieba") == ["我", "来到", "北京", "清华大学"]
    assert cut("他don't知道café和Москва，很好 state-of-the-art ｆｕｌｌ हिन्दी می‌خواهم e\u0301te\u0301", "jieba") == [
        *("他", "don't", "知道", "café", "和", "Москва", "，", "很", "好"),
        *("state-of-the-art", "ｆｕｌｌ", "हिन्दी", "می‌خواهم", "e\u0301te\u0301"),
    ]
    assert cut("買T恤", "jieba", lowercase=True) == ["買", "t恤"]
    assert cut("", "jieba") == []


@given(some.text(LETTERS))
def test_lower_case_and_nfkc_are_those_of_python(text):
    series = pl.Series([text])
    assert Tokenization(lowercase=True).normalised(series).to_list() == [text.lower()]
    assert Tokenization(lowercase=False, nfkc=True).normalised(series).to_list() == [
        unicodedata.normalize("NFKC", text)
    ]
    both = unicodedata.normalize("NFKC", text).lower()
    assert Tokenization(lowercase=True, nfkc=True).normalised(series).to_list() == [both]


@pytest.mark.parametrize("word", ["İstanbul", "STRAẞE", "straße", "ΟΔΟΣ", "ΑΣ ΣΑ", "ǅ", "ÀÉ"])
def test_lower_case_knows_the_special_cases(word):
    assert cut(word, lowercase=True) == word.lower().split()


def test_options_change_words_as_they_say():
    assert cut("Ｆｕｌｌ ﬁlm №５", nfkc=True) == ["Full", "film", "No5"]
    assert cut("in 1984, x2 ٣٤ ½ ５", digits="fold") == ["in", "0000", "x0", "00", "½", "0"]
    assert cut("in 1984", digits="keep") == ["in", "1984"]
    assert cut("The Film", lowercase=True) == ["the", "film"]


@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "characters", "jieba", str.split])
def test_a_missing_line_has_no_words(tokenizer):
    assert cut_all([None, "a", None], tokenizer) == [[], ["a"], []]
    assert cut_all([None], tokenizer) == [[]]


def test_any_function_from_a_line_to_strings_is_a_tokenizer():
    assert cut("a-B", lambda line: line.split("-"), lowercase=True) == ["a", "b"]
    assert cut("a--B", lambda line: (word for word in line.split("-"))) == ["a", "B"]
    assert cut("abc", functools.partial(str.split, sep="b")) == ["a", "c"]
    assert Tokenization(str.split)(pl.Series([], dtype=pl.String)).to_list() == []
    assert [Tokenization(cutter).name for cutter in (cut, str.split, functools.partial(cut), "words")] == [
        *("cut", "str.split", "partial", "words"),
    ]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (str, "gave 'x{59} for the line 'x{60}': it must give a list of strings"),
        (str.encode, "gave b'x{58} for the line"),
        (lambda line: [1, 2], r"<lambda> gave \[1, 2\] for the line 'x{60}'"),
        (lambda line: ["a", None], r"gave \['a', None\] for the line"),
        (lambda line: None, "failed on the line 'x{60}': TypeError: 'NoneType' object is not iterable"),
        (lambda line: 1 / 0, r"<lambda> failed on the line 'x{60}': ZeroDivisionError: division by zero"),
        (lambda line: (1 / 0 for _ in line), "failed on the line 'x{60}': ZeroDivisionError"),
        (lambda line: ["a\ud800"], r"gave 'a\\ud800', which has half a surrogate pair"),
    ],
)
def test_a_function_that_fails_or_gives_no_strings_is_an_error_with_its_line(function, message):
    with pytest.raises(OptionError, match=message):
        cut("x" * 500, function)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"tokenizer": "word"},
            "tokenizer is 'word': it must be one of words, whitespace, characters, jieba, or a func",
        ),
        ({"tokenizer": None}, "tokenizer is None"),
        ({"digits": "drop"}, "digits is 'drop': it must be one of keep, fold"),
        ({"lowercase": "no"}, "lowercase is 'no': it must be True or False"),
        ({"nfkc": 1}, "nfkc is 1: it must be True or False"),
    ],
)
def test_an_option_that_is_none_is_an_error_that_names_it(options, message):
    with pytest.raises(OptionError, match=message):
        Tokenization(**options)


def test_jieba_that_is_not_installed_is_an_error_with_the_line_to_run(monkeypatch):
    monkeypatch.setitem(sys.modules, "rjieba", None)
    with pytest.raises(ImportError, match=r"pip install 'firth\[zh\]'"):
        Tokenization("jieba")
