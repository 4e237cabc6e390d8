"""What `firth explain` knows: for each topic a sentence, its equations, their derivation, and the code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from firth import theory
from firth.course import assignment
from firth.course.mistakes.right import subsampledWindows
from firth.theory.losses import _logistic_loss_and_gradients
from firth.theory.sgd import annealed_step, smoothed_loss
from firth.training import sampling


class Topic(NamedTuple):
    """Something that can be explained.

    Attributes
    ----------
    title
        One line.
    what
        A paragraph.
    equations
        Their numbers in `theory/README.md`.
    derivation
        Paragraphs; those that begin with two spaces are formulas.
    functions
        What computes it; the real ones.
    made_in
        The functions of the gallery whose mistakes belong here.
    """

    title: str
    what: str
    equations: tuple[int, ...]
    derivation: tuple[str, ...]
    functions: tuple[Callable[..., Any], ...]
    made_in: tuple[str, ...] = ()


TOPICS: dict[str, Topic] = {
    "sigmoid": Topic(
        "The sigmoid, its logarithm, and its derivative",
        "The sigmoid turns a score into the probability of yes.",
        (1, 2, 3, 38),
        (
            "By the quotient rule,",
            "  σ' = e^-x / (1 + e^-x)² = [1 / (1 + e^-x)] [e^-x / (1 + e^-x)] = σ(x) (1 - σ(x)).",
            "The chain rule divides by σ: (log σ)' = σ'/σ = 1 - σ(x). And 1 - σ(x) = e^-x / (1 + e^-x) = σ(-x).",
            "Entry i of σ(x) depends on x_i alone, so the Jacobian is diagonal.",
            "e^-|x| lies in (0, 1] and can't overflow: the code forms no other exponential. The logarithm is never "
            "taken of a sigmoid, which may have become 0.",
        ),
        (theory.sigmoid, theory.log_sigmoid),
        ("sigmoid",),
    ),
    "softmax": Topic(
        "The softmax, its logarithm, and its derivative",
        "The softmax turns scores into probabilities that sum to 1.",
        (4, 5, 40, 39),
        (
            "A number a added to all scores gives each exponential the factor e^a, which cancels. The code takes minus "
            "the largest score for a, so that the largest exponential is 1 and none overflows.",
            "With S = Σ_j e^(x_j), the quotient rule gives",
            "  ∂ŷ_i/∂x_j = [δ_ij e^(x_i) S - e^(x_i) e^(x_j)] / S² = ŷ_i (δ_ij - ŷ_j).",
        ),
        (theory.softmax, theory.log_softmax),
        ("softmax",),
    ),
    "cross-entropy": Topic(
        "Cross-entropy with one right answer",
        "Cross-entropy measures how badly ŷ predicts y. With one right answer it is -log of one probability.",
        (6,),
        (
            "y_w is 0 for all words but o, and y_o is 1. So every term of the sum is 0 but one:",
            "  -Σ_w y_w log ŷ_w = -y_o log ŷ_o = -log ŷ_o.",
        ),
        (theory.naive_softmax_loss_and_gradients,),
        ("naiveSoftmaxLossAndGradient",),
    ),
    "naive-softmax": Topic(
        "Naive softmax: one word predicts another among all V",
        "The model says P(o | c) = softmax(U v_c)_o. It costs O(V D), since every outside vector is in the "
        "denominator.",
        (7, 8, 9, 41),
        (
            "With the scores x = U v_c, J = -x_o + log Σ_w e^(x_w). Its derivative by x_w is ŷ_w, from the second "
            "term, minus 1 where w = o, from the first:",
            "  dJ/dx = ŷ - y.",
            "The derivative of x_w = u_wᵀv_c by v_c is u_w, and by u_w it is v_c, so by the chain rule",
            "  dJ/dv_c = Σ_w (ŷ_w - y_w) u_w = Uᵀ(ŷ - y),",
            "  dJ/du_w = (ŷ_w - y_w) v_c.",
            "For w = o that is (ŷ_o - 1) v_c, for any other word ŷ_w v_c; all rows at once are the outer product "
            "(ŷ - y) v_cᵀ.",
        ),
        (theory.naive_softmax_loss_and_gradients,),
        ("naiveSoftmaxLossAndGradient",),
    ),
    "negative-sampling": Topic(
        "Negative sampling: tell an observed word from K drawn ones",
        "Instead of one answer among V words, K + 1 answers of yes or no: O(K D) instead of O(V D).",
        (32, 10, 11, 12, 13, 33, 35),
        (
            "An observed pair (D = 1) is told as observed with the probability σ(u_oᵀv_c), a drawn one (D = 0) as "
            "drawn with 1 - σ(u_kᵀv_c) = σ(-u_kᵀv_c). Their product is the likelihood, and its negative logarithm the "
            "loss:",
            "  J = -log σ(u_oᵀv_c) - Σ_k log σ(-u_kᵀv_c).",
            "d(-log σ(x))/dx = -σ(-x) and d(-log σ(-x))/dx = σ(x). With x = u_oᵀv_c and x = u_kᵀv_c, the chain rule "
            "gives",
            "  dJ/dv_c = -σ(-u_oᵀv_c) u_o + Σ_k σ(u_kᵀv_c) u_k,",
            "  dJ/du_o = -σ(-u_oᵀv_c) v_c,",
            "  dJ/du_k = n_k σ(u_kᵀv_c) v_c.",
            "n_k is how often k was drawn: the sum has n_k equal terms. o is not among the negatives, because a pair "
            "is either observed or made up; where it is drawn, draw again.",
        ),
        (theory.negative_sampling_loss_and_gradients, _logistic_loss_and_gradients, assignment.getNegativeSamples),
        ("negSamplingLossAndGradient", "getNegativeSamples"),
    ),
    "hierarchical-softmax": Topic(
        "Hierarchical softmax: left or right, from the root to the word",
        "Words are the leaves of a tree. A word's probability is that of its path: O(log V) answers of yes or no.",
        (23, 24, 25, 26, 27, 44, 48),
        (
            "At an inner node n the model goes left with the probability σ(u_nᵀv_c), right with σ(-u_nᵀv_c). With b = "
            "+1 for left and -1 for right, the path's probability is Π_j σ(b_j u_{n_j}ᵀv_c), and J its negative "
            "logarithm.",
            "σ(x) + σ(-x) = 1, so each node divides what reaches it among its two branches, and all leaves together "
            "have 1. No sum over the vocabulary is computed.",
            "d(-log σ(b x))/dx = -b σ(-b x) gives both gradients, as for negative sampling: the same function computes "
            "them, with nodes for words and b for +1, -1 … -1.",
            "In a Huffman tree frequent words have short paths: the mean length is less than the entropy plus 1.",
        ),
        (theory.hierarchical_softmax_loss_and_gradients, _logistic_loss_and_gradients),
    ),
    "skip-gram": Topic(
        "Skip-gram: a word predicts each word around it",
        "The loss of a window is the sum over its outside words. A word that stands there twice counts twice.",
        (14, 15, 16),
        (
            "The derivative of a sum is the sum of the derivatives, by U and by v_c alike.",
            "No center vector but v_c is in the loss, so dJ/dv_w = 0 for every other w: row c alone is filled in.",
        ),
        (theory.skip_gram_loss_and_gradients,),
        ("skipgram",),
    ),
    "cbow": Topic(
        "CBOW: the words around predict the one in the middle",
        "The mean of the context's center vectors stands where v_c stood in the loss of a pair.",
        (28, 29, 30, 31, 42),
        (
            "m = 1/n Σ_i v_{w_i} contains v_w in n_w of its n terms, so dm/dv_w is n_w/n times the identity, and the "
            "chain rule gives",
            "  dJ/dv_w = n_w/n dJ/dm.",
            "The original program gives dJ/dm to each place without the 1/n: n times that. Firth has both, by "
            "context_gradient.",
        ),
        (theory.cbow_loss_and_gradients,),
        ("cbow",),
    ),
    "batch": Topic(
        "A batch: the mean of 50 windows",
        "The gradient of a mean is the mean of the gradients. Center vectors are the first half of the rows.",
        (47,),
        ("Loss and gradient are both divided by the number of windows; with one of them left out, the check fails.",),
        (assignment.word2vec_sgd_wrapper,),
        ("word2vec_sgd_wrapper",),
    ),
    "unigram-power": Topic(
        "Drawing negatives by count to the power of 3/4",
        "Rare words are drawn more often than they occur, and frequent ones less.",
        (21, 34, 33),
        (
            "The ratio of two words' probabilities is (n_a/n_b)^(3/4), the sum cancels. For n_a < n_b that is larger "
            "than n_a/n_b: the rarer word gains.",
        ),
        (sampling.negative_probabilities,),
        ("negativeProbabilities",),
    ),
    "subsampling": Topic(
        "Leaving out frequent words",
        "Very frequent words say little about their neighbors, so most of their occurrences are left out.",
        (22, 45),
        (
            "A word of n among N occurrences stays with the probability √(t N / n), at most 1. Of its n occurrences "
            "√(t N n) stay on average: a word a hundred times as frequent is seen ten times as often.",
            "Words are left out before windows are cut, so that those that stay move together.",
        ),
        (sampling.keep_probabilities, subsampledWindows),
        ("keepProbabilities", "subsampledWindows"),
    ),
    "pmi": Topic(
        "What negative sampling estimates: shifted PMI",
        "With enough dimensions the scores become the pointwise mutual information of word and context, minus log K.",
        (36, 37),
        (
            "A word w and a context c that occur together n_wc times, and are drawn together K n_w P(c) times on "
            "average, have the expected loss",
            "  l(x) = -n_wc log σ(x) - K n_w P(c) log σ(-x)",
            "as a function of their score x. Its slope -n_wc σ(-x) + K n_w P(c) σ(x) is 0 where e^x = n_wc / (K n_w "
            "P(c)), and with P(c) = n_c/N that is",
            "  x = log(n_wc N / (n_w n_c)) - log K = PMI(w, c) - log K.",
            "The second derivative is positive, so this is the minimum. Levy and Goldberg (2014) found it, for "
            "negatives drawn by count; drawn by count^(3/4), P(c) is that of the draws.",
        ),
        (theory.negative_sampling_loss_and_gradients,),
    ),
    "gradient-check": Topic(
        "Checking a gradient",
        "Is the gradient that a function returns that of the loss it returns? Differences tell.",
        (17, 43),
        (
            "By Taylor, J(x + h) - J(x - h) = 2h J' + h³/3 J''' + …: the even terms cancel, and what is left after "
            "dividing by 2h is off by h²/6 J'''. To one side it would be off by h/2 J''.",
            "A function that draws at random must draw the same at each evaluation, so the state is put back.",
            "The complex step Im J(x + ih)/h subtracts nothing, so h can be 1e-30 and the error is rounding alone; "
            "firth check --proofs uses both.",
        ),
        (theory.gradient_check,),
        ("gradcheck_naive",),
    ),
    "sgd": Topic(
        "Stochastic gradient descent",
        "Each step goes against the gradient of a few random windows.",
        (18, 19, 20, 46),
        (
            "The step is a function of the iteration alone, halved after every 20,000: a run that is stopped and "
            "resumed can't halve it twice.",
            "The loss shown is smoothed: 0.95 of what was shown and 0.05 of what is new.",
        ),
        (theory.sgd, annealed_step, smoothed_loss),
        ("sgd", "normalizeRows"),
    ),
}
"""From a topic's name to it."""
