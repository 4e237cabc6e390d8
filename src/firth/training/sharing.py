"""Which stretches of the text each replica learns from next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firth.training.replica import Stretch


class Sharing:
    """What is left of an epoch.

    A replica stays with a part of the text until that is done, then takes one that nobody has begun, and in the end a
    piece of what another has: so most of the text goes to one node, and all are done at the same time.

    Parameters
    ----------
    words
        Of each part: words before each of its chunks, and in all.
    left
        What is left of the epoch, as [part, first chunk, end]; it is changed. None: everything.
    """

    def __init__(self, words: list[NDArray[np.int64]], left: list[list[int]] | None = None) -> None:
        self._words = words
        whole = [[part, 0, len(each) - 1] for part, each in enumerate(words) if len(each) > 1]
        self.left = whole if left is None else left
        self._at: dict[int, int] = {}

    def copy(self) -> Sharing:
        """The same, to be changed apart."""
        other = Sharing(self._words, [list(each) for each in self.left])
        other._at = dict(self._at)
        return other

    @property
    def total(self) -> int:
        """Words that are left."""
        return sum(self._size(*each) for each in self.left)

    @property
    def chunks_done(self) -> int:
        """Chunks of this epoch that are done."""
        return sum(len(each) - 1 for each in self._words) - sum(last - first for _, first, last in self.left)

    def take(self, replica: int, words: float) -> tuple[Stretch, ...]:
        """Take about so many words for a replica, at least one chunk while there is any."""
        taken: list[Stretch] = []
        wanted = words
        while self.left and wanted > 0:
            place = self._place_for(replica)
            part, first, last = self.left[place]
            bounds = self._words[part]
            until = int(np.searchsorted(bounds, bounds[first] + wanted))
            until = min(max(until, first + 1), last)
            taken.append(Stretch(part, first, until))
            wanted -= self._size(part, first, until)
            if until == last:
                self.left.pop(place)
            else:
                self.left[place][1] = until
            self._at[replica] = part
        return tuple(taken)

    def give_back(self, stretches: tuple[Stretch, ...]) -> None:
        """Put back what was not learned from."""
        self.left.extend([list(each) for each in stretches])
        self.left.sort()

    def _place_for(self, replica: int) -> int:
        at, taken = self._at.get(replica), {part for one, part in self._at.items() if one != replica}
        parts = [part for part, _, _ in self.left]
        if at in parts:
            return parts.index(at)
        free = [place for place, part in enumerate(parts) if part not in taken]
        return free[0] if free else max(range(len(parts)), key=lambda place: self._size(*self.left[place]))

    def _size(self, part: int, first: int, last: int) -> int:
        return int(self._words[part][last] - self._words[part][first])
