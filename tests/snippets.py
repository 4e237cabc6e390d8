"""What pages show as code: their Python blocks, and the command lines of their console blocks."""

import re
from dataclasses import dataclass

_BLOCK = re.compile(r"(?:<!-- not run: (?P<reason>.*?) -->\n)?```(?P<kind>python|console)\n(?P<text>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code; `reason` says why it is not run, and is empty where it is."""

    kind: str
    text: str
    line: int
    reason: str

    @property
    def commands(self):
        """The command lines of a console block, without what they print."""
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


def blocks(page):
    """The Python and console blocks of a page."""
    return [
        Block(found["kind"], found["text"], page.count("\n", 0, found.start()) + 1, found["reason"] or "")
        for found in _BLOCK.finditer(page)
    ]
