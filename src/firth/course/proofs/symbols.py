"""Runs the real code on other numbers than floats: on SymPy's symbols, exactly, and on complex numbers.

A function is bound anew to a module of its own in which `np` is a stand-in: the code that runs is the code that is
shipped, byte for byte, and only what it calls a number is another thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import CellType, FunctionType
from typing import Any

import numpy as np

from firth.errors import import_extra

sympy = import_extra("sympy", "proofs")

Function = Callable[..., Any]


class Symbols(np.ndarray):
    """An array of SymPy expressions, in which no number is ever rounded: floats become the rationals they are."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None:
            options["out"] = tuple(np.asarray(each) for each in out)
        operands = [each if method == "at" and place == 1 else _plain(each) for place, each in enumerate(inputs)]
        if method == "__call__" and ufunc in _ELEMENTWISE and out is None:
            answer = np.frompyfunc(_ELEMENTWISE[ufunc], len(inputs), 1)(*operands)
        else:
            answer = getattr(ufunc, method)(*operands, **options)
        if out is not None and len(out) == 1:
            return out[0]
        is_symbolic = isinstance(answer, np.ndarray) and answer.dtype == object
        return answer.view(Symbols) if is_symbolic else answer

    def __setitem__(self, place: Any, value: Any) -> None:
        super().__setitem__(place, _plain(value))

    def max(self, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:  # type: ignore[override]
        """A symbol without properties: whatever is proved with it holds for every number in its place."""
        shape = np.zeros(self.shape).sum(axis=axis, keepdims=keepdims).shape
        return symbols(np.full(shape, sympy.Symbol("m", real=True), dtype=object))


def _plain(value: Any) -> Any:
    """An operand as an object array or an exact number."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "fiu":
            exact = np.empty(value.shape, dtype=object)
            for place in np.ndindex(value.shape):
                exact[place] = sympy.Rational(value[place].item())
            return exact
        if value.dtype == object:
            return np.asarray(value)
        return value
    if isinstance(value, float | np.floating):
        return sympy.Rational(float(value))
    if isinstance(value, sympy.Expr) and value.has(sympy.Float):
        return value.xreplace({each: sympy.Rational(each) for each in value.atoms(sympy.Float)})
    return value


_ELEMENTWISE: dict[Any, Function] = {
    np.exp: lambda x: sympy.exp(x),
    np.log: lambda x: sympy.log(x),
    np.log1p: lambda x: sympy.log(1 + x),
    np.absolute: lambda x: sympy.Abs(x),
    np.minimum: lambda x, y: sympy.Min(x, y),
    np.maximum: lambda x, y: sympy.Max(x, y),
    np.sqrt: lambda x: sympy.sqrt(x),
}


def is_expression(value: Any) -> bool:
    """Whether a value is a single SymPy expression."""
    return isinstance(value, sympy.Expr)


def symbols(values: Any) -> Symbols:
    """Any nest of expressions and numbers as `Symbols`."""
    array = np.asarray(values, dtype=object) if not isinstance(values, np.ndarray) else values
    exact = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        exact[place] = sympy.sympify(_plain(array[place]))
    return exact.view(Symbols)


def named(name: str, *shape: int) -> Symbols:
    """An array of real symbols: name_0, name_1 and so on, or name_00, name_01."""
    array = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        array[place] = sympy.Symbol(name + "_" + "".join(map(str, place)), real=True)
    return array.view(Symbols)


class _SymbolicNumPy:
    """NumPy, whose float64 is a SymPy expression."""

    float64 = np.float64

    @staticmethod
    def asarray(values: Any, dtype: Any = None) -> Any:
        return symbols(values) if dtype is np.float64 or isinstance(values, Symbols) else np.asarray(values, dtype)

    array = asarray

    @staticmethod
    def zeros_like(values: Any, dtype: Any = None) -> Any:  # noqa: ARG004
        return symbols(np.zeros(np.shape(values)))

    @staticmethod
    def full(shape: Any, value: Any) -> Any:
        return symbols(np.full(shape, value))

    @staticmethod
    def where(condition: Any, yes: Any, no: Any) -> Any:
        return symbols(np.where(np.asarray(condition, dtype=bool), _plain(yes), _plain(no)))

    @staticmethod
    def outer(left: Any, right: Any) -> Any:
        return symbols(np.multiply.outer(np.asarray(_plain(left)), np.asarray(_plain(right))))

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if isinstance(found, np.ufunc) and found in _ELEMENTWISE:
            return lambda *operands: found(*[symbols(each) if is_expression(each) else each for each in operands])
        return found


class _ComplexNumPy:
    """NumPy, whose float64 is complex128, and whose absolute value has the sign of the real part."""

    float64 = np.complex128

    @staticmethod
    def abs(values: Any) -> Any:
        array = np.asarray(values)
        return np.where(array.real < 0, -array, array) if np.iscomplexobj(array) else np.abs(array)

    @staticmethod
    def zeros_like(values: Any, dtype: Any = None) -> Any:  # noqa: ARG004
        return np.zeros(np.shape(values), dtype=np.complex128)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def on_symbols(function: Function, **replaced: Function) -> Function:
    """The same code, computing with SymPy expressions.

    Parameters
    ----------
    function
        A function that calls NumPy `np`; so do those of this package, and of its own module, that it calls.
    replaced
        Functions by the name that the code calls them by, to be taken instead: what is proved of its own is stated.
    """
    twin: Function = _Binding({"np": _SymbolicNumPy(), **replaced}, function).bound(function)
    return twin


def on_complex_numbers(function: Function) -> Function:
    """The same code, computing with complex numbers, for derivatives by the complex step."""
    twin: Function = _Binding({"np": _ComplexNumPy()}, function).bound(function)
    return twin


class _Binding:
    """Makes twins of functions: the same code objects, in modules where some names mean something else."""

    def __init__(self, replaced: Mapping[str, Any], root: Function) -> None:
        self._replaced = {"float": lambda value: value, **replaced}
        self._room = getattr(root, "__module__", "firth")
        self._modules: dict[int, dict[str, Any]] = {}

    def bound(self, function: Any) -> Any:
        """The twin of a function; anything else, and functions of other packages, as they are."""
        if not isinstance(function, FunctionType) or not self._is_ours(function.__module__ or ""):
            return function
        twin = FunctionType(
            function.__code__,
            self._module(function.__globals__),
            function.__name__,
            function.__defaults__,
            tuple(CellType(self.bound(cell.cell_contents)) for cell in function.__closure__ or ()) or None,
        )
        twin.__kwdefaults__ = function.__kwdefaults__
        return twin

    def _is_ours(self, module: str) -> bool:
        return module.startswith("firth.") or module == self._room

    def _module(self, original: dict[str, Any]) -> dict[str, Any]:
        made = self._modules.get(id(original))
        if made is None:
            made = self._modules[id(original)] = dict(original)  # known before it is filled: functions call each other
            made.update({name: self.bound(value) for name, value in original.items()})
            made.update(self._replaced)
        return made


def sigmoid_of(x: Any) -> Any:
    """The sigmoid's definition, equation (1)."""
    return symbols(1 / (1 + np.exp(-symbols(x))))[()]


def log_sigmoid_of(x: Any) -> Any:
    """The logarithm of the sigmoid's definition."""
    return symbols(-np.log(1 + np.exp(-symbols(x))))[()]


def softmax_of(x: Any, axis: int = -1) -> Any:
    """The softmax's definition, equation (4)."""
    powers = np.exp(symbols(x))
    return powers / powers.sum(axis=axis, keepdims=True)


def log_softmax_of(x: Any, axis: int = -1) -> Any:
    """The logarithm of the softmax's definition."""
    scores = symbols(x)
    return scores - np.log(np.exp(scores).sum(axis=axis, keepdims=True))


DEFINITIONS: dict[str, Function] = {
    "sigmoid": sigmoid_of,
    "log_sigmoid": log_sigmoid_of,
    "softmax": softmax_of,
    "log_softmax": log_softmax_of,
}
"""What `functions.py` is proved to compute, for proofs about code that calls it."""


@cache
def is_zero(expression: Any) -> bool:
    """Whether an expression of rationals, exponentials and logarithms is 0 for all values of its symbols.

    Exponentials become powers of a few symbols and logarithms of products sums, so that the question is one of
    polynomials, which has an answer.
    """
    expression = sympy.expand_log(sympy.sympify(expression), force=True)
    if expression == 0:
        return True
    expression, exponents = _without_exponentials(expression)
    if expression.has(sympy.log):
        expression = expression.replace(sympy.log, lambda argument: _logarithm(argument, exponents))
    numerator = sympy.fraction(sympy.together(expression))[0]
    return bool(sympy.expand(numerator) == 0)


def _logarithm(argument: Any, exponents: Mapping[Any, Any]) -> Any:
    """A logarithm as a sum of logarithms of factors that don't divide, with log E = x where E is e^x."""
    factors = sympy.factor(argument).as_powers_dict()
    return sum(power * exponents.get(base, sympy.log(base)) for base, power in factors.items())


def _without_exponentials(expression: Any) -> tuple[Any, dict[Any, Any]]:
    """Write e^(a + 2b) as E_a E_b², where exponents are sums of as few as possible; return what each E is e to."""
    powers = sorted(expression.atoms(sympy.exp), key=lambda power: (sympy.count_ops(power), str(power)))
    if not powers:
        return expression, {}
    terms = [sympy.expand(power.args[0]).as_coefficients_dict() for power in powers]
    monomials = sorted({monomial for term in terms for monomial in term}, key=str)
    # Columns of exponents: those that start a new direction are the basis, and the others are sums of them.
    reduced, basis = sympy.Matrix(len(monomials), len(powers), lambda i, j: terms[j][monomials[i]]).rref()
    whole = [sympy.ilcm(1, *[reduced[row, j].q for j in range(len(powers))]) for row in range(len(basis))]
    roots = [sympy.Symbol(f"E_{row}", positive=True) for row in range(len(basis))]
    replaced = {
        power: sympy.Mul(*[root ** (reduced[row, j] * whole[row]) for row, root in enumerate(roots)])
        for j, power in enumerate(powers)
    }
    exponents = {root: powers[basis[row]].args[0] / whole[row] for row, root in enumerate(roots)}
    return expression.xreplace(replaced), exponents


def all_zero(expressions: Iterable[Any]) -> bool:
    """Whether `is_zero` holds for each."""
    return all(is_zero(each) for each in expressions)
