"""`firth check` is worth its name: it fails for every sign, term and multiplicity that is changed in the formulas."""

import pytest
from mutants import functions_of, mutants_of, signs_and_factors

from firth import theory
from firth.course.check import run_checks
from firth.theory import losses, windows

MUTANTS = [(module, name, tree) for module in (losses, windows) for name, tree in mutants_of(module, signs_and_factors)]


def test_there_are_mutants_of_every_kind():
    names = " ".join(name for _, name, _ in MUTANTS)
    assert len(MUTANTS) >= 20
    for mark in ("-> +", "d_mean * rows.size", "-= 1.0 -> ", "__setitem__", "0.0 -> 1.0"):
        assert mark in names, mark


@pytest.mark.slow
@pytest.mark.parametrize(("module", "tree"), [m[::2] for m in MUTANTS], ids=[m[1] for m in MUTANTS])
def test_check_fails_when_a_formula_is_changed(module, tree, monkeypatch):
    namespace = functions_of(module, tree)
    for name in theory.__all__:
        if name in namespace and name in vars(module):
            monkeypatch.setattr(theory, name, namespace[name])
    assert not all(result.passed for result in run_checks())


def test_check_passes_when_nothing_is_changed():
    assert all(result.passed for result in run_checks())
