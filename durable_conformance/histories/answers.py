"""Whoever answered a recorded execution answers another one of the same handler: the model, and people."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from aws_durable_execution_sdk_python import ExecutionError
from aws_durable_execution_sdk_python.lambda_service import OperationAction, OperationStatus, OperationType
from pydantic import ValidationError

from durable_conformance.execution.operations import path_order, place
from durable_conformance.histories.file import Call, Change, History, RecordedError
from durable_conformance.runtime.observer import Observer
from durable_conformance.subject.scenario import CALLBACK_SUFFIX, Answered, CallbackAnswer, Refused, Scenario, Silence
from providers import (
    Message,
    ModelError,
    ModelProvider,
    ModelRequest,
    ModelResponse,
    ModelUnavailableError,
    PermanentModelError,
    StopReason,
)
from providers.errors import restored


class NotInHistoryError(ExecutionError):
    """The model is asked what the recorded execution did not ask. Fatal: there is no answer to go on with."""


class HistoryModel:
    """Answers each call as it was answered in the recorded execution. Safe from any number of threads.

    The same call of the same operation gets its own answer, and so does one that moved to another place but asks the
    same. A call that asks something else gets the answer that stands at its place: what then differs is reported, and
    the execution can go on. Where the history knows no calls, the answer is taken from what the operation recorded.

    Args:
        history: The recorded execution.
        observer: Knows which operation asks.
    """

    def __init__(self, history: History, observer: Observer) -> None:
        self._observer = observer
        self._calls = _numbered(history.calls or ())
        self._recorded = {} if history.calls is not None else _outcomes(history.changes)
        self._lock = threading.Lock()
        self._asked: Counter[tuple[str, int]] = Counter()

    def converse(self, request: ModelRequest) -> ModelResponse:
        """Answer `request`.

        Raises:
            ModelError: The recorded call failed with it.
            NotInHistoryError: No call was recorded that this one could be.
        """
        info = self._observer.running()
        path = self._observer.seen(info) if info else ""
        attempt = _attempt(info.attempt if info else None)
        with self._lock:
            position = self._asked[path, attempt]
            self._asked[path, attempt] += 1
        if call := self._call(request.digest(), place(path), (attempt, position)):
            if call.response is not None:
                return call.response
            raise _raised(call.error, ModelUnavailableError)
        if change := self._recorded.get((place(path), attempt)):
            if change.error is None:
                return _response(change)
            raise _raised(
                change.error, ModelUnavailableError if change.action is OperationAction.RETRY else PermanentModelError
            )
        raise NotInHistoryError(
            f"{path or 'The handler'} asks the model what was not asked when the history was recorded, so that it "
            f"holds no answer: {request.messages[-1].text[:200]!r}."
        )

    def _call(self, digest: str, where: str, when: tuple[int, int]) -> Call | None:
        """The best recorded call: the very one, the same request at another place, or another request at this one."""
        here = self._calls.get((where, *when))
        if here and here.request_digest == digest:
            return here
        same = [(key, call) for key, call in self._calls.items() if call.request_digest == digest]
        moved = next((call for (_, *its_when), call in same if tuple(its_when) == when), None)
        return moved or here or next((call for _, call in same if call.response), None)


def recorded_scenario(history: History, observer: Observer) -> Scenario:
    """What the recorded execution met, for another one, which `observer` watches.

    Callbacks and chained invocations end as they ended; those that were not recorded are not answered.
    """

    def model() -> ModelProvider:
        return HistoryModel(history, observer)

    return Scenario(
        history.event,
        model,
        _outcomes_of(history, OperationType.CALLBACK),
        ask=lambda _name, _occurrence: Silence(),
        invokes=_outcomes_of(history, OperationType.CHAINED_INVOKE),
    )


def _outcomes_of(history: History, type_: OperationType) -> Mapping[str, Sequence[CallbackAnswer]]:
    """How the operations of a type ended, by name, in the order of their paths."""
    functions = {change.path: change.function_name for change in history.changes if change.function_name}
    last = {change.path: change for change in history.changes}
    outcomes: dict[str, list[CallbackAnswer]] = {}
    for operation in sorted(history.operations, key=lambda operation: path_order(operation.path)):
        if operation.type is type_:
            name = operation.name or functions.get(operation.path, "")
            outcomes.setdefault(name.removesuffix(CALLBACK_SUFFIX), []).append(_outcome(last[operation.path]))
    return outcomes


def _outcome(change: Change) -> CallbackAnswer:
    match change.status:
        case OperationStatus.SUCCEEDED:
            return Answered(None if change.result is None else str(change.result))
        case OperationStatus.FAILED:
            return Refused((change.error and change.error.message) or "")
        case _:
            return Silence()


def _attempt(attempt: int | None) -> int:
    """A context has no attempts: the SDK numbers its first run, and says nothing of those that continue it."""
    return attempt or 1


def _numbered(calls: Iterable[Call]) -> Mapping[tuple[str, int, int], Call]:
    """The calls by the place and attempt of their operation, and their position in it."""
    seen: Counter[tuple[str, int]] = Counter()
    numbered = {}
    for call in calls:
        where = (place(call.path or ""), _attempt(call.attempt))
        numbered[*where, seen[where]] = call
        seen[where] += 1
    return numbered


def _outcomes(changes: Iterable[Change]) -> Mapping[tuple[str, int], Change]:
    """How each attempt of an operation ended, by its place."""
    ended = (change for change in changes if change.action and (change.result or change.error))
    return {(place(change.path), _attempt(change.attempt)): change for change in ended}


def _raised(error: RecordedError | None, otherwise: type[ModelError]) -> ModelError:
    assert error is not None
    return restored(error.type, error.message) or otherwise(f"{error.type}: {error.message}")


def _response(change: Change) -> ModelResponse:
    """The answer that a checkpoint holds: whole, as `patterns.durable` stores it, or its text."""
    assert change.result is not None
    value = change.result.json_
    if isinstance(value, dict):
        with contextlib.suppress(ValidationError):  # it is some other object
            return ModelResponse.model_validate(value.get("response"))
    text = value if isinstance(value, str) else str(change.result)
    return ModelResponse(message=Message.assistant(text), stop_reason=StopReason.END_TURN, model="recorded")
