"""What a run did, in terms that do not differ between two runs of a correct handler.

An answer that a never-twice model gave carries a tag of its own: it is renamed to the operation whose checkpoint holds
it, or marked as dead if it died with a crash. Other values that were recorded (a time, an id) do not differ between the
runs that are compared: see `execution.pinned`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from durable_conformance.execution import BATCHES, Action, OperationRecord, Run
from durable_conformance.model import ANSWERED, TAG

_ENDED_EARLY = re.compile(r"MIN_SUCCESSFUL_REACHED|FAILURE_TOLERANCE_EXCEEDED|CUSTOM_COMPLETION")
"""The SDK's completion reasons other than ALL_COMPLETED, as a batch's checkpoint holds them."""

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
    requests: Mapping[str, frozenset[str]]  # by operation: a text an attempt, and more if a repetition asked otherwise


def canonical(run: Run) -> Canonical:
    """`run` in comparable terms."""
    rename = partial(_renamed, names=_answer_names(run))
    retries = Counter(update.path for update in run.updates if update.action == Action.RETRY and not update.interrupted)
    requests: dict[str, set[str]] = {}
    for call in run.calls:
        requests.setdefault(rename(call.path or ""), set()).add(rename(call.request.text))
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
        requests={path: frozenset(texts) for path, texts in requests.items()},
    )


def _renamed(text: str, names: Mapping[int, str]) -> str:
    return TAG.sub(lambda match: f"~<{names.get(int(match[1]), DEAD)}>", text)


def _answer_names(run: Run) -> dict[int, str]:
    """For the serial number of every answer that lived, the operation and the position of the call in its attempt."""
    last = {(call.path, call.attempt): call.invocation for call in run.calls if call.outcome == ANSWERED}
    names: dict[int, str] = {}
    positions: Counter[tuple[str | None, int | None]] = Counter()
    for call in run.calls:
        attempt = (call.path, call.attempt)
        if call.answer and last[attempt] == call.invocation:
            positions[attempt] += 1
            if tags := TAG.findall(call.answer.text):  # an answer may quote earlier ones; its own tag is the newest
                # An operation may be named after an earlier answer, which is renamed in its path, too.
                names[max(map(int, tags))] = f"{_renamed(call.path or '', names)}#{positions[attempt]}"
    return names


def _attempts(operation: OperationRecord, retries: Mapping[str, int]) -> int | None:
    """Attempts that failed by themselves, plus one. An attempt that died with the invocation is none of them.

    How often a condition is polled is left out: a poll that dies starts again from the state before it.
    """
    if operation.attempts is None or operation.sub_type == "WaitForCondition":
        return None
    return 1 + retries.get(operation.path, 0)
