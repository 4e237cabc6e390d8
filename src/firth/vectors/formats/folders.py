"""Folders that sentence-transformers (a `StaticEmbedding`) and Model2Vec load: vectors, and a tokenizer for the words.

A text is cut at white space, each word is looked up, and a sentence is the mean of its words. Words that are not known
are left out by Model2Vec; sentence-transformers counts them as zeros, which changes the length of the mean alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.files import write_whole
from firth.vectors.formats.streams import written_folder

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

_STATIC = "sentence_transformers.models.StaticEmbedding"


def write_sentence_transformers(folder: Path, vectors: Vectors) -> None:
    """Write a folder that ``SentenceTransformer(folder)`` loads."""
    names = ("0_StaticEmbedding", "modules.json", "config_sentence_transformers.json")
    with written_folder(folder, names) as part:
        module = part / names[0]
        module.mkdir()
        _write_model(module, vectors, "embedding.weight")
        _write_json(part / "modules.json", [{"idx": 0, "name": "0", "path": module.name, "type": _STATIC}])
        _write_json(part / "config_sentence_transformers.json", {"similarity_fn_name": "cosine"})


def write_model2vec(folder: Path, vectors: Vectors) -> None:
    """Write a folder that ``StaticModel.from_pretrained(folder)`` loads."""
    with written_folder(folder, ("model.safetensors", "tokenizer.json", "modules.json", "config.json")) as part:
        _write_model(part, vectors, "embeddings")
        _write_json(part / "modules.json", [{"idx": 0, "name": "0", "path": ".", "type": _STATIC}])
        settings = {"model_type": "model2vec", "architectures": ["StaticModel"], "hidden_dim": vectors.dimensions}
        _write_json(part / "config.json", {**settings, "normalize": False, "embedding_dtype": "float32"})


def _write_model(folder: Path, vectors: Vectors, name: str) -> None:
    from safetensors.numpy import save

    unknown = "[UNK]"
    while unknown in vectors:
        unknown = f"[{unknown}]"
    matrix = np.vstack([vectors.matrix, np.zeros((1, vectors.dimensions), dtype=np.float32)])
    write_whole(folder / "model.safetensors", save({name: matrix}))
    words = {word: row for row, word in enumerate([*vectors.words, unknown])}
    tokenizer: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": words, "unk_token": unknown},
    }
    _write_json(folder / "tokenizer.json", tokenizer)


def _write_json(path: Path, content: Any) -> None:
    write_whole(path, json.dumps(content, ensure_ascii=False, indent=1).encode())
