"""What the calls of one execution came to: a repeated call is answered as the first one was."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass

from durable_conformance.identity import alike
from durable_conformance.model import Answer, AnsweredBy, AwsCall, Call, Failure, Request, untagged


def digest(request: Request) -> str:
    """What tells requests apart: not the execution that they name."""
    text = alike(request.text)
    return request.digest if text == request.text else _hashed(text)


def bare_digest(request: Request) -> str:
    """The same without tags, which a model's answers that a request quotes may have."""
    return _hashed(untagged(alike(request.text)))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Known:
    """What a call came to, and which request it was."""

    digest: str
    outcome: Answer | Failure
    by: AnsweredBy | None = None


@dataclass(frozen=True)
class Slot:
    """Which of an execution's calls one is, in whatever invocation it is made."""

    name: str  # what is called; empty for a model
    path: str | None
    attempt: int | None
    position: int  # among the calls of the attempt, from 0
    task: str  # which of the threads that the operation's function has started makes it; empty for itself
    position_in_task: int
    bare_digest: str
    nth: int  # among those with the same request, from 0


class Ledger:
    """The calls of one execution. Safe from any number of threads.

    Threads of one step ask in any order: the n-th call with a request is the same in every run. Where there is none
    with this request, it is the call that stood at its position in its thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: Counter[tuple[object, ...]] = Counter()
        self._by_request: dict[tuple[object, ...], Known] = {}
        self._by_position: dict[tuple[object, ...], Known] = {}

    def slot(
        self, name: str, invocation: int, path: str | None, attempt: int | None, request: Request, *, task: str
    ) -> Slot:
        """That of a call that is made now."""
        bare = bare_digest(request)
        of_attempt = (name, invocation, path, attempt)
        with self._lock:
            keys = of_attempt, (*of_attempt, "task", task), (*of_attempt, "request", bare)
            position, in_task, nth = (self._made[key] for key in keys)
            self._made.update(keys)
        return Slot(name, path, attempt, position, task, in_task, bare, nth)

    def known(self, slot: Slot) -> Known | None:
        """What the call came to before; None if it was not made."""
        with self._lock:
            return self._by_request.get(_by_request(slot)) or self._by_position.get(_by_position(slot))

    def keep(self, slot: Slot, known: Known) -> None:
        """The first that is kept stays."""
        with self._lock:
            self._by_request.setdefault(_by_request(slot), known)
            self._by_position.setdefault(_by_position(slot), known)

    def take(self, call: Call) -> tuple[Slot, Known | None]:
        """The slot of a call that was made elsewhere, and what it came to there; None for one that died."""
        name = call.name if isinstance(call, AwsCall) else ""
        slot = self.slot(name, call.invocation, call.path, call.attempt, call.request, task=call.task)
        outcome = call.answer or call.failure
        if outcome is None:
            return slot, None
        return slot, Known(digest(call.request), outcome, call.by if isinstance(call, AwsCall) else None)


def _by_request(slot: Slot) -> tuple[object, ...]:
    return slot.name, slot.path, slot.attempt, slot.bare_digest, slot.nth


def _by_position(slot: Slot) -> tuple[object, ...]:
    return slot.name, slot.path, slot.attempt, slot.task, slot.position_in_task
