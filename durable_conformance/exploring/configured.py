"""Where an operation is told how to retry, how long to wait, or how its branches are called.

That is read from the source alone. What is overlooked here leaves a finding with the line that calls its operation.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from durable_conformance.rules import Cause, Finding, budget, model_faults, stability

_MOST_CHARS = 80
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_MOST_NAMES = 8
"""Names that are gone after, each of which stands for the next."""


def configured(found: Finding, home: Path) -> Cause | None:
    """The line on which the operation of `found` is given what the finding is about; None if that is on its own line.

    Lines are named from `home`, as findings name them.
    """
    keyword = _keyword(found)
    name, _, number = found.line.rpartition(":")
    if keyword is None or not number.isdecimal():
        return None
    try:
        source = (home / name).read_text(encoding="utf-8")
        at = _Source(ast.parse(source)).given(int(number), keyword)
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None  # it stands elsewhere, or has changed
    if at is None or at == int(number):
        return None
    text = source.splitlines()[at - 1].partition("#")[0].strip()
    line = f"{name}:{at}"
    why = f"`{stability.short(text, _MOST_CHARS)}` at {line} is what {found.path} is given"
    return Cause(text, line, why, remedy=found.remedy)


def _keyword(found: Finding) -> str | None:
    if found.rule == model_faults.RETRY_POLICY.name:
        return "retry_strategy"
    if found.rule == budget.BUDGET.name:
        return "timeout" if found.expected.startswith("a timeout") else "item_namer"
    return None


class _Source:
    """A module's source."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree

    def given(self, number: int, keyword: str) -> int | None:
        """The line on which the calls at line `number` are given `keyword`, by themselves or through a name."""
        for call in self._calls(self._tree, number):
            for one in (call, *call.args, *(other.value for other in call.keywords)):
                if (value := self._value(one, keyword, number, _MOST_NAMES)) is not None:
                    return self._meant(value, number)
        return None

    def _calls(self, tree: ast.AST, number: int) -> Iterator[ast.Call]:
        """Those that stand on a line, the innermost last."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.lineno <= number <= (node.end_lineno or 0):
                yield node

    def _value(self, node: ast.expr, keyword: str, number: int, names: int) -> ast.expr | None:
        """What `node`, or what it stands for, is given as `keyword`."""
        if isinstance(node, ast.Name) and names:
            assigned = self._assigned(node.id, number)
            return self._value(assigned, keyword, number, names - 1) if isinstance(assigned, ast.expr) else None
        if isinstance(node, ast.Call):
            return next((one.value for one in node.keywords if one.arg == keyword), None)
        return None

    def _meant(self, value: ast.expr, number: int) -> int:
        """The line of a value; where it is a name, of what that stands for."""
        known = self._assigned(value.id, number) if isinstance(value, ast.Name) else value
        return value.lineno if known is None else known.lineno

    def _assigned(self, name: str, number: int) -> ast.expr | ast.stmt | None:
        """What `name` is on line `number`: the last that it is set to there, in the innermost scope that has it."""
        for scope in [*reversed(self._scopes(number)), self._tree]:
            found: ast.expr | ast.stmt | None = None
            for node in _own(scope):
                if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
                    found = node.value
                elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                    found = node.value or found
                elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                    found = node
            if found is not None:
                return found
        return None

    def _scopes(self, number: int) -> list[ast.AST]:
        """The functions that line `number` stands in, the outermost first."""
        inside = (one for one in ast.walk(self._tree) if isinstance(one, _FUNCTION))
        return [one for one in inside if one.lineno <= number <= (one.end_lineno or 0)]


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of the functions in it, in the order of the source."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, _FUNCTION):
            yield from _own(node)
