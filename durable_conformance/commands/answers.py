"""What people and other functions answer, as it is typed or stands in a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_conformance.errors import CannotRunError

if TYPE_CHECKING:
    from durable_conformance.subject import ByName, CallbackAnswer

SILENT, FAIL = "!silent", "!fail:"
_NAMED = re.compile(r"([A-Za-z_][\w.:/$-]*)?=(.*)", re.DOTALL)
"""A name, and what it is answered. JSON begins otherwise; `=TEXT` is for a text that would be taken for this."""


@dataclass(frozen=True)
class GivenAnswer:
    """An answer that was given."""

    name: str  # of the callback or chained invocation; empty for all that have none of their own
    text: str  # a payload, `!fail:MESSAGE` or `!silent`

    def __str__(self) -> str:
        """As it is typed."""
        return f"{self.name}={self.text}" if self.name or _NAMED.fullmatch(self.text) else self.text


def typed_answer(typed: str) -> GivenAnswer:
    """The parser of `--answer` and `--invoke`: `TEXT` or `NAME=TEXT`."""
    named = _NAMED.fullmatch(typed)
    return GivenAnswer(named[1] or "", named[2]) if named else GivenAnswer("", typed)


def typed_by_name(option: str, given: Iterable[GivenAnswer]) -> dict[str, str]:
    """What was typed, by name; under an empty one what is for all others.

    Raises:
        CannotRunError: Two are for the same.
    """
    answers: dict[str, str] = {}
    for one in given:
        if one.name in answers:
            raise CannotRunError(f"{option} is given twice for {repr(one.name) if one.name else 'all'}.")
        answers[one.name] = one.text
    return answers


def callback_answers(given: Iterable[GivenAnswer]) -> ByName:
    """What callbacks are answered. Their payloads are text: whatever stands there is sent as it is."""
    return _by_name(given, json_alone=False)


def invoke_results(given: Iterable[GivenAnswer]) -> ByName:
    """What chained invocations come to. Their payloads are JSON: whatever else stands there is sent as a string."""
    return _by_name(given, json_alone=True)


def _by_name(given: Iterable[GivenAnswer], *, json_alone: bool) -> ByName:
    from durable_conformance.subject import OK, Answered, ByName  # noqa: PLC0415  # help needs no SDK

    answers = {one.name: _answer(one.text, json_alone=json_alone) for one in given}
    otherwise = answers.pop("", Answered(OK))
    return ByName(answers, otherwise)


def _answer(text: str, *, json_alone: bool) -> CallbackAnswer:
    from durable_conformance.subject import Answered, Refused, Silence  # noqa: PLC0415  # as above

    if text == SILENT:
        return Silence()
    if text.startswith(FAIL):
        return Refused(text.removeprefix(FAIL))
    if text.startswith("!"):
        raise CannotRunError(f"{text!r} is no answer; write {FAIL}MESSAGE, {SILENT}, or a text.")
    return Answered(json.dumps(text) if json_alone and not _is_json(text) else text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
