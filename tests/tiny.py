"""A treebank of 200 sentences in place of the real one; run as a program, the `firth` command on it."""

import sys

import numpy as np

from firth.course import demo
from firth.datasets.sst import SentimentTreebank
from firth.training import trainer


def tiny_treebank():
    generator = np.random.default_rng(1)
    groups = list(demo.SST_WORDS.values())
    labels = generator.integers(0, 5, size=200).astype(np.int8)
    fillers = ["the", "a", "film", "is", "of"]
    sentences = []
    for label in labels:
        topic = generator.choice(groups[label], size=5).tolist()
        sentences.append([*topic, *generator.choice(fillers, size=3).tolist()])
    sentences[:5] = [list(group) for group in groups]
    positions = np.arange(200)
    splits = {"train": positions[:140], "dev": positions[140:170], "test": positions[170:]}
    return SentimentTreebank(sentences, labels / 5 + 0.1, labels, splits, "trees")


OPTIONS = ["--dataset", "sst", "--subsample", "0.1", "--dimensions", "4", "--batch", "5", "--negatives", "3"]


if __name__ == "__main__":
    from firth.cli import main

    demo.load_sst = lambda folder=None, report=None: tiny_treebank()
    trainer.CHECKPOINT_EVERY = int(sys.argv[1])
    sys.argv = ["firth", *sys.argv[2:]]
    sys.exit(main())
