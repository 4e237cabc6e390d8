"""Every numbered equation is proved about the real code, and no proof survives a planted mistake."""

import importlib
import inspect
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import firth
from firth import theory
from firth.cli import main
from firth.course.equations import EQUATIONS
from firth.course.mistakes import MISTAKES

pytest.importorskip("sympy")

from firth.course.proofs import PROOFS, Formulas, run_proofs
from firth.course.proofs.proof import central_differences, complex_step
from firth.course.proofs.symbols import DEFINITIONS, is_zero, named, on_complex_numbers, on_symbols, sympy
from firth.training.huffman import huffman_tree

README = (Path(firth.__file__).parent / "theory" / "README.md").read_text()


@pytest.mark.parametrize("number", EQUATIONS)
def test_each_equation_is_proved(number):
    (result,) = run_proofs(equations=[number])
    assert result.passed, [each for each in result.findings if not each.passed]
    assert result.findings


def test_every_numbered_equation_has_one_proof_and_one_line():
    numbered = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", README)]
    assert sorted(numbered) == sorted(EQUATIONS) == sorted(PROOFS) == list(range(1, len(EQUATIONS) + 1))
    assert all(PROOFS[number].stated is EQUATIONS[number] for number in EQUATIONS)


def cited_by(function):
    """Numbers of the equations that a docstring cites, ranges written out."""
    numbers = set()
    for cited in re.findall(r"equations? ((?:\(\d+\)(?:, | and | to )?)+)", inspect.getdoc(function)):
        numbers |= {int(number) for number in re.findall(r"\d+", cited)}
        for first, last in re.findall(r"\((\d+)\) to \((\d+)\)", cited):
            numbers |= set(range(int(first), int(last) + 1))
    return numbers


@pytest.mark.parametrize("number", EQUATIONS)
def test_the_docstring_of_what_computes_an_equation_cites_it(number):
    for name in EQUATIONS[number].functions:
        room, _, attribute = f"firth.{name}".rpartition(".")
        assert number in cited_by(getattr(importlib.import_module(room), attribute)), name


FOUND_BY = {
    "sigmoid": [1],
    "softmax": [4],
    "normalizeRows": [46],
    "naiveSoftmaxLossAndGradient": [7, 8, 9],
    "getNegativeSamples": [33],
    "negSamplingLossAndGradient": [10, 11, 13],
    "skipgram": [14, 15, 16],
    "word2vec_sgd_wrapper": [47],
    "cbow": [29, 31],
    "sgd": [18, 19],
    "gradcheck_naive": [17],
    "negativeProbabilities": [21],
    "keepProbabilities": [22],
    "subsampledWindows": [22],
}


@pytest.mark.parametrize("name", MISTAKES)
def test_no_planted_mistake_is_proved(name):
    equations = FOUND_BY[MISTAKES[name].function]
    results = run_proofs(Formulas().with_mistake(MISTAKES[name]), numbers_only=True, equations=equations)
    wrong = [one.what for each in results for one in each.findings if not one.passed]
    assert wrong
    assert name == "transposed" or any("Error" not in what for what in wrong)  # not just code that can't run


@pytest.mark.parametrize("name", ["repeats-dropped", "transposed", "batch-mean-forgotten", "annealed-twice-on-resume"])
def test_a_planted_mistake_turns_the_command_red(name, capsys, monkeypatch):
    planted = Formulas().with_mistake(MISTAKES[name])
    monkeypatch.setattr("firth.course.proofs.Formulas", lambda: planted)
    assert main(["check", "--proofs", "--quiet"]) == 1
    captured = capsys.readouterr()
    assert " FAILED\n" in captured.out
    assert ") is not proved: " in captured.out
    assert "are not proved: (" in captured.err
    assert captured.err.count("\n") == 1


def test_the_command_proves_all_and_says_so(capsys):
    assert main(["check", "--proofs", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count(" proved\n") == len(EQUATIONS)
    assert captured.err == ""
    assert main(["check", "--proofs", "--json", "--quiet"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["passed"] is True
    assert [each["equation"] for each in answer["proofs"]] == sorted(EQUATIONS)
    exact = [one for each in answer["proofs"] for one in each["findings"] if one["exact"]]
    assert len(exact) > 120


def test_without_sympy_the_line_that_installs_it_is_told():
    code = "import sys; sys.modules['sympy'] = None; from firth.cli import main; sys.exit(main(['check', '--proofs']))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr == "firth: sympy is not installed: run  pip install 'firth[proofs]'\n"


@pytest.mark.parametrize(
    ("expression", "zero"),
    [
        ("exp(a + b) - exp(a)*exp(b)", True),
        ("1/(1 + exp(-a)) - exp(a)/(1 + exp(a))", True),
        ("log(exp(a)/(exp(a) + exp(b))) - a + log(exp(a) + exp(b))", True),
        ("exp(a/2)**2 - exp(a)", True),
        ("log(1 - 1/(1 + exp(-a))) + log(1 + exp(a))", True),
        ("log(1 - 1/(1 + exp(-a))) + log(1 + exp(-a)) + a", True),
        ("log(exp(a/2) + exp(-a/2)) - log(1 + exp(a)) + a/2", True),
        ("log(1 - 1/(1 + exp(-a))) + log(1 + exp(-a)) - a", False),
        ("exp(2*a) - exp(a)", False),
        ("1/(1 + exp(a)) - 1/(1 + exp(-a))", False),
        ("a - b", False),
        ("log(1 + exp(a)) - log(1 + exp(b))", False),
        ("a*exp(b) - a*exp(b) + 1e-30", False),
    ],
)
def test_zero_is_told_from_what_is_not(expression, zero):
    a, b = sympy.symbols("a b", real=True)
    assert is_zero(sympy.sympify(expression, locals={"a": a, "b": b})) is zero


def test_the_code_that_runs_on_symbols_is_the_code_that_is_shipped():
    shipped = theory.negative_sampling_loss_and_gradients
    twin = on_symbols(shipped, **DEFINITIONS)
    assert twin.__code__ is shipped.__code__
    assert (
        twin.__globals__["_logistic_loss_and_gradients"].__code__ is theory.losses._logistic_loss_and_gradients.__code__
    )
    loss, d_vector, _ = twin(named("v", 2), 0, named("u", 2, 2), [1, 1])
    assert not any(each.has(sympy.Float) for each in [loss, *d_vector])


def test_a_wrong_sign_is_not_proved_in_symbols_alone():
    (result,) = run_proofs(Formulas().with_mistake(MISTAKES["negatives-sign-flipped"]), equations=[11])
    decided = {each.what: each.passed for each in result.findings if each.difference is None}
    assert decided == {"dJ/dv_c is the derivative of the loss": True, "dJ/dv_c: the code's is the stated one": False}


def sigmoid_by_hand(x):
    return 1 / (1 + np.exp(-x))


def negative_sampling_by_hand(center_vector, outside_index, outside_vectors, negative_indices):
    """As a student writes it: right but for negatives drawn twice, and for large scores."""
    u_o, u_k = outside_vectors[outside_index], outside_vectors[negative_indices]
    positive, negative = sigmoid_by_hand(u_o @ center_vector), sigmoid_by_hand(u_k @ center_vector)
    loss = -np.log(positive) - np.log(1 - negative).sum()
    d_outside = np.zeros_like(outside_vectors)
    d_outside[outside_index] = (positive - 1) * center_vector
    d_outside[negative_indices] += np.outer(negative, center_vector)
    return loss, (positive - 1) * u_o + u_k.T @ negative, d_outside


def test_a_function_of_ones_own_is_proved_in_symbols_too():
    formulas = replace(Formulas(), negative_sampling=negative_sampling_by_hand)
    results = {each.proof.stated.number: each for each in run_proofs(formulas, equations=[10, 11, 12, 13])}
    assert {number: each.passed for number, each in results.items()} == {10: False, 11: True, 12: True, 13: False}
    assert [each.what for each in results[10].findings if not each.passed] == ["scores of ±10,000"]
    exact = {each.what: each.passed for each in results[13].findings if each.difference is None}
    assert exact == {"dJ/du_k is the derivative of the loss": True, "dJ/du_k: the code's is the stated one": False}


@st.composite
def pairs(draw):
    words, dimensions = draw(st.integers(2, 7)), draw(st.integers(1, 6))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    outside = draw(st.integers(0, words - 1))
    others = [w for w in range(words) if w != outside]
    negatives = draw(st.lists(st.sampled_from(others), max_size=8))
    window = draw(st.lists(st.integers(0, words - 1), min_size=1, max_size=6))
    size = draw(st.sampled_from([0.1, 1.0, 4.0]))
    return outside, negatives, window, generator.normal(size=(2, words, dimensions)) * size


def losses_of(negatives, words):
    tree = huffman_tree(list(range(words)))
    paths = [slice(*ends) for ends in zip(tree.ends, tree.ends[1:], strict=False)]
    nodes, labels = tree.nodes.astype(int), tree.labels.astype(float)
    for bound in (lambda function: function, on_complex_numbers):
        naive = bound(theory.naive_softmax_loss_and_gradients)
        sampled = bound(theory.negative_sampling_loss_and_gradients)
        along = bound(theory.hierarchical_softmax_loss_and_gradients)
        yield (
            naive,
            lambda v, o, u, sampled=sampled: sampled(v, o, u, [k for k in negatives if k != o]),
            lambda v, o, u, along=along: along(v, nodes[paths[o]], labels[paths[o]], u),
        )


@pytest.mark.slow
@settings(max_examples=40)
@given(pairs())
def test_every_gradient_agrees_with_the_complex_step_to_the_last_bits(problem):
    outside, negatives, window, (centers, outsides) = problem
    real, complex_ = losses_of(negatives, len(centers))
    for one, other in zip(real, complex_, strict=True):
        for mine, twin in (
            (lambda v, u, f=one: f(v[0], outside, u), lambda v, u, f=other: f(v[0], outside, u)),
            (
                lambda v, u, f=one: theory.skip_gram_loss_and_gradients(outside, window, v, u, f),
                lambda v, u, f=other: on_complex_numbers(theory.skip_gram_loss_and_gradients)(outside, window, v, u, f),
            ),
            (
                lambda v, u, f=one: theory.cbow_loss_and_gradients(window, outside, v, u, f),
                lambda v, u, f=other: on_complex_numbers(theory.cbow_loss_and_gradients)(window, outside, v, u, f),
            ),
        ):
            _, d_v, d_u = mine(centers, outsides)
            stepped_v = complex_step(lambda v, f=twin: f(v, outsides)[0], centers)
            np.testing.assert_allclose(d_v, stepped_v if d_v.ndim == 2 else stepped_v[0], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(
                d_u, complex_step(lambda u, f=twin: f(centers, u)[0], outsides), rtol=1e-9, atol=1e-12
            )


def test_both_ways_to_differentiate_find_a_wrong_gradient():
    x = np.array([0.3, -1.2])
    np.testing.assert_allclose(central_differences(lambda t: float((t**3).sum()), x), 3 * x**2, atol=1e-8)
    np.testing.assert_allclose(complex_step(lambda t: (t**3).sum(), x), 3 * x**2, rtol=1e-15)
