"""Formulas become MathML while the site is built, so no page needs a script for them; mkdocs calls `on_page_content`.

A displayed formula that TeX tags with 7 gets its number at the right and the anchor `eq-7`; where its page speaks of
(7), and the reference of equation (7), that is a link to it.
"""

import html
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert

_INLINE = re.compile(r'(\(?)<span class="arithmatex">\\\((.*?)\\\)</span>([.,;:)]*)', re.DOTALL)
_DISPLAYED = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)
_LONG = 45
"""Letters of TeX that may be too many for a line on a phone."""
_TAG = re.compile(r"\\tag\{(\w+)\}")
_THEORY = (Path(__file__).parents[2] / "src" / "firth" / "theory" / "README.md").read_text(encoding="utf-8")
_CITED = re.compile(r"(equations? )\((\d+)\)")
_MENTION = re.compile(r"(?<![\w)\]])\((\d+)\)")
_ASIDE = re.compile(r"(<(?:math|pre|code|a|h\d)\b.*?</(?:math|pre|code|a|h\d)>)", re.DOTALL)


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """The page with its formulas as MathML and its equations linked."""
    content = _DISPLAYED.sub(lambda found: _displayed(html.unescape(found[1])), content)
    content = _INLINE.sub(lambda found: _within_a_line(html.unescape(found[2]).strip(), found[1], found[3]), content)
    if page.file.src_uri.startswith("reference/"):
        derived = set(_TAG.findall(_THEORY))
        content = _CITED.sub(lambda found: found[1] + _mention(found[2], derived, "../theory.html"), content)
    numbers = set(re.findall(r'id="eq-(\w+)"', content))
    if not numbers:
        return content
    pieces = _ASIDE.split(content)
    pieces[::2] = [_MENTION.sub(lambda found: _mention(found[1], numbers), piece) for piece in pieces[::2]]
    return "".join(pieces)


def _within_a_line(formula: str, before: str, after: str) -> str:
    """A formula stays with the punctuation beside it; a long one can be scrolled where a line has no room for it."""
    shown = convert(formula)
    if len(formula) > _LONG:
        return f'{before}<span class="formula wide">{shown}</span>{after}'
    return f'<span class="formula kept">{before}{shown}{after}</span>' if before or after else shown


def _displayed(formula: str) -> str:
    tag = _TAG.search(formula)
    shown = convert(_TAG.sub("", formula).strip(), display="block")
    if tag is None:
        return f'<div class="equation"><div class="formula">{shown}</div></div>'
    number = f'<span class="number">&#40;{tag[1]}&#41;</span>'  # written so that it isn't taken for a mention
    return f'<div class="equation" id="eq-{tag[1]}"><div class="formula">{shown}</div>{number}</div>'


def _mention(number: str, numbers: set[str], page: str = "") -> str:
    return f'<a href="{page}#eq-{number}">({number})</a>' if number in numbers else f"({number})"
