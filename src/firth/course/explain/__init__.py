"""`firth explain`: a topic's formula, how it is derived, the code that computes it, and numbers; and the mistakes."""

from __future__ import annotations

from collections.abc import Iterable

from firth.course.equations import EQUATIONS
from firth.course.explain.page import Page, Section, code_of, place_of
from firth.course.explain.topics import TOPICS
from firth.course.explain.worked import NUMBERS
from firth.course.mistakes import MISTAKES, Mistake
from firth.errors import OptionError
from firth.spelling import near_spellings

GALLERY = "mistakes"


def table_of_contents() -> Page:
    """All topics, and how to ask for one."""
    rows = [(name, topic.title) for name, topic in TOPICS.items()]
    rows.append((GALLERY, f"{len(MISTAKES)} wrong gradients seen in the wild, and how each shows"))
    return Page(
        "",
        "What can be explained",
        (
            Section("Topics", rows=rows),
            Section("Ask", ["  firth explain negative-sampling", "  firth explain mistakes repeats-dropped"]),
        ),
        {"topics": [*TOPICS, GALLERY]},
    )


def page_of(topic: str, name: str | None = None) -> Page:
    """The page of a topic, of the gallery, or of one of its mistakes.

    Parameters
    ----------
    topic
        A key of `TOPICS`, or ``"mistakes"``.
    name
        After ``"mistakes"``, a key of `MISTAKES`.

    Raises
    ------
    OptionError
        There is no such topic or mistake; the message names near ones.
    """
    wanted = "-".join(topic.strip().lower().replace("_", " ").split())
    if wanted in (GALLERY, GALLERY[:-1]):
        return _gallery() if name is None else _mistake(name)
    if name is not None:
        raise OptionError(f"a topic is one word, so {name!r} is one too many: firth explain lists all topics")
    if wanted not in TOPICS:
        raise OptionError(_unknown("topic", topic, wanted, [*TOPICS, GALLERY], "firth explain"))
    found = TOPICS[wanted]
    sections = [
        Section("What it is", [found.what]),
        Section("Equations", rows=[(f"({n})", EQUATIONS[n].statement) for n in found.equations]),
        Section("Why", found.derivation),
        *[Section(f"Code, {place_of(each)}", code=code_of(each)) for each in found.functions],
        Section("In numbers", rows=NUMBERS[wanted]()),
    ]
    mistakes = [each for each in MISTAKES.values() if each.function in found.made_in]
    if mistakes:
        rows = [(each.name, each.title) for each in mistakes]
        sections.append(Section("Mistakes people make (firth explain mistakes NAME)", rows=rows))
    fields = {"equations": list(found.equations), "mistakes": [each.name for each in mistakes]}
    return Page(wanted, found.title, tuple(sections), fields)


def _gallery() -> Page:
    functions = dict.fromkeys(each.function for each in MISTAKES.values())
    sections = [
        Section(function, rows=[(each.name, each.title) for each in MISTAKES.values() if each.function == function])
        for function in functions
    ]
    sections.append(Section("Ask", ["  firth explain mistakes repeats-dropped"]))
    return Page(GALLERY, f"{len(MISTAKES)} mistakes, by the function they are made in", tuple(sections))


def _mistake(name: str) -> Page:
    wanted = "-".join(name.strip().lower().replace("_", " ").split())
    found: Mistake | None = next((each for key, each in MISTAKES.items() if key.lower() == wanted), None)
    if found is None:
        raise OptionError(_unknown("mistake", name, wanted, MISTAKES, "firth explain mistakes"))
    return Page(
        found.name,
        f"{found.name}: {found.title}",
        (
            Section("Wrong", code=found.source),
            Section("What is wrong", [found.what_is_wrong]),
            Section("How it shows", [found.how_it_shows]),
            Section("Mend", [found.mend]),
        ),
        {"function": found.function},
    )


def _unknown(kind: str, given: str, wanted: str, names: Iterable[str], command: str) -> str:
    known = list(names)
    within = [each for each in known if wanted and wanted in each]
    near = list(dict.fromkeys([*within, *near_spellings(wanted, known)]))[:3]
    hint = f"did you mean {' or '.join(near)}?" if near else f"{command} lists them all"
    return f"there is no {kind} {given!r}: {hint}"


__all__ = ["TOPICS", "Page", "Section", "page_of", "table_of_contents"]
