"""The words of a handler's source: which keys it reads of its event, and what it compares with what stands there.

That is read from the source alone, and nothing is run. What is overlooked here is only not tried.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ITEM = "[]"
"""In a path, each item of a list."""

type JsonPath = tuple[str, ...]
"""Where in a JSON value something stands: keys, and `ITEM`."""

type Schema = Mapping[str, Any]
"""What a JSON value may be, as JSON schema says it."""


@dataclass(frozen=True)
class Words:
    """What source reads and compares of one JSON value."""

    keys: tuple[JsonPath, ...] = ()
    values: Mapping[JsonPath, tuple[Any, ...]] = field(default_factory=dict)  # by path, what is compared with it
    lengths: Mapping[JsonPath, tuple[int, ...]] = field(default_factory=dict)  # by path, with how many items it has
    together: tuple[Mapping[JsonPath, Any], ...] = ()  # values, by path, that one condition wants at the same time


@dataclass(frozen=True)
class SourceWords:
    """The words of a handler's source."""

    event: Words
    answers: Words  # what is read of values that come from elsewhere, such as an answer


def source_words(files: Mapping[Path, Collection[str]]) -> SourceWords:
    """The words of `files`, each with the names of the functions and classes in it that count."""
    trees: list[ast.stmt] = []
    for file, names in sorted(files.items()):
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, SyntaxError):
            continue  # it is no file, or has changed
        trees += [one for one in tree.body if not isinstance(one, _DEFINITION) or one.name in names]
    reader = _Reader(trees)
    return SourceWords(reader.words(_EVENT), reader.words(_ELSEWHERE))


_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_EVENT, _ELSEWHERE = "event", "elsewhere"
_NO_VALUES = frozenset({"self", "cls", "context", "ctx", "_"})
"""Parameters that hold no event."""
_PASSING = frozenset({"dict", "list", "tuple", "set", "sorted", "loads", "str", "int", "float", "bool", "deepcopy"})
"""Functions whose result stands for their argument."""
_ROUNDS = 3
"""How often functions are read: what one is given by another that is read later is known the next time."""
_MOST_ITEMS = 30
"""Of a list that is as long as the source wants."""


@dataclass(frozen=True)
class _Origin:
    """Where a value comes from."""

    root: str
    path: JsonPath = ()

    def at(self, key: str) -> _Origin:
        return _Origin(self.root, (*self.path, key))


type _Names = dict[str, _Origin]


class _Reader:
    def __init__(self, trees: list[ast.stmt]) -> None:
        self._keys: dict[_Origin, None] = {}
        self._values: defaultdict[_Origin, dict[str, Any]] = defaultdict(dict)
        self._lengths: defaultdict[_Origin, dict[int, None]] = defaultdict(dict)
        self._together: dict[str, dict[_Origin, Any]] = {}
        self._literals: dict[str, list[Any]] = {}  # by the name that they are assigned to
        self._given: dict[str, _Names] = {}  # by function, what its parameters are given where it is called
        self._functions = {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, _FUNCTION)}
        for tree in trees:
            for node in ast.walk(tree):
                self._note_literals(node)
        for _ in range(_ROUNDS):
            for found in (self._keys, self._values, self._lengths, self._together):
                found.clear()  # who calls what was not known yet
            for tree in trees:
                self._read(tree, {})

    def words(self, root: str) -> Words:
        def of[T](found: Mapping[_Origin, T]) -> Iterator[tuple[JsonPath, T]]:
            return ((origin.path, value) for origin, value in found.items() if origin.root == root)

        return Words(
            tuple(path for path, _ in of(self._keys) if path),
            {path: tuple(values.values()) for path, values in of(self._values)},
            {path: tuple(lengths) for path, lengths in of(self._lengths)},
            tuple(both for one in self._together.values() if len(both := dict(of(one))) > 1),
        )

    # Literals

    def _note_literals(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            targets, value = [node.target], node.value
        else:
            return
        for target in targets:
            if isinstance(target, ast.Name) and (found := list(_constants(value))):
                self._literals[target.id] = found

    def _literals_of(self, node: ast.expr, names: _Names) -> Iterator[Any]:
        """What stands in `node`, or is assigned to what it names; no key that it reads."""
        if isinstance(node, ast.Name):
            yield from () if node.id in names else self._literals.get(node.id, ())
        elif isinstance(node, ast.Attribute):
            yield from self._literals.get(node.attr, ())  # of an Enum
        elif isinstance(node, ast.Call):
            return
        elif isinstance(node, ast.BinOp):
            for one in (node.left, node.right):
                yield from self._literals_of(one, names)
        else:
            yield from _constants(node)

    # Where values come from

    def _origin(self, node: ast.AST | None, names: _Names) -> _Origin | None:  # noqa: PLR0911  # a case each
        match node:
            case ast.Name(id=name):
                return names.get(name)
            case ast.Subscript(value=value, slice=key):
                if (origin := self._origin(value, names)) is None:
                    return None
                return self._read_key(origin, key.value if isinstance(key, ast.Constant) else None)
            case ast.Call(func=ast.Attribute(value=value, attr="get" | "pop" | "setdefault"), args=[key, *_]):
                if (origin := self._origin(value, names)) is None:
                    return None
                return self._read_key(origin, key.value) if isinstance(key, ast.Constant) else None
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[one, *_]) if name in _PASSING:
                return self._origin(one, names)
            case ast.Call(func=ast.Attribute(value=value, attr=name)):
                return self._origin(value, names) or _Origin(_ELSEWHERE)
            case ast.Call():
                return _Origin(_ELSEWHERE)
            case ast.Attribute(value=value, attr=name):
                origin = self._origin(value, names)
                return origin and origin.at(name)  # of an object: its class says which keys there are
            case ast.BoolOp(values=values):
                return next(filter(None, (self._origin(one, names) for one in values)), None)
            case ast.IfExp(body=body, orelse=orelse):
                return self._origin(body, names) or self._origin(orelse, names)
            case ast.NamedExpr(value=value) | ast.Await(value=value) | ast.Starred(value=value):
                return self._origin(value, names)
        return None

    def _read_key(self, origin: _Origin, key: object) -> _Origin:
        found = origin.at(key if isinstance(key, str) else ITEM)
        if isinstance(key, str):
            self._keys[found] = None
        return found

    # Reading

    def _read(self, node: ast.AST, names: _Names) -> None:
        if isinstance(node, _FUNCTION):
            names = names | self._parameters(node)
            for one in node.body:
                self._read(one, names)
            return
        if isinstance(node, ast.Lambda):
            names = {name: origin for name, origin in names.items() if name not in {a.arg for a in node.args.args}}
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            names = dict(names)
            for each in node.generators:
                self._bind(each.target, self._item(each.iter, names), names)
        self._note(node, names)
        for child in ast.iter_child_nodes(node):
            self._read(child, names)

    def _parameters(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> _Names:
        given = self._given.get(function.name, {})
        first = [one.arg for one in function.args.args if one.arg not in _NO_VALUES][:1]
        return ({one: _Origin(_EVENT) for one in first} if not given else {}) | given

    def _note(self, node: ast.AST, names: _Names) -> None:  # noqa: PLR0912  # a kind of node each
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, self._origin(value, names), names)
            case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                self._bind(target, self._origin(value, names), names)
            case ast.For(target=target, iter=iterated):
                self._bind(target, self._item(iterated, names), names)
            case ast.Compare(left=left, ops=operators, comparators=others):
                sides = [left, *others]
                for operator, one, other in zip(operators, sides, sides[1:], strict=False):
                    self._compared(operator, one, other, names)
            case ast.BoolOp(op=ast.And(), values=values):
                self._wanted_together(dict(self._wanted(values, names)))
            case ast.Match(subject=subject, cases=cases):
                if origin := self._origin(subject, names):
                    for case in cases:
                        self._matched(origin, case.pattern)
            case ast.Subscript(value=ast.Name(id=name), slice=key) if name not in names:
                self._is_one_of(self._origin(key, names), self._literals.get(name, ()))
            case ast.Call(func=ast.Attribute(value=value, attr="startswith" | "endswith"), args=[prefix]):
                self._is_one_of(self._origin(value, names), self._literals_of(prefix, names))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[key, *_]) if name not in names:
                self._is_one_of(self._origin(key, names), self._literals.get(name, ()))
                self._origin(node, names)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in self._functions:
                function = self._functions[name]
                own = any("step" in ast.unparse(one) for one in function.decorator_list)  # the SDK gives the first
                for parameter, argument in zip(function.args.args[own:], arguments, strict=False):
                    if origin := self._origin(argument, names):
                        self._given.setdefault(name, {})[parameter.arg] = origin
            case ast.Subscript() | ast.Call():
                self._origin(node, names)

    def _item(self, iterated: ast.expr, names: _Names) -> _Origin | None:
        origin = self._origin(iterated, names)
        return origin and origin.at(ITEM)

    def _bind(self, target: ast.AST, origin: _Origin | None, names: _Names) -> None:
        if isinstance(target, ast.Name):
            if origin:
                names[target.id] = origin
            else:
                names.pop(target.id, None)

    def _compared(self, operator: ast.cmpop, one: ast.expr, other: ast.expr, names: _Names) -> None:
        if isinstance(operator, ast.In | ast.NotIn) and isinstance(one, ast.Constant):
            if origin := self._origin(other, names):  # a key of it, or a text in it
                self._read_key(origin, one.value)
                self._is_one_of(origin, [one.value])
            return
        for this, that in ((one, other), (other, one)):
            literals = list(self._literals_of(that, names))
            for origin, counted in self._mentioned(this, names):
                if counted:
                    lengths = (one + more for one in literals if type(one) is int for more in (1, -1, 0))
                    self._lengths[origin] |= {one: None for one in lengths if 0 <= one <= _MOST_ITEMS}
                else:
                    self._is_one_of(origin, literals)

    def _mentioned(self, node: ast.AST, names: _Names) -> Iterator[tuple[_Origin, bool]]:
        """What stands in `node`, and whether its length alone does."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
            if origin := self._origin(node.args[0], names):
                yield origin, True
        elif origin := self._origin(node, names):
            yield origin, False
        else:
            for child in ast.iter_child_nodes(node):
                yield from self._mentioned(child, names)

    def _matched(self, origin: _Origin, pattern: ast.pattern) -> None:
        match pattern:
            case ast.MatchValue(value=value):
                self._is_one_of(origin, self._literals_of(value, {}))
            case ast.MatchSingleton(value=value):
                self._is_one_of(origin, [value])
            case ast.MatchOr(patterns=patterns):
                for one in patterns:
                    self._matched(origin, one)
            case ast.MatchAs(pattern=ast.pattern() as one):
                self._matched(origin, one)
            case ast.MatchMapping(keys=keys, patterns=patterns):
                wanted: dict[_Origin, Any] = {}
                for key, one in zip(keys, patterns, strict=True):
                    if isinstance(key, ast.Constant):
                        at = self._read_key(origin, key.value)
                        self._matched(at, one)
                        wanted[at] = _matching(one)
                self._wanted_together(wanted)
            case ast.MatchSequence(patterns=patterns) if not any(isinstance(one, ast.MatchStar) for one in patterns):
                self._lengths[origin] |= {len(patterns): None}

    def _wanted(self, conditions: Iterable[ast.expr], names: _Names) -> Iterator[tuple[_Origin, Any]]:
        """What makes each of these true, as far as that is plain."""
        for one in conditions:
            match one:
                case ast.Compare(left=left, ops=[operator], comparators=[right]):
                    for this, that in ((left, right), (right, left)):
                        origin, literals = self._origin(this, names), list(self._literals_of(that, names))
                        if origin and literals:
                            yield origin, _satisfying(operator, literals[0], turned=this is right)
                case _ if origin := self._origin(one, names):
                    yield origin, True

    def _wanted_together(self, wanted: dict[_Origin, Any]) -> None:
        if len(wanted) > 1:
            self._together[repr(wanted)] = wanted

    def _is_one_of(self, origin: _Origin | None, literals: Iterable[Any]) -> None:
        if origin is None:
            return
        for one in literals:
            if isinstance(one, bool) or not isinstance(one, int | float):
                self._values[origin].setdefault(repr(one), one)
            else:
                for near in (one, one + 1, one - 1):
                    self._values[origin].setdefault(repr(near), near)


def _satisfying(operator: ast.cmpop, literal: Any, *, turned: bool) -> Any:
    """A value that is so compared with `literal`; `turned` if it stands on the right."""
    if isinstance(literal, bool) or not isinstance(literal, int | float):
        return literal
    more, less = (ast.Lt, ast.Gt) if turned else (ast.Gt, ast.Lt)
    return literal + isinstance(operator, more | ast.NotEq) - isinstance(operator, less)


def _matching(pattern: ast.pattern) -> Any:
    """A value that `pattern` takes, as far as that is plain."""
    match pattern:
        case ast.MatchValue(value=value):
            return next(_constants(value), True)
        case ast.MatchSingleton(value=value):
            return value
        case ast.MatchOr(patterns=[one, *_]):
            return _matching(one)
        case ast.MatchSequence(patterns=patterns):
            return [_matching(one) for one in patterns if not isinstance(one, ast.MatchStar)]
    return True


def _constants(node: ast.AST) -> Iterator[Any]:
    """The JSON values that stand in `node`; of a dictionary, its keys."""
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            yield value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            yield -value
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            for one in parts:
                yield from _constants(one)
        case ast.Dict(keys=keys):
            for key in keys:
                if key:
                    yield from _constants(key)
        case ast.Call(args=[one]):  # such as frozenset({…}) or Decimal("5")
            yield from _constants(one)
