"""JSON values that Hypothesis makes up: of a schema, or of the shape of given ones, with the words of a source."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import Unsatisfiable
from jsonschema import validators  # type: ignore[import-untyped]

from durable_conformance.exploring.source_words import ITEM, JsonPath, Schema, Words

_DEEPEST = 6
"""Levels of a value that are filled where they need not be: a schema may stand in itself."""
_ANYTHING: tuple[Any, ...] = (True, False, "a", 1, 0, "", None, ["a"], {})
"""For what nobody says anything about; the first ones lead furthest."""
_OF_TYPE: Mapping[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "string": ("", "a", "A b", "0", "é"),
    "integer": (0, 1, -1, 2, 10, 1_000_000),
    "number": (0, 1, -1, 0.5, 1_000_000),
    "array": ([],),
    "object": ({},),
    "null": (None,),
}
_OF_FORMAT = {
    "date": ("2024-02-29", "1999-12-31"),
    "date-time": ("2024-02-29T23:59:59Z", "1999-12-31T00:00:00+01:00"),
    "time": ("23:59:59Z", "00:00:00+01:00"),
    "duration": ("P1D", "PT0S"),
    "uuid": ("00000000-0000-4000-8000-000000000000", "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"),
    "email": ("a@example.com",),
    "uri": ("https://example.com/a",),
}
_PRINTABLE = "".join(map(chr, range(32, 127)))
_LETTERS = "abcxyzABC019 _-./é"


def drawn[T](strategy: st.SearchStrategy[T], count: int, number: int) -> list[T]:
    """Some `count` values, the same whenever this is asked with the same `number`.

    Hypothesis keeps nothing, measures no time, and asks no profile of a test.
    """
    found: list[T] = []

    @seed(number)
    @settings(
        max_examples=count,
        derandomize=False,  # the seed is what decides
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        backend="hypothesis",
    )
    @given(strategy)
    def draw(value: T) -> None:
        found.append(value)

    with tempfile.TemporaryDirectory() as home, contextlib.suppress(Unsatisfiable):  # nothing drawn is as wanted
        set_hypothesis_home_dir(home)  # the folder that people are in stays as it is
        try:
            draw()
        finally:
            set_hypothesis_home_dir(None)
    return found


@dataclass(frozen=True, eq=False)
class Place:
    """Somewhere in a value that something may be changed."""

    path: tuple[str | int, ...]
    schema: Schema  # what may stand there
    words: JsonPath  # what the source calls it
    present: bool
    required: bool

    def set(self, value: Any, to: Any) -> Any:
        """`value` with `to` there."""
        return _put(value, self.path, to)

    def dropped(self, value: Any) -> Any:
        """`value` without what stands there."""
        whole = copy.deepcopy(value)
        inside = whole
        for key in self.path[:-1]:
            inside = inside[key]
        del inside[self.path[-1]]
        return whole


@dataclass(frozen=True)
class Change:
    """A value, of another one by one step."""

    key: str  # the same for the same step from any other value
    to: Any


def _put(value: Any, path: tuple[str | int, ...], to: Any) -> Any:
    if not path:
        return to
    key, *rest = path
    if isinstance(key, str):
        known = value if isinstance(value, dict) else {}
        return {**known, key: _put(known.get(key), tuple(rest), to)}
    items = value if isinstance(value, list) else []
    inside = items[key] if key < len(items) else None
    return [*items[:key], _put(inside, tuple(rest), to), *items[key + 1 :]]


class Shape:
    """What values may be: of a schema, if there is one, or as `seen` ones are, with keys that the source reads."""

    def __init__(self, schema: Schema | None, seen: Sequence[Any], words: Words) -> None:
        self._said = schema is not None
        self._root = schema if schema is not None else _with_keys(_merged([_seen(one) for one in seen]), words)
        self._words = words
        self._texts = tuple({one: None for values in words.values.values() for one in values if isinstance(one, str)})
        validator = validators.validator_for(self._root, validators.Draft202012Validator)
        self._valid = validator(self._root)
        self._definitions = {name: self._root[name] for name in ("$defs", "definitions") if name in self._root}

    def fits(self, value: Any) -> bool:
        """Whether the schema that was given takes `value`."""
        return not self._said or bool(self._valid.is_valid(value))

    # Step by step

    def likely(self, value: Any) -> Iterator[Change]:
        """What differs from `value` by what the source compares with, or by a key that is missing."""
        places = self._all_places(value)
        for one in places:
            yield from self._changes(value, places, [{one: to} for to in self._likely(one.schema, one.words)])
        by_words = {one.words: one for one in reversed(places)}
        both = ({by_words[at]: to for at, to in wanted.items() if at in by_words} for wanted in self._words.together)
        yield from self._changes(value, places, both)
        dropped = [one for one in places if one.present and not one.required and one.path]
        without = (Change(json.dumps(one.words), one.dropped(value)) for one in dropped)
        yield from (one for one in without if self.fits(one.to))

    def plain(self, value: Any) -> Iterator[Change]:
        """What differs from `value` in one place, which the source says no word about."""
        places = self._all_places(value)
        for one in places:
            yield from self._changes(value, places, [{one: to} for to in self._plain(one)])

    def _changes(self, value: Any, places: Sequence[Place], steps: Iterable[Mapping[Place, Any]]) -> Iterator[Change]:
        for step in steps:
            changed = value
            for place, to in step.items():
                plain = place.set(changed, to)
                if not self.fits(plain):  # what it stands in is not there, and has to hold more
                    absent = (one for one in places if not one.present and one.path == place.path[: len(one.path)])
                    around = {one.path: one for one in reversed(list(absent))}
                    for path in sorted(around, key=len):
                        changed = around[path].set(changed, self._least(around[path].schema))
                    plain = place.set(changed, to)
                changed = plain
            if step and self.fits(changed):
                yield Change(json.dumps([[place.words, to] for place, to in step.items()], sort_keys=True), changed)

    def _least(self, schema: Schema, depth: int = 0) -> Any:
        """A small value that `schema` takes, as far as that is plain."""
        one = self._alternatives(schema)[0]
        if likely := self._likely(one, ("",)):
            return likely[0]
        kind = next(iter(_kinds(one)), "")
        if kind == "object":
            needed = one.get("required", ()) if self._said else one.get("properties", ())
            inner = {key: one.get("properties", {}).get(key, {}) for key in needed}
            return {key: self._least(of, depth + 1) for key, of in inner.items()} if depth < _DEEPEST else {}
        if kind == "array":
            return [self._least(one.get("items", {}), depth + 1) for _ in range(one.get("minItems", 0))]
        fitting = (each for each in _OF_TYPE.get(kind, _ANYTHING) if self._takes(one, each))
        return next(fitting, _bounds(one)[0] if kind in {"integer", "number"} else "a" * one.get("minLength", 1))

    def _all_places(self, value: Any) -> list[Place]:
        return list(self._places(self._root, value, (), (), required=True))

    def _plain(self, place: Place) -> Iterator[Any]:
        """One or two values for a place that the source says no word about."""
        if place.words in self._words.values or place.words in self._words.lengths or "properties" in place.schema:
            return
        kinds = _kinds(place.schema)
        if not kinds:
            yield from _ANYTHING[:3]
        for kind in kinds:
            yield from (one for one in _OF_TYPE.get(kind, ())[:2] if self._takes(place.schema, one))

    def _places(
        self, schema: Schema, value: Any, path: tuple[str | int, ...], words: JsonPath, *, required: bool
    ) -> Iterator[Place]:
        for one in self._alternatives(schema):
            if path or "properties" not in one:
                yield Place(path, one, words, present=True, required=required)
            yield from self._inside(one, value, path, words)

    def _inside(self, one: Schema, value: Any, path: tuple[str | int, ...], words: JsonPath) -> Iterator[Place]:
        if len(path) >= _DEEPEST:
            return
        required = set(one.get("required", ()))
        for key, inner in one.get("properties", {}).items():
            at, said = (*path, key), (*words, key)
            if isinstance(value, dict) and key in value:
                yield from self._places(inner, value[key], at, said, required=key in required)
            else:
                yield from self._absent(inner, at, said, required=key in required)
        if "items" in one and isinstance(one["items"], dict):
            items = value if isinstance(value, list) else []
            at, said = (*path, 0), (*words, ITEM)
            if not items:
                yield from self._absent(one["items"], at, said, required=True)
            for number, item in enumerate(items[:2]):
                yield from self._places(one["items"], item, (*path, number), said, required=True)

    def _absent(
        self, schema: Schema, path: tuple[str | int, ...], words: JsonPath, *, required: bool
    ) -> Iterator[Place]:
        for one in self._alternatives(schema):
            yield Place(path, one, words, present=False, required=required)
            yield from self._inside(one, None, path, words)

    # By Hypothesis

    def values(self) -> st.SearchStrategy[Any]:
        """All that values may be."""
        return self._value(self._root, (), 0).filter(self.fits)

    def changed(self, value: Any) -> st.SearchStrategy[Any]:
        """`value`, changed in a place or a few."""

        @st.composite
        def changes(draw: st.DrawFn) -> Any:
            now = value
            for _ in range(draw(st.sampled_from((1, 1, 2, 3)))):
                place = draw(st.sampled_from(self._all_places(now)))
                drop = place.present and not place.required and bool(place.path) and draw(st.integers(0, 3)) == 0
                to = None if drop else draw(self._value(place.schema, place.words, len(place.path)))
                now = place.dropped(now) if drop else place.set(now, to)
            return now

        return changes().filter(self.fits)

    def _value(self, schema: Schema, words: JsonPath, depth: int) -> st.SearchStrategy[Any]:
        choices: list[st.SearchStrategy[Any]] = []
        for one in self._alternatives(schema):
            if likely := self._likely(one, words):
                choices.append(st.sampled_from(likely))
            if "enum" in one or "const" in one:
                continue
            kinds = _kinds(one)
            choices += [self._of_kind(kind, one, words, depth) for kind in kinds]
            if not kinds:
                choices.append(st.sampled_from(_ANYTHING))
        return st.one_of(choices)

    def _of_kind(self, kind: str, schema: Schema, words: JsonPath, depth: int) -> st.SearchStrategy[Any]:
        if kind == "object":
            return self._object(schema, words, depth)
        if kind == "array":
            return self._array(schema, words, depth)
        known = [one for one in _OF_TYPE.get(kind, ()) if self._takes(schema, one)]
        plain = [st.sampled_from(known)] if known else []
        if kind in {"integer", "number"}:
            least, most = _bounds(schema)
            drawn = st.integers(least, most).filter(lambda one: self._takes(schema, one))
            return st.one_of([*plain, drawn]) if least <= most else st.one_of(plain)
        if kind == "string":
            texts = [one for one in self._texts if self._takes(schema, one)]
            return st.one_of([*plain, *([st.sampled_from(texts)] if texts else []), self._text(schema)])
        return st.one_of(plain)

    def _text(self, schema: Schema) -> st.SearchStrategy[str]:
        if _is_regex(schema.get("pattern")):
            made = st.from_regex(schema["pattern"], alphabet=_PRINTABLE)
            made = made.filter(lambda one: not one.endswith("\n"))  # which `$` stands before in Python alone
        elif schema.get("format") in _OF_FORMAT:
            made = st.sampled_from(_OF_FORMAT[schema["format"]])
        else:
            least = schema.get("minLength", 0)
            most = min(schema.get("maxLength", least + 8), least + 8)
            made = st.lists(st.sampled_from(_LETTERS), min_size=least, max_size=most).map("".join)
        return made.filter(lambda one: self._takes(schema, one))

    def _array(self, schema: Schema, words: JsonPath, depth: int) -> st.SearchStrategy[Any]:
        items = schema.get("items")
        item = self._value(items if isinstance(items, dict) else {}, (*words, ITEM), depth + 1)
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", least + 3), least + 3)
        if depth >= _DEEPEST:
            most = least
        lengths = [one for one in self._words.lengths.get(words, ()) if depth < _DEEPEST]
        return st.one_of(
            [
                st.lists(item, min_size=one, max_size=other)
                for one, other in [(least, most), *zip(lengths, lengths, strict=True)]
            ]
        )

    def _object(self, schema: Schema, words: JsonPath, depth: int) -> st.SearchStrategy[Any]:
        required = set(schema.get("required", ()))
        known = schema.get("properties", {})
        made = {key: self._later(inner, (*words, key), depth + 1) for key, inner in known.items()}
        made |= {key: st.sampled_from(_ANYTHING) for key in required - known.keys()}
        optional = {key: value for key, value in made.items() if key not in required}
        must = {key: value for key, value in made.items() if key in required}
        return st.fixed_dictionaries(must, optional=optional if depth < _DEEPEST else {})

    def _later(self, schema: Schema, words: JsonPath, depth: int) -> st.SearchStrategy[Any]:
        return st.deferred(lambda: self._value(schema, words, depth))

    # What a schema says

    def _likely(self, schema: Schema, words: JsonPath) -> list[Any]:
        """What the source, an enumeration or the given values say that may stand there."""
        said = [schema["const"]] if "const" in schema else [*schema.get("enum", ())]
        own = [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else [])]
        counted = self._words.lengths.get(words, ())
        lengths = [[self._least(schema.get("items", {}))] * length for length in counted]
        found = said or [*self._words.values.get(words, ()), *lengths, *own]
        by_text = {json.dumps(one, sort_keys=True): one for one in found}
        return [one for one in by_text.values() if self._takes(schema, one)]

    def _takes(self, schema: Schema, value: Any) -> bool:
        if not self._said:
            return True
        return bool(self._valid.evolve(schema={**self._definitions, **schema}).is_valid(value))

    def _alternatives(self, schema: object, depth: int = 0) -> list[Schema]:
        """The schemas one of which a value is of, without references."""
        if not isinstance(schema, dict) or depth > _DEEPEST:  # True takes everything
            return [{}]
        if "$ref" in schema:
            others = {key: value for key, value in schema.items() if key != "$ref"}
            return [{**one, **others} for one in self._alternatives(self._referred(schema["$ref"]), depth + 1)]
        for key in ("anyOf", "oneOf"):
            if key in schema:
                rest = {name: value for name, value in schema.items() if name != key}
                return [_both(rest, one) for each in schema[key] for one in self._alternatives(each, depth + 1)]
        if "allOf" in schema:
            together: Schema = {name: value for name, value in schema.items() if name != "allOf"}
            for each in schema["allOf"]:
                together = _both(together, self._alternatives(each, depth + 1)[0])
            return [together]
        return [schema]

    def _referred(self, reference: str) -> Schema:
        found: Any = self._root
        for part in reference.removeprefix("#").split("/")[1:]:
            found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict) and found is not self._root else {}


def _both(one: Schema, other: Schema) -> Schema:
    both = {**one, **other}
    if "properties" in one and "properties" in other:
        both["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        both["required"] = [*one["required"], *other["required"]]
    return both


def _kinds(schema: Schema) -> list[str]:
    kinds = schema.get("type", ())
    if kinds:
        return [kinds] if isinstance(kinds, str) else list(kinds)
    if "properties" in schema:
        return ["object"]
    return ["array"] if "items" in schema else []


def _is_regex(pattern: object) -> bool:
    """Whether Python reads it: a schema's are JavaScript's."""
    try:
        return isinstance(pattern, str) and bool(re.compile(pattern))
    except re.error:
        return False


def _bounds(schema: Schema) -> tuple[int, int]:
    """The least and the greatest integer that `schema` takes, as far as they are not far away."""
    least = max((schema[key] for key in ("minimum", "exclusiveMinimum") if _number(schema, key)), default=None)
    most = min((schema[key] for key in ("maximum", "exclusiveMaximum") if _number(schema, key)), default=None)
    low = least if least is not None else -1_000 if most is None else most - 1_000
    high = most if most is not None else low + 2_000
    return int(-(-low // 1)), int(high // 1)


def _number(schema: Schema, key: str) -> bool:
    return type(schema.get(key)) in {int, float}


def _seen(value: Any) -> Schema:
    """The shape of a value. Nothing in it is required."""
    match value:
        case dict():
            return {"type": ["object"], "properties": {key: _seen(one) for key, one in value.items()}}
        case list():
            return {"type": ["array"], **({"items": _merged([_seen(one) for one in value])} if value else {})}
        case bool():
            kind = "boolean"
        case str():
            kind = "string"
        case int() | float():
            kind = "integer" if isinstance(value, int) else "number"
        case _:
            kind = "null"
    return {"type": [kind], "examples": [value]}


def _merged(shapes: Sequence[Schema]) -> Schema:
    """A shape of all that are of one of `shapes`."""
    merged: dict[str, Any] = {}
    if kinds := dict.fromkeys(kind for one in shapes for kind in one.get("type", ())):
        merged["type"] = list(kinds)
    if examples := [value for one in shapes for value in one.get("examples", ())]:
        merged["examples"] = examples
    if keys := dict.fromkeys(key for one in shapes for key in one.get("properties", ())):
        merged["properties"] = {
            key: _merged([one["properties"][key] for one in shapes if key in one.get("properties", ())]) for key in keys
        }
    if items := [one["items"] for one in shapes if "items" in one]:
        merged["items"] = _merged(items)
    return merged


def _with_keys(shape: Schema, words: Words) -> Schema:
    """`shape` with the keys that the source reads where it may hold some."""
    for path in (*words.keys, *words.values, *words.lengths):
        shape = _with_key(shape, path)
    return shape


def _with_key(shape: Schema, path: JsonPath) -> Schema:
    if not path:
        return shape
    key, *rest = path
    if key == ITEM:
        kinds = shape.get("type", ["array"])
        known = shape.get("items", {})
        return {**shape, "type": kinds, "items": _with_key(known, tuple(rest))} if "array" in kinds else shape
    kinds = shape.get("type", ["object"])
    if "object" not in kinds:
        return shape  # it is read of something else, which happens to have this name
    known = shape.get("properties", {})
    return {**shape, "type": kinds, "properties": {**known, key: _with_key(known.get(key, {}), tuple(rest))}}
