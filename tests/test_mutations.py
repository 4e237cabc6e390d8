"""`firth check` is worth its name: it fails for every sign, term and multiplicity that is changed in the formulas."""

import ast
import copy
import inspect

import pytest

from firth import theory
from firth.course.check import run_checks
from firth.theory import losses, windows

SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.MatMult: ast.Mult}


def mutants_of(module):
    """Yield (description, module source changed in one place) for each place that can be changed."""
    tree = ast.parse(inspect.getsource(module))
    for position, node in enumerate(ast.walk(tree)):
        for change in changes_to(node):
            changed = copy.deepcopy(tree)
            twin = list(ast.walk(changed))[position]
            change(twin)
            yield f"{node.lineno}: {ast.unparse(node)} -> {ast.unparse(twin)}", changed


def changes_to(node):
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in SWAPS and not in_annotation(node):
        yield lambda twin: setattr(twin, "op", SWAPS[type(twin.op)]())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield lambda twin: setattr(twin, "op", ast.UAdd())
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield lambda twin: setattr(twin, "value", twin.value + 1)
    if isinstance(node, ast.Expr | ast.AugAssign) and not isinstance(getattr(node, "value", None), ast.Constant):
        yield drop
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.add.at":
        yield drop_repeats


def in_annotation(node):
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)


def drop(twin):
    """Turn a statement into nothing."""
    if isinstance(twin, ast.Expr):
        twin.value = ast.Constant(value=None)
    else:
        twin.op, twin.value = ast.Add(), ast.Constant(value=0)


def drop_repeats(twin):
    """`np.add.at(x, rows, values)` becomes the classic mistake, `x[rows] += values`."""
    array, rows, values = (ast.unparse(argument) for argument in twin.args)
    setting = f"{array}.__setitem__({rows}, {array}[{rows}] + {values})"
    twin.func, twin.args = ast.parse(f"(lambda: {setting})", mode="eval").body, []


MUTANTS = [(module, name, tree) for module in (losses, windows) for name, tree in mutants_of(module)]


def test_there_are_mutants_of_every_kind():
    names = " ".join(name for _, name, _ in MUTANTS)
    assert len(MUTANTS) >= 20
    for mark in ("-> +", "d_mean * rows.size", "-= 1.0 -> ", "__setitem__", "0.0 -> 1.0"):
        assert mark in names, mark


@pytest.mark.slow
@pytest.mark.parametrize(("module", "tree"), [m[::2] for m in MUTANTS], ids=[m[1] for m in MUTANTS])
def test_check_fails_when_a_formula_is_changed(module, tree, monkeypatch):
    namespace = dict(vars(module))
    exec(compile(ast.fix_missing_locations(tree), module.__file__, "exec"), namespace)
    for name in theory.__all__:
        if name in namespace and name in vars(module):
            monkeypatch.setattr(theory, name, namespace[name])
    assert not all(result.passed for result in run_checks())


def test_check_passes_when_nothing_is_changed():
    assert all(result.passed for result in run_checks())
