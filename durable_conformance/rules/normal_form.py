"""What a run did, in terms that do not differ between two runs of a correct handler.

An answer that a never-twice model gave carries a tag of its own: it is renamed to the operation whose checkpoint holds
it, or marked as dead if it died with a crash. Other values that were recorded (a time, an id) do not differ between the
runs that are compared: see `execution.pinned`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from durable_conformance.execution import BATCHES, Action, OperationRecord, Run
from durable_conformance.identity import alike
from durable_conformance.model import ANSWERED, TAG, Call, comparable

_ENDED_EARLY = re.compile(r"MIN_SUCCESSFUL_REACHED|FAILURE_TOLERANCE_EXCEEDED|CUSTOM_COMPLETION")
"""The SDK's completion reasons other than ALL_COMPLETED, as a batch's checkpoint holds them."""

_RACE = re.compile(r"MIN_SUCCESSFUL_REACHED|CUSTOM_COMPLETION")
"""Those of them that whoever wrote the workflow has chosen."""

_BRANCH_ENDED = re.compile(r'"index":\{"t":"i","v":(\d+)\},"status":\{"t":"s","v":"(SUCCEEDED|FAILED)"\}')
"""A branch that had ended when its batch did, as the SDK's own serializer writes a batch's result."""

type _Making = tuple[str | None, int | None, int]
"""An attempt of an operation in an invocation."""

DEAD = "an answer that died with a crash"


class Row(NamedTuple):
    """An operation in comparable terms."""

    path: str
    type: str
    sub_type: str | None
    status: str
    attempts: int | None  # None where how many is a matter of timing, or there are none

    def __str__(self) -> str:
        attempts = "" if self.attempts is None else f" attempts={self.attempts}"
        return f"{self.type}/{self.sub_type} {self.status}{attempts}"


@dataclass(frozen=True)
class Canonical:
    """A run in comparable terms."""

    run: Run
    result: str  # JSON text
    error: str  # type and message
    history: tuple[Row, ...]
    decided_early: frozenset[str]  # the batches that ended before all of their branches had: the rest is timing
    races: frozenset[str]  # those of them of which that was to be expected: enough branches had succeeded
    winners: Mapping[str, tuple[tuple[str, str], ...]]  # by batch that has ended, which branches had by then, and how
    requests: Mapping[str, frozenset[str]]  # by operation: a text an attempt, and more if a repetition asked otherwise


def canonical(run: Run) -> Canonical:
    """`run` in comparable terms."""
    names, of_attempt = _answer_names(run)
    rename = partial(_renamed, names=names)
    retries = Counter(update.path for update in run.updates if update.action == Action.RETRY and not update.interrupted)
    requests: dict[str, set[str]] = {}
    for call in run.all_calls:
        its_own = of_attempt.get(_making(call), {}) if call.path else {}
        requests.setdefault(rename(call.path or ""), set()).add(_renamed(call.request.text, names | its_own))
    return Canonical(
        run=run,
        result=rename(json.dumps(run.result, sort_keys=True, ensure_ascii=False)),
        error=rename(f"{run.error_type}: {run.error_message}") if run.error_type else "",
        history=tuple(
            Row(rename(one.path), one.type, one.sub_type, one.status, _attempts(one, retries)) for one in run.operations
        ),
        decided_early=frozenset(
            one.path for one in run.operations if one.sub_type in BATCHES and _ENDED_EARLY.search(one.result or "")
        ),
        races=frozenset(
            one.path for one in run.operations if one.sub_type in BATCHES and _RACE.search(one.result or "")
        ),
        winners={
            one.path: tuple(_BRANCH_ENDED.findall(one.result))
            for one in run.operations
            if one.sub_type in BATCHES and one.result
        },
        requests={path: frozenset(texts) for path, texts in requests.items()},
    )


def _renamed(text: str, names: Mapping[int, str]) -> str:
    return TAG.sub(lambda match: f"~<{names.get(int(match[1]), DEAD)}>", alike(text))


def _answer_names(run: Run) -> tuple[dict[int, str], dict[_Making, dict[int, str]]]:
    """For the serial number of every answer that lived, the operation, and which of its questions it answers.

    And the same for each attempt in each invocation: what it quotes of its own answers, it may quote, though it died.
    """
    last = {(call.path, call.attempt): call.invocation for call in run.calls if call.outcome == ANSWERED}
    made: Counter[tuple[_Making, int]] = Counter()
    names: dict[int, str] = {}
    of_attempt: dict[_Making, dict[int, str]] = {}
    for call in run.calls:
        if call.answer and (tags := TAG.findall(call.answer.text)):
            which = zlib.crc32(comparable(call.request.text).encode(errors="surrogatepass"))
            made[_making(call), which] += 1  # threads of a step ask in any order
            # An answer may quote earlier ones; its own tag is the newest. An operation may be named after an earlier
            # answer, which is renamed in its path, too.
            name = f"{_renamed(call.path or '', names)}#{which:08x}.{made[_making(call), which]}"
            of_attempt.setdefault(_making(call), {})[max(map(int, tags))] = name
            if last[call.path, call.attempt] == call.invocation:
                names[max(map(int, tags))] = name
    return names, of_attempt


def _making(call: Call) -> _Making:
    return call.path, call.attempt, call.invocation


def _attempts(operation: OperationRecord, retries: Mapping[str, int]) -> int | None:
    """Attempts that failed by themselves, plus one. An attempt that died with the invocation is none of them.

    How often a condition is polled is left out: a poll that dies starts again from the state before it.
    """
    if operation.attempts is None or operation.sub_type == "WaitForCondition":
        return None
    return 1 + retries.get(operation.path, 0)


def raced_otherwise(baseline: Canonical, run: Canonical) -> bool:
    """Whether a batch that is decided early was decided by other branches in `run` than in `baseline`."""
    return any(
        batch in baseline.winners and batch in run.winners and baseline.winners[batch] != run.winners[batch]
        for batch in baseline.decided_early | run.decided_early
    )
