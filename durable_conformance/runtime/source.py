"""What the source of the user's code says: which line changes a variable, and where code reads what hashes decide."""

from __future__ import annotations

import ast
import builtins
import functools
import linecache
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

from durable_conformance.execution import Source
from durable_conformance.users_code import Place

_CHANGING = frozenset(
    {
        "add",
        "append",
        "appendleft",
        "clear",
        "difference_update",
        "discard",
        "extend",
        "extendleft",
        "insert",
        "intersection_update",
        "pop",
        "popitem",
        "popleft",
        "remove",
        "reverse",
        "setdefault",
        "sort",
        "subtract",
        "symmetric_difference_update",
        "update",
    }
)
"""Methods of the language's own containers that change them."""

_IN_ORDER = frozenset({"enumerate", "filter", "iter", "list", "map", "next", "reversed", "tuple", "zip"})
"""Functions that go through what they are given, in its order."""

_WHATEVER_ORDER = frozenset({"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"})
"""Functions to which the order of what they are given makes no difference."""

_CONVERSIONS = frozenset({"abs", "bool", "float", "int", "repr", "round", "str"})
"""Functions that make of one value another, and of the same the same."""

_MAKE_SETS = frozenset({"frozenset", "set"})
_OF_SETS = frozenset({"difference", "intersection", "symmetric_difference", "union"})
_FIXED = (int, float, complex, bool, type(None))
"""Types whose hashes are the same in every process."""


_LOGS = re.compile(r"\s*(?:print|(?:\w+\.)*log(?:ger|ging)?(?:\.\w+)*)\(", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """What changes a variable, as far as the source tells."""

    line: str = ""  # as `handler.py:12`
    by: str = ""  # the expression
    cache: bool = False  # it is what a function that caches its results keeps


def is_noted(line: str) -> bool:
    """Whether a line of code does nothing with what it reads but log it, or measure how long something takes."""
    return bool(_LOGS.match(line)) or any(clock in line for clock in ("monotonic", "perf_counter"))


def change_of(name: str, codes: Iterable[CodeType], home: Path) -> Change:
    """What in `codes` changes the variable `name`: what is sure to before what may."""
    best: tuple[int, int, CodeType, ast.AST] | None = None
    first: CodeType | None = None
    for order, code in enumerate(codes):
        first = first or code
        for sureness, node in _changes(name, code):
            if best is None or (sureness, order) < best[:2]:
                best = sureness, order, code, node
    if best is None:
        return Change(Place(first.co_filename, first.co_firstlineno).line(home) if first else "")
    _, _, code, node = best
    number = getattr(node, "lineno", code.co_firstlineno)
    return Change(Place(code.co_filename, number).line(home), ast.unparse(node) if isinstance(node, ast.Call) else "")


def _changes(name: str, code: CodeType) -> Iterator[tuple[int, ast.AST]]:
    lines = _lines(code)
    for node in _nodes(code.co_filename).get(name, ()):
        if getattr(node[1], "lineno", 0) in lines:
            yield node


@functools.cache
def _lines(code: CodeType) -> frozenset[int]:
    """Those of code, and of code that stands in it."""
    its_own = {line for _, _, line in code.co_lines() if line}
    return frozenset(its_own).union(*(_lines(one) for one in code.co_consts if isinstance(one, CodeType)))


@functools.cache
def _tree(file: str) -> ast.Module:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return ast.Module([], [])


@functools.cache
def _parents(file: str) -> Mapping[ast.AST, ast.AST]:
    return {child: parent for parent in ast.walk(_tree(file)) for child in ast.iter_child_nodes(parent)}


@functools.cache
def _nodes(file: str) -> Mapping[str, list[tuple[int, ast.AST]]]:
    """What changes a variable in a file, or may: by its name; the surer, the lower the number."""
    found: dict[str, list[tuple[int, ast.AST]]] = {}

    def note(expression: ast.AST, sureness: int, node: ast.AST) -> None:
        if root := _root(expression):
            found.setdefault(root, []).append((sureness, node))

    for node in ast.walk(_tree(file)):
        match node:
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                for target in targets:
                    note(target, 1 if isinstance(target, ast.Name) else 0, node)
            case ast.AugAssign(target=target):
                note(target, 0, node)
            case ast.AnnAssign(target=target):
                note(target, 1 if isinstance(target, ast.Name) else 0, node)
            case ast.Call(func=func, args=arguments, keywords=keywords):
                given = [*arguments, *(one.value for one in keywords)]
                if isinstance(func, ast.Attribute):
                    note(func.value, 0 if func.attr in _CHANGING else 2, node)
                elif isinstance(func, ast.Name):
                    found.setdefault(func.id, []).append((2, node))
                sure = isinstance(func, ast.Name) and func.id in {"next", "setattr", "delattr"}
                for one in given:
                    note(one, 0 if sure else 3, node)
    return found


@functools.cache
def with_conversions(what: str, place: Place) -> str:
    """The expression `what` at `place`, with all around it that only converts it: `str(uuid.uuid4())[:8]`."""
    try:
        alike = _text(ast.parse(what, mode="eval").body)
    except (SyntaxError, ValueError):
        return what
    parents = _parents(place.file)
    at = (one for one in parents if isinstance(one, ast.expr) and _is_at(one, place.number) and _text(one) == alike)
    node = next(at, None)
    if node is None:
        return what
    while isinstance(around := parents[node], ast.expr) and _converts(around, node):
        node = around
    return _text(node)


def _is_at(node: ast.expr, number: int) -> bool:
    return node.lineno <= number <= (node.end_lineno or node.lineno)


def _converts(around: ast.expr, node: ast.AST) -> bool:
    match around:
        case ast.Call(func=ast.Name(id=name), args=[first, *others], keywords=[]) if first is node:
            return name in _CONVERSIONS and _are_fixed(others)
        case ast.Call(func=ast.Attribute() as func, args=given, keywords=named) if func is node:
            return _are_fixed([*given, *(one.value for one in named)])
        case ast.Subscript(value=value, slice=index) if value is node:
            parts = [index.lower, index.upper, index.step] if isinstance(index, ast.Slice) else [index]
            return _are_fixed([one for one in parts if one])
        case ast.Attribute(value=value):
            return value is node
    return False


def _are_fixed(nodes: Iterable[ast.expr]) -> bool:
    return all(isinstance(one, ast.Constant) for one in nodes)


def _root(node: ast.AST) -> str:
    """The variable that an expression begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True)
class Suspect:
    """An expression that reads what another process may have otherwise."""

    source: Source
    what: str  # the expression, on one line
    line: int
    position: tuple[int, int, int, int]  # of an instruction that takes part: lines and columns, first and last
    looked_at: ast.expr | None = None  # whose value decides whether it does; None where the source says so

    def is_so(self, frame: FrameType) -> bool:
        """Whether it does in `frame`, which is about to evaluate it."""
        if self.looked_at is None:
            name = self.what.partition("(")[0]
            return self.source not in {Source.HASH, Source.ADDRESS} or _looked_up(name, frame) is vars(builtins)[name]
        value = _value(self.looked_at, frame)
        if self.source is Source.SET:
            return isinstance(value, set | frozenset) and len(value) > 1 and not all(map(_has_fixed_hash, value))
        return type(value).__repr__ is object.__repr__ and type(value).__str__ is object.__str__


def _has_fixed_hash(value: object) -> bool:
    return isinstance(value, _FIXED) or (isinstance(value, tuple) and all(map(_has_fixed_hash, value)))


def _looked_up(name: str, frame: FrameType) -> object:
    for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
        if name in names:
            return names[name]
    return None


def _value(node: ast.expr, frame: FrameType) -> object:
    """What a variable holds, or an attribute of what it holds; nothing of the user's runs for that."""
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, frame), "__dict__", {}).get(node.attr)
    return _looked_up(node.id, frame) if isinstance(node, ast.Name) else None


@functools.cache
def suspects(code: CodeType) -> tuple[Suspect, ...]:
    """Those that `code` evaluates itself."""
    there = _suspects(code.co_filename)
    if not there:
        return ()
    evaluated = set(code.co_positions())
    return tuple(one for one in there if one.position in evaluated)


@functools.cache
def _suspects(file: str) -> tuple[Suspect, ...]:
    parents = _parents(file)
    return tuple(one for node in ast.walk(_tree(file)) for one in _of_node(node, parents))


def read_ahead(files: Iterable[str]) -> None:
    """Have the forks of this process know what `files` say: to parse one costs as much as some executions."""
    files = list(files)
    for file in files:
        linecache.checkcache(file)
        if file not in linecache.cache:  # it has changed since it was read, or was not read
            for known in (_tree, _parents, _nodes, with_conversions, suspects, _suspects):
                known.cache_clear()
    for file in files:
        _suspects(file)


def _of_node(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[Suspect]:
    around = parents.get(node)
    ordered = not (isinstance(around, ast.Call) and _name(around.func) in _WHATEVER_ORDER)
    match node:
        case ast.For(iter=iterated):
            yield from _gone_through(iterated)
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp() if ordered:
            for one in node.generators:
                yield from _gone_through(one.iter)
        case ast.Starred(value=value, ctx=ast.Load()) if not isinstance(around, ast.Set):
            yield from _gone_through(value)
        case (
            ast.Call(func=ast.Attribute(attr="join"), args=[value])
            | ast.Call(func=ast.Attribute(attr="pop", value=value), args=[])
        ):
            yield from _gone_through(value)
        case ast.Call(func=ast.Name(id="id" | "hash" as name), args=[_]):
            source = Source.ADDRESS if name == "id" else Source.HASH
            yield Suspect(source, _text(node), node.lineno, _position(node))
        case ast.Call(func=ast.Name(id="str" | "repr" | "ascii"), args=[value]) | ast.FormattedValue(value=value):
            yield from _shown(value)
        case ast.Call(func=func, args=given) if ordered and _name(func) in _IN_ORDER:
            for each in given:
                yield from _gone_through(each)


def _gone_through(node: ast.expr) -> Iterator[Suspect]:
    """A set whose elements are taken one after the other."""
    if _is_named(node):
        yield Suspect(Source.SET, _text(node), node.lineno, _position(node), node)
    elif _is_set(node):
        yield Suspect(Source.SET, _text(node), node.lineno, _position(node))


def _shown(node: ast.expr) -> Iterator[Suspect]:
    if _is_named(node):
        yield Suspect(Source.ADDRESS, _text(node), node.lineno, _position(node), node)
        yield Suspect(Source.SET, _text(node), node.lineno, _position(node), node)


def _is_named(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_named(node.value))


def _is_set(node: ast.expr) -> bool:
    """Whether the source says that it is a set of things whose hashes differ between processes."""
    match node:
        case ast.Set(elts=elements):
            fixed = all(isinstance(one, ast.Constant) and isinstance(one.value, _FIXED) for one in elements)
            return len(elements) > 1 and not fixed
        case ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name), args=[_]):
            return name in _MAKE_SETS
        case ast.Call(func=ast.Attribute(attr=name, value=value)):
            return name in _OF_SETS and (_is_set(value) or isinstance(value, ast.Name))
        case ast.BinOp(left=left, right=right, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return _is_set(left) or _is_set(right)
    return False


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    return " ".join(ast.unparse(node).split())


def _position(node: ast.expr) -> tuple[int, int, int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset
