"""`firth check --proofs` is worth its name: every changed sign, factor and index in the formulas turns it red."""

from dataclasses import replace

import pytest
from mutants import functions_of, indices_and_names, mutants_of, signs_and_factors

from firth.theory import functions, losses, windows

pytest.importorskip("sympy")

from firth.course.proofs import PROOFS, Bench, Formulas, prove

FIELDS = {
    "sigmoid": "sigmoid",
    "log_sigmoid": "log_sigmoid",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "naive_softmax_loss_and_gradients": "naive_softmax",
    "negative_sampling_loss_and_gradients": "negative_sampling",
    "hierarchical_softmax_loss_and_gradients": "hierarchical_softmax",
    "skip_gram_loss_and_gradients": "skip_gram",
    "cbow_loss_and_gradients": "cbow",
}
OF_FUNCTIONS = [1, 2, 3, 4, 5]
EQUATIONS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 26, 27, 28, 29, 30, 31, 35, 36]
"""Enough of the proofs to find each mutant; all of them would take a minute longer."""

NO_WORDS = "return (0.0, d_center_vectors, np.zeros_like(outside_vectors, dtype=np.float64))"
EQUAL = {
    # The gradients of a window without words are all zeros, and -0 and 2 · 0 are 0.
    f"{NO_WORDS} -> {NO_WORDS.replace('d_center', '-d_center')}",
    f"{NO_WORDS} -> {NO_WORDS.replace('d_center', '2.0 * d_center')}",
    # The smaller of two numbers is the same in whichever order, and so is the mean of some rows.
    "np.minimum(values, 0.0) -> np.minimum(0.0, values)",
    "centers[rows] -> centers[np.atleast_1d(rows)[::-1]]",
}
"""The changes that change nothing that is computed; all others are found."""


NAMES = []


def mutants():
    for module in (functions, losses, windows):
        for changes in (signs_and_factors, indices_and_names):
            for name, tree in mutants_of(module, changes):
                NAMES.append(name)
                if name.partition(": ")[2] in EQUAL:
                    continue
                yield pytest.param(module, tree, id=f"{module.__name__.rpartition('.')[2]}:{name}")


MUTANTS = list(mutants())


def is_red(formulas, equations):
    return any(not prove(PROOFS[number], Bench(formulas, numbers_only=True)).passed for number in equations)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("module", "tree"), MUTANTS)
def test_a_changed_formula_is_not_proved(module, tree):
    try:
        namespace = functions_of(module, tree)
    except Exception:
        return  # it can't even be imported
    changed = {field: namespace[name] for name, field in FIELDS.items() if name in vars(module)}
    assert is_red(replace(Formulas(), **changed), OF_FUNCTIONS if module is functions else EQUATIONS)


def test_the_formulas_as_they_are_are_proved():
    assert not is_red(Formulas(), OF_FUNCTIONS + EQUATIONS)
    assert len(MUTANTS) >= 160
    assert not EQUAL - {name.partition(": ")[2] for name in NAMES}
