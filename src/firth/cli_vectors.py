"""The commands about vectors: `firth describe`, `firth convert` and `firth query`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli_corpus import Json, Quiet
from firth.errors import FirthError, OptionError
from firth.output import print_json, print_table, printable, say

if TYPE_CHECKING:
    from firth.vectors.questions import Answer
    from firth.vectors.vectors import Vectors

_SHOWN_WORDS = 10
_BAR = 24

File = Annotated[Path, typer.Argument(help="A file of vectors, of any format that is read.", metavar="FILE")]
From = Annotated[str | None, typer.Option("--from", help="Its format; by default told by its content.", metavar="NAME")]
Vocabulary = Annotated[Path | None, typer.Option(help="word2vec.c's vocabulary, for counts.", metavar="PATH")]
DuplicatesOption = Annotated[str, typer.Option("--duplicates", help="Words there twice: error, first or last.")]
InvalidOption = Annotated[str, typer.Option("--invalid", help="Words of invalid UTF-8: error, replace or escape.")]


def _list_formats(wanted: bool) -> None:
    if not wanted:
        return
    from firth.vectors.formats.registry import FORMATS

    rows = []
    for each in FORMATS.values():
        ways = [way for way, there in (("read", each.reads), ("written", each.writes)) if there]
        rows.append((each.name, " ".join(each.suffixes), ", ".join(ways), each.what))
    print_table(("format", "names end in", "is", "what it is"), rows)
    raise typer.Exit


Formats = Annotated[bool, typer.Option("--formats", help="List the formats.", callback=_list_formats, is_eager=True)]


def describe(
    file: File,
    format_: From = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    reproduce: Annotated[
        bool, typer.Option("--reproduce", help="Print the command that makes it again, and what that needs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is in a file of vectors: how many, how long, how stored, and how they were made."""
    from firth.vectors.formats.registry import format_of_file

    if reproduce:
        _tell_command(file, load_vectors(file, format_, duplicates, invalid), as_json)
        return
    vectors = load_vectors(file, format_, duplicates, invalid)
    answer = {"file": str(file), "format": format_ or format_of_file(file).name, **_description(vectors, file)}
    if as_json:
        print_json(answer)
        return
    settings = answer.pop("settings")
    rows = [(name.replace("_", " "), _shown(value)) for name, value in answer.items()]
    rows += [(f"settings: {name}", _shown(value)) for name, value in _flat(settings)]
    print_table(("", ""), rows)


def _tell_command(file: Path, vectors: Vectors, as_json: bool) -> None:
    """The command on standard output, ready to be run; what it needs on standard error."""
    from firth.provenance import command_of

    command, notes = command_of(vectors.settings, file.name)
    if as_json:
        print_json({"file": str(file), "command": command, "notes": notes})
        return
    print(printable(command))  # noqa: T201
    for note in notes:
        say(f"note: {printable(note)}")


def _description(vectors: Vectors, file: Path) -> dict[str, Any]:
    seen = int(vectors.counts.sum())
    return {
        "bytes": file.stat().st_size,
        "words": len(vectors),
        "dimensions": vectors.dimensions,
        "stored_as": vectors.dtype,
        "outside_vectors": vectors.has_outside,
        "words_of_text": seen or None,
        "first_words": vectors.words[:_SHOWN_WORDS],
        "settings": vectors.settings,
    }


def _flat(settings: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Settings within settings, with the names of both."""
    pairs = []
    for name, value in settings.items():
        pairs += _flat(value, f"{above}{name}: ") if isinstance(value, dict) else [(above + name, value)]
    return pairs


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def convert(
    source: Annotated[Path, typer.Argument(help="A file of vectors, of any format that is read.", metavar="IN")],
    target: Annotated[Path, typer.Argument(help="The file (or folder) to write.", metavar="OUT")],
    to: Annotated[
        str | None, typer.Option(help="The format of OUT; by default as its name says.", metavar="NAME")
    ] = None,
    format_: From = None,
    dtype: Annotated[str, typer.Option(help="Of Firth's own format: float32, float16 or int8.")] = "float32",
    vocabulary: Vocabulary = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    spaces: Annotated[
        str, typer.Option(help="Words with white space, of formats that hold none: error, underscore or skip.")
    ] = "error",
    _: Formats = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Read vectors of one format and write another; say what the other can not hold.

    firth convert --formats lists the formats.
    """
    from firth.vectors.formats.registry import format_to_write, losses, written_words

    chosen = format_to_write(target, to, dtype, spaces)
    vectors = load_vectors(source, format_, duplicates, invalid, vocabulary)
    lost = losses(vectors, chosen)
    written = written_words(vectors, chosen, spaces)  # type: ignore[arg-type]  # validated there
    written.save(target, chosen.name, dtype=dtype)  # type: ignore[arg-type]  # validated there
    changed = _changed_by_reading(vectors, source)
    if len(written) < len(vectors):
        changed.append(f"{len(vectors) - len(written):,} words with white space were left out")
    if as_json:
        answer = {"written": str(target), "format": chosen.name, "words": len(written)}
        print_json({**answer, "lost": lost, "changed": changed})
        return
    if lost and not quiet:
        say(f"{chosen.name} can't hold {', '.join(lost)}: left out of {target}")
    for sentence in () if quiet else changed:
        say(sentence)
    print(f"{len(written):,} words, {vectors.dimensions} dimensions: {target} ({chosen.name})")  # noqa: T201


def _changed_by_reading(vectors: Vectors, source: Path) -> list[str]:
    """What policies did to the words of another tool's file; Firth's own files tell of what was done long ago."""
    from firth.vectors.kinds import is_native, start_of

    if is_native(start_of(source, 16)):
        return []
    changed = []
    if (duplicates := vectors.settings.get("duplicates_left_out")) is not None:
        changed.append(f"{duplicates['count']:,} duplicates were left out ({duplicates['policy']} kept)")
    if (strange := vectors.settings.get("words_of_invalid_utf8")) is not None:
        changed.append(f"{strange['count']:,} words of invalid UTF-8 were changed ({strange['policy']})")
    return changed


def query(
    file: File,
    words: Annotated[
        list[str] | None,
        typer.Argument(help="The question; none opens a prompt.", metavar="[QUESTION]..."),
    ] = None,
    n: Annotated[int, typer.Option("-n", help="How many words to show.")] = 10,
    restrict: Annotated[int | None, typer.Option(help="Look among the first so many words only.")] = None,
    format_: From = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    as_json: Json = False,
) -> None:
    """Ask vectors: king; king - man + woman; king ~ queen (cosine); ? breakfast cereal dinner lunch (the odd one out).

    With a question, answers it; without, opens a prompt (Tab completes words, Ctrl-D leaves); in a pipe, answers a
    question a line. Put -- before a question that begins with a minus.
    """
    from firth.vectors.questions import answer

    vectors = load_vectors(file, format_, duplicates, invalid)
    if words:
        _print_answer(answer(vectors, " ".join(words), n, restrict), as_json)
        return
    wrong = 0
    interactive = sys.stdin is not None and sys.stdin.isatty()
    if isinstance(sys.stdin, io.TextIOWrapper) and not interactive:
        sys.stdin.reconfigure(errors="backslashreplace")  # a line of invalid UTF-8 is an unknown word, no more
    for line in _terminal_lines(vectors) if interactive else (line for line in sys.stdin or () if line.strip()):
        try:
            _print_answer(answer(vectors, line, n, restrict), as_json)
        except FirthError as error:
            say(str(error))
            wrong += 1
        except KeyboardInterrupt:
            if not interactive:
                raise
            say("given up")
        sys.stdout.flush()
    if wrong and not interactive:
        raise OptionError(f"{wrong:,} of the questions could not be answered")


def _terminal_lines(vectors: Vectors) -> Any:
    from firth.datasets.places import cache_folder
    from firth.prompt import Completer, lines

    say(f"{len(vectors):,} words, {vectors.dimensions} dimensions (Tab completes words, Ctrl-D leaves). Ask:")
    say("  king   king - man + woman   king ~ queen   ? breakfast cereal dinner lunch")
    try:
        history = cache_folder() / "query_history"
    except FirthError:
        history = None
    return lines("> ", Completer(lambda: vectors.words), history)


def _print_answer(found: Answer, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))  # noqa: T201
    elif found.kind == "similarity":
        print(f"{found.cosine:.4f}")  # noqa: T201
    elif found.kind == "odd-one-out":
        print(printable(found.words[0][0]))  # noqa: T201
    else:
        rows = [(word, f"{cosine:.4f}", "▪" * round(_BAR * max(cosine, 0.0))) for word, cosine in found.words]
        print_table(("word", "cosine", ""), rows, right=("cosine",))


def load_vectors(
    file: Path, format_: str | None, duplicates: str, invalid: str, vocabulary: Path | None = None
) -> Vectors:
    """Load vectors as the options of a command say."""
    from firth.vectors.vectors import Vectors

    return Vectors.load(file, format_, vocabulary=vocabulary, duplicates=duplicates, invalid=invalid)  # type: ignore[arg-type]  # validated there
