"""Mistakes in what is drawn, equations (21) and (22): negatives, and which words are left out of the text."""

# ruff: noqa: ARG001  # wrong code has the whole signature too

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from firth.course.mistakes.mistake import mistake
from firth.theory.functions import Floats


@mistake(
    "power-forgotten",
    "negativeProbabilities",
    "negatives drawn by their counts, without the power",
    "The paper draws by count^(3/4), which draws rare words more often than they occur.",
    "Words of the shares 0.9, 0.09 and 0.01 are drawn so, and should be drawn as 0.83, 0.15 and 0.03.",
    "Raise the counts to 3/4 before they are scaled to sum to 1, equation (21).",
)
def _power_forgotten(counts: Sequence[float], exponent: float = 0.75) -> Floats:
    weights = np.asarray(counts, dtype=np.float64)  # wrong
    return np.asarray(weights / weights.sum())


@mistake(
    "scaled-before-the-power",
    "negativeProbabilities",
    "the power taken, and the sum not made 1 after it",
    "Shares sum to 1; their powers don't: 0.92 + 0.16 + 0.03 is 1.12.",
    "The probabilities don't sum to 1.",
    "Divide by the sum of the powers, not by that of the counts, equation (21).",
)
def _scaled_before_the_power(counts: Sequence[float], exponent: float = 0.75) -> Floats:
    weights = np.asarray(counts, dtype=np.float64)
    return np.asarray((weights / weights.sum()) ** exponent)  # wrong


@mistake(
    "left-out-taken-for-kept",
    "keepProbabilities",
    "frequent words kept, rare ones left out",
    "1 - √(t N / n) is the probability that an occurrence is left out. Here it is that of staying.",
    "The most frequent word stays most often, and a word that occurs once never.",
    "Keep with the probability min(1, √(t N / n)), one minus equation (22).",
)
def _left_out_taken_for_kept(counts: Sequence[float], threshold: float) -> Floats:
    n = np.asarray(counts, dtype=np.float64)
    return np.asarray(np.maximum(0.0, 1 - np.sqrt(threshold * n.sum() / n)))  # wrong


@mistake(
    "counts-taken-for-shares",
    "keepProbabilities",
    "the count itself compared with the threshold",
    "t is a share of the text, and so must be what it is compared with: n / N, not n.",
    "Nearly every word is left out, also those that occur once.",
    "Divide the counts by their sum first: √(t N / n), equation (22).",
)
def _counts_taken_for_shares(counts: Sequence[float], threshold: float) -> Floats:
    n = np.asarray(counts, dtype=np.float64)
    return np.asarray(np.minimum(1.0, np.sqrt(threshold / n)))  # wrong


@mistake(
    "root-forgotten",
    "keepProbabilities",
    "t N / n taken for its root",
    "The formula has a root: a word a hundred times too frequent stays one time in ten, not one in a hundred.",
    "Frequent words are left out much too often; words below the threshold show nothing.",
    "Take the root: √(t N / n), equation (22).",
)
def _root_forgotten(counts: Sequence[float], threshold: float) -> Floats:
    n = np.asarray(counts, dtype=np.float64)
    return np.asarray(np.minimum(1.0, threshold * n.sum() / n))  # wrong


@mistake(
    "subsampled-after-windowing",
    "subsampledWindows",
    "words left out of windows that were cut before",
    "Words that are left out leave gaps: windows reach no further than before. Leaving them out of the text "
    "first brings words together that stand further apart.",
    "There are fewer words in the windows, and none that stood further apart than the window is wide.",
    "Thin the text first, then cut windows.",
)
def _subsampled_after_windowing(
    ids: Sequence[int], keep: Sequence[float], windowSize: int
) -> list[tuple[int, list[int]]]:
    stays = [random.random() < keep[word] for word in ids]
    windows = []
    for place, word in enumerate(ids):
        around = [*range(max(0, place - windowSize), place), *range(place + 1, min(len(ids), place + 1 + windowSize))]
        if stays[place]:
            windows.append((word, [ids[other] for other in around if stays[other]]))  # wrong
    return windows
