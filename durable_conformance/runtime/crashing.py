"""How an invocation dies: which crash points are still to fire, and that nothing of a dead one is heard or answered."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from aws_durable_execution_sdk_python.lambda_service import (
    CheckpointOutput,
    OperationAction,
    OperationUpdate,
    StateOutput,
)

from durable_conformance.execution import (
    BRANCHES,
    CrashKind,
    CrashPoint,
    InvocationDied,
    Pinned,
    ProcessDied,
    comes_later,
    sub_type_of,
)
from durable_conformance.runtime.observer import Observer
from durable_conformance.runtime.service import Service, merged


class Horizon:
    """Counts the operations that one execution begins after its interruption.

    None for `operations` follows it to its end; None for `anchor` says that it has not been interrupted yet.
    """

    def __init__(self, operations: int | None, anchor: str | None = None) -> None:
        self._operations = operations
        self._anchor = anchor
        self._begun: set[str] = set()

    def interrupted(self, path: str) -> None:
        """The execution is interrupted at the operation at `path`: what comes after it counts."""
        self._anchor = path

    def passed_with(self, update: OperationUpdate, path: str) -> bool:
        """Whether what `update` begins, at `path`, is one operation too many."""
        if self._operations is None or self._anchor is None or update.action is not OperationAction.START:
            return False
        if sub_type_of(update) in BRANCHES:
            return False  # it runs beside the others, and may begin at any time
        if path in self._begun or not comes_later(path, self._anchor):
            return False
        if len(self._begun) == self._operations:
            return True
        self._begun.add(path)
        return False


class Crashes:
    """The crash points that are still to fire, and whether the running invocation is dead already."""

    def __init__(self, points: Sequence[CrashPoint], observer: Observer, horizon: Horizon) -> None:
        self._observer = observer
        self._horizon = horizon
        self._lock = threading.Lock()
        self._pending = list(points)
        self.fired = False  # whether any crash point has
        self.pinned: set[str] = set()  # the operations that adopted a baseline's value
        self.dead = False  # the running invocation is
        self.cause = ""  # what it died of, for people
        self.far_enough = False  # the execution need not be followed any further

    def begin(self) -> None:
        """A new invocation: alive again."""
        self.dead, self.cause = False, ""

    def pin(self, path: str) -> None:
        """The invocation dies, because the checkpoint now holds another value than it knows."""
        with self._lock:
            self.pinned.add(path)
            self.dead = True
            self.cause = f"{path} takes on the value that the run it is compared with recorded"

    def strikes(self, path: str | None, action: str, occurrence: int, *kinds: CrashKind) -> CrashKind | None:
        """How the invocation dies here, if it does."""
        with self._lock:
            for point in self._pending:
                if point.kind in kinds and point.meets(path or "", action, occurrence):
                    self._pending.remove(point)
                    self.fired = self.dead = True
                    self.cause = str(point)
                    self._horizon.interrupted(point.path)
                    self._observer.tell(ProcessDied(path or "", point))
                    return point.kind
        return None

    def ends_before(self, update: OperationUpdate, path: str) -> bool:
        """Whether the execution need not be followed to `update`, and is over for us."""
        with self._lock:
            if not self._pending and self._horizon.passed_with(update, path):
                self.dead = self.far_enough = True
            return self.far_enough


@dataclass(frozen=True)
class Client:
    """The service client of one invocation: refuses everything once the invocation is dead."""

    crashes: Crashes
    observer: Observer
    service: Service
    pinned: Pinned
    interrupted: bool  # the execution was, before this invocation

    def checkpoint(
        self,
        durable_execution_arn: str,  # noqa: ARG002  # there is one
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,  # noqa: ARG002  # nothing is sent twice in process
    ) -> CheckpointOutput:
        self._check_alive()
        if not updates:
            return self.service.refresh(checkpoint_token)
        outputs: list[CheckpointOutput] = []
        token = checkpoint_token
        for update in updates:
            self._check_alive()
            path, action = self.observer.path_of(update), update.action.value
            if self.crashes.ends_before(update, path):
                raise InvocationDied("it was followed far enough")
            occurrence = self.observer.occurrences(path, action)
            if self.crashes.strikes(path, action, occurrence, CrashKind.BEFORE_PERSIST):
                raise InvocationDied("before the update persisted")
            theirs = self.pinned.in_place_of(update, path, interrupted=self.interrupted or self.crashes.fired)
            outputs.append(self.service.persist(token, theirs or update))
            token = outputs[-1].checkpoint_token or token
            match self.crashes.strikes(path, action, occurrence, CrashKind.AFTER_PERSIST, CrashKind.TOKEN_REVOKED):
                case CrashKind.AFTER_PERSIST:
                    raise InvocationDied("after the update persisted")
                case CrashKind.TOKEN_REVOKED:
                    return merged(outputs, None)
            if theirs:
                self.crashes.pin(path)
                raise InvocationDied("after it adopted the value that the baseline recorded")
        return merged(outputs, token)

    def get_execution_state(
        self, durable_execution_arn: str, checkpoint_token: str, next_marker: str, max_items: int = 1000
    ) -> StateOutput:
        del durable_execution_arn, checkpoint_token, next_marker, max_items  # one execution, one page
        self._check_alive()
        return StateOutput(operations=self.service.operations, next_marker=None)

    def _check_alive(self) -> None:
        if self.crashes.dead:
            raise InvocationDied("this invocation is dead")
