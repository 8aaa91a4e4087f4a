"""Durable operations as a reader wants them: under a stable path, without ids, timestamps and order of arrival.

A path is `/2:candidates/0:candidates-1/1:ask`: for each level, the operation's position in its context and its name. A
slash in a name stands there as `%2F`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from aws_durable_execution_sdk_python.identifier import OperationIdNamespace
from aws_durable_execution_sdk_python.lambda_service import Operation, OperationStatus, OperationType

from durable_conformance.identity import alike

if TYPE_CHECKING:
    from aws_durable_execution_sdk_python.lambda_service import OperationUpdate
    from aws_durable_execution_sdk_python.plugin import OperationInfo


class OperationKind(StrEnum):
    """The type of an operation, as the service writes it."""

    STEP = "STEP"
    CONTEXT = "CONTEXT"
    WAIT = "WAIT"
    CALLBACK = "CALLBACK"
    CHAINED_INVOKE = "CHAINED_INVOKE"


class Action(StrEnum):
    """What a checkpoint update does to its operation, as the service writes it; `CALL` is a model call."""

    START = "START"
    CALL = "CALL"
    RETRY = "RETRY"
    SUCCEED = "SUCCEED"
    FAIL = "FAIL"
    CANCEL = "CANCEL"


class Status(StrEnum):
    """How an operation, an invocation or an execution ended, as the service writes it."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


ENDS = frozenset({Action.SUCCEED, Action.FAIL, Action.CANCEL})
"""Actions with which a handler ends an operation."""

ENDINGS = frozenset({Status.SUCCEEDED, Status.FAILED})
"""How the service lets an execution end."""

TERMINAL = frozenset(OperationStatus) - {OperationStatus.STARTED, OperationStatus.PENDING, OperationStatus.READY}
"""Statuses that an operation never leaves."""

ENDED = frozenset(status.value for status in TERMINAL)
OPEN = frozenset(status.value for status in OperationStatus) - ENDED
"""The same as text, as records have it, and all others."""

EXECUTION = "execution"
"""Stands for the path of what is no operation's."""

BATCHES = frozenset({"Map", "Parallel"})
"""Subtypes of the contexts whose branches run side by side."""

BRANCHES = frozenset({"MapIteration", "ParallelBranch"})
"""Subtypes of those branches."""

MAX_POSITION = 2_000
"""Highest position in a context that a path is worked out for: well past what one context can usefully hold."""


@dataclass(frozen=True)
class OperationRecord:
    """One durable operation at the end of an execution."""

    path: str
    type: str  # an `OperationKind`
    sub_type: str | None  # such as Step, Map, MapIteration
    status: str  # a `Status`
    attempts: int | None = None  # failed ones that were followed by another, plus one; None if it has no attempts
    result: str | None = None  # the checkpointed payload
    error_type: str | None = None  # the qualified name, without a callback's own random parts
    error_message: str | None = None

    @property
    def depth(self) -> int:
        """0 for an operation of the handler's own context."""
        return self.path.count("/") - 1

    @property
    def name(self) -> str:
        """The operation's name, or its subtype where it has none."""
        return _unescaped(self.path.rpartition("/")[2].partition(":")[2])


class OperationPaths:
    """Turns operation ids, which are hashes, into paths. Safe from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: dict[str, str] = {}
        self._positions: dict[str | None, dict[str, int]] = {}

    def register(self, operation_id: str, parent_id: str | None, label: str | None) -> str:
        """The path of an operation; `label` is its name, or its subtype where it has none.

        Its parent must be registered; `parent_id` is None in the handler's own context.
        """
        with self._lock:
            if operation_id not in self._paths:
                parent = self._paths[parent_id] if parent_id else ""
                self._paths[operation_id] = (
                    f"{parent}/{self._position(operation_id, parent_id)}:{_escaped(alike(str(label)))}"
                )
            return self._paths[operation_id]

    def __getitem__(self, operation_id: str) -> str:
        with self._lock:
            return self._paths[operation_id]

    def _position(self, operation_id: str, parent_id: str | None) -> str:
        known = self._positions.setdefault(parent_id, {})
        namespace = OperationIdNamespace(parent_id)
        while operation_id not in known and len(known) < MAX_POSITION:
            known[namespace.create_id_for_step(len(known))] = len(known)
        return str(known[operation_id]) if operation_id in known else self._flat_position(operation_id, known)

    def _flat_position(self, operation_id: str, branches: dict[str, int]) -> str:
        """An operation in a branch that has no checkpoint of its own (`NestingType.FLAT`): branch and position."""
        for branch_id, branch in list(branches.items())[:100]:
            namespace = OperationIdNamespace(branch_id)
            for position in range(100):
                if namespace.create_id_for_step(position) == operation_id:
                    return f"{branch}.{position}"
        return "?"


def _escaped(name: str) -> str:
    """`name` as it stands in a path, where a slash divides."""
    return re.sub("%(?=(25)*2F)", "%25", name).replace("/", "%2F")


def _unescaped(name: str) -> str:
    return re.sub("%25(?=(25)*2F)", "%", name.replace("%2F", "/"))


def numbered(what: str, occurrence: int) -> str:
    """`what`, and which it is of several, from the second on: `RETRY #2`."""
    return f"{what} #{occurrence + 1}" if occurrence else what


def place(path: str) -> str:
    """A path without names, such as `/2/0/1`: the same for an operation whose name differs from run to run."""
    return "/".join(part.partition(":")[0] for part in path.split("/"))


def path_order(path: str) -> list[tuple[float, str]]:
    """Sort key: siblings by position, children after their parent."""
    parts = (part.partition(":") for part in path.split("/")[1:])
    return [(float(position) if position.replace(".", "", 1).isdigit() else -1.0, name) for position, _, name in parts]


def with_parents(path: str | None) -> Iterator[str]:
    """`path`, and those of the contexts that it stands in; nothing for what stands outside any operation."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def comes_later(path: str, anchor: str) -> bool:
    """Whether the code comes to the operation at `path` after the one at `anchor`, in a context they both stand in.

    Branches of a batch do not come one after the other, and what stands deeper counts with the context it stands in.
    """
    *context, position = place(path).split("/")
    there = place(anchor).split("/")
    if len(there) <= len(context) or there[: len(context)] != context:
        return False
    branch, number = _numbers(position)
    their_branch, their_number = _numbers(there[len(context)])
    return branch == their_branch and number > their_number


def _numbers(position: str) -> tuple[str, int]:
    """A position in its context: the branch, if it is in one that has no operation of its own, and the number there."""
    branch, _, number = position.rpartition(".")
    return branch, int(number) if number.isdigit() else -1


def callbacks_in_order(operations: Iterable[Operation], paths: OperationPaths) -> list[tuple[Operation, str, int]]:
    """Every callback with its name and how many of that name stand before it, in the order of their paths."""
    return in_order(operations, paths, OperationType.CALLBACK, lambda operation: operation.name or "")


def in_order(
    operations: Iterable[Operation], paths: OperationPaths, kind: OperationType, name_of: Callable[[Operation], str]
) -> list[tuple[Operation, str, int]]:
    """Every operation of a type, its name and how many of that name stand before it, in the order of their paths."""
    chosen = [operation for operation in operations if operation.operation_type is kind]
    chosen.sort(key=lambda operation: path_order(paths[operation.operation_id]))
    names = list(map(name_of, chosen))
    return [(one, name, names[:nth].count(name)) for nth, (one, name) in enumerate(zip(chosen, names, strict=True))]


def recorded(operations: Iterable[Operation], paths: OperationPaths) -> tuple[OperationRecord, ...]:
    """The operations of an execution in the order of their paths, the execution itself left out.

    They come as the service stores them: a context before what stands in it.
    """
    records = (_record(one, paths) for one in operations if one.operation_type is not OperationType.EXECUTION)
    return tuple(sorted(records, key=lambda record: path_order(record.path)))


def sub_type_of(one: Operation | OperationUpdate | OperationInfo) -> str | None:
    """Its subtype as text. Before SDK 3 the SDK has a member of an enumeration there, which is no text."""
    sub_type: object = one.sub_type
    return sub_type.value if isinstance(sub_type, Enum) else one.sub_type


def _record(operation: Operation, paths: OperationPaths) -> OperationRecord:
    step = operation.step_details
    details = step or operation.context_details or operation.callback_details or operation.chained_invoke_details
    error = details.error if details else None
    return OperationRecord(
        path=paths.register(operation.operation_id, operation.parent_id, operation.name or sub_type_of(operation)),
        type=operation.operation_type.value,
        sub_type=sub_type_of(operation),
        status=operation.status.value,
        attempts=step.attempt if step else None,
        result=details.result if details else None,
        error_type=error.type if error else None,
        error_message=error.message if error else None,
    )
