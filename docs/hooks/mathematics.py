"""Formulas become MathML while the site is built, so no page needs a script for them; mkdocs calls `on_page_content`.

A displayed formula that TeX tags with 7 gets its number at the right and the anchor `eq-7`; where its page speaks of
(7), that is a link to it.
"""

import html
import re
from typing import Any

from latex2mathml.converter import convert

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_DISPLAYED = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)
_LONG = 45
"""Letters of TeX that may be too many for a line on a phone."""
_TAG = re.compile(r"\\tag\{(\w+)\}")
_MENTION = re.compile(r"(?<![\w)\]])\((\d+)\)")
_ASIDE = re.compile(r"(<(?:math|pre|code|a|h\d)\b.*?</(?:math|pre|code|a|h\d)>)", re.DOTALL)


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """The page with its formulas as MathML and its equations linked."""
    content = _DISPLAYED.sub(lambda found: _displayed(html.unescape(found[1])), content)
    content = _INLINE.sub(lambda found: _within_a_line(html.unescape(found[1]).strip()), content)
    numbers = set(re.findall(r'id="eq-(\w+)"', content))
    if not numbers:
        return content
    pieces = _ASIDE.split(content)
    pieces[::2] = [_MENTION.sub(lambda found: _mention(found, numbers), piece) for piece in pieces[::2]]
    return "".join(pieces)


def _within_a_line(formula: str) -> str:
    """A long formula gets a box of its own, which can be scrolled where a line has no room for it."""
    shown = convert(formula)
    return f'<span class="formula wide">{shown}</span>' if len(formula) > _LONG else shown


def _displayed(formula: str) -> str:
    tag = _TAG.search(formula)
    shown = convert(_TAG.sub("", formula).strip(), display="block")
    if tag is None:
        return f'<div class="equation"><div class="formula">{shown}</div></div>'
    number = f'<span class="number">&#40;{tag[1]}&#41;</span>'  # written so that it isn't taken for a mention
    return f'<div class="equation" id="eq-{tag[1]}"><div class="formula">{shown}</div>{number}</div>'


def _mention(found: re.Match[str], numbers: set[str]) -> str:
    return f'<a href="#eq-{found[1]}">{found[0]}</a>' if found[1] in numbers else found[0]
