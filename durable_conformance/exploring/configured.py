"""What the source says beyond the line of a cause: where that which breaks a rule is written down.

Such as how an operation is told to retry, the loop that asks again, the default that is changed, or where a batch's
results are taken without its failures. What is overlooked here leaves a finding with the line that it has.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from durable_conformance.rules import Cause, Finding, budget, model_faults, stability

_MOST_CHARS = 80
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_RESULTS = frozenset({"get_results", "succeeded"})
_FAILURES = frozenset({"failed", "failure_count", "get_errors", "has_failure", "throw_if_error", "status", "all"})
"""Of the SDK's `BatchResult`."""
_MOST_NAMES = 8
"""Names that are gone after, each of which stands for the next."""


def configured(found: Finding, cause: Cause | None, home: Path) -> Cause | None:
    """The cause of `found`, on the line where the source has it written down; `cause` itself, where that says no more.

    Lines are named from `home`, as findings name them.
    """
    near = cause.line if cause else found.line
    name, _, number = near.rpartition(":")
    if not number.isdecimal():
        return cause
    try:
        text = (home / name).read_text(encoding="utf-8")
        at, what = _written(_source(text), found, cause, int(number))
    except (OSError, ValueError, SyntaxError, RecursionError):
        return cause  # it stands elsewhere, or has changed
    if at is None or at == int(number):
        return cause
    code = text.splitlines()[at - 1].partition("#")[0].strip().removesuffix(":")
    line = f"{name}:{at}"
    why = f"`{stability.short(code, _MOST_CHARS)}` at {line} {what}"
    if cause is None:
        return Cause(code, line, why, remedy=found.remedy)
    return replace(cause, line=line, why=f"{why}: {cause.why}")


def _written(source: _Source, found: Finding, cause: Cause | None, number: int) -> tuple[int | None, str]:
    """The line on which that is written which breaks the rule near line `number`, and what it is, in words."""
    at, what = None, ""
    keyword = None if cause else _keyword(found)
    if cause and found.rule == model_faults.FAILURE_VISIBLE.name:
        at, what = source.results_taken(number), "takes what has succeeded, and leaves out what has failed"
    elif cause:
        at, what = source.default(cause.what, number), "makes a default once, for all calls"
    elif keyword and found.remedy == model_faults.ASK_NO_MORE:
        at, what = source.loop(number), "asks again"
    elif keyword and found.remedy in {model_faults.COUNT_IN_THE_STRATEGY, model_faults.END_THE_ATTEMPTS}:
        at, what = source.kept(number, keyword), "keeps something from attempt to attempt, which another process lacks"
        if at is None and found.remedy == model_faults.END_THE_ATTEMPTS:
            at, what = source.allowed(number, keyword), "allows another attempt, however many there were"
    if at is None and keyword:
        at, what = source.given(number, keyword), f"is what {found.path} is given"
    return at, what


def _keyword(found: Finding) -> str | None:
    if found.rule == model_faults.RETRY_POLICY.name:
        return "retry_strategy"
    if found.rule == budget.BUDGET.name:
        return "timeout" if found.expected.startswith("a timeout") else "item_namer"
    return None


@functools.cache
def _source(text: str) -> _Source:
    """Findings of one file come by the dozen."""
    return _Source(ast.parse(text))


class _Source:
    """A module's source."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree

    def given(self, number: int, keyword: str) -> int | None:
        """The line on which the calls at line `number` are given `keyword`, by themselves or through a name."""
        meant = self._given(number, keyword)
        return None if meant is None else meant.lineno

    def kept(self, number: int, keyword: str) -> int | None:
        """The line on which the function that they are given as `keyword` changes what is not its own."""
        function = self._given(number, keyword)
        if not isinstance(function, ast.FunctionDef):
            return None
        own = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
        own |= {one.id for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        outer = {name for one in ast.walk(function) if isinstance(one, ast.Nonlocal | ast.Global) for name in one.names}
        for node in _own(function):
            match node:
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))) if name not in own:
                    return node.lineno
                case ast.AugAssign(target=ast.Name(id=name)) if name in outer:
                    return node.lineno
                case ast.AugAssign(
                    target=ast.Attribute(value=ast.Name(id=name)) | ast.Subscript(value=ast.Name(id=name))
                ):
                    if name not in own:
                        return node.lineno
        return None

    def allowed(self, number: int, keyword: str) -> int | None:
        """The line of the condition on which the function that they are given as `keyword` decides to try again."""
        function = self._given(number, keyword)
        if not isinstance(function, ast.FunctionDef):
            return None
        for node in _own(function):
            if isinstance(node, ast.IfExp | ast.If) and any(map(_tries_again, ast.walk(node))):
                test = node.test
                known = self._assigned(test.id, test.lineno) if isinstance(test, ast.Name) else None
                return (known or test).lineno
        return None

    def loop(self, number: int) -> int | None:
        """The line of the loop, in the innermost function there, that goes through line `number` again and again."""
        scope = next(reversed(self._scopes(number)), self._tree)
        loops = [
            node.lineno
            for node in _own(scope)
            if isinstance(node, ast.For | ast.AsyncFor | ast.While) and node.lineno < number <= (node.end_lineno or 0)
        ]
        return max(loops, default=None)

    def default(self, name: str, number: int) -> int | None:
        """The line of the default that the parameter `name` has, of the innermost function there that has one."""
        for scope in reversed(self._scopes(number)):
            if isinstance(scope, _FUNCTION):
                arguments = scope.args
                places = [*arguments.posonlyargs, *arguments.args]
                defaults = dict(zip(places[len(places) - len(arguments.defaults) :], arguments.defaults, strict=True))
                named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
                for one, value in (*defaults.items(), *named):
                    if one.arg == name and value is not None:
                        return value.lineno
        return None

    def results_taken(self, number: int) -> int | None:
        """The line on which the results of the batch of line `number` are taken; None if its failures are looked at."""
        scope = next(reversed(self._scopes(number)), self._tree)
        calls = list(self._calls(self._tree, number))
        names = {
            target.id
            for node in _own(scope)
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value in calls
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        used = [
            node
            for node in _own(scope)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
        ]
        if any(one.attr in _FAILURES for one in used):
            return None
        return next((one.lineno for one in used if one.attr in _RESULTS), None)

    def _given(self, number: int, keyword: str) -> ast.expr | ast.stmt | None:
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

    def _meant(self, value: ast.expr, number: int) -> ast.expr | ast.stmt:
        """A value; where it is a name, what that stands for."""
        return (self._assigned(value.id, number) if isinstance(value, ast.Name) else None) or value

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


def _tries_again(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "retry"


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of the functions in it, in the order of the source."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, _FUNCTION):
            yield from _own(node)
