"""Pages that nobody writes by hand: theory, architecture, changes, the reference; mkdocs calls what begins with `on_`.

The reference has every public name. One without a docstring stops the build.
"""

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))

import commands
import reference

ROOT = Path(__file__).parents[2]

BROUGHT = {
    "theory.md": "src/firth/theory/README.md",
    "architecture.md": "ARCHITECTURE.md",
    "changes.md": "CHANGELOG.md",
}
"""Pages of the site that are files of the repository elsewhere."""


def on_files(files: Any, config: Any) -> Any:
    """Add what is made: pages by their paths in the site."""
    if nameless := reference.undocumented():
        raise PluginError(f"public names without a docstring, or modules without a page: {', '.join(nameless)}")
    made = {f"reference/{name}.md": text for name, text in reference.pages().items()}
    made["reference/commands.md"] = commands.page()
    made.update({path: (ROOT / source).read_text(encoding="utf-8") for path, source in BROUGHT.items()})
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links between files of the repository become links between pages."""
    source = BROUGHT.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    folder = (ROOT / source).parent

    def link(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        file = (folder / target).resolve()
        if not file.is_relative_to(ROOT):
            return found[0]
        path = file.relative_to(ROOT).as_posix()
        for brought, original in BROUGHT.items():
            if path == original:
                return f"[{text}]({_up(page)}{brought}{anchor})"
        if path.startswith("docs/"):
            wanted = path.removeprefix("docs/")
            return f"[{text}]({_up(page)}{wanted}{anchor})"
        return f"[{text}]({_up(page)}index.md)" if path == "README.md" else text

    return re.sub(r"(?<!!)\[([^\]]+)\]\((?!\w+:)([^)#\s]+\.(?:md|py|toml))(#[^)]*)?\)", link, markdown)


def on_page_content(content: str, **_: Any) -> str:
    """No dash behind what has no description."""
    return re.sub(r'–\s*<div class="doc-md-description">\s*</div>', "", content)


def _up(page: Any) -> str:
    return "../" * page.file.src_uri.count("/")
