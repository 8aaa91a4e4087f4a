"""The gate that each call passes on its way out of the handler, to a model or to an AWS service.

Asked; does the process die here? does the model fail? is the answer known? else the source is asked; told. Answers are
repeatable where a crash repeats a call, and unique where a real model's would be.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

from durable_conformance.errors import in_words
from durable_conformance.execution import MODEL_CALL, CrashKind, DiedInCall, Event, ModelAsked
from durable_conformance.model import (
    ANSWERED,
    DIED,
    TAG,
    Answer,
    AnsweredBy,
    Asking,
    AwsCall,
    AwsQuestion,
    AwsResponse,
    Call,
    Failure,
    GivenAnswers,
    ModelCall,
    ModelFault,
    Question,
    Request,
    Source,
    aws_error,
    passing_through,
    tag,
)
from durable_conformance.runtime.crashing import Crashes
from durable_conformance.runtime.ledger import Known, Ledger, Slot, bare_digest, digest
from durable_conformance.runtime.observer import Observer

DIGEST_CHARS = 8


@dataclass(eq=False)
class CallGate:
    """Asks the source once for each call that the execution makes, however often crashes repeat it.

    A script is so used up by what the execution does, and not by what happens to it. A repeated call gets the answer of
    the first; if it asks something else, the answer differs, as it would. Safe from any number of threads.
    """

    observer: Observer
    crashes: Crashes
    source: Source
    never_twice: bool = False  # every answer of a model has a tag of its own, the repeated ones too
    fault: ModelFault | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)  # to AWS calls, as the scenario has them
    live: bool = False  # an AWS call that nobody answers goes to the service

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._ledger = Ledger()
        self._failed: Counter[str | None] = Counter()
        self._serial = 0
        self._given = GivenAnswers(self.answers)

    def know(self, calls: Sequence[Call]) -> None:
        """Answer what `calls` asked as they were answered, without asking anybody."""
        theirs = Ledger()
        for call in calls:
            slot, known = theirs.take(call)
            if known is None and isinstance(call, ModelCall):
                known = Known(digest(call.request), Failure(call.outcome, call.error_message))
            if known:
                self._ledger.keep(slot, known)

    def resume(self, events: Sequence[Event]) -> None:
        """Have the calls of `events`, which were made elsewhere, answered here: a script is used up by them, too."""
        for call in events:
            if isinstance(call, ModelCall) and self._injected(call):
                self._failed[call.path] += 1  # nobody was asked
            elif isinstance(call, ModelCall):
                slot, _ = self._ledger.take(call)
                self._first(partial(self.source.question, call), slot, call.request)
                # Branches ask side by side: that of a later answer may be among them, and that of an earlier one not.
                tags = TAG.findall(call.answer.text) if call.answer else ()
                self._serial = max(self._serial + 1, *map(int, tags))
            elif isinstance(call, AwsCall):
                slot, known = self._ledger.take(call)
                if known:
                    self._ledger.keep(slot, known)

    def answer(self, question: Question) -> Answer | Failure:
        """What becomes of a model call.

        Raises:
            DiedInCall: The process dies in it, or is dead.
        """
        path, made = self._making(ModelCall, question.request)
        made = partial(made, resent=question.resent)
        tell, at = self.observer.tell, self.observer
        tell(ModelAsked(path, question.request.model))
        try:
            came = self._outcome(question, path, made.keywords["attempt"], made.keywords["task"])
        except BaseException as error:  # a call that died was made, and paid for, too
            kind = DIED if isinstance(error, DiedInCall) else type(error).__name__
            tell(made(at.invocation, outcome=kind, error_message=in_words(error).partition(": ")[2]))
            raise
        if isinstance(came, Answer):
            tell(made(at.invocation, outcome=ANSWERED, answer=came))
        else:
            tell(made(at.invocation, outcome=came.name, failure=came, error_message=came.message))
        return came

    def ask(self, question: AwsQuestion) -> AwsAsked:
        """What becomes of an AWS call.

        Raises:
            DiedInCall: The process is dead.
        """
        path, made = self._making(AwsCall, question.request)
        made = partial(made, name=question.name, reads=question.reads)
        if self.crashes.dead:
            self.observer.tell(made(self.observer.invocation, outcome=DIED))
            raise DiedInCall(f"died during {question.name} in {path}")
        attempt = made.keywords["attempt"]
        task, invocation = made.keywords["task"], self.observer.invocation
        slot = self._ledger.slot(question.name, invocation, path, attempt, question.request, task=task)
        asked = AwsAsked(self, made, slot, question.request)
        if self.fault and self.fault.aws and self._fails(self.fault, path):
            denied = aws_error("AccessDeniedException", f"Injected: {self.fault}.", status=403)
            asked.came(denied.answer, AnsweredBy.GIVEN)
            return asked
        known = self._ledger.known(slot)
        same = known is not None and known.digest == digest(question.request)
        if known and same and isinstance(known.outcome, Answer) and known.by not in {None, AnsweredBy.SET_UP}:
            asked.came(known.outcome, known.by or AnsweredBy.GIVEN)
            return asked  # a double has a state of its own, and says what a repetition comes to
        with self._lock:
            given = self._given.answer(question.name, question.parameters, Asking(path, attempt, slot.position))
        if given:
            asked.came(given.answer, AnsweredBy.GIVEN)
        return asked

    def refuse(self, why: str) -> NoReturn:
        """Nobody can answer a call: the execution cannot be made, whatever the handler makes of it.

        Raises:
            DiedInCall: In any case.
        """
        self.observer.refused.append(why)
        self.crashes.dead = True
        raise DiedInCall(why)

    def tell_aws(self, asked: AwsAsked, answer: Answer, by: AnsweredBy) -> None:
        """An AWS call was answered."""
        self._ledger.keep(asked.slot, Known(digest(asked.request), answer, by))
        failure = AwsResponse.of(answer).failure
        outcome = failure.type if failure else ANSWERED
        self.observer.tell(asked.made(self.observer.invocation, outcome=outcome, by=by, answer=answer, failure=failure))

    def _making[T](self, kind: Callable[..., T], request: object) -> tuple[str | None, partial[T]]:
        """The operation whose function makes a call here, and what makes the record of it."""
        info = self.observer.running()
        path = self.observer.seen(info) if info else None
        at = self.observer.protectable_here()
        made = partial(
            kind,
            path=path,
            operation_id=info.operation_id if info else None,
            operation_type=info.operation_type.value if info else None,
            attempt=info.attempt if info else None,
            request=request,
            line=self.observer.line_here(),
            protectable_at=at.line(self.observer.home),
            protectable=at.expression,
            task=self.observer.scopes.here().task,
        )
        return path, made

    def _outcome(self, question: Question, path: str | None, attempt: int | None, task: str) -> Answer | Failure:
        survived = self.observer.calls_survived(path)
        if self.crashes.dead or self.crashes.strikes(path, MODEL_CALL, survived, CrashKind.DURING_CALL):
            raise DiedInCall(f"died during a call in {path}")
        if self.fault and not self.fault.aws and self._fails(self.fault, path):
            return question.failure(self.fault.kind, f"Injected: {self.fault}.")
        invocation = self.observer.invocation
        slot = self._ledger.slot("", invocation, path, attempt, question.request, task=task)
        known = self._first(lambda: question, slot, question.request)
        if isinstance(known.outcome, Failure):
            return known.outcome
        with self._lock:
            self._serial += 1
            serial = self._serial
        if self.never_twice:
            return question.varied(known.outcome, tag(serial))
        if known.digest != digest(question.request):
            return question.varied(known.outcome, question.request.digest[:DIGEST_CHARS])
        return known.outcome

    def _injected(self, call: ModelCall) -> bool:
        """Whether a call failed because of the fault."""
        fault = self.fault
        return fault is not None and call.failure is not None and fault.path in {None, call.path} and not fault.aws

    def _fails(self, fault: ModelFault, path: str | None) -> bool:
        if fault.path is not None and fault.path != path:
            return False
        with self._lock:
            self._failed[path] += 1
            return fault.times is None or self._failed[path] <= fault.times

    def _first(self, question: Callable[[], Question], slot: Slot, request: Request) -> Known:
        """What the first of the execution's calls like this came to."""
        known = self._ledger.known(slot)
        if known is None:
            asking = Asking(slot.path, slot.attempt, slot.position, untagged=self.never_twice)
            with passing_through():
                known = Known(digest(request), self.source.answer(question(), asking))
            self._ledger.keep(slot, known)
        return known


@dataclass(eq=False)
class AwsAsked:
    """An AWS call that has passed the gate, and is answered once."""

    gate: CallGate
    made: partial[AwsCall]
    slot: Slot
    request: Request
    known: Answer | None = None

    @property
    def unique(self) -> str:
        return bare_digest(self.request)[:DIGEST_CHARS]

    def came(self, answer: Answer, by: AnsweredBy) -> None:
        if self.known is None:
            self.known = answer
            self.gate.tell_aws(self, answer, by)

    def failed(self, error: BaseException) -> None:
        outcome = DIED if isinstance(error, DiedInCall) else type(error).__name__
        failure = None if outcome == DIED else Failure(outcome, in_words(error).partition(": ")[2])
        self.gate.observer.tell(self.made(self.gate.observer.invocation, outcome=outcome, failure=failure))
