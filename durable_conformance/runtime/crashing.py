"""The mortal side of an invocation: how it dies, and how nothing of it is heard or answered afterwards."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from aws_durable_execution_sdk_python.lambda_service import CheckpointOutput, OperationUpdate, StateOutput

from durable_conformance.execution.crash_points import MODEL_CALL, CrashKind, CrashPoint, DiedInCall, InvocationDied
from durable_conformance.execution.events import ProcessDied
from durable_conformance.execution.pinned import Recorded
from durable_conformance.runtime.horizon import Horizon
from durable_conformance.runtime.observer import Observer
from durable_conformance.runtime.service import InProcessService, merged
from providers import ModelProvider, ModelRequest, ModelResponse


class Fate:
    """Which crash points are still to fire, and whether the running invocation is dead already.

    Args:
        crashes: The crash points.
        observer: Told of each that fires.
        horizon: How far the execution goes on after the last.
    """

    def __init__(self, crashes: Sequence[CrashPoint], observer: Observer, horizon: Horizon) -> None:
        self._observer = observer
        self._horizon = horizon
        self._lock = threading.Lock()
        self._pending = list(crashes)
        self.fired: list[CrashPoint] = []
        self.taken_on: list[str] = []
        self.dead = False
        self.cause = ""
        self.far_enough = False

    def begin(self) -> None:
        """A new invocation: alive again."""
        self.dead = False
        self.cause = ""

    def take_on(self, path: str) -> None:
        """The invocation dies, because the checkpoint now holds another value than it knows."""
        with self._lock:
            self.taken_on.append(path)
            self.dead = True
            self.cause = f"{path} takes on the value that the run it is compared with recorded"

    def strikes(self, path: str | None, action: str, occurrence: int, *kinds: CrashKind) -> CrashKind | None:
        """How the invocation dies here, if it does."""
        with self._lock:
            for point in self._pending:
                if point.kind in kinds and point.meets(path or "", action, occurrence):
                    self._pending.remove(point)
                    self.fired.append(point)
                    self.dead = True
                    self.cause = str(point)
                    self._horizon.interrupted(point.path)
                    self._observer.tell(ProcessDied(path or "", point.where))
                    return point.kind
        return None

    def ends_before(self, update: OperationUpdate, path: str) -> bool:
        """Whether the execution need not be followed to `update`, and is over for us."""
        with self._lock:
            if not self._pending and self._horizon.passed_with(update, path):
                self.dead = self.far_enough = True
            return self.far_enough


class MortalClient:
    """The service client of one invocation: refuses everything once the invocation is dead."""

    def __init__(
        self, fate: Fate, observer: Observer, service: InProcessService, baseline: Recorded, *, interrupted: bool
    ) -> None:
        self._fate = fate
        self._observer = observer
        self._service = service
        self._baseline = baseline
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
            if self._fate.ends_before(update, path):
                raise InvocationDied("it was followed far enough")
            occurrence = self._observer.occurrences(path, action)
            if self._fate.strikes(path, action, occurrence, CrashKind.BEFORE_PERSIST):
                raise InvocationDied("before the update persisted")
            theirs = self._baseline.taken_on(update, path, interrupted=self._interrupted or bool(self._fate.fired))
            outputs.append(self._service.persist(token, theirs or update))
            token = outputs[-1].checkpoint_token or token
            match self._fate.strikes(path, action, occurrence, CrashKind.AFTER_PERSIST, CrashKind.TOKEN_REVOKED):
                case CrashKind.AFTER_PERSIST:
                    raise InvocationDied("after the update persisted")
                case CrashKind.TOKEN_REVOKED:
                    return merged(outputs, None)
            if theirs:
                self._fate.take_on(path)
                raise InvocationDied("after it took on the value that the baseline recorded")
        return merged(outputs, token)

    def get_execution_state(
        self, durable_execution_arn: str, checkpoint_token: str, next_marker: str, max_items: int = 1000
    ) -> StateOutput:
        del durable_execution_arn, checkpoint_token, next_marker, max_items  # one execution, one page
        self._check_alive()
        return self._service.state()

    def _check_alive(self) -> None:
        if self._fate.dead:
            raise InvocationDied("this invocation is dead")


class MortalModel:
    """The model as the handler sees it: calls die with the invocation, and a dead invocation gets no answers."""

    def __init__(self, fate: Fate, observer: Observer, provider: ModelProvider) -> None:
        self._fate = fate
        self._observer = observer
        self._provider = provider

    def converse(self, request: ModelRequest) -> ModelResponse:
        info = self._observer.running()
        path = self._observer.seen(info) if info else None
        earlier = self._observer.calls_survived(path)
        if self._fate.dead or self._fate.strikes(path, MODEL_CALL, earlier, CrashKind.DURING_CALL):
            raise DiedInCall(f"died during a call in {path}")
        return self._provider.converse(request)
