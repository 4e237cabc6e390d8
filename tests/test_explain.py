"""`firth explain`: every topic and every mistake, 80 columns, no colours in a pipe, and numbers that are true."""

import inspect
import json

import numpy as np
import pytest

from firth import theory
from firth.cli import main
from firth.course.equations import EQUATIONS
from firth.course.explain import TOPICS, page_of, table_of_contents
from firth.course.explain.page import Page, Section, code_of
from firth.course.explain.worked import NUMBERS
from firth.course.mistakes import MISTAKES
from firth.errors import OptionError


def explained(capsys, *arguments):
    code = main(["explain", *arguments])
    return (code, *capsys.readouterr())


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_has_loss_derivation_code_and_numbers(topic, capsys):
    code, out, err = explained(capsys, topic)
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "In numbers" in out
    assert "Why" in out
    for number in TOPICS[topic].equations:
        assert f"({number})" in out
        assert EQUATIONS[number].statement.split()[0] in out
    for function in TOPICS[topic].functions:
        assert f"def {function.__name__}(" in out


def test_every_equation_is_explained_somewhere_and_every_topic_has_numbers():
    assert {number for topic in TOPICS.values() for number in topic.equations} == set(EQUATIONS)
    assert set(NUMBERS) == set(TOPICS)
    assert {function for topic in TOPICS.values() for function in topic.made_in} == {
        mistake.function for mistake in MISTAKES.values()
    }


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_shown_with_its_mend(name, capsys):
    code, out, err = explained(capsys, "mistakes", name)
    assert (code, err) == (0, "")
    assert max(len(line) for line in out.splitlines()) <= 80
    for heading in ("Wrong", "What is wrong", "How it shows", "Mend", f"def {MISTAKES[name].function}("):
        assert heading in out
    assert "# wrong" in out


def test_lists_name_every_topic_and_every_mistake(capsys):
    out = explained(capsys)[1]
    assert all(f"  {topic} " in out for topic in [*TOPICS, "mistakes"])
    out = explained(capsys, "mistakes")[1]
    assert all(f"  {name} " in out or f"  {name}\n" in out for name in MISTAKES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["negativ"], "there is no topic 'negativ': did you mean negative-sampling?"),
        (["softmaxx"], "did you mean softmax"),
        (["zzz"], "there is no topic 'zzz': firth explain lists them all"),
        ([""], "there is no topic ''"),
        (["mistakes", "repeats"], "did you mean repeats-dropped"),
        (["mistakes", "zzz"], "firth explain mistakes lists them all"),
        (["sigmoid", "softmax"], "'softmax' is one too many"),
    ],
)
def test_what_is_not_known_is_one_sentence_with_near_names(arguments, said, capsys):
    code, out, err = explained(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "given", ["Negative Sampling", "negative_sampling", "NEGATIVE-SAMPLING", " negative sampling "]
)
def test_a_topic_is_found_however_it_is_written(given):
    assert page_of(given).name == "negative-sampling"


def test_the_numbers_are_computed_by_the_code_that_is_shown(monkeypatch):
    numbers = dict(NUMBERS["negative-sampling"]())
    loss = theory.negative_sampling_loss_and_gradients(
        np.array([1.0, 2.0]), 1, np.array([[0.5, 0.0], [1.0, 0.5], [-0.5, 1.0]]), [2, 2]
    )[0]
    assert float(numbers["J, with 2 drawn twice"]) == pytest.approx(loss, rel=1e-3)
    monkeypatch.setattr(
        theory, "negative_sampling_loss_and_gradients", lambda *_: (1.25, np.zeros(2), np.zeros((3, 2)))
    )
    assert dict(NUMBERS["negative-sampling"]())["J, with 2 drawn twice"] == "1.25"


def test_the_code_shown_is_the_real_function_without_its_docstring():
    shown = code_of(theory.skip_gram_loss_and_gradients)
    source = inspect.getsource(theory.skip_gram_loss_and_gradients)
    assert all(line in source for line in shown.splitlines())
    assert "d_center_vectors[center_index] += d_center_vector" in shown
    assert '"""' not in shown


def test_as_json_a_program_gets_the_same(capsys):
    answer = json.loads(explained(capsys, "cbow", "--json")[1])
    assert answer["equations"] == [28, 29, 30, 31, 42]
    assert "context-repeats-dropped" in answer["mistakes"]
    assert any("def cbow_loss_and_gradients" in section["code"] for section in answer["sections"])
    assert json.loads(explained(capsys, "--json")[1])["topics"] == [*TOPICS, "mistakes"]


def test_headings_are_bold_in_a_terminal_alone(monkeypatch):
    class Terminal:
        written = ""

        def isatty(self):
            return True

        def write(self, text):
            self.written += text

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    shown = Terminal()
    table_of_contents().show(shown)
    assert "\x1b[1m" in shown.written
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    table_of_contents().show(plain)
    assert "\x1b" not in plain.written


def test_a_comment_that_is_folded_stays_a_comment():
    lines = Page("", "", (Section("", code="    # " + "word " * 30),)).lines()
    assert all(line.strip().startswith("#") for line in lines if line.strip())


def test_an_unknown_topic_is_an_option_error():
    with pytest.raises(OptionError, match="no topic"):
        page_of("hinge")
