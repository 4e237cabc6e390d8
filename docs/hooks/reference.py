"""The reference: a page for each public module or large class, with every public name of the package on one of them.

What is public is what `__all__` says. Docstrings are read from the source, by Griffe; nothing is imported for it.
"""

from functools import cache
from pathlib import Path

import griffe

SOURCE = Path(__file__).parents[2] / "src"

PAGES = {
    "corpus": ("firth.Corpus", ["firth.Corpus", "firth.Vocabulary", "firth.Phrases"]),
    "word2vec": ("firth.Word2Vec", ["firth.Word2Vec", "firth.training.config.TrainingConfig"]),
    "vectors": ("firth.Vectors", ["firth.Vectors"]),
}
"""Page: its title and names. What `firth` has beside them is on a page called firth."""

MODULES = ("theory", "evaluation", "plots", "sklearn", "datasets", "course")
"""Modules with a page of their own."""


@cache
def package() -> griffe.Module:
    """The package as Griffe reads it."""
    loaded = griffe.load("firth", search_paths=[SOURCE], docstring_parser="numpy", resolve_aliases=True)
    assert isinstance(loaded, griffe.Module)
    return loaded


def names_of(module: str) -> list[str]:
    """The public names of a module, with its own name before them."""
    found = package()[module.removeprefix("firth.")] if module != "firth" else package()
    exports = found.exports
    if exports is None:
        exports = [name for name, member in found.members.items() if not (member.is_alias or name.startswith("_"))]
    return [_told_apart(f"{module}.{name}") for name in exports]


def _told_apart(name: str) -> str:
    """The path of a public name; one that a module bears too, as `firth.theory.sgd`, is looked for in it."""
    last = name.rpartition(".")[2]
    found = package()[name.removeprefix("firth.")]
    return f"{name}.{last}" if found.is_module and last in found.members else name


def placed() -> dict[str, list[str]]:
    """The names of each page."""
    pages = {page: names for page, (_, names) in PAGES.items()}
    pages |= {module: names_of(f"firth.{module}") for module in MODULES}
    elsewhere = {"firth.__version__", *(f"firth.{module}" for module in MODULES)}
    elsewhere.update(*pages.values())
    return {"firth": [name for name in names_of("firth") if name not in elsewhere]} | pages


def undocumented() -> list[str]:
    """Public names and public methods of public classes without a docstring, and public modules without a page."""
    lost = []
    for name in sorted(name for names in placed().values() for name in names):
        described = package()[name.removeprefix("firth.")]
        if described.docstring is None or described.is_module:
            lost.append(name)
        if described.is_class:
            lost += [
                f"{name}.{member}"
                for member, method in described.all_members.items()
                if not member.startswith("_") and method.is_function and method.docstring is None
            ]
    return lost


def pages() -> dict[str, str]:
    """The Markdown of each page; mkdocstrings fills it in."""
    titles = {page: title for page, (title, _) in PAGES.items()}
    titles |= {"firth": "firth"} | {module: f"firth.{module}" for module in MODULES}
    return {
        page: f"# {titles[page]}\n\n{_introduction(titles[page])}\n\n" + "\n\n".join(f"::: {name}" for name in names)
        for page, names in placed().items()
    }


def _introduction(title: str) -> str:
    """What a module's own docstring says."""
    found = package()[title.removeprefix("firth.")] if title != "firth" else package()
    return found.docstring.value if found.is_module and found.docstring else ""
