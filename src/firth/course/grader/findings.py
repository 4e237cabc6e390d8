"""What is told to the student: one finding a cause, and the sentences for files and functions that give no answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from firth.course.grader.process import FailedError, Limits


@dataclass(frozen=True)
class Finding:
    """Why points are missing, and what to do.

    Attributes
    ----------
    kind
        ``"mistake"`` (known to the gallery), ``"difference"`` (not known), ``"shape"``, ``"unfinished"``,
        ``"missing"``, ``"syntax"``, or the kind of a `FailedError`.
    says
        What is wrong.
    mend
        What to write instead, where that can be told.
    mistakes
        Names in the gallery, more than one where they come together.
    file, line, text
        Where it went wrong, if it is known.
    evidence
        Lines that show numbers: the student's and the right ones.
    """

    kind: str
    says: str
    mend: str = ""
    mistakes: tuple[str, ...] = ()
    file: str = ""
    line: int | None = None
    text: str = ""
    evidence: tuple[str, ...] = ()


_HINTS: tuple[tuple[str, str, str], ...] = (
    ("SyntaxError", "Missing parentheses in call to 'print'", "The file is written for Python 2: write print(...)."),
    ("EOFError", "", "The file asks for keyboard input; there is no keyboard here."),
    ("SystemExit", "", "The file leaves Python: put such a call under  if __name__ == '__main__':."),
    ("RecursionError", "", "The function calls itself and never comes to an end."),
    ("ModuleNotFoundError", "", "NumPy, the standard library and the files beside this one can be imported here."),
    ("BlockingIOError", "", "The file starts more processes than are allowed here."),
    ("TypeError", "only length-1 arrays", "math.exp takes one number; np.exp takes arrays."),
    ("TypeError", "only 0-dimensional arrays", "math.exp takes one number; np.exp takes arrays."),
    ("TypeError", "NoneType", "Something here is None: what gives it may not be written yet."),
    ("ValueError", "not aligned", "The shapes don't fit: centerWordVec is (D,), outsideVectors (V, D), scores (V,)."),
    ("ValueError", "mismatch in its core dimension", "The shapes don't fit: with outsideVectors of (V, D), "
     "outsideVectors @ v takes v of (D,), and outsideVectors.T @ y takes y of (V,)."),
    ("ValueError", "could not be broadcast", "The shapes don't fit: a gradient has the shape of what it is taken by."),
    ("ValueError", "truth value of an array", "np.where or a mask chooses entry by entry; `if` takes one number."),
    ("AttributeError", "has no attribute 'float'", "np.float is gone from NumPy: write float."),
    ("AttributeError", "has no attribute 'int'", "np.int is gone from NumPy: write int."),
)  # fmt: skip


def failure_finding(failure: FailedError, limits: Limits, what: str) -> Finding:
    """Say why there is no answer.

    Parameters
    ----------
    failure
        What happened.
    limits
        What was allowed.
    what
        What was being done, such as ``"skipgram"`` or ``"the import of word2vec.py"``.
    """
    detail = failure.detail
    where = Finding(
        failure.kind,
        "",
        file=str(detail.get("file") or ""),
        line=detail["line"] if isinstance(detail.get("line"), int) else None,
        text=str(detail.get("text") or ""),
    )
    sentences: Mapping[str, Callable[[], tuple[str, str]]] = {
        "time": lambda: (
            f"{what} did not end within {limits.seconds:g} s"
            + (", and stood here when the time was up." if where.line else "."),
            "Look for a loop that can't end; --timeout gives more time.",
        ),
        "memory": lambda: (
            f"{what} asked for more than {limits.megabytes} MB"
            + (f": {detail['message']}." if detail.get("message") else "."),
            "Look for an array that grows with V * V; --memory gives more.",
        ),
        "processes": lambda: (f"{what} started {detail.get('count', 'too many')} processes and was stopped.", ""),
        "exited": lambda: (
            f"{what} ended Python itself (exit status {detail.get('code')}) and gave no answer.",
            "Look for os._exit, or for something that kills the process.",
        ),
        "crashed": lambda: (
            f"{what} made Python crash ({detail.get('signal')}).",
            "Look for recursion without end, or for code that is not Python's.",
        ),
        "garbled": lambda: (
            f"{what} gave no answer that can be read.",
            "Look for what writes to files that it has not opened: this came through the grader's own channel.",
        ),
    }
    if failure.kind in sentences:
        says, mend = sentences[failure.kind]()
        return replace(where, says=says, mend=mend)
    return _raised(where, detail, what)


def _raised(where: Finding, detail: Mapping[str, Any], what: str) -> Finding:
    error, message = str(detail.get("error")), str(detail.get("message") or "")
    hint = next((hint for name, part, hint in _HINTS if name == error and part in message), "")
    if error in {"SyntaxError", "IndentationError", "TabError"}:
        return replace(where, kind="syntax", says=f"Python can't read the file: {message}.", mend=hint)
    if error in {"ValueError", "UnicodeDecodeError"} and where.line is None:
        return replace(where, kind="syntax", says=f"Python can't read the file: {message}.")
    return replace(where, says=f"{what} raised {error}{': ' + message if message else ''}.", mend=hint)


def is_unwritten(failure: FailedError) -> bool:
    """Whether a function fails as those do that nothing has been written into yet."""
    error = failure.detail.get("error")
    if error == "NotImplementedError":
        return True
    return error in {"NameError", "UnboundLocalError"} and str(failure.detail.get("text")).startswith("return")
