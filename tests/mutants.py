"""The formulas with one place changed: what checks and proofs must find."""

import ast
import copy
import inspect

SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.MatMult: ast.Mult}
OTHER_NAME = {
    "center_vector": "outside_vectors",
    "outside_vectors": "center_vector",
    "center_vectors": "outside_vectors",
    "center_index": "outside_index",
    "outside_index": "center_index",
    "log_sigmoid": "sigmoid",
    "sigmoid": "log_sigmoid",
    "log_softmax": "softmax",
    "signed_scores": "d_scores",
    "signs": "signed_scores",
    "d_mean": "d_outside_vectors",
    "pair_loss": "loss",
    "d_center_vector": "d_outside",
}


def mutants_of(module, changes):
    """Yield (description, module source changed in one place) for each place that can be changed."""
    tree = ast.parse(inspect.getsource(module))
    for position, node in enumerate(ast.walk(tree)):
        for change in changes(node):
            changed = copy.deepcopy(tree)
            twin = list(ast.walk(changed))[position]
            change(twin)
            yield f"{node.lineno}: {ast.unparse(node)} -> {ast.unparse(twin)}", changed


def functions_of(module, tree):
    """The names of the module after a change."""
    namespace = dict(vars(module))
    exec(compile(ast.fix_missing_locations(tree), module.__file__, "exec"), namespace)
    return namespace


def signs_and_factors(node):
    """Every sign, term and multiplicity."""
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


def indices_and_names(node):
    """Every index and axis, every transposition, which vector, which row, and the order of arguments."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield lambda twin: setattr(twin, "value", twin.value + 1)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield lambda twin: setattr(twin, "attr", "real")  # the matrix itself
    if isinstance(node, ast.Attribute) and node.attr in ("sum", "mean"):
        yield lambda twin: setattr(twin, "attr", {"sum": "mean", "mean": "sum"}[twin.attr])
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in OTHER_NAME:
        yield lambda twin: setattr(twin, "id", OTHER_NAME[twin.id])
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Name):
        if ast.unparse(node.value) in ("Iterable", "NDArray"):
            return  # an annotation
        yield lambda twin: setattr(twin, "slice", ast.parse(f"({twin.slice.id} + 1) % 3", mode="eval").body)
        yield lambda twin: setattr(twin, "slice", ast.parse(f"np.atleast_1d({twin.slice.id})[::-1]", mode="eval").body)
    if isinstance(node, ast.Call) and len(node.args) >= 2:
        yield lambda twin: twin.args.reverse()
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        yield lambda twin: twin.value.elts.reverse()
        for place, element in enumerate(node.value.elts):
            if "d_" in ast.unparse(element):
                yield lambda twin, place=place: twin.value.elts.__setitem__(
                    place, ast.UnaryOp(ast.USub(), twin.value.elts[place])
                )
                yield lambda twin, place=place: twin.value.elts.__setitem__(
                    place, ast.BinOp(ast.Constant(2.0), ast.Mult(), twin.value.elts[place])
                )


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
