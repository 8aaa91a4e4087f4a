"""The model as an explored handler sees it: repeatable where a crash repeats, unique where a real model would be."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.canonical import TAG, tag
from conformance.observer import ModelCall, Observer
from providers import (
    Message,
    ModelError,
    ModelProvider,
    ModelRequest,
    ModelResponse,
    TextBlock,
    ToolUseBlock,
)
from providers.errors import kinds, raised_as
from providers.scripted import varied_text

DIGEST_CHARS = 8


@dataclass(frozen=True)
class ModelFault:
    """Calls of one operation, or of all, that fail.

    Attributes:
        error: What they raise.
        path: Whose calls; None is everybody's.
        times: How many of each operation's, from the first on; None is all.
    """

    error: type[ModelError]
    path: str | None = None
    times: int | None = None

    def __str__(self) -> str:
        calls = "every call" if self.times is None else "one call" if self.times == 1 else f"{self.times} calls"
        whose = f" of {self.path}" if self.path else "" if self.times is None else " of every operation"
        return f"{self.error.__name__} in {calls}{whose}"


@dataclass(frozen=True)
class _Answered:
    digest: str
    outcome: ModelResponse | ModelError


class Answering:
    """Asks a provider, once for each call that the execution makes, however often crashes repeat it.

    A script is so used up by what the execution does, and not by what happens to it. A repeated call gets the answer of
    the first; if it asks something else, the answer differs, as it would. Safe from any number of threads.

    Args:
        observer: Knows which operation asks.
        provider: Who answers.
        never_twice: Give every answer a tag of its own (`canonical.tag`), the repeated ones too.
        fault: Calls that fail instead.
    """

    def __init__(
        self, observer: Observer, provider: ModelProvider, *, never_twice: bool, fault: ModelFault | None
    ) -> None:
        self._observer = observer
        self._provider = provider
        self._never_twice = never_twice
        self._fault = fault
        self._lock = threading.Lock()
        self._answered: dict[tuple[str | None, int | None, int], _Answered] = {}
        self._made: dict[tuple[int, str | None, int | None], int] = {}
        self._failed: Counter[str | None] = Counter()
        self._serial = 0

    def know(self, calls: Sequence[ModelCall]) -> None:
        """Answer what `calls` asked as they were answered, without asking the provider."""
        positions: Counter[tuple[int, str | None, int | None]] = Counter()
        for call in calls:
            attempt = (call.invocation, call.path, call.attempt)
            outcome = call.response or raised_again(call.outcome, call.error_message)
            self._answered.setdefault(
                (call.path, call.attempt, positions[attempt]), _Answered(call.request.digest(), outcome)
            )
            positions[attempt] += 1

    def resume(self, calls: Sequence[ModelCall]) -> None:
        """Have the calls that were made elsewhere answered here."""
        for call in calls:
            self._base(call.request, call.invocation, call.path, call.attempt)
            self._serial += 1

    def converse(self, request: ModelRequest) -> ModelResponse:
        info = self._observer.running()
        path = self._observer.seen(info) if info else None
        if self._fails(path):
            assert self._fault is not None
            raise self._fault.error(f"Injected: {self._fault}.")
        answered = self._base(request, self._observer.invocation, path, info.attempt if info else None)
        if isinstance(answered.outcome, ModelError):
            kind = type(answered.outcome)
            raise kind.__new__(kind, *answered.outcome.args)  # a new one, whose constructor may want other arguments
        with self._lock:
            self._serial += 1
            serial = self._serial
        if self._never_twice:
            return tagged(answered.outcome, request, tag(serial))
        if answered.digest != request.digest():
            return tagged(answered.outcome, request, request.digest()[:DIGEST_CHARS])
        return answered.outcome

    def _fails(self, path: str | None) -> bool:
        fault = self._fault
        if fault is None or (fault.path is not None and fault.path != path):
            return False
        with self._lock:
            self._failed[path] += 1
            return fault.times is None or self._failed[path] <= fault.times

    def _base(self, request: ModelRequest, invocation: int, path: str | None, attempt: int | None) -> _Answered:
        """What the provider answers to this call of the execution: the n-th of its operation's attempt."""
        with self._lock:
            position = self._made.get((invocation, path, attempt), 0)
            self._made[invocation, path, attempt] = position + 1
            known = self._answered.get((path, attempt, position))
        if known is None:
            asked = untagged(request) if self._never_twice else request
            try:
                outcome: ModelResponse | ModelError = self._provider.converse(asked)
            except ModelError as error:
                outcome = error
            known = _Answered(request.digest(), outcome)
            with self._lock:
                self._answered[path, attempt, position] = known
        return known


def raised_again(name: str, message: str) -> ModelError:
    """A model error of the class named `name`, which must be loaded."""
    for kind in kinds():
        if kind.__name__ == name:
            return raised_as(kind, message)
    return ModelError(f"{name}: {message}")


def untagged(request: ModelRequest) -> ModelRequest:
    """`request` without tags: what a provider that answers by the request should see, so that its answer is stable."""
    return ModelRequest.model_validate_json(TAG.sub("", request.model_dump_json()))


def tagged(response: ModelResponse, request: ModelRequest, unique: str) -> ModelResponse:
    """`response` with `unique` in its texts and tool use ids; tool input stays, and what a schema enumerates."""
    content = tuple(
        TextBlock(text=varied_text(block.text, request.output_schema, unique))
        if isinstance(block, TextBlock)
        else block.model_copy(update={"tool_use_id": f"tooluse-{position}~{unique}"})
        if isinstance(block, ToolUseBlock)
        else block
        for position, block in enumerate(response.message.content)
    )
    return response.model_copy(update={"message": Message(role=response.message.role, content=content)})
