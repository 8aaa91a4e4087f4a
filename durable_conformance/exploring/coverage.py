"""How much of the user's functions the runs of an exploration have reached."""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from durable_conformance.rules import FileLines


def coverage(reached: Iterable[tuple[str, int]]) -> tuple[FileLines, ...]:
    """For each file with functions of which something was run: which of their lines no run has reached.

    That is of those functions, and of others of the file that they name: other handlers in it are left out. What a
    module does when it is imported says nothing.
    """
    by_file: defaultdict[Path, set[int]] = defaultdict(set)
    for file, line in reached:
        by_file[Path.cwd() / file].add(line)
    told = [one for file, ran in sorted(by_file.items()) if (one := _of(file, ran)).lines]
    return tuple(told)


def reached_statements(reached: Iterable[tuple[str, int]]) -> frozenset[tuple[str, int]]:
    """The statements of functions that were run: their files, each with the number of its first line."""
    by_file: defaultdict[str, set[int]] = defaultdict(set)
    for file, line in reached:
        by_file[file].add(line)
    return frozenset(
        (file, statement.extent.start)
        for file, ran in by_file.items()
        for one in _functions(Path.cwd() / file)
        for statement in one.statements
        if not ran.isdisjoint(statement.extent)
    )


def names_counted(file: Path, ran: set[int]) -> frozenset[str]:
    """The functions and classes of `file` of which some of these lines were run, and those that they name."""
    return frozenset(one.name for one in _counted(file, ran))


def _counted(file: Path, ran: set[int]) -> set[_Function]:
    return _named_from({one for one in _functions(file) if one.ran(ran)}, _functions(file))


def _of(file: Path, ran: set[int]) -> FileLines:
    counted = list(_counted(file, ran))
    lines = {line for one in counted for statement in one.statements for line in statement.lines}
    missed = {
        line
        for one in counted
        for statement in one.statements
        if ran.isdisjoint(statement.extent)
        for line in statement.lines
    }
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    return FileLines(shown.as_posix(), tuple(sorted(lines)), tuple(sorted(missed)))


@dataclass(frozen=True)
class _Statement:
    """One statement of a function."""

    extent: range  # its lines, with those of what stands in it: `try` itself does nothing
    lines: range  # its own

    @classmethod
    def of(cls, node: ast.stmt) -> _Statement:
        end = (node.end_lineno or node.lineno) + 1
        body = getattr(node, "body", None)
        own = max(body[0].lineno, node.lineno + 1) if isinstance(body, list) and body else end
        return cls(range(node.lineno, end), range(node.lineno, own))


@dataclass(frozen=True)
class _Function:
    """A function or a class of a module."""

    name: str
    names: frozenset[str]  # that it mentions
    statements: tuple[_Statement, ...]

    def ran(self, lines: set[int]) -> bool:
        return any(not lines.isdisjoint(one.extent) for one in self.statements)


def _functions(file: Path) -> tuple[_Function, ...]:
    try:
        return _functions_in(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return ()  # it is no file, or has changed


@functools.cache
def _functions_in(text: str) -> tuple[_Function, ...]:
    """By the text: a file may be another one at the next check."""
    return tuple(
        _Function(node.name, frozenset(_mentioned(node)), tuple(map(_Statement.of, _statements(node, inside=False))))
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )


def _mentioned(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Attribute):
            yield one.attr


def _statements(node: ast.AST, *, inside: bool) -> Iterator[ast.stmt]:
    """Those that a call runs, and not the import."""
    inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for child in ast.iter_child_nodes(node):
        if inside and isinstance(child, ast.stmt) and not _says_nothing(child):
            yield child
        yield from _statements(child, inside=inside)


def _says_nothing(node: ast.stmt) -> bool:
    """Whether no line of it is ever run: a text for people, or a declaration."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Global | ast.Nonlocal)


def _named_from(some: set[_Function], every: Iterable[_Function]) -> set[_Function]:
    """`some`, with all that they name, and these in turn."""
    found = set(some)
    while more := {one for one in every if one not in found and any(one.name in other.names for other in found)}:
        found |= more
    return found
