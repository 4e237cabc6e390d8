"""The numbered equations of `theory/README.md`: what each says on one line, and which functions compute it.

Its proof is in `firth.course.proofs`; the functions' docstrings cite it.
"""

from __future__ import annotations

from typing import NamedTuple


class Equation(NamedTuple):
    """A numbered equation.

    Attributes
    ----------
    number
        In `theory/README.md`.
    statement
        What it says, on one line.
    how
        How it is proved: ``"derivative"``, ``"identity"``, ``"definition"`` (the code computes what is defined),
        ``"series"``, ``"inequality"`` or ``"expectation"``.
    functions
        The functions that compute it, such as ``"theory.sigmoid"``; their docstrings cite it.
    """

    number: int
    statement: str
    how: str
    functions: tuple[str, ...] = ()


EQUATIONS: dict[int, Equation] = {
    each.number: each
    for each in (
        Equation(1, "σ(x) = 1 / (1 + e^-x) = e^x / (1 + e^x)", "identity", ("theory.sigmoid",)),
        Equation(2, "log σ(x) = min(x, 0) - log(1 + e^-|x|)", "identity", ("theory.log_sigmoid",)),
        Equation(3, "σ' = σ(1 - σ), (log σ)' = 1 - σ(x) = σ(-x)", "derivative", ("theory.sigmoid",)),
        Equation(4, "ŷ_i = e^(x_i) / Σ_j e^(x_j)", "definition", ("theory.softmax",)),
        Equation(5, "log ŷ_i = x_i - log Σ_j e^(x_j)", "identity", ("theory.log_softmax",)),
        Equation(
            6,
            "-Σ_w y_w log ŷ_w = -log ŷ_o where y is one-hot",
            "identity",
            ("theory.naive_softmax_loss_and_gradients",),
        ),
        Equation(
            7,
            "J = -log ŷ_o = -u_oᵀv_c + log Σ_w exp(u_wᵀv_c)",
            "identity",
            ("theory.naive_softmax_loss_and_gradients",),
        ),
        Equation(8, "dJ/dv_c = Uᵀ(ŷ - y)", "derivative", ("theory.naive_softmax_loss_and_gradients",)),
        Equation(9, "dJ/dU = (ŷ - y) v_cᵀ", "derivative", ("theory.naive_softmax_loss_and_gradients",)),
        Equation(
            10,
            "J = -log σ(u_oᵀv_c) - Σ_k log σ(-u_kᵀv_c)",
            "definition",
            ("theory.negative_sampling_loss_and_gradients",),
        ),
        Equation(
            11,
            "dJ/dv_c = -σ(-u_oᵀv_c) u_o + Σ_k σ(u_kᵀv_c) u_k",
            "derivative",
            ("theory.negative_sampling_loss_and_gradients",),
        ),
        Equation(12, "dJ/du_o = -σ(-u_oᵀv_c) v_c", "derivative", ("theory.negative_sampling_loss_and_gradients",)),
        Equation(13, "dJ/du_k = n_k σ(u_kᵀv_c) v_c", "derivative", ("theory.negative_sampling_loss_and_gradients",)),
        Equation(14, "J_window = Σ_o J(v_c, o, U)", "definition", ("theory.skip_gram_loss_and_gradients",)),
        Equation(
            15,
            "dJ_window/dU = Σ_o dJ/dU, dJ_window/dv_c = Σ_o dJ/dv_c",
            "derivative",
            ("theory.skip_gram_loss_and_gradients",),
        ),
        Equation(16, "dJ_window/dv_w = 0 for w ≠ c", "derivative", ("theory.skip_gram_loss_and_gradients",)),
        Equation(17, "dJ/dx = (J(x + h) - J(x - h)) / 2h + O(h²)", "series", ("theory.gradient_check",)),
        Equation(18, "x ← x - α_t dJ/dx", "identity", ("theory.sgd",)),
        Equation(19, "α_t = α_1 0.5^⌊(t - 1)/T⌋, T = 20,000", "definition", ("theory.sgd.annealed_step",)),
        Equation(20, "s_1 = J_1, s ← 0.95 s + 0.05 J", "definition", ("theory.sgd.smoothed_loss",)),
        Equation(21, "P(w) = n_w^(3/4) / Σ_v n_v^(3/4)", "definition", ("training.sampling.negative_probabilities",)),
        Equation(22, "P(left out) = max(0, 1 - √(t N / n))", "definition", ("training.sampling.keep_probabilities",)),
        Equation(
            23, "P(w | c) = Π_j σ(b_j u_{n_j}ᵀv_c)", "definition", ("theory.hierarchical_softmax_loss_and_gradients",)
        ),
        Equation(
            24, "J = -Σ_j log σ(b_j u_{n_j}ᵀv_c)", "definition", ("theory.hierarchical_softmax_loss_and_gradients",)
        ),
        Equation(25, "Σ_w P(w | c) = 1", "identity", ("theory.hierarchical_softmax_loss_and_gradients",)),
        Equation(
            26,
            "dJ/dv_c = -Σ_j b_j σ(-b_j u_{n_j}ᵀv_c) u_{n_j}",
            "derivative",
            ("theory.hierarchical_softmax_loss_and_gradients",),
        ),
        Equation(
            27,
            "dJ/du_n = -Σ_{j: n_j = n} b_j σ(-b_j u_nᵀv_c) v_c",
            "derivative",
            ("theory.hierarchical_softmax_loss_and_gradients",),
        ),
        Equation(28, "m = 1/n Σ_i v_{w_i}", "definition", ("theory.cbow_loss_and_gradients",)),
        Equation(29, "J_window = J(m, c, U)", "definition", ("theory.cbow_loss_and_gradients",)),
        Equation(30, "dJ_window/dU = dJ(m, c, U)/dU", "derivative", ("theory.cbow_loss_and_gradients",)),
        Equation(31, "dJ_window/dv_w = n_w/n dJ/dm", "derivative", ("theory.cbow_loss_and_gradients",)),
        Equation(
            32, "L = σ(u_oᵀv_c) Π_k (1 - σ(u_kᵀv_c))", "identity", ("theory.negative_sampling_loss_and_gradients",)
        ),
        Equation(33, "P(k | k ≠ o) = P(k) / (1 - P(o)), and never o", "series", ("course.getNegativeSamples",)),
        Equation(
            34,
            "P(a)/P(b) = (n_a/n_b)^(3/4) > n_a/n_b for n_a < n_b",
            "identity",
            ("training.sampling.negative_probabilities",),
        ),
        Equation(
            35,
            "rows of dJ/dU that are not 0: V for naive softmax, at most K + 1 here",
            "identity",
            ("theory.negative_sampling_loss_and_gradients",),
        ),
        Equation(
            36,
            "l(x) = -n_wc log σ(x) - K n_w P(c) log σ(-x)",
            "expectation",
            ("theory.negative_sampling_loss_and_gradients",),
        ),
        Equation(
            37,
            "x* = log(n_wc N / (n_w n_c)) - log K: PMI shifted by log K",
            "expectation",
            ("theory.negative_sampling_loss_and_gradients",),
        ),
        Equation(38, "∂σ(x)_i/∂x_j is diag(σ(1 - σ))", "derivative", ("theory.sigmoid",)),
        Equation(39, "∂ŷ_i/∂x_j = ŷ_i (δ_ij - ŷ_j)", "derivative", ("theory.softmax",)),
        Equation(40, "softmax(x + a) = softmax(x)", "identity", ("theory.softmax",)),
        Equation(
            41,
            "with words in columns: dJ/dv_c = U(ŷ - y), dJ/dU = v_c(ŷ - y)ᵀ",
            "derivative",
            ("theory.naive_softmax_loss_and_gradients",),
        ),
        Equation(
            42,
            "the original program's step is n_w dJ/dm: n times (31)",
            "identity",
            ("theory.cbow_loss_and_gradients",),
        ),
        Equation(43, "dJ/dx = Im J(x + ih) / h + O(h²)", "series", ()),
        Equation(44, "Σ_w 2^(-L_w) = 1", "identity", ("theory.hierarchical_softmax_loss_and_gradients",)),
        Equation(
            45,
            "of n occurrences √(t N n) stay, where n/N > t",
            "expectation",
            ("training.sampling.keep_probabilities",),
        ),
        Equation(46, "x_i ← x_i / |x_i|", "identity", ("course.normalizeRows",)),
        Equation(
            47,
            "J_batch = 1/B Σ_b J_b, and so are its gradients, centers above outsides",
            "derivative",
            ("course.word2vec_sgd_wrapper",),
        ),
        Equation(48, "H <= Σ_w P(w) L_w < H + 1", "inequality", ("training.huffman.huffman_tree",)),
    )
}
"""From an equation's number to it."""
