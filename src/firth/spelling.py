"""Near spellings of a word that a vocabulary does not have, and the one error that names them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from difflib import SequenceMatcher

from firth.errors import FirthError

_SHORTLIST = 200
_LEAST_RATIO = 0.6


class UnknownWordError(FirthError, KeyError):
    """A word that is not in the vocabulary; the message names near spellings.

    Parameters
    ----------
    word
        The unknown word.
    words
        The vocabulary's words, most frequent first.
    """

    def __init__(self, word: str, words: Iterable[str]) -> None:
        self.near = near_spellings(word, words)
        hint = f": did you mean {' or '.join(self.near)}?" if self.near else ", and no word is spelled like it"
        super().__init__(f"the word {word!r} is not in the vocabulary{hint}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the repr of the sentence


def near_spellings(word: str, words: Iterable[str], n: int = 3) -> list[str]:
    """Find the words spelled most nearly like `word`, letter case aside.

    Words that share letter pairs with it are shortlisted first, so that 100,000 words take a fraction of a second; the
    shortlist is ranked by `difflib.SequenceMatcher.ratio`, which must reach 0.6.

    Parameters
    ----------
    word
        The word looked for.
    words
        Where to look, most frequent first: of equally near words the first wins.
    n
        How many to return at most.

    Returns
    -------
    list of str
        Nearest first; empty where nothing is near.
    """
    wanted = word.lower()
    padded = f" {wanted} "
    pairs = {padded[start : start + 2] for start in range(len(padded) - 1)}
    longest_difference = max(2, len(wanted) // 3)
    shortlist: list[tuple[int, int, str]] = []
    for order, candidate in enumerate(words):
        if abs(len(candidate) - len(wanted)) > longest_difference:
            continue
        spelled = f" {candidate.lower()} "
        shared = sum([pair in spelled for pair in pairs])
        if shared:
            shortlist.append((shared, -order, candidate))
    best = heapq.nlargest(_SHORTLIST, shortlist)
    ranked = [(SequenceMatcher(None, wanted, near.lower()).ratio(), order, near) for _, order, near in best]
    return [near for ratio, _, near in sorted(ranked, reverse=True)[:n] if ratio >= _LEAST_RATIO]
