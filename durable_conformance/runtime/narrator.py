"""An observer that tells what it observes, as a timeline."""

from __future__ import annotations

from aws_durable_execution_sdk_python.lambda_service import OperationAction, OperationType, OperationUpdate
from aws_durable_execution_sdk_python.plugin import OperationEndInfo, UserFunctionStartInfo
from aws_durable_execution_sdk_python.plugin import OperationType as InstrumentedType

from durable_conformance.execution.events import (
    AnswerAwaited,
    Event,
    InvocationBegan,
    InvocationEnded,
    Listener,
    ModelAnswered,
    ModelAsked,
    ModelFailed,
    OperationBegan,
    OperationEnded,
    OperationReplayed,
    RetryScheduled,
    Teller,
    TimerSet,
)
from durable_conformance.execution.operations import path_order
from durable_conformance.runtime.observer import DIED, CheckpointUpdate, Observer
from providers import ModelRequest, ModelResponse

_CAME_BY_ALL = frozenset({"PENDING", "SUCCEEDED"})
"""How an invocation ends whose code has come by everything that had ended in the contexts that it went through."""


class Narrator(Observer):
    """Observes one execution and tells `listener` of it. Safe from any number of threads."""

    wants_replays = True

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._teller = Teller(listener)
        self._ended: frozenset[str] = frozenset()
        self._entered: set[str] = set()
        self._replayed: set[str] = set()
        self._begun: set[tuple[str, int | None]] = set()

    def tell(self, event: Event) -> None:
        if isinstance(event, InvocationEnded) and event.status in _CAME_BY_ALL:
            self._tell_what_the_sdk_did_not()
        self._teller.tell(event)

    def settle(self) -> None:
        self._teller.settle()

    def begin(self, invocation: int, ended: frozenset[str]) -> None:
        super().begin(invocation, ended)
        self._ended = ended
        self._entered = {""}
        self._replayed = set()
        self.tell(InvocationBegan(invocation))

    def entered(self, info: UserFunctionStartInfo) -> None:
        path = self.seen(info)
        attempt = info.attempt if info.operation_type is InstrumentedType.STEP else None
        self.tell(OperationBegan(path, attempt, again=(path, attempt) in self._begun))
        self._begun.add((path, attempt))
        self._entered.add(path)
        super().entered(info)

    def ended(self, info: OperationEndInfo) -> None:
        super().ended(info)
        path = self.seen(info)
        if path in self._ended:
            self._tell_replayed(path)

    def asked(self, request: ModelRequest) -> None:
        super().asked(request)
        self.tell(ModelAsked(self._running_path(), request.model))

    def called(
        self, request: ModelRequest, outcome: str, response: ModelResponse | None = None, error_message: str = ""
    ) -> None:
        super().called(request, outcome, response, error_message)
        path = self._running_path()
        if response:
            self.tell(ModelAnswered(path, request.model, response.usage))
        elif outcome != DIED:
            self.tell(ModelFailed(path, request.model, outcome))

    def persisted(self, update: OperationUpdate) -> CheckpointUpdate:
        persisted = super().persisted(update)
        if event := _told(update, persisted):
            self.tell(event)
        return persisted

    def _tell_what_the_sdk_did_not(self) -> None:
        """Operations that stand behind one that still waits, in the same context: it does not call that a replay."""
        for path in sorted(self._ended - self._replayed, key=path_order):
            if path.rpartition("/")[0] in self._entered:
                self._tell_replayed(path)

    def _tell_replayed(self, path: str) -> None:
        self._replayed.add(path)
        called = any(f"{call.path}/".startswith(f"{path}/") for call in self.calls)
        self.tell(OperationReplayed(path, called))

    def _running_path(self) -> str | None:
        info = self.running()
        return self.seen(info) if info else None


def _told(update: OperationUpdate, persisted: CheckpointUpdate) -> Event | None:
    """What there is to tell about an update: a step or a context that starts has been told when its function began."""
    path = persisted.path
    error = f"{(update.error.type or '').rpartition('.')[2]}: {update.error.message}" if update.error else None
    match update.action, update.operation_type:
        case OperationAction.START, OperationType.CALLBACK:
            return AnswerAwaited(path, persisted.timeout_seconds or None, None)
        case OperationAction.START, OperationType.CHAINED_INVOKE:
            return AnswerAwaited(path, None, persisted.function_name)
        case OperationAction.START, OperationType.WAIT:
            return TimerSet(path, update.wait_options.wait_seconds if update.wait_options else 0)
        case OperationAction.RETRY, _:
            return RetryScheduled(path, persisted.delay_seconds or 0, error)
        case ((OperationAction.SUCCEED | OperationAction.FAIL), _):
            return OperationEnded(path, error)
    return None
