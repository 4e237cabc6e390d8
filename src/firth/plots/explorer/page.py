"""The explorer's page: words, places and vectors, packed into one HTML file with its style and scripts.

Numbers are base64; words are JSON in which no character can end the block it stands in. The page's own policy lets
nothing be loaded and no script run but the one whose SHA-256 it names.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import firth
from firth.errors import OptionError
from firth.files import write_whole
from firth.plots.clusters import Clusters, name_clusters
from firth.plots.layout import Method, chosen_method, project
from firth.progress import Report, silent
from firth.vectors.nearest_rows import unit
from firth.vectors.rows import Float32, stored_as
from firth.vectors.vectors import Vectors

MOST_FREQUENT = 20_000
LAYOUTS = {"pca": "principal components", "umap": "UMAP", "tsne": "t-SNE"}
SCRIPTS = (
    "contents", "space", "lexicon", "elements", "address", "colors", "theme", "view", "points", "labels", "map",
    "offers", "answers", "filters", "main",
)  # fmt: skip
"""Files of the one script, each after those it imports from."""
_COLORS = 7
"""Colors of groups that the page has (colors.js)."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', flags=re.MULTILINE)
_EXPORT = re.compile(r"^export ", flags=re.MULTILINE)
_MARK = re.compile(r"\{\{(\w+)\}\}")


class Explorer(NamedTuple):
    """What was written.

    Attributes
    ----------
    path
        The page.
    words
        How many words are in it.
    bytes
        Its size.
    layout
        What the places are: ``"pca"``, ``"umap"`` or ``"tsne"``.
    groups
        How many groups of words are told apart by color and name.
    """

    path: Path
    words: int
    bytes: int
    layout: str
    groups: int


def write_explorer(
    vectors: Vectors,
    path: str | Path,
    *,
    words: int | Sequence[str] = MOST_FREQUENT,
    layout: Method = "auto",
    seed: int = 1,
    title: str = "Word vectors",
    report: Report = silent,
) -> Explorer:
    """Write a page to explore vectors with: a map, nearest words, analogies, the odd one out.

    The page is one file, for any current browser; it loads nothing and sends nothing. Its vectors are of length 1 and
    int8 with a scale a row, so its cosines differ from those of `vectors` by a few thousandths.

    Parameters
    ----------
    vectors
        The vectors. Words count as frequent by their counts, or by their order where no counts are known.
    path
        Where to; what stands there is replaced.
    words
        How many of the most frequent words, or which words.
    layout, seed
        How words get their places on the map: see `firth.plots.layout.project`.
    title
        Above the page.
    report
        Told how far the work is.

    Returns
    -------
    Explorer

    Raises
    ------
    OptionError
        `words` is less than 1 or names a word twice, or there is no such layout.
    UnknownWordError
        A word has no vector.
    MissingExtraError
        The layout's library is not installed.
    FirthError
        The file can't be written.
    """
    shown = vectors.subset(_by_frequency(vectors, words))
    method = chosen_method(layout, len(shown))
    places = _in_unit_square(project(shown.matrix, layout, seed, report, shown.words))
    groups = name_clusters(shown.matrix, shown.words, seed=seed, report=report)
    by_seed = "" if method == "pca" else f", seed {seed}"
    contents = {
        "title": _valid(title),
        "about": [
            f"{len(shown):,} of {len(vectors):,} words" if len(shown) < len(vectors) else f"{len(shown):,} words",
            f"{shown.dimensions:,} dimensions",
            f"places by {LAYOUTS[method]}{by_seed}",
            "cosines of vectors rounded to int8",
            f"Firth {firth.__version__}",
        ],
        "dimensions": shown.dimensions,
        "words": shown.words,
        "counts": shown.counts.tolist() if shown.counts.any() else None,
        "groups": _groups(groups, places),
        "groupOf": groups.labels.tolist(),
    }
    page = _page(contents, places, unit(shown.matrix).astype(np.float32)).encode()
    write_whole(path, page)
    return Explorer(Path(path), len(shown), len(page), method, len(groups))


def _by_frequency(vectors: Vectors, words: int | Sequence[str]) -> list[str]:
    """The words to show, the most frequent first."""
    if isinstance(words, int):
        if words < 1:
            raise OptionError(f"words is {words}: it must be at least 1")
        order = np.argsort(-vectors.counts, kind="stable")[:words]
        return [vectors.words[row] for row in order.tolist()]
    chosen = list(words)
    order = np.array([vectors.index.get(word, -1) for word in chosen], dtype=np.int64)
    if (order < 0).any():
        return chosen  # to be refused by name
    by_count = np.lexsort((order, -vectors.counts[order]))
    return [chosen[place] for place in by_count.tolist()]


def _in_unit_square(places: Float32) -> Float32:
    """Places moved and scaled, the same both ways, into ±1."""
    low, high = places.min(axis=0), places.max(axis=0)
    half = float((high - low).max()) / 2 or 1.0
    return np.asarray((places - (low + high) / 2) / half, dtype=np.float32)


def _groups(clusters: Clusters, places: Float32) -> list[dict[str, Any]]:
    """Name, words and color of each group; groups of one color are far from each other on the map."""
    middles = np.array([np.median(places[clusters.labels == group], axis=0) for group in range(len(clusters))])
    colors: list[int] = []
    for group, middle in enumerate(middles):
        distances = np.linalg.norm(middles[:group] - middle, axis=1)
        taken = np.array(colors, dtype=np.int64)
        room = [float(distances[taken == color].min(initial=np.inf)) for color in range(_COLORS)]
        colors.append(int(np.argmax(room)))
    return [
        {"name": name, "words": words, "color": color}
        for name, words, color in zip(clusters.names, clusters.words, colors, strict=True)
    ]


def _page(contents: dict[str, Any], places: Float32, units: Float32) -> str:
    rows = stored_as(units, "int8")
    assert rows.scale is not None
    style, script = _file("style.css"), _script()
    filled = {
        "policy": _policy(style, script),
        "version": html.escape(firth.__version__),
        "title": html.escape(contents["title"]),
        "style": style,
        "script": script,
        "contents": _embeddable_json(contents),
        "places": _base64(places.astype("<f4")),
        "scales": _base64(rows.scale.astype("<f4")),
        "codes": _base64(rows.stored),
    }
    return _MARK.sub(lambda mark: filled[mark[1]], _file("page.html"))


def _policy(style: str, script: str) -> str:
    """The page's Content-Security-Policy: nothing from elsewhere, no script but its own, no markup made by it."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _script() -> str:
    """All scripts in one, so that none has to be loaded: each file less its imports and exports."""
    return "".join(_EXPORT.sub("", _IMPORT.sub("", _file(f"{name}.js"))) for name in SCRIPTS)


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _base64(numbers: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode()


def _embeddable_json(contents: dict[str, Any]) -> str:
    r"""JSON that can stand in a page: < is written \u003c, so that no word can end the block or open another."""
    text = json.dumps(contents, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _valid(text: str) -> str:
    """Text without halves of characters, which a file's name may have and a page can't."""
    return text.encode(errors="replace").decode()
