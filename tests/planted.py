"""A corpus whose right answer is known: two topics whose words never stand together."""

from itertools import pairwise

import numpy as np

from firth.training.trainer import EncodedText

TOPIC_SIZE = 12


def planted_text(seed=0, sentences=400, length=8):
    """Two topics of 12 words each, their ids interleaved so that no id equals a position or a topic."""
    generator = np.random.default_rng(seed)
    permuted = generator.permutation(2 * TOPIC_SIZE)
    topics = permuted[:TOPIC_SIZE], permuted[TOPIC_SIZE:]
    rows = [generator.choice(topics[i % 2], size=length) for i in range(sentences)]
    ids = np.concatenate(rows).astype(np.uint32)
    offsets = np.arange(0, ids.size + 1, length, dtype=np.int64)
    return EncodedText(ids, offsets, np.bincount(ids, minlength=2 * TOPIC_SIZE).astype(np.int64)), topics


def planted_sentences(seed=0, sentences=400, length=8):
    """The same as lists of words, w and the id."""
    text, _ = planted_text(seed, sentences, length)
    ids = text.ids.tolist()
    return [[f"w{word}" for word in ids[a:b]] for a, b in pairwise(text.offsets.tolist())]


def write_planted(path, seed=0, sentences=400):
    """The same as a file, a sentence a line."""
    path.write_text("\n".join(map(" ".join, planted_sentences(seed, sentences))) + "\n")


def separation(vectors, topics):
    """Mean cosine within topics minus mean cosine across them."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    first, second = topics
    off_diagonal = ~np.eye(TOPIC_SIZE, dtype=bool)
    within = [cosines[np.ix_(topic, topic)][off_diagonal].mean() for topic in topics]
    return np.mean(within) - cosines[np.ix_(first, second)].mean()
