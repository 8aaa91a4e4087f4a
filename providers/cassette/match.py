"""Which requests are the same to a cassette, and what a request that it does not hold differs in."""

from __future__ import annotations

import contextlib
import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from providers.cassette.file import RECORD_ADVICE
from providers.scrub import masked

MAX_DIFFERENCES = 10
"""How many a message lists: enough to see what happened, few enough to read."""

CHARS_BEFORE, CHARS_AFTER = 40, 60
"""How much of a long value is shown around the place where it differs."""

MAX_COMPARED_CHARS = 2000
"""How much of two values is compared for likeness; difflib's effort grows faster than their length."""

_MODEL_PATH = re.compile(r"/model/(?P<model>.+)/converse")
_NAME = re.compile(r"\w+")


class _Nothing(Enum):
    NOTHING = "nothing"


@dataclass(frozen=True)
class Key:
    """What makes two requests the same: nothing of host, headers, quoting, account ids, layout or order of keys.

    The path is unquoted. The body is canonical JSON, or as it came if it is none.
    """

    method: str
    path: str
    body: str

    @classmethod
    def of(cls, method: str, url: str, body: object) -> Self:
        """The key of an HTTP request, whose body is text or bytes or nothing."""
        text = body.decode("utf-8", "surrogateescape") if isinstance(body, bytes | bytearray) else str(body or "")
        with contextlib.suppress(ValueError, RecursionError):  # no JSON: the same bytes are the same request
            text = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return cls(method, masked(unquote(urlsplit(url).path)), masked(text))

    @property
    def label(self) -> str:
        """The request's label, or an empty string."""
        try:
            label = self.document["requestMetadata"]["label"]
        except (KeyError, TypeError, ValueError):
            return ""
        return label if isinstance(label, str) else ""

    @property
    def prompt(self) -> str:
        """The last text of the last message, or an empty string."""
        try:
            texts = [block["text"] for block in self.document["messages"][-1]["content"] if "text" in block]
        except (KeyError, IndexError, TypeError, ValueError):
            return ""
        return str(texts[-1]) if texts else ""

    @property
    def document(self) -> Any:
        """The body's JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.body)

    def __str__(self) -> str:
        described = [f"label {_quoted(self.label)}"] if self.label else []
        if prompt := self.prompt:
            described.append(f"prompt {_quoted(_cut(prompt, 0))}")
        return ", ".join(described) or f"{self.method} {self.path}"


@dataclass(frozen=True)
class Recording:
    """A recorded request in a cassette: the how manieth, counted from 1, and whether it was played already."""

    number: int
    key: Key
    played: bool


@dataclass(frozen=True)
class Difference:
    """Where two requests differ: a JSON path, and what stands there in each."""

    path: str
    recorded: Any
    asked: Any

    def __str__(self) -> str:
        recorded, asked = _side_by_side(self.recorded, self.asked)
        return f"{self.path}: recorded {recorded}, asked {asked}"


def differences(recorded: Key, asked: Key) -> tuple[Difference, ...]:
    """Where `asked` differs from `recorded`."""
    before, now = _document(recorded), _document(asked)
    body = "" if isinstance(before, dict) and isinstance(now, dict) else "body"
    return (*_differences("", _where(recorded), _where(asked)), *_differences(body, before, now))


def explain_miss(file: str, asked: Key, recordings: Sequence[Recording]) -> str:
    """Why the cassette in `file`, which holds `recordings` and nothing else, cannot answer what is asked."""
    if not recordings:
        return f"{file} holds no recordings at all, and was asked ({asked}). {RECORD_ADVICE}"
    if same := sum(recording.key == asked for recording in recordings):
        used_up = f"all {same} recordings of this request are" if same > 1 else "the only recording of this request is"
        return f"{file}: {used_up} used up ({asked}), and it is asked once more. {RECORD_ADVICE}"
    closest = min(recordings, key=lambda recording: _distance(recording, asked))
    found = differences(closest.key, asked)
    listed = "".join(f"\n  {difference}" for difference in found[:MAX_DIFFERENCES])
    more = f"\n  and {len(found) - MAX_DIFFERENCES} more" if len(found) > MAX_DIFFERENCES else ""
    return (
        f"{file} holds no recording of this request ({asked}). "
        f"The closest of its {len(recordings)} recordings is number {closest.number}:{listed}{more}\n{RECORD_ADVICE}"
    )


def _distance(recording: Recording, asked: Key) -> tuple[bool, bool, int, float]:
    found = differences(recording.key, asked)
    texts = (
        [_compact(difference.recorded) for difference in found],
        [_compact(difference.asked) for difference in found],
    )
    one, two = ("\n".join(text)[:MAX_COMPARED_CHARS] for text in texts)
    likeness = difflib.SequenceMatcher(None, one, two, autojunk=False).quick_ratio()
    return recording.key.label != asked.label, recording.played, len(found), -likeness


def _where(key: Key) -> dict[str, str]:
    model = _MODEL_PATH.fullmatch(key.path)
    return {"method": key.method} | ({"model": model["model"]} if model else {"path": key.path})


def _document(key: Key) -> Any:
    try:
        return key.document
    except (ValueError, RecursionError):
        return key.body


def _differences(path: str, recorded: Any, asked: Any) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in sorted(recorded.keys() | asked.keys()):
            inner = f"{path}.{name}" if _NAME.fullmatch(name) else f"{path}[{_quoted(name)}]"
            yield from _differences(
                inner.removeprefix("."), recorded.get(name, _Nothing.NOTHING), asked.get(name, _Nothing.NOTHING)
            )
    elif isinstance(recorded, list) and isinstance(asked, list):
        for position in range(max(len(recorded), len(asked))):
            one, two = (side[position] if position < len(side) else _Nothing.NOTHING for side in (recorded, asked))
            yield from _differences(f"{path}[{position}]", one, two)
    elif _compact(recorded) != _compact(asked):  # as JSON: to Python, 1, 1.0 and True are equal
        yield Difference(path, recorded, asked)


def _side_by_side(recorded: Any, asked: Any) -> tuple[str, str]:
    if isinstance(recorded, str) and isinstance(asked, str):
        pairs = enumerate(zip(recorded, asked, strict=False))
        first = next((at for at, (one, two) in pairs if one != two), min(len(recorded), len(asked)))
        return _quoted(_cut(recorded, first)), _quoted(_cut(asked, first))
    return _cut(_compact(recorded), 0), _cut(_compact(asked), 0)


def _cut(text: str, around: int) -> str:
    """`text`, or what of it is near position `around`."""
    start, end = max(0, around - CHARS_BEFORE), around + CHARS_AFTER
    if len(text) <= CHARS_BEFORE + CHARS_AFTER:
        return text
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _compact(value: Any) -> str:
    return value.value if isinstance(value, _Nothing) else _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
