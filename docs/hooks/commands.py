"""The command reference, made from what the commands themselves say in their --help."""

import re
from typing import Any

import typer.main

from firth.cli import app


def page() -> str:
    """The Markdown of the page."""
    lines = [
        "# Commands",
        "",
        "What `firth COMMAND --help` says. Every command ends with status 0 on success, 2 on bad usage, 1 otherwise; "
        "`firth --debug COMMAND` shows the traceback of an error.",
        "",
    ]
    for path, command in _commands(typer.main.get_command(app), "firth"):
        lines += _described(path, command)
    return "\n".join(lines)


def _commands(command: Any, path: str) -> list[tuple[str, Any]]:
    inner = sorted(getattr(command, "commands", {}).items())
    if not inner:
        return [(path, command)]
    return [found for name, each in inner for found in _commands(each, f"{path} {name}")]


def _described(path: str, command: Any) -> list[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    usage = " ".join([path, "[OPTIONS]" if options else "", *(_called(each) for each in arguments)])
    lines = [f"## {path}", "", _prose(command.help), "", "```text", " ".join(usage.split()), "```", ""]
    rows = [(f"`{_called(each)}`", each) for each in arguments] + [(_spelled(each), each) for each in options]
    if rows:
        lines += ["| | |", "|---|---|"]
        lines += [f"| {name} | {_cell(each.help)} {_default(each)} |" for name, each in rows]
    return [*lines, ""]


def _called(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = re.sub(r"[\[\]{}.]", "", name)
    name = f"{name}..." if argument.nargs == -1 else name
    return name if argument.required else f"[{name}]"


def _spelled(option: Any) -> str:
    spellings = [*option.opts, *option.secondary_opts]
    spellings[-1] += "" if option.is_flag else f" {option.metavar or _kind(option)}"
    return ", ".join(f"`{each}`{{.kept}}" for each in spellings)


def _kind(option: Any) -> str:
    """What an option takes, in a word; where it is written differs between versions of typer."""
    described = getattr(option, "type_descriptor", None)
    kind = str(described.annotation if described else option.type).lower()
    return "N" if "int" in kind or "float" in kind else "PATH" if "path" in kind else "NAME"


def _default(parameter: Any) -> str:
    value = parameter.default() if callable(parameter.default) else parameter.default
    if parameter.required:
        return "Required."
    if isinstance(parameter.show_default, str):
        return f"By default {parameter.show_default}."
    if value is None or value is False or value in ((), [], "") or not parameter.show_default:
        return ""
    if value is True:
        return f"By default `{parameter.opts[0]}`." if parameter.secondary_opts else ""
    return f"By default `{value}`."


def _prose(text: str | None) -> str:
    return re.sub(r"(?<!\n)\n(?!\n)", " ", (text or "").strip()).replace("\b", "").replace("*", r"\*")


def _cell(text: str | None) -> str:
    return " ".join(_prose(text).split()).replace("|", r"\|").replace("_", r"\_").replace("<", "&lt;")
