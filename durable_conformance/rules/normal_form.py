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

from durable_conformance.execution import BATCHES, OperationRecord, Run
from durable_conformance.model import ANSWERED, TAG

_ENDED_EARLY = re.compile(r"MIN_SUCCESSFUL_REACHED|FAILURE_TOLERANCE_EXCEEDED|CUSTOM_COMPLETION")
"""The SDK's completion reasons other than ALL_COMPLETED, as a batch's checkpoint holds them."""

DEAD = "an answer that died with a crash"


@dataclass(frozen=True)
class Canonical:
    """A run in comparable terms.

    Attributes:
        run: The run itself.
        result: Its result as JSON text.
        error: The type and message it failed with.
        history: Path, type, subtype, status and attempts of every operation.
        decided_early: The batches that ended before all of their branches had.
        requests: For each operation, what it asked: one text an attempt, and another if a repetition asked otherwise.
    """

    run: Run
    result: str
    error: str
    history: tuple[tuple[str, str, str | None, str, int | None], ...]
    decided_early: frozenset[str]
    requests: Mapping[str, frozenset[str]]


def canonical(run: Run) -> Canonical:
    """`run` in comparable terms."""
    names = _answer_names(run)

    def rename(text: str) -> str:
        return _renamed(text, names)

    retries = Counter(update.path for update in run.updates if update.action == "RETRY" and not update.interrupted)
    requests: dict[str, set[str]] = {}
    for call in run.calls:
        requests.setdefault(rename(call.path or ""), set()).add(rename(call.request.text))
    return Canonical(
        run=run,
        result=rename(json.dumps(run.result, sort_keys=True, ensure_ascii=False)),
        error=rename(f"{run.error_type}: {run.error_message}") if run.error_type else "",
        history=tuple(
            (rename(row.path), row.type, row.sub_type, row.status, _attempts(row, retries)) for row in run.operations
        ),
        decided_early=_decided_early(run),
        requests={path: frozenset(texts) for path, texts in requests.items()},
    )


def _renamed(text: str, names: Mapping[int, str]) -> str:
    return TAG.sub(lambda match: f"~<{names.get(int(match[1]), DEAD)}>", text)


def _answer_names(run: Run) -> dict[int, str]:
    """For the serial number of every answer that lived, the operation and the position of the call in its attempt."""
    last: dict[tuple[str | None, int | None], int] = {
        (call.path, call.attempt): call.invocation for call in run.calls if call.outcome == ANSWERED
    }
    names: dict[int, str] = {}
    positions: dict[tuple[str | None, int | None], int] = {}
    for call in run.calls:
        attempt = (call.path, call.attempt)
        if call.answer and last[attempt] == call.invocation:
            positions[attempt] = positions.get(attempt, 0) + 1
            tags = TAG.findall(call.answer.text)
            if tags:  # an answer may quote earlier ones; its own tag is the newest
                # An operation may be named after an earlier answer, which is renamed in its path, too.
                names[max(map(int, tags))] = f"{_renamed(call.path or '', names)}#{positions[attempt]}"
    return names


def _decided_early(run: Run) -> frozenset[str]:
    """The batches that ended before all of their branches had: how far the others got is a matter of timing."""
    return frozenset(
        operation.path
        for operation in run.operations
        if operation.sub_type in BATCHES and _ENDED_EARLY.search(operation.result or "")
    )


def _attempts(operation: OperationRecord, retries: Mapping[str, int]) -> int | None:
    """Attempts that failed by themselves, plus one. An attempt that died with the invocation is none of them.

    How often a condition is polled is left out: a poll that dies starts again from the state before it.
    """
    if operation.attempts is None or operation.sub_type == "WaitForCondition":
        return None
    return 1 + retries.get(operation.path, 0)
