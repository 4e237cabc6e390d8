"""Which stretches of the text each replica learns from next.

The text in P parts, gone through E times, is P E parts: number p is part p modulo P, for the time p divided by P.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firth.training.replica import Stretch


class Sharing:
    """What is left of a run.

    A replica stays with a part of the text until that is done, then takes one that nobody has begun, and in the end a
    piece of what another has: so most of the text goes to one node, and all are done at the same time.

    Parameters
    ----------
    words
        Of each part: words before each of its chunks, and in all.
    epochs
        How often all is gone through.
    left
        What is left, as [part, first chunk, end]; it is changed. None: everything.
    in_order
        Hand it out in its order, whoever asks: then what is left says all, as the same bits need it.
    """

    def __init__(
        self,
        words: list[NDArray[np.int64]],
        epochs: int = 1,
        left: list[list[int]] | None = None,
        in_order: bool = False,
    ) -> None:
        self._words, self._epochs, self._in_order = words, epochs, in_order
        sizes = [len(each) - 1 for each in words] * epochs
        self.left = [[part, 0, size] for part, size in enumerate(sizes) if size] if left is None else left
        self._at: dict[int, int] = {}

    def copy(self) -> Sharing:
        """The same, to be changed apart."""
        other = Sharing(self._words, self._epochs, [list(each) for each in self.left], self._in_order)
        other._at = dict(self._at)
        return other

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return min((part // len(self._words) for part, _, _ in self.left), default=self._epochs)

    @property
    def chunks_done(self) -> int:
        """Chunks that are done, of all epochs."""
        every = self._epochs * sum(len(each) - 1 for each in self._words)
        return every - sum(last - first for _, first, last in self.left)

    def words_left(self, epochs: int) -> int:
        """Words that are left of the first so many epochs."""
        return sum(self.size(*each) for each in self._of(epochs))

    def size(self, part: int, first: int, last: int) -> int:
        """Words of a stretch."""
        bounds = self._bounds(part)
        return int(bounds[last] - bounds[first])

    def take(self, replica: int, words: float, epochs: int) -> tuple[Stretch, ...]:
        """Take about so many words of the first epochs for a replica, at least one chunk while there is any."""
        taken: list[Stretch] = []
        wanted = words
        while wanted > 0 and (there := self._of(epochs)):
            place = self._place_for(replica, there)
            part, first, last = self.left[place]
            bounds = self._bounds(part)
            until = int(np.searchsorted(bounds, bounds[first] + wanted))
            until = min(max(until, first + 1), last)
            taken.append(Stretch(part, first, until))
            wanted -= self.size(part, first, until)
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

    def _place_for(self, replica: int, there: list[list[int]]) -> int:
        if self._in_order:
            return 0
        at, taken = self._at.get(replica), {part for one, part in self._at.items() if one != replica}
        parts = [part for part, _, _ in there]
        if at in parts:
            return parts.index(at)
        free = [place for place, part in enumerate(parts) if part not in taken]
        return free[0] if free else max(range(len(parts)), key=lambda place: self.size(*there[place]))

    def _of(self, epochs: int) -> list[list[int]]:
        """What is left of the first so many epochs, which is the beginning of what is left."""
        return [each for each in self.left if each[0] < epochs * len(self._words)]

    def _bounds(self, part: int) -> NDArray[np.int64]:
        return self._words[part % len(self._words)]
