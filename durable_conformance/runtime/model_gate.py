"""The gate that each model call passes on its way out of the handler.

Asked; does the process die here? does the model fail? is the answer known? else the source is asked; told. Answers are
repeatable where a crash repeats a call, and unique where a real model's would be.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from durable_conformance.errors import in_words
from durable_conformance.execution import MODEL_CALL, CrashKind, DiedInCall, Event, ModelAsked
from durable_conformance.model import (
    ANSWERED,
    DIED,
    Answer,
    Asking,
    Failure,
    ModelCall,
    ModelFault,
    Question,
    Source,
    tag,
)
from durable_conformance.runtime.crashing import Crashes
from durable_conformance.runtime.observer import Observer

DIGEST_CHARS = 8


@dataclass(frozen=True)
class _Known:
    """What a call of the execution came to, and which request it was."""

    digest: str
    outcome: Answer | Failure


@dataclass(eq=False)
class ModelGate:
    """Asks the source once for each call that the execution makes, however often crashes repeat it.

    A script is so used up by what the execution does, and not by what happens to it. A repeated call gets the answer of
    the first; if it asks something else, the answer differs, as it would. Safe from any number of threads.
    """

    observer: Observer
    crashes: Crashes
    source: Source
    never_twice: bool = False  # every answer has a tag of its own, the repeated ones too
    fault: ModelFault | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str | None, int | None, int], _Known] = {}
        self._made: Counter[tuple[int, str | None, int | None]] = Counter()
        self._failed: Counter[str | None] = Counter()
        self._serial = 0

    def know(self, calls: Sequence[ModelCall]) -> None:
        """Answer what `calls` asked as they were answered, without asking the source."""
        positions: Counter[tuple[int, str | None, int | None]] = Counter()
        for call in calls:
            attempt = (call.invocation, call.path, call.attempt)
            outcome = call.answer or call.failure or Failure(call.outcome, call.error_message)
            known = _Known(call.request.digest, outcome)
            self._known.setdefault((call.path, call.attempt, positions[attempt]), known)
            positions[attempt] += 1

    def resume(self, events: Sequence[Event]) -> None:
        """Have the calls of `events`, which were made elsewhere, answered here: a script is used up by them, too."""
        for call in events:
            if isinstance(call, ModelCall):
                self._first(partial(self.source.question, call), call.invocation, call.path, call.attempt)
                self._serial += 1

    def answer(self, question: Question) -> Answer | Failure:
        """What becomes of the call.

        Raises:
            DiedInCall: The process dies in it, or is dead.
        """
        info = self.observer.running()
        path = self.observer.seen(info) if info else None
        attempt = info.attempt if info else None
        made = partial(
            ModelCall,
            path=path,
            operation_id=info.operation_id if info else None,
            operation_type=info.operation_type.value if info else None,
            attempt=attempt,
            request=question.request,
        )
        tell, at = self.observer.tell, self.observer
        tell(ModelAsked(path, question.request.model))
        try:
            came = self._outcome(question, path, attempt)
        except BaseException as error:  # a call that died was made, and paid for, too
            kind = DIED if isinstance(error, DiedInCall) else type(error).__name__
            tell(made(at.invocation, outcome=kind, error_message=in_words(error).partition(": ")[2]))
            raise
        if isinstance(came, Answer):
            tell(made(at.invocation, outcome=ANSWERED, answer=came))
        else:
            tell(made(at.invocation, outcome=came.name, failure=came, error_message=came.message))
        return came

    def _outcome(self, question: Question, path: str | None, attempt: int | None) -> Answer | Failure:
        survived = self.observer.calls_survived(path)
        if self.crashes.dead or self.crashes.strikes(path, MODEL_CALL, survived, CrashKind.DURING_CALL):
            raise DiedInCall(f"died during a call in {path}")
        if self.fault and self._fails(self.fault, path):
            return question.failure(self.fault.kind, f"Injected: {self.fault}.")
        known = self._first(lambda: question, self.observer.invocation, path, attempt)
        if isinstance(known.outcome, Failure):
            return known.outcome
        with self._lock:
            self._serial += 1
            serial = self._serial
        if self.never_twice:
            return question.varied(known.outcome, tag(serial))
        if known.digest != question.request.digest:
            return question.varied(known.outcome, question.request.digest[:DIGEST_CHARS])
        return known.outcome

    def _fails(self, fault: ModelFault, path: str | None) -> bool:
        if fault.path is not None and fault.path != path:
            return False
        with self._lock:
            self._failed[path] += 1
            return fault.times is None or self._failed[path] <= fault.times

    def _first(
        self, question: Callable[[], Question], invocation: int, path: str | None, attempt: int | None
    ) -> _Known:
        """What the first of the execution's calls like this came to: the n-th of its operation's attempt."""
        with self._lock:
            position = self._made[invocation, path, attempt]
            self._made[invocation, path, attempt] += 1
            known = self._known.get((path, attempt, position))
        if known is None:
            asked = question()
            asking = Asking(path, attempt, position, untagged=self.never_twice)
            known = _Known(asked.request.digest, self.source.answer(asked, asking))
            with self._lock:
                self._known[path, attempt, position] = known
        return known
