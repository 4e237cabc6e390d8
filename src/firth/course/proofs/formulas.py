"""The functions that proofs are about, as one value: the real ones, or the same with one of them changed.

A proof is worth its name if it fails for wrong code, so it never reaches for a function but through this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from firth import theory
from firth.course import assignment
from firth.course.mistakes import Mistake
from firth.course.mistakes.probes import DrawnInTurn
from firth.course.mistakes.right import keepProbabilities, negativeProbabilities, subsampledWindows
from firth.theory.sgd import annealed_step, smoothed_loss

Function = Callable[..., Any]


@dataclass(frozen=True)
class Formulas:
    """One function for each formula.

    Attributes
    ----------
    sigmoid, log_sigmoid, softmax, log_softmax
        As in `firth.theory`.
    naive_softmax, negative_sampling, hierarchical_softmax
        The losses of a pair, as in `firth.theory`.
    skip_gram, cbow
        The losses of a window, as in `firth.theory`.
    annealed_step, smoothed_loss
        As in `firth.theory.sgd`.
    batch, negatives, normalize_rows, gradient_check, sgd
        The assignment's `word2vec_sgd_wrapper`, `getNegativeSamples`, `normalizeRows`, `gradcheck_naive` and `sgd`.
    negative_probabilities, keep_probabilities, subsampled_windows
        Under the names and signatures of `firth.course.mistakes.RIGHT`.
    """

    sigmoid: Function = theory.sigmoid
    log_sigmoid: Function = theory.log_sigmoid
    softmax: Function = theory.softmax
    log_softmax: Function = theory.log_softmax
    naive_softmax: Function = theory.naive_softmax_loss_and_gradients
    negative_sampling: Function = theory.negative_sampling_loss_and_gradients
    hierarchical_softmax: Function = theory.hierarchical_softmax_loss_and_gradients
    skip_gram: Function = theory.skip_gram_loss_and_gradients
    cbow: Function = theory.cbow_loss_and_gradients
    annealed_step: Function = annealed_step
    smoothed_loss: Function = smoothed_loss
    batch: Function = assignment.word2vec_sgd_wrapper
    negatives: Function = assignment.getNegativeSamples
    normalize_rows: Function = assignment.normalizeRows
    gradient_check: Function = assignment.gradcheck_naive
    sgd: Function = assignment.sgd
    negative_probabilities: Function = negativeProbabilities
    keep_probabilities: Function = keepProbabilities
    subsampled_windows: Function = subsampledWindows

    def with_mistake(self, mistake: Mistake) -> Formulas:
        """The same functions with a gallery's mistake planted in one of them."""
        field, adapted = _PLACES[mistake.function]
        return replace(self, **{field: adapted(mistake.wrong)})


def _as_it_is(wrong: Function) -> Function:
    return wrong


def _naive(wrong: Function) -> Function:
    def naive_softmax(center_vector: Any, outside_index: int, outside_vectors: Any) -> Any:
        return wrong(center_vector, outside_index, outside_vectors, None)

    return naive_softmax


def _sampled(wrong: Function) -> Function:
    def negative_sampling(center_vector: Any, outside_index: int, outside_vectors: Any, negatives: Any) -> Any:
        draws = DrawnInTurn(list(negatives))
        return wrong(center_vector, outside_index, outside_vectors, draws, len(list(negatives)))

    return negative_sampling


def _skip_gram(wrong: Function) -> Function:
    def skip_gram(center: int, outside: Any, center_vectors: Any, outside_vectors: Any, loss: Function) -> Any:
        rows = {row: row for row in range(len(center_vectors))}
        return wrong(
            center, 0, list(outside), rows, center_vectors, outside_vectors, None, lambda v, o, u, _: loss(v, o, u)
        )

    return skip_gram


def _cbow(wrong: Function) -> Function:
    def cbow(context: Any, center: int, center_vectors: Any, outside_vectors: Any, loss: Function) -> Any:
        rows = {row: row for row in range(len(center_vectors))}
        return wrong(
            center, 0, list(context), rows, center_vectors, outside_vectors, None, lambda v, o, u, _: loss(v, o, u)
        )

    return cbow


_PLACES: dict[str, tuple[str, Callable[[Function], Function]]] = {
    "sigmoid": ("sigmoid", _as_it_is),
    "softmax": ("softmax", _as_it_is),
    "normalizeRows": ("normalize_rows", _as_it_is),
    "naiveSoftmaxLossAndGradient": ("naive_softmax", _naive),
    "getNegativeSamples": ("negatives", _as_it_is),
    "negSamplingLossAndGradient": ("negative_sampling", _sampled),
    "skipgram": ("skip_gram", _skip_gram),
    "word2vec_sgd_wrapper": ("batch", _as_it_is),
    "cbow": ("cbow", _cbow),
    "sgd": ("sgd", _as_it_is),
    "gradcheck_naive": ("gradient_check", _as_it_is),
    "negativeProbabilities": ("negative_probabilities", _as_it_is),
    "keepProbabilities": ("keep_probabilities", _as_it_is),
    "subsampledWindows": ("subsampled_windows", _as_it_is),
}
"""From the assignment's name to the field, and to how its signature becomes the field's."""
