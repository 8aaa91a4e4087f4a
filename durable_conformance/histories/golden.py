"""What follows from a history: the states an execution can go on from, and the baseline it is then held against."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aws_durable_execution_sdk_python.exceptions import StepInterruptedError
from aws_durable_execution_sdk_python.lambda_service import (
    CallbackDetails,
    ChainedInvokeDetails,
    ContextDetails,
    Operation,
    OperationSubType,
    OperationType,
    StepDetails,
    WaitDetails,
)
from aws_durable_execution_sdk_python_testing.token import CallbackToken

from durable_conformance.execution import (
    BATCHES,
    EPOCH,
    TERMINAL,
    Awaited,
    Checkpointed,
    OperationPaths,
    Pinned,
    Prefix,
    Run,
    Start,
    path_order,
    place,
    recorded,
    sub_type_of,
    values_of,
)
from durable_conformance.histories.file import Call, Change, History, HistoryOperation, by_path
from durable_conformance.identity import ARN
from durable_conformance.rules import Canonical, canonical


@dataclass(frozen=True)
class Golden:
    """A recorded execution, and what follows from it.

    A state of it is named by `changes`: how many of the history's changes had happened, from 0.
    """

    history: History

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """The operations' paths by their ids."""
        return {operation.id: operation.path for operation in self.history.operations}

    @cached_property
    def _known(self) -> Mapping[str, HistoryOperation]:
        return {operation.path: operation for operation in self.history.operations}

    def where(self, changes: int) -> str:
        """Which prefix it is, in words."""
        all_ = self.history.changes
        after = f"after {all_[changes - 1]}" if changes else "from the start"
        return f"prefix {changes} of {len(all_)}: {after}"

    def before(self, changes: int) -> int:
        """How many updates the handler had checkpointed; the other changes are the service's."""
        return sum(change.action is not None for change in self.history.changes[:changes])

    def prefix(self, changes: int, fresh: Start) -> Prefix:
        """What the execution had done: another can begin there, which otherwise begins with `fresh`."""
        happened = self.history.changes[:changes]
        operations = self.operations_after(changes)
        ended = [operation.operation_id for operation in operations if operation.status in TERMINAL]
        updates = self.updates[: self.before(changes)]
        start = dataclasses.replace(
            fresh,
            invocation=happened[-1].invocation + 1 if happened else 1,
            operations=(*fresh.operations, *operations),
            now=max(fresh.now, _moment(happened[-1].at)) if happened else fresh.now,
            awaited={
                self._known[one.path].id: Awaited(
                    one.timeout_seconds or 0, one.heartbeat_seconds or 0, one.function_name
                )
                for one in happened
                if one.timeout_seconds is not None or one.function_name is not None
            },
            events=len(updates),
            completed=frozenset(self.paths[operation] for operation in ended),
            # The SDK tells its plugins about a finished operation that it meets on replay only if the service says that
            # it has changed meanwhile: that is how replaying one is noticed.
            changed=tuple(ended),
        )
        return Prefix(start, updates)

    def operations_after(self, changes: int) -> list[Operation]:
        """What the service held, in the order in which it came to hold it."""
        happened = by_path(self.history.changes[:changes])
        return [_operation(self._known[path], self._known, its_changes) for path, its_changes in happened.items()]

    def met_on_replay(self, changes: int) -> frozenset[str]:
        """Ids of the operations that code which replays the prefix tells of coming by.

        The SDK tells plugins what a context replays up to its first operation that has not ended, that one included. Of
        finished branches, and of what stands in finished contexts, it tells nothing.
        """
        operations = {operation.operation_id: operation for operation in self.operations_after(changes)}
        met: set[str] = set()
        replayed_to: dict[str | None, bool] = {None: True}
        for id_, operation in sorted(operations.items(), key=lambda one: path_order(self.paths[one[0]])):
            parent = operations.get(operation.parent_id or "")
            reached = replayed_to.get(operation.parent_id, False)
            ended = operation.status in TERMINAL
            if parent and sub_type_of(parent) in BATCHES:
                reached = reached and not ended
            else:
                replayed_to[operation.parent_id] = reached and ended
            if reached:
                met.add(id_)
                replayed_to[id_] = not ended
        return frozenset(met)

    @cached_property
    def updates(self) -> tuple[Checkpointed, ...]:
        """The updates that the handler checkpointed, as an observer would have seen them."""
        seen: Counter[tuple[str, str]] = Counter()
        updates = []
        for change in self.history.changes:
            if change.action is None:
                continue
            operation, action = self._known[change.path], change.action.value
            updates.append(
                Checkpointed(
                    invocation=change.invocation,
                    path=change.path,
                    action=action,
                    occurrence=seen[change.path, action],
                    type=operation.type.value,
                    delay_seconds=change.delay_seconds,
                    payload_bytes=len(str(change.result or "").encode(errors="surrogatepass")),
                    name=operation.name,
                    timeout_seconds=change.timeout_seconds,
                    interrupted=bool(
                        change.error and (change.error.type or "").endswith(StepInterruptedError.__name__)
                    ),
                    function_name=change.function_name,
                )
            )
            seen[change.path, action] += 1
        return tuple(updates)

    @cached_property
    def run(self) -> Run:
        """The recorded execution as a run. Its model calls are not in it: `calls_at` knows them."""
        history = self.history
        return Run(
            status=history.status,
            result=history.result,
            error_type=history.error.type if history.error else None,
            error_message=history.error.message if history.error else None,
            operations=recorded(self.operations_after(len(history.changes)), OperationPaths()),
            events=self.updates,
        )

    @cached_property
    def canonical(self) -> Canonical:
        """The run in comparable terms."""
        return canonical(self.run)

    @cached_property
    def calls_at(self) -> Mapping[str, Sequence[Call]] | None:
        """The model calls by their operation's place; None if they are not known."""
        if self.history.calls is None:
            return None
        calls: dict[str, list[Call]] = {}
        for call in self.history.calls:
            calls.setdefault(place(call.path or ""), []).append(call)
        return calls

    @cached_property
    def values(self) -> Pinned:
        """What was recorded in operations that neither asked the model nor have operations of their own.

        Where it is not known who asked, it may have been any of them.
        """
        return Pinned(values_of(self.run.operations, {call.path for call in self.history.calls or ()}))


def _operation(
    identity: HistoryOperation, known: Mapping[str, HistoryOperation], changes: Sequence[Change]
) -> Operation:
    first, last = changes[0], changes[-1]
    result = None if last.result is None else str(last.result)
    error = last.error.restored() if last.error else None
    due = None if last.due is None else _moment(last.due)
    details: dict[str, Any]
    match identity.type:
        case OperationType.STEP:
            details = {"step_details": StepDetails(last.attempt or 0, due, result, error)}
        case OperationType.CONTEXT:
            details = {"context_details": ContextDetails(bool(last.replay_children), result, error)}
        case OperationType.WAIT:
            details = {"wait_details": WaitDetails(due)}
        case OperationType.CALLBACK:
            token = CallbackToken(ARN, identity.id).to_str()
            details = {"callback_details": CallbackDetails(token, result, error)}
        case _:
            details = {"chained_invoke_details": ChainedInvokeDetails(result, error)}
    return Operation(
        operation_id=identity.id,
        operation_type=identity.type,
        status=last.status,
        parent_id=known[identity.parent].id if identity.parent else None,
        name=identity.name,
        start_timestamp=_moment(first.at),
        end_timestamp=_moment(last.at) if last.status in TERMINAL else None,
        sub_type=_sub_type(identity.sub_type),
        **details,
    )


def _sub_type(text: str | None) -> str | None:
    """As the SDK reads it off the service: text, or before SDK 3 a member of an enumeration that is no text.

    What is none of its members is the user's own.
    """
    if issubclass(OperationSubType, str):
        return text
    return next((member for member in OperationSubType if member.value == text), text)


def _moment(seconds: float) -> dt.datetime:
    return EPOCH + dt.timedelta(seconds=seconds)
