"""Whoever answered a recorded execution answers another one of the same handler: the model, and people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aws_durable_execution_sdk_python import ExecutionError
from aws_durable_execution_sdk_python.lambda_service import OperationAction, OperationStatus, OperationType

from durable_conformance.execution import path_order, place
from durable_conformance.histories.file import Call, Change, History, RecordedError
from durable_conformance.model import (
    CODES,
    Answer,
    Asking,
    BedrockQuestion,
    Failure,
    FaultKind,
    ModelCall,
    Question,
    Reply,
    failure_of,
    question_of,
    text_answer,
    whole_answer,
)
from durable_conformance.subject import CALLBACK_SUFFIX, Answered, CallbackAnswer, Refused, Scenario, Silence, silence


class NotInHistoryError(ExecutionError):
    """The model is asked what the recorded execution did not ask. Fatal: there is no answer to go on with."""


@dataclass(frozen=True)
class HistorySource:
    """Answers each call as it was answered in the recorded execution.

    The same call of the same operation gets its own answer, and so does one that moved to another place but asks the
    same. A call that asks something else gets the answer that stands at its place: what then differs is reported, and
    the execution can go on. Where the history knows no calls, the answer is taken from what the operation recorded.
    """

    history: History

    def __getstate__(self) -> dict[str, Any]:
        """The history alone is sent to another process."""
        return {"history": self.history}

    @cached_property
    def _calls(self) -> Mapping[tuple[str, int, int], Call]:
        return _numbered(self.history.calls or ())

    @cached_property
    def _recorded(self) -> Mapping[tuple[str, int], Change]:
        return {} if self.history.calls is not None else _outcomes(self.history.changes)

    def answer(self, question: Question, asking: Asking) -> Answer | Failure:
        """Answer `question`.

        Raises:
            NotInHistoryError: No call was recorded that this one could be.
        """
        attempt = _attempt(asking.attempt)
        request = question.request
        where = place(asking.path or "")
        if call := self._call(request.digest, where, (attempt, asking.position)):
            if call.response is not None:
                return Answer(json.dumps(call.response))
            return _failure(question, call.error, FaultKind.UNAVAILABLE)
        if change := self._recorded.get((where, attempt)):
            if change.error is None:
                return _response(question, change)
            may_pass = change.action is OperationAction.RETRY
            return _failure(question, change.error, FaultKind.UNAVAILABLE if may_pass else FaultKind.PERMANENT)
        raise NotInHistoryError(
            f"{asking.path or 'The handler'} asks the model what was not asked when the history was recorded, so that "
            f"it holds no answer: {request.text[:200]}."
        )

    def question(self, call: ModelCall) -> Question:
        return question_of(call)

    def _call(self, digest: str, where: str, when: tuple[int, int]) -> Call | None:
        """The best recorded call: the very one, the same request at another place, or another request at this one."""
        here = self._calls.get((where, *when))
        if here and here.request_digest == digest:
            return here
        same = [(key, call) for key, call in self._calls.items() if call.request_digest == digest]
        moved = next((call for (_, *its_when), call in same if tuple(its_when) == when), None)
        return moved or here or next((call for _, call in same if call.response), None)


def recorded_scenario(history: History) -> Scenario:
    """What the recorded execution met, for another one.

    Callbacks and chained invocations end as they ended; those that were not recorded are not answered.
    """
    return Scenario(
        history.event,
        HistorySource(history),
        _outcomes_of(history, OperationType.CALLBACK),
        ask=silence,
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
            error = change.error
            return Refused((error and error.message) or "", error.type if error else None)
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


def _failure(question: Question, error: RecordedError | None, otherwise: FaultKind) -> Failure:
    assert error is not None
    if isinstance(question, BedrockQuestion):
        return Failure((error.type or "").rpartition(".")[2] or CODES[otherwise], error.message or "")
    return failure_of(error.type, error.message or "", otherwise)


def _response(question: Question, change: Change) -> Answer:
    """The answer that a checkpoint holds: whole, as `patterns.durable` stores it, or its text."""
    assert change.result is not None
    value = change.result.json_
    text = value if isinstance(value, str) else str(change.result)
    if isinstance(question, BedrockQuestion):
        return Answer(Reply(text).as_json())
    if isinstance(value, dict) and (answer := whole_answer(value.get("response"))):
        return answer
    return text_answer(text)
