"""Environment variables, as they are typed or stand in a dotenv file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from durable_conformance.errors import CannotRunError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[^\s=]+)\s*=\s*
    (?:'(?P<literal>[^']*)'|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^'"\s#](?:[^#]|(?<!\s)\#)*?)?)\s*(?:(?<=\s)\#.*)?""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def typed_variable(typed: str, where: str = "--env") -> tuple[str, str]:
    """The parser of `--env`: `NAME=VALUE`, or `NAME` for what it is in this process.

    Raises:
        CannotRunError: It is neither, or there is no such variable.
    """
    name, separator, value = typed.partition("=")
    if not _NAME.fullmatch(name):
        raise CannotRunError(f"{where} {typed!r} is not NAME=VALUE.")
    if separator:
        return name, value
    if name not in os.environ:
        raise CannotRunError(f"{where} {name} is set to nothing here: write {name}=VALUE, or set it.")
    return name, os.environ[name]


def named_alone(typed: str) -> str:
    """What was typed for `--env` as it may stand in a log: without a value that this process has by that name, too."""
    name, _, value = typed.partition("=")
    return name if os.environ.get(name) == value else typed


def variables_in(file: Path) -> dict[str, str]:
    """The variables of a dotenv file: a `NAME=VALUE` a line, perhaps quoted, after `export`, or with a comment.

    Values are taken as they are: in double quotes, a backslash escapes; nothing is expanded.

    Raises:
        CannotRunError: It cannot be read, or a line of it is something else.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRunError(f"Cannot read the variables in {file}: {error}.") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise CannotRunError(f"{file}, line {number}: this is not NAME=VALUE, with its quotes closed.")
        if not _NAME.fullmatch(parts["name"]):
            raise CannotRunError(f"{file}, line {number}: {parts['name']!r} is no name of a variable.")
        found[parts["name"]] = _value(parts, f"{file}, line {number}")
    return found


def _value(parts: re.Match[str], where: str) -> str:
    if parts["literal"] is not None:
        return parts["literal"]
    value = parts["quoted"] if parts["quoted"] is not None else (parts["bare"] or "")
    if "${" in value:
        raise CannotRunError(f"{where}: nothing is expanded here; write the value, or put it in single quotes.")
    if parts["quoted"] is None:
        return value
    return re.sub(r"\\(.)", lambda escaped: _ESCAPES.get(escaped[1], escaped[1]), value)
