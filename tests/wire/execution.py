"""One execution as the front sees it pass by: its invocations, what it persists, what it asks the model."""

from __future__ import annotations

import datetime as dt
import json
import queue
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import OperationUpdate

from durable_conformance import CrashKind
from durable_conformance.execution import ENDED, Checkpointed, Death, Event, InvocationBegan, InvocationEnded, Run
from durable_conformance.model import ModelCall, request_of
from durable_conformance.runtime import Observer
from providers.bedrock import DEFAULT_TIERS, request_to_converse
from tests.stand_in import ReceivedRequest
from tests.wire.faults import NO_FAULTS, ConnectionFault, Faults
from tests.wire.function import Process


class Requests:
    """Which operation of a run asks what: a request's bytes on the wire say who sent it.

    Args:
        run: A run on this machine, by the same code, with the same answers; None knows no request.
        tiers: The model id of each tier there.
    """

    def __init__(self, run: Run | None = None, tiers: Mapping[str, str] = DEFAULT_TIERS) -> None:
        self._calls = {_fingerprint_of(call, tiers): call for call in run.calls} if run else {}

    def find(self, received: ReceivedRequest) -> ModelCall | None:
        """The call that asks the same; None if no operation does."""
        return self._calls.get(_fingerprint(received.model_id, received.body))


def _fingerprint_of(call: ModelCall, tiers: Mapping[str, str]) -> str:
    model_id = tiers.get(call.request.model, call.request.model)
    arguments = request_to_converse(request_of(call), model_id)
    del arguments["modelId"]
    return _fingerprint(model_id, arguments)


def _fingerprint(model_id: str, body: Mapping[str, Any]) -> str:
    return json.dumps([model_id, body], sort_keys=True)


@dataclass(frozen=True)
class Asked:
    """A model request of an operation.

    Attributes:
        path: The operation.
        occurrence: Which request of that operation, from 0.
        known: The same call on this machine.
    """

    path: str
    occurrence: int
    known: ModelCall


@dataclass
class Invocation:
    """One invocation.

    Attributes:
        number: From 1.
        process: Where it runs.
        killed: Whether its process has been killed; nothing that it still says counts.
        ended: How it ended: a status, an error, or what it died of; empty while it runs.
    """

    number: int
    process: Process
    killed: bool = False
    ended: str = ""


@dataclass
class Execution:
    """Everything known about one execution. Called from several threads.

    Attributes:
        name: Its name.
        faults: What it meets.
        requests: Which operation asks the model what.
        observer: Its operations' paths, and what has happened: invocations, persisted updates, model calls, deaths.
        invocations: In order.
        unknown: Model requests that no operation of the run that it is compared with asks.
        happened: How each invocation ended, as it does; or why none comes.
    """

    name: str
    faults: Faults = NO_FAULTS
    requests: Requests = field(default_factory=Requests)
    observer: Observer = field(default_factory=Observer)
    invocations: list[Invocation] = field(default_factory=list)
    unknown: list[ReceivedRequest] = field(default_factory=list)
    happened: queue.SimpleQueue[str | Exception] = field(default_factory=queue.SimpleQueue)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _persisted: set[str] = field(default_factory=set)
    _arrived: Counter[str] = field(default_factory=Counter)

    def begin(self, process: Process) -> Invocation:
        """A new invocation. What had ended by now is what an earlier one, if it died, need not have repeated."""
        with self._lock:
            completed = frozenset(u.path for u in self.told(Checkpointed) if u.action in {"SUCCEED", "FAIL"})
            for died in [one for one in self.invocations if _failed(one)][len(self.told(Death)) :]:
                self.observer.tell(Death(died.number, completed, died.ended))
            invocation = Invocation(len(self.invocations) + 1, process)
            self.invocations.append(invocation)
            self.observer.invocation = invocation.number
            self.observer.tell(InvocationBegan(invocation.number, dt.datetime.now(dt.UTC), completed))
            return invocation

    def end(self, invocation: Invocation, how: str) -> None:
        """The invocation is over."""
        with self._lock:
            invocation.ended = how
            if not _failed(invocation):
                self.observer.tell(InvocationEnded(how))
        if _failed(invocation):
            self.faults.invocation_failed()
        self.happened.put(how)

    def kill(self, invocation: Invocation) -> None:
        """SIGKILL the invocation's process."""
        with self._lock:
            invocation.killed = True
        invocation.process.kill()

    def fault_at(self, updates: Sequence[OperationUpdate]) -> CrashKind | ConnectionFault | None:
        """What happens to a checkpoint that has not persisted yet: whatever happens to one of its updates."""
        with self._lock:
            named = [(self.observer.path_of(update), update.action.value) for update in updates]
            places = [(path, action, self.observer.occurrences(path, action)) for path, action in named]
        return next((fault for place in places if (fault := self.faults.at_update(*place))), None)

    def persisted(self, updates: Sequence[OperationUpdate], client_token: str | None) -> None:
        """The service has persisted a checkpoint; a repeated one, whose response was lost, counts once."""
        with self._lock:
            if client_token in self._persisted:
                return
            if client_token:
                self._persisted.add(client_token)
            for update in updates:
                self.observer.persisted(update)

    def call(self, received: ReceivedRequest) -> Asked | None:
        """A model request has arrived: whose it is; None if no operation asks that."""
        with self._lock:
            known = self.requests.find(received)
            if known is None or known.path is None:
                self.unknown.append(received)
                return None
            occurrence = self._arrived[known.path]
            self._arrived[known.path] += 1
            return Asked(known.path, occurrence, known)

    def asked(self, invocation: Invocation, known: ModelCall, outcome: str) -> None:
        """Record how a model call ended."""
        call = ModelCall(
            invocation.number, known.path, None, known.operation_type, known.attempt, known.request, outcome
        )
        with self._lock:
            self.observer.tell(call)

    def told[E: Event](self, kind: type[E]) -> list[E]:
        """What has happened of one kind, in order. An invocation's death is told when the next one begins."""
        with self._lock:
            return [event for event in self.observer.events if isinstance(event, kind)]

    def callbacks(self) -> list[str]:
        """The names of the callbacks that have been created, in the order of their creation."""
        with self._lock:
            return [u.name or "" for u in self.told(Checkpointed) if u.timeout_seconds is not None]

    def transcript(self) -> str:
        """What has happened so far, for an error message."""
        with self._lock:
            ends = [invocation.ended or "still running" for invocation in self.invocations]
            return (
                f"invocations: {', '.join(ends) or 'none'}; persisted: "
                f"{', '.join(f'{u.path} {u.action}' for u in self.told(Checkpointed)) or 'nothing'}; model calls: "
                f"{', '.join(f'{c.path} {c.outcome}' for c in self.told(ModelCall)) or 'none'}"
            )


def _failed(invocation: Invocation) -> bool:
    return invocation.ended not in {"", "PENDING", *ENDED}
