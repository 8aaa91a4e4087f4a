"""Values that one execution recorded, and others adopt.

A step may record a time, an id or a random number: two executions of a correct handler then differ, and rightly so. A
run that is compared with a baseline therefore adopts what the baseline recorded: where a step without a model call
comes to another value before anything has happened to the execution, the baseline's value is checkpointed in its place
and the invocation dies, so that the handler goes on from the checkpoint, as it must be able to.

After an interruption, adopting would hide a step whose value the interruption changed. Then only those steps adopt that
are known to differ from execution to execution.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from aws_durable_execution_sdk_python.lambda_service import OperationAction, OperationUpdate

from durable_conformance.execution.operations import OperationKind, OperationRecord
from durable_conformance.execution.run import Run
from durable_conformance.identity import alike
from durable_conformance.model import TAG


@dataclass(frozen=True)
class Value:
    """How an operation ended: its payload or its error's message."""

    payload: str | None
    message: str | None


@dataclass(frozen=True)
class Pinned:
    """What a baseline recorded in operations that neither asked the model nor have operations of their own."""

    values: Mapping[str, Value] = field(default_factory=dict)  # by path
    volatile: Set[str] = frozenset()  # the paths of those that are known to differ from execution to execution

    def in_place_of(self, update: OperationUpdate, path: str, *, interrupted: bool) -> OperationUpdate | None:
        """`update` with the baseline's value; None if it stays as it is."""
        value = self.values.get(path)
        if value is None or (interrupted and path not in self.volatile):
            return None
        if update.action is OperationAction.SUCCEED and value.message is None:
            payload = _with_tags_of(update.payload, value.payload)
            return None if _same(payload, update.payload) else dataclasses.replace(update, payload=payload)
        if update.action is OperationAction.FAIL and value.message is not None and update.error:
            message = _with_tags_of(update.error.message, value.message)
            if not _same(message, update.error.message):
                return dataclasses.replace(update, error=dataclasses.replace(update.error, message=message))
        return None


NOTHING_PINNED = Pinned()


def pinned_by(run: Run, volatile: Set[str] = frozenset()) -> Pinned:
    """What `run` recorded."""
    return Pinned(values_of(run.operations, {call.path for call in run.calls}), volatile)


def values_of(operations: Sequence[OperationRecord], asking: Set[str | None]) -> Mapping[str, Value]:
    """What operations recorded that neither asked the model nor have operations of their own, by path."""
    parents = {operation.path.rpartition("/")[0] for operation in operations}
    return {
        operation.path: Value(operation.result, operation.error_message)
        for operation in operations
        if operation.type in {OperationKind.STEP, OperationKind.CONTEXT} and operation.path not in asking | parents
    }


def _same(one: str | None, two: str | None) -> bool:
    """Whether they differ by the ids of their executions alone."""
    return one == two or (one is not None and two is not None and alike(one) == alike(two))


def _with_tags_of(mine: str | None, theirs: str | None) -> str | None:
    """`theirs`, quoting the answers that `mine` does: an answer is not recorded here, and may differ."""
    if mine is None or theirs is None:
        return theirs
    tags = [match[0] for match in TAG.finditer(mine)]
    if len(tags) != len(TAG.findall(theirs)):
        return mine
    return TAG.sub(lambda _: tags.pop(0), theirs)
