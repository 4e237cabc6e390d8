"""Make the golden files of this folder: tiny, by the tools that own the formats, and what is in them.

    python tests/golden/make_golden.py        (pip install gensim fasttext-community numpy)

Where no writer can be installed (word2vec.c, GloVe), the bytes are written out here as those tools write them.
"""

import json
import struct
from pathlib import Path

import fasttext
import gensim
import numpy as np
from gensim.models import KeyedVectors
from gensim.models.fasttext import load_facebook_model

HERE = Path(__file__).parent
WORDS = ["the", "king", "naïve", "日本", "new\u00a0york", "🌧"]
MATRIX = np.array(
    [[0.1, -0.2, 1e-45], [3.4028235e38, -1.5, 0], [1 / 3, 2, -3e-30], [0.5, 0.25, -0.125], [1, 2, 3], [-0.0, 7, 1e10]],
    dtype=np.float32,
)


def main() -> None:
    vectors = KeyedVectors(3)
    vectors.add_vectors(WORDS, MATRIX)
    vectors.save_word2vec_format(HERE / "gensim.txt")
    vectors.save_word2vec_format(HERE / "gensim.bin", binary=True)
    records = [
        word.encode() + b" " + struct.pack("<3f", *row) for word, row in zip(WORDS, MATRIX.tolist(), strict=True)
    ]
    (HERE / "word2vec_c.bin").write_bytes(b"6 3\n" + b"".join(record + b"\n" for record in records))
    lines = [
        f"{word} {' '.join(f'{x:f}' for x in row)}" for word, row in zip(WORDS, MATRIX[:, :2].tolist(), strict=True)
    ]
    (HERE / "word2vec_c.txt").write_text("6 2\n" + "".join(line + " \n" for line in lines))
    glove = [f"{word} {' '.join(f'{x:.6g}' for x in row)}\n" for word, row in zip(WORDS, MATRIX.tolist(), strict=True)]
    (HERE / "glove.txt").write_text("".join([*glove, ". . . 0.5 1 -2\n"]))
    (HERE / "word2vec_c_vocabulary.txt").write_text("</s> 0\nthe 100\nking 7\nnaïve 2\n日本 1\n")
    expected = {"words": WORDS, "matrix": [[float(x) for x in row] for row in MATRIX], "fasttext": make_fasttext()}
    expected["made_with"] = {"gensim": gensim.__version__, "numpy": np.__version__}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


def make_fasttext() -> dict:
    text = HERE / "corpus.txt"
    rng = np.random.default_rng(1)
    names = ["king", "queen", "naïve", "café", "日本", "rain"]
    text.write_text("".join(" ".join(rng.choice(names, 8)) + "\n" for _ in range(100)))
    model = fasttext.train_unsupervised(
        str(text), model="skipgram", dim=3, minCount=1, bucket=20, minn=2, maxn=4, epoch=5, thread=1, verbose=0
    )
    text.unlink()
    model.save_model(str(HERE / "fasttext.bin"))
    peer = load_facebook_model(str(HERE / "fasttext.bin")).wv
    words = model.words
    lines = [f"{word} {' '.join(f'{x:.5g}' for x in peer[word])} \n" for word in words]
    (HERE / "fasttext.vec").write_text(f"{len(words)} 3\n" + "".join(lines))  # as fastText's saveVectors writes it
    unknown = ["kings", "quee", "日本人", "na", "x", "éé"]
    return {
        "words": words,
        "vectors": {word: [float(x) for x in peer[word]] for word in words},
        "unknown": {word: [float(x) for x in peer[word]] for word in unknown},
        "directions": {word: [float(x) for x in model.get_word_vector(word)] for word in [*words, *unknown]},
        "outside": model.get_output_matrix().astype(float).tolist(),
    }


if __name__ == "__main__":
    main()
