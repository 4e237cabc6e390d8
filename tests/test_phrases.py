"""Phrases are counted exactly, joined from left to right, and the same in encoded and in new text."""

import gzip
import json
import math
from collections import Counter
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from firth import DataError, OptionError, Vocabulary
from firth.corpus import phrase_counts
from firth.corpus.phrase_counts import Coding, PairCounts, Pruned
from firth.corpus.phrases import ENGLISH_CONNECTOR_WORDS, Phrase, Phrases, PhraseSettings
from firth.datasets import is_available_offline, locate

CONNECTORS = ["of", "the"]
WORDS = some.sampled_from(["a", "b", "c", "d", "of", "the", "a_b", "UNK"])
TEXTS = some.lists(some.lists(WORDS, max_size=12), min_size=1, max_size=8)
NEW_YORK = [["new", "york", "city"]] * 4 + [["new", "york"]] * 8
NEW_YORK += [["york", f"of{i}"] for i in range(6)] + [[f"in{i}", "city"] for i in range(12)]


class Text(NamedTuple):
    ids: Any
    offsets: Any
    vocabulary: Vocabulary


def encoded(sentences, unknown=None):
    vocabulary = Vocabulary.from_sentences(sentences, unknown=unknown)
    return Text(*vocabulary.encode(sentences), vocabulary)


def decoded(text):
    return text.vocabulary.decode(text.ids, text.offsets)


def learned(sentences, **options):
    return Phrases.learn(encoded(sentences), **options)


def joined_words(phrases):
    return {phrase for phrase, _, _ in phrases.table()}


def candidates_of(sentence, connectors):
    """Spans from one word that is no connector to the next, with at most three connectors between."""
    places = [place for place, word in enumerate(sentence) if word not in connectors]
    return [(start, stop) for start, stop in pairwise(places) if stop - start <= 4]


def join_by_definition(sentence, phrases, connectors):
    joined, end = [], 0
    for start, stop in candidates_of(sentence, connectors):
        if start >= end and tuple(sentence[start : stop + 1]) in phrases:
            joined += [*sentence[end:start], "_".join(sentence[start : stop + 1])]
            end = stop + 1
    return joined + sentence[end:]


def learn_by_definition(sentences, passes, min_count, threshold, scoring, connectors, unknown=None):
    found = []
    for _ in range(passes):
        counts = Counter(word for sentence in sentences for word in sentence)
        whole = Counter(
            tuple(sentence[start : stop + 1])
            for sentence in sentences
            for start, stop in candidates_of(sentence, connectors)
            if unknown not in (sentence[start], sentence[stop])
        )
        total = counts.total()
        scores = {}
        for words, n in whole.items():
            apart = counts[words[0]] * counts[words[-1]]
            if scoring == "default":
                scores[words] = (n - min_count) / apart * total
            else:
                scores[words] = math.log(n / apart * total) / -math.log(n / total)
        passed = {words: (scores[words], whole[words]) for words in whole if scores[words] > threshold}
        passed = {words: entry for words, entry in passed.items() if entry[1] >= min_count}
        if passed:
            found.append(passed)
        sentences = [join_by_definition(sentence, passed, connectors) for sentence in sentences]
    return found, sentences


@given(
    TEXTS,
    some.integers(1, 3),
    some.integers(1, 3),
    some.sampled_from([("default", 0.0), ("default", 0.37), ("default", 1.1), ("npmi", 0.123), ("npmi", -0.456)]),
    some.sampled_from([[], CONNECTORS, ["the"]]),
    some.sampled_from([None, "UNK"]),
    some.sampled_from([1, 7, 1 << 20]),
)
def test_what_is_found_and_joined_is_what_the_definition_says(
    sentences, passes, min_count, scoring_and_threshold, connectors, unknown, stretch
):
    scoring, threshold = scoring_and_threshold
    if not any(sentences):
        sentences = [["a"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrase_counts, "STRETCH", stretch)
        patch.setattr(phrase_counts, "WAITING", stretch)
        text = encoded(sentences, unknown)
        phrases = Phrases.learn(
            text,
            passes=passes,
            min_count=min_count,
            threshold=threshold,
            scoring=scoring,
            connector_words=connectors,
        )
        joined = phrases.join(text)
    expected, expected_text = learn_by_definition(
        sentences, passes, min_count, threshold, scoring, set(connectors), unknown
    )
    found = [{words: (score, count) for words, score, count in each} for each in phrases.passes if each]
    assert [set(each) for each in found] == [set(each) for each in expected]
    for each, wanted in zip(found, expected, strict=True):
        assert each == {words: (pytest.approx(score, rel=1e-12), count) for words, (score, count) in wanted.items()}
    assert decoded(joined) == expected_text
    assert [phrases.apply(sentence) for sentence in sentences] == expected_text
    counts = Counter(word for sentence in expected_text for word in sentence)
    if unknown:
        counts[unknown] = max(1, counts[unknown])
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    assert list(zip(joined.vocabulary.words, joined.vocabulary.counts.tolist(), strict=True)) == ordered
    assert joined.vocabulary.unknown == unknown


@given(some.lists(some.lists(some.integers(0, 20), max_size=9), max_size=6), some.integers(1, 12))
def test_keys_are_counted_exactly_however_they_come(batches, waiting):
    counts = PairCounts(max_pairs=100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrase_counts, "WAITING", waiting)
        for batch in batches:
            counts.add(np.array(batch, np.int64))
    counts.settle()
    expected = Counter(key for batch in batches for key in batch)
    assert list(zip(counts.keys.tolist(), counts.counts.tolist(), strict=True)) == sorted(expected.items())
    assert counts.pruned == Pruned(0, 0, 0)


@given(some.permutations(range(6)), some.lists(some.sampled_from([3, 4]), max_size=3))
def test_a_key_gives_back_its_words(ids, inner):
    coding = Coding(6, np.array([0, 1, 2, 5]), np.array([3, 4]))
    outer = [place for place in ids if place not in (3, 4)]
    phrase = [outer[0], *inner, outer[1]]
    assert coding.ids_of(coding.key_of(phrase)) == phrase
    kinds = coding.candidates(np.array(phrase, np.uint32), np.array([0, len(phrase)]))
    assert kinds.keys.tolist() == [coding.key_of(phrase)]


def test_scores_are_those_worked_out_by_hand():
    sentences = [["new", "york"]] * 3 + [["new", "car"], ["york"]]
    (phrase,) = learned(sentences, min_count=1, threshold=0.1).passes[0]
    assert phrase == Phrase(("new", "york"), pytest.approx((3 - 1) / (4 * 4) * 9), 3)
    (phrase,) = learned(sentences, min_count=2, threshold=0.1, scoring="npmi").passes[0]
    assert phrase.score == pytest.approx(math.log((3 / 9) / (4 / 9 * 4 / 9)) / -math.log(3 / 9))


def test_a_score_must_exceed_the_threshold():
    sentences = [["new", "york"]] * 4
    assert joined_words(learned(sentences, min_count=2, threshold=0.99)) == {"new_york"}
    assert not joined_words(learned(sentences, min_count=2, threshold=1.0))
    assert learned(sentences, scoring="npmi").settings.threshold == 0.5
    assert learned(sentences).settings.threshold == 10.0


def test_a_pair_across_the_end_of_a_sentence_is_no_pair():
    apart = [["new"], ["york"], [], ["new"], ["york"]]
    options = {"min_count": 1, "threshold": -1.0, "scoring": "npmi"}
    assert not joined_words(learned(apart, **options))
    assert joined_words(learned([["new", "york"], ["new"], ["york"]], **options)) == {"new_york"}
    assert not joined_words(learned([["bank", "of"], ["the", "west"]], connector_words=CONNECTORS, **options))
    together = learned([["bank", "of", "the", "west"]], connector_words=CONNECTORS, **options)
    assert joined_words(together) == {"bank_of_the_west"}


def test_in_a_run_every_other_phrase_is_joined_beginning_with_the_first():
    settings = PhraseSettings()
    pairs = [Phrase(words, 20.0, 9) for words in (("a", "b"), ("b", "c"), ("c", "d"), ("d", "d"))]
    phrases = Phrases(settings, [pairs])
    sentences = [list("abcd"), list("bcd"), list("abxbcd"), list("ddddd"), list("ab"), list("cd"), []]
    expected = [["a_b", "c_d"], ["b_c", "d"], ["a_b", "x", "b_c", "d"], ["d_d", "d_d", "d"], ["a_b"], ["c_d"], []]
    assert decoded(phrases.join(encoded(sentences))) == expected
    assert [phrases.apply(sentence) for sentence in sentences] == expected


def test_two_passes_join_three_words():
    options = {"min_count": 2, "threshold": 0.5}
    assert joined_words(learned(NEW_YORK, **options)) == {"new_york"}
    phrases = learned(NEW_YORK, passes=2, **options)
    assert [len(each) for each in phrases.passes] == [1, 1]
    assert phrases.passes[1] == (Phrase(("new_york", "city"), pytest.approx((4 - 2) / (12 * 16) * 52), 4),)
    assert phrases.apply(["new", "york", "city", "york", "new", "york"]) == ["new_york_city", "york", "new_york"]
    counts = phrases.join(encoded(NEW_YORK)).vocabulary
    assert counts.words[:4] == ["city", "new_york", "york", "new_york_city"]
    assert counts.counts[:5].tolist() == [12, 8, 6, 4, 1]


def test_a_pass_that_finds_nothing_is_the_last():
    phrases = learned([["new", "york"]] * 6 + [["car"]], passes=5, min_count=2, threshold=0.5)
    assert [len(each) for each in phrases.passes] == [1, 0]
    assert len(phrases.pruned) == 2


def test_connector_words_stand_inside_phrases_and_never_at_an_end():
    sentences = [["the", "bank", "of", "america", "of"], ["the", "land", "of", "the", "free", "the"]] * 5
    sentences += [["one", *["of"] * 3, "two"], ["red", *["of"] * 4, "blue"]] * 5
    phrases = learned(sentences, min_count=2, threshold=0.1, connector_words=CONNECTORS)
    assert joined_words(phrases) == {"bank_of_america", "land_of_the_free", "one_of_of_of_two"}
    assert phrases.apply(["a", "bank", "of", "america", "of"]) == ["a", "bank_of_america", "of"]
    assert phrases.apply(["bank", "of", "the", "america"]) == ["bank", "of", "the", "america"]
    assert "bank_of" in joined_words(learned(sentences, min_count=2, threshold=0.1))


def test_a_connector_phrase_is_scored_by_its_outer_words_and_the_whole():
    sentences = [["bank", "of", "america"]] * 3 + [["bank", "america"], ["bank"]]
    by_words = {
        words: (score, count)
        for words, score, count in learned(sentences, min_count=1, threshold=0.1, connector_words=["of"]).passes[0]
    }
    assert by_words == {("bank", "of", "america"): (pytest.approx((3 - 1) / (5 * 4) * 12), 3)}


def test_a_joined_word_that_the_text_has_already_is_the_same_word():
    sentences = [["new", "york"]] * 4 + [["new_york"]] * 2
    joined = learned(sentences, min_count=1, threshold=0.1).join(encoded(sentences))
    assert joined.vocabulary.words == ["new_york"]
    assert joined.vocabulary.counts.tolist() == [6]


def test_any_delimiter_will_do_and_none():
    sentences = [["新", "年"]] * 5 + [["好"]]
    assert learned(sentences, min_count=1, threshold=0.1, delimiter="").apply(["新", "年", "好"]) == ["新年", "好"]
    assert joined_words(learned(sentences, min_count=1, threshold=0.1, delimiter="::")) == {"新::年"}


def test_the_unknown_word_is_part_of_no_phrase():
    sentences = [["UNK", "york", "UNK"]] * 5
    text = encoded(sentences, unknown="UNK")
    assert not joined_words(Phrases.learn(text, min_count=1, threshold=0.0))
    assert "UNK_york" in joined_words(learned(sentences, min_count=1, threshold=0.0))


def test_ids_may_be_narrow_and_written_to_a_given_place():
    sentences = [["new", "york", "is"]] * 5
    text = encoded(sentences)
    phrases = learned(sentences, min_count=1, threshold=0.1)
    narrow = text._replace(ids=text.ids.astype(np.uint8))
    out = np.full(len(text.ids), 99, np.uint32)
    joined = phrases.join(narrow, out=out)
    assert decoded(joined) == [["new_york", "is"]] * 5
    assert np.shares_memory(joined.ids, out)
    assert joined.ids.dtype == np.uint32
    assert decoded(phrases.join(joined)) == decoded(joined)


def test_a_text_without_words_has_no_phrases():
    text = Text(np.empty(0, np.uint32), np.array([0, 0]), Vocabulary(["a", "b"], [0, 0]))
    phrases = Phrases.learn(text, passes=2)
    assert len(phrases) == 0
    assert phrases.join(text).offsets.tolist() == [0, 0]


def test_more_pairs_than_allowed_are_pruned_and_reported():
    sentences = [["a", "b"]] * 9 + [["c", "d"]] * 5 + [["e", "f"]] * 2 + [["g", "h"]]
    options = {"min_count": 1, "threshold": 0.0}
    assert learned(sentences, max_pairs=4, **options).pruned == (Pruned(0, 0, 0),)
    phrases = learned(sentences, max_pairs=2, **options)
    assert phrases.pruned == (Pruned(pairs=2, occurrences=3, most=2),)
    assert joined_words(phrases) == {"a_b", "c_d"}
    tied = learned([["a", "b"], ["c", "d"]] * 3, max_pairs=1, **options)
    assert (len(tied), tied.pruned) == (0, (Pruned(2, 6, 3),))


def test_pairs_pruned_at_several_times_are_added_up():
    counts = PairCounts(max_pairs=1)
    for keys in ([1, 1, 1, 2], [1, 3, 3], [1]):
        counts.add(np.array(keys, np.int64))
        counts.settle()
    assert (counts.keys.tolist(), counts.counts.tolist()) == ([1], [5])
    assert counts.pruned == Pruned(pairs=2, occurrences=3, most=2)


def test_the_table_is_best_first():
    phrases = learned(NEW_YORK, passes=2, min_count=1, threshold=0.2)
    scores = [score for _, score, _ in phrases.table()]
    assert len(scores) > 2
    assert scores == sorted(scores, reverse=True)
    assert ("new_york", 12) in [(phrase, count) for phrase, _, count in phrases.table()]


def test_progress_ends_with_all_done():
    seen = []
    phrases = learned(NEW_YORK, passes=2, min_count=2, threshold=0.8, report=lambda *step: seen.append(step))
    total = 2 * sum(map(len, NEW_YORK))
    assert {step[1] for step in seen} == {total}
    assert [step[0] for step in seen] == sorted(step[0] for step in seen)
    assert seen[-1][0] == total
    assert {"pass 1 of 2", "pass 2 of 2"} <= {step[2] for step in seen}
    seen.clear()
    phrases.join(encoded(NEW_YORK), report=lambda *step: seen.append(step))
    assert seen[-1][:2] == (total // 2, total // 2)


def test_what_is_saved_is_loaded_and_equal_content_gives_equal_bytes(tmp_path):
    sentences = [["bank", "of", "amé\n rica"], ["新", "年"]] * 5
    options = {"min_count": 1, "threshold": 0.3, "max_pairs": 2, "passes": 2, "delimiter": "~"}
    phrases = learned(sentences, connector_words=["of", "the"], **options)
    assert len(phrases) > 0
    phrases.save(tmp_path / "first")
    loaded = Phrases.load(tmp_path / "first")
    assert (loaded.settings, loaded.passes, loaded.pruned) == (phrases.settings, phrases.passes, phrases.pruned)
    assert [loaded.apply(sentence) for sentence in sentences] == [phrases.apply(sentence) for sentence in sentences]
    loaded.save(tmp_path / "again")
    learned(sentences, connector_words=["the", "of"], **options).save(tmp_path / "other order")
    first = (tmp_path / "first").read_bytes()
    assert first == (tmp_path / "again").read_bytes() == (tmp_path / "other order").read_bytes()
    assert first.startswith(b"firth-phrases 1 ")
    assert "新" in first.decode()
    assert json.loads(first.splitlines()[1])["delimiter"] == "~"
    for line in first.splitlines()[1:]:
        assert list(json.loads(line)) == sorted(json.loads(line))


@pytest.mark.parametrize("harm", ["cut", "flipped", "other", "empty", "missing", "folder"])
def test_a_damaged_file_is_named(tmp_path, harm):
    path = tmp_path / "phrases.txt"
    learned(NEW_YORK, min_count=2, threshold=0.8).save(path)
    whole = path.read_bytes()
    harmed = {
        "cut": whole[:-3],
        "flipped": whole.replace(b'occurrences": 12', b'occurrences": 13'),
        "other": b"PK\x03\x04",
        "empty": b"",
    }
    if harm in harmed:
        assert harmed[harm] != whole
        path.write_bytes(harmed[harm])
    else:
        path.unlink()
    if harm == "folder":
        path.mkdir()
    with pytest.raises(DataError, match=r"phrases\.txt"):
        Phrases.load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: [lines[0].replace('"passes": 1', '"passes": 0'), *lines[1:]],
        lambda lines: [lines[0], lines[1].replace('"pass": 1', '"pass": 7')],
        lambda lines: [lines[0], lines[1].replace('"words": ["new", "york"]', '"words": ["new"]')],
        lambda lines: [lines[0], lines[1].replace('"words"', '"wards"')],
        lambda lines: [lines[0], "[" * 9],
        lambda lines: ["3"],
    ],
)
def test_contents_that_no_file_has_are_refused_though_the_checksum_fits(tmp_path, change):
    import hashlib

    path = tmp_path / "phrases.txt"
    learned(NEW_YORK, min_count=2, threshold=0.8).save(path)
    lines = path.read_text().splitlines()[1:]
    assert change(lines) != lines
    rest = "".join(line + "\n" for line in change(lines)).encode()
    path.write_bytes(b"firth-phrases 1 " + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
    with pytest.raises(DataError, match=r"phrases\.txt"):
        Phrases.load(path)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("passes", 0),
        ("passes", True),
        ("min_count", 0),
        ("min_count", 2.5),
        ("max_pairs", 0),
        ("threshold", -1.0),
        ("threshold", math.nan),
        ("threshold", "high"),
        ("scoring", "pmi"),
        ("connector_words", "of"),
        ("connector_words", [1]),
        ("delimiter", " "),
        ("delimiter", None),
    ],
)
def test_an_option_that_is_not_allowed_is_named(option, value):
    with pytest.raises(OptionError, match=f"^{option} is "):
        learned(NEW_YORK, **{option: value})


def test_an_npmi_threshold_lies_from_minus_one_to_one():
    with pytest.raises(OptionError, match="threshold is 1"):
        learned(NEW_YORK, scoring="npmi", threshold=1.0)
    assert learned(NEW_YORK, scoring="npmi", threshold=-1.0)


def test_more_connector_words_than_can_be_numbered_are_an_error():
    with pytest.raises(OptionError, match="connector_words holds 2,000"):
        Coding(2_000_000, np.arange(1_000_000), np.arange(1_000_000, 1_002_000))


def test_new_text_must_be_a_list_of_words():
    with pytest.raises(OptionError, match="split it"):
        learned(NEW_YORK).apply("new york")


@pytest.mark.parametrize("offsets", [[0, 3], [1, 4], [0, 3, 2, 4], []])
def test_sentences_that_do_not_fit_the_ids_are_an_error(offsets):
    text = Text(np.zeros(4, np.uint32), np.array(offsets, np.int64), Vocabulary(["a"], [4]))
    with pytest.raises(DataError, match="offsets"):
        Phrases.learn(text)
    with pytest.raises(DataError, match="offsets"):
        learned(NEW_YORK).join(text)


def test_an_id_without_a_word_is_an_error():
    text = Text(np.array([0, 7], np.uint32), np.array([0, 2]), Vocabulary(["a"], [1]))
    with pytest.raises(DataError, match="id 7 "):
        Phrases.learn(text)


def test_no_english_connector_word_is_capitalised_or_joined():
    assert {"of", "the", "and"} < ENGLISH_CONNECTOR_WORDS
    assert all(word.isalpha() and word.islower() for word in ENGLISH_CONNECTOR_WORDS)


@pytest.mark.slow
def test_the_phrases_of_wikipedia_are_found():
    if not is_available_offline("enwiki-100mb"):
        pytest.skip("enwiki-100mb is not here: set FIRTH_DATA")
    import polars

    lines = gzip.decompress((locate("enwiki-100mb") / "enwiki-100mb.txt.gz").read_bytes()).decode().splitlines()
    split = polars.Series("word", lines).str.split(" ")
    words = split.explode()
    counted = words.value_counts(sort=True)
    ids = words.cast(polars.Enum(counted["word"])).to_physical().to_numpy()
    offsets = np.concatenate([[0], np.cumsum(split.list.len().to_numpy(), dtype=np.int64)])
    text = Text(ids, offsets, Vocabulary(counted["word"].to_list(), counted["count"].to_numpy()))
    phrases = Phrases.learn(text, passes=2)
    first = {"_".join(words): count for words, _, count in phrases.passes[0]}
    assert {"new_york", "united_states", "los_angeles"} <= set(first)
    pairs = Counter(pair for line in lines for pair in pairwise(line.split(" ")) if pair[0] in ("new", "united", "los"))
    for first_word, last_word in (("new", "york"), ("united", "states"), ("los", "angeles")):
        assert first[f"{first_word}_{last_word}"] == pairs[first_word, last_word]
    assert ("new_york", "city") in {phrase.words for phrase in phrases.passes[1]}
    assert phrases.pruned == (Pruned(0, 0, 0), Pruned(0, 0, 0))
    joined = phrases.join(text)
    assert np.array_equal(np.bincount(joined.ids), joined.vocabulary.counts)
    for sentence in range(0, len(lines), 100):
        ids = joined.ids[joined.offsets[sentence] : joined.offsets[sentence + 1]]
        assert [joined.vocabulary.words[place] for place in ids] == phrases.apply(lines[sentence].split(" "))
