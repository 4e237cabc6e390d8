"""Which pages there are, in which order; mkdocs calls `on_config`.

A page that is listed and isn't there stops the build.
"""

from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

DOCS = Path(__file__).parents[1]

GENERATED = "generated: "
"""Marks pages that `pages.py` makes."""

NAVIGATION: dict[str, str | dict[str, str]] = {
    "Start here": "index.md",
    "Tutorial": "tutorial.md",
    "Guides": {
        "Train": "train.md",
        "Ask": "query.md",
        "Evaluate": "evaluation.md",
        "Explore": "explore.md",
        "Plot": "plot.md",
        "Grade": "grade.md",
        "Chinese text": "chinese.md",
        "Reproduce a run": "reproduce.md",
        "Coming from gensim": "coming-from-gensim.md",
        "Coming from word2vec.c": "coming-from-word2vec-c.md",
        "Coming from fastText": "coming-from-fasttext.md",
    },
    "Theory": {"The mathematics": GENERATED + "theory.md", "Proofs that run": "proofs.md"},
    "How it works": {
        "The engine": "engine.md",
        "Performance": "performance.md",
        "Past one machine": "scaling.md",
        "Reliability": "reliability.md",
        "Security": "security.md",
        "The vectors file": "format.md",
        "Architecture": GENERATED + "architecture.md",
    },
    "Reference": {
        "Commands": GENERATED + "reference/commands.md",
        "firth": GENERATED + "reference/firth.md",
        "firth.Corpus": GENERATED + "reference/corpus.md",
        "firth.Word2Vec": GENERATED + "reference/word2vec.md",
        "firth.Vectors": GENERATED + "reference/vectors.md",
        "firth.theory": GENERATED + "reference/theory.md",
        "firth.evaluation": GENERATED + "reference/evaluation.md",
        "firth.plots": GENERATED + "reference/plots.md",
        "firth.sklearn": GENERATED + "reference/sklearn.md",
        "firth.datasets": GENERATED + "reference/datasets.md",
        "firth.course": GENERATED + "reference/course.md",
    },
    "Changes": GENERATED + "changes.md",
}


def missing_pages() -> list[str]:
    """Pages that are listed, made by hand, and not there."""
    pages = [page for entry in NAVIGATION.values() for page in (entry.values() if isinstance(entry, dict) else [entry])]
    return [page for page in pages if not page.startswith(GENERATED) and not (DOCS / page).exists()]


def on_config(config: Any) -> Any:
    """Give mkdocs the list."""
    if lost := missing_pages():
        raise PluginError(f"docs/hooks/navigation.py lists pages that are not there: {', '.join(lost)}")
    config.nav = [
        {title: [{name: _path(page)} for name, page in entry.items()]}
        if isinstance(entry, dict)
        else {title: _path(entry)}
        for title, entry in NAVIGATION.items()
    ]
    return config


def _path(page: str) -> str:
    return page.removeprefix(GENERATED)
