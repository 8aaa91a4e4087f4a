"""How an invocation dies: which crash points are still to fire, and that nothing of a dead one is heard or answered."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from aws_durable_execution_sdk_python.lambda_service import CheckpointOutput, OperationUpdate, StateOutput

from durable_conformance.execution import CrashKind, CrashPoint, InvocationDied, Pinned, ProcessDied
from durable_conformance.runtime.horizon import Horizon
from durable_conformance.runtime.observer import Observer
from durable_conformance.runtime.service import Service, merged


class Crashes:
    """The crash points that are still to fire, and whether the running invocation is dead already.

    Args:
        points: The crash points.
        observer: Told of each that fires.
        horizon: How far the execution goes on after the last.

    Attributes:
        dead: Whether the running invocation is.
        cause: What it died of, for people.
        fired: Whether any crash point has.
        far_enough: Whether the execution need not be followed any further.
        pinned: The operations that took on a baseline's value.
    """

    def __init__(self, points: Sequence[CrashPoint], observer: Observer, horizon: Horizon) -> None:
        self._observer = observer
        self._horizon = horizon
        self._lock = threading.Lock()
        self._pending = list(points)
        self.fired = False
        self.pinned: set[str] = set()
        self.dead = False
        self.cause = ""
        self.far_enough = False

    def begin(self) -> None:
        """A new invocation: alive again."""
        self.dead = False
        self.cause = ""

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


class Client:
    """The service client of one invocation: refuses everything once the invocation is dead.

    Args:
        crashes: Say when it dies.
        observer: Knows the operations' paths.
        service: Persists what is checkpointed.
        pinned: Values to take on.
        interrupted: Whether the execution was interrupted before.
    """

    def __init__(
        self, crashes: Crashes, observer: Observer, service: Service, pinned: Pinned, *, interrupted: bool
    ) -> None:
        self._crashes = crashes
        self._observer = observer
        self._service = service
        self._pinned = pinned
        self._interrupted = interrupted

    def checkpoint(
        self,
        durable_execution_arn: str,  # noqa: ARG002  # there is one
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,  # noqa: ARG002  # nothing is sent twice in process
    ) -> CheckpointOutput:
        self._check_alive()
        if not updates:
            return self._service.refresh(checkpoint_token)
        outputs: list[CheckpointOutput] = []
        token = checkpoint_token
        for update in updates:
            self._check_alive()
            path, action = self._observer.path_of(update), update.action.value
            if self._crashes.ends_before(update, path):
                raise InvocationDied("it was followed far enough")
            occurrence = self._observer.occurrences(path, action)
            if self._crashes.strikes(path, action, occurrence, CrashKind.BEFORE_PERSIST):
                raise InvocationDied("before the update persisted")
            theirs = self._pinned.in_place_of(update, path, interrupted=self._interrupted or self._crashes.fired)
            outputs.append(self._service.persist(token, theirs or update))
            token = outputs[-1].checkpoint_token or token
            match self._crashes.strikes(path, action, occurrence, CrashKind.AFTER_PERSIST, CrashKind.TOKEN_REVOKED):
                case CrashKind.AFTER_PERSIST:
                    raise InvocationDied("after the update persisted")
                case CrashKind.TOKEN_REVOKED:
                    return merged(outputs, None)
            if theirs:
                self._crashes.pin(path)
                raise InvocationDied("after it took on the value that the baseline recorded")
        return merged(outputs, token)

    def get_execution_state(
        self, durable_execution_arn: str, checkpoint_token: str, next_marker: str, max_items: int = 1000
    ) -> StateOutput:
        del durable_execution_arn, checkpoint_token, next_marker, max_items  # one execution, one page
        self._check_alive()
        return self._service.state()

    def _check_alive(self) -> None:
        if self._crashes.dead:
            raise InvocationDied("this invocation is dead")
