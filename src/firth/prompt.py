"""A prompt to ask vectors at, with a history that is kept and words completed by Tab.

Ctrl-C gives up a line or a question, Ctrl-D leaves. Where there is no readline (Windows), lines are plain.
"""

from __future__ import annotations

import bisect
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

_MOST_COMPLETIONS = 200
_HISTORY_LINES = 1000


class Completer:
    """Completes words by their beginnings.

    Parameters
    ----------
    words
        All words, most frequent first; they are sorted at the first Tab.
    """

    def __init__(self, words: Callable[[], Sequence[str]]) -> None:
        self._words = words
        self._sorted: list[str] | None = None
        self._found: list[str] = []

    def __call__(self, beginning: str, state: int) -> str | None:
        """Return the completion number `state` of a beginning, as readline asks for them; None after the last."""
        if state == 0:
            self._found = self.completions(beginning)
        return self._found[state] if state < len(self._found) else None

    def completions(self, beginning: str) -> list[str]:
        """Words with this beginning, in alphabetical order."""
        if not beginning:
            return []
        if self._sorted is None:
            self._sorted = sorted(self._words())
        start = bisect.bisect_left(self._sorted, beginning)
        found = []
        for word in self._sorted[start : start + _MOST_COMPLETIONS]:
            if not word.startswith(beginning):
                break
            found.append(f"{word} ")
        return found


def lines(prompt: str, completer: Completer, history: Path | None) -> Iterator[str]:
    """Yield lines from the terminal until Ctrl-D; blank ones and those given up with Ctrl-C are passed over.

    Parameters
    ----------
    prompt
        What stands before a line.
    completer
        For Tab.
    history
        The file that earlier lines are kept in, or None to keep none.
    """
    with _readline(completer, history) as edited:
        shown = f"\001\033[1;36m\002{prompt}\001\033[0m\002" if edited and not os.environ.get("NO_COLOR") else prompt
        while True:
            try:
                line = input(shown).strip()
            except KeyboardInterrupt:
                print()  # noqa: T201  # the next prompt stands on a line of its own
                continue
            except EOFError:
                print()  # noqa: T201
                return
            except UnicodeDecodeError:
                continue
            if line:
                yield line


@contextlib.contextmanager
def _readline(completer: Completer, history: Path | None) -> Iterator[bool]:
    """Edit lines with readline while the block runs; yield whether there is one."""
    try:
        import readline
    except ImportError:
        yield False
        return
    readline.set_completer(completer)
    readline.set_completer_delims(" \t\n")
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")
    readline.set_history_length(_HISTORY_LINES)
    if history is not None:
        with contextlib.suppress(OSError):
            readline.read_history_file(history)
    try:
        yield sys.stdout.isatty()
    finally:
        if history is not None:
            with contextlib.suppress(OSError):  # a history that can't be kept is no reason to fail
                history.parent.mkdir(parents=True, exist_ok=True)
                readline.write_history_file(history)
        readline.set_completer(None)
