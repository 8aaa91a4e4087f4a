"""What a dialect is: how a family of models is asked, and how it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from durable_conformance.model.bedrock.asked import Asked, Tool
from durable_conformance.model.bedrock.reply import Reply, ToolUse
from durable_conformance.model.call import TAG, untagged

type Json = dict[str, Any]
type Path = tuple[str | int, ...]
"""Where something stands in a document. `EACH` stands for every item of a list."""

EACH = "*"
MOST_PIECES = 6
"""Of how many pieces a streamed text is made, at most."""


@dataclass(frozen=True)
class Asks:
    """What a body asks for."""

    tools: tuple[Tool, ...] = ()
    forced: str = ""
    schema: Json | None = None
    stop: tuple[str, ...] = ()
    embedding: int = 0
    unsupported: str = ""


@dataclass(frozen=True)
class Said:
    """What the body of a response says."""

    texts: tuple[str, ...]
    tool_uses: tuple[ToolUse, ...] = ()
    stop_reason: str = "end_turn"  # in Converse's words
    input_tokens: int | None = None
    output_tokens: int | None = None


class Dialect(Protocol):
    """How a family of models is asked, and how it answers."""

    @property
    def name(self) -> str:
        """What `Asked.family` calls it."""

    @property
    def texts(self) -> tuple[Path, ...]:
        """Where free text stands in a response's body."""

    @property
    def ids(self) -> tuple[Path, ...]:
        """Where ids of tool uses stand in a response's body. Without any, the dialect has no tool uses."""

    def asks(self, body: Json) -> Asks:
        """What a request's body asks for."""

    def body(self, asked: Asked, reply: Reply) -> Json:
        """The body of the response that says `reply`."""

    def said(self, body: Json) -> Said | None:
        """What the body of a response says; None if it is none in this dialect."""

    def chunks(self, body: Json) -> Iterator[Json]:
        """The parts in which that body is streamed.

        Raises:
            CannotRunError: It holds something that cannot be streamed here.
        """


def at[T](document: Any, *path: str | int, of: type[T]) -> T:
    """What stands at `path`, if it is a `T`; else an empty `T`: what somebody else wrote may be of any shape."""
    for key in path:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return of()
    return document if isinstance(document, of) else of()


def every(document: Any, path: Path) -> Iterator[Any]:
    """Each thing that stands at `path`."""
    if not path:
        yield document
    elif path[0] == EACH:
        for item in document if isinstance(document, list) else ():
            yield from every(item, path[1:])
    elif isinstance(document, dict) and path[0] in document:
        yield from every(document[path[0]], path[1:])


def strings(items: list[Any]) -> tuple[str, ...]:
    """Those that are texts."""
    return tuple(item for item in items if isinstance(item, str))


def tools(specs: list[Any], *schema: str) -> tuple[Tool, ...]:
    """The tools that `specs` describe, with their input's schema at the path `schema`."""
    named = (spec for spec in specs if at(spec, "name", of=str))
    return tuple(Tool(spec["name"], at(spec, *schema, of=dict)) for spec in named)


def first_of(offered: tuple[Tool, ...]) -> str:
    """The tool that is used where any must be."""
    return offered[0].name if offered else ""


def word(words: dict[str, str], reason: str) -> str:
    """A dialect's word for a stop reason of Converse."""
    return words.get(reason, words["end_turn"])


def reason(words: dict[str, str], theirs: str) -> str:
    """Converse's word for a dialect's stop reason."""
    return next((ours for ours, known in words.items() if known == theirs), "end_turn")


def pieces(text: str) -> list[str]:
    """`text` in pieces, which end anywhere except inside a tag; the same pieces each time, whatever its tags are."""
    places = hashlib.sha256(untagged(text).encode(errors="surrogatepass")).digest()[: MOST_PIECES - 1]
    ends = {len(text) * place // 256 for place in places} | {0, len(text)}
    for tag in TAG.finditer(text):
        ends -= set(range(tag.start() + 1, tag.end()))
    return [text[start:end] for start, end in pairwise(sorted(ends))]
