"""What a pair costs by naive softmax, O(V D), and by negative sampling, O(K D): products counted, and times measured.

    python benchmarks/losses.py [--dimensions 100] [--negatives 10]

Both are `firth.theory`'s functions; negative sampling is given the K + 1 rows that it touches, as in the engine.
"""

import argparse
import platform
import timeit

import numpy as np

from firth import theory


def fastest(function, *arguments):
    """Seconds a call, the least of five series."""
    timer = timeit.Timer(lambda: function(*arguments))
    number, _ = timer.autorange()
    return min(timer.repeat(5, number)) / number


def pair_of_rows(center, outside, drawn, negatives):
    return theory.negative_sampling_loss_and_gradients(center, 0, outside[drawn], negatives)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dimensions", type=int, default=100)
    parser.add_argument("--negatives", type=int, default=10)
    options = parser.parse_args()
    generator = np.random.default_rng(1)
    rows = np.arange(options.negatives + 1)
    print(f"{platform.machine()}, NumPy {np.__version__}, D = {options.dimensions}, K = {options.negatives}")
    print("| V | products, naive softmax | products, negative sampling | naive softmax | negative sampling | ratio |")
    print("|---|---|---|---|---|---|")
    for words in (1_000, 10_000, 100_000):
        outside = generator.normal(size=(words, options.dimensions)) * 0.1
        center = generator.normal(size=options.dimensions)
        drawn = generator.choice(words, size=rows.size, replace=False)
        naive = fastest(theory.naive_softmax_loss_and_gradients, center, 0, outside)
        sampled = fastest(pair_of_rows, center, outside, drawn, rows[1:])
        products = 3 * words * options.dimensions, 3 * rows.size * options.dimensions
        times = f"{naive * 1e6:,.0f} µs | {sampled * 1e6:,.0f} µs | {naive / sampled:,.0f}"
        print(f"| {words:,} | {products[0]:,} | {products[1]:,} | {times} |")


if __name__ == "__main__":
    main()
