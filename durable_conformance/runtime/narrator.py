"""An observer that tells a listener what it observes, as it happens."""

from __future__ import annotations

import threading

from aws_durable_execution_sdk_python.plugin import OperationEndInfo, UserFunctionStartInfo

from durable_conformance.execution import (
    Death,
    EffectHappened,
    Event,
    InvocationBegan,
    InvocationEnded,
    Listener,
    OperationCalled,
    OperationReplayed,
    ProcessDied,
    Start,
    Status,
    VariableChanged,
    path_order,
)
from durable_conformance.model import ModelCall
from durable_conformance.runtime.observer import Observer

_CAME_BY_ALL = frozenset({Status.PENDING, Status.SUCCEEDED})
"""How an invocation ends whose code has come by everything that had ended in the contexts that it went through."""


class Narrator(Observer):
    """Observes one execution and tells `listener` of it: one event at a time, and none of a process that has died.

    What the listener raises is kept for the thread that runs the execution: on one of the SDK's it would end the wrong
    thing, and leave the others waiting for ever.
    """

    wants_replays = True

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener
        self._telling = threading.Lock()
        self._dead = False
        self._raised: BaseException | None = None
        self._ended: frozenset[str] = frozenset()
        self._entered: set[str] = set()
        self._replayed: set[str] = set()
        self._located: set[str] = set()

    def tell(self, event: Event) -> None:
        super().tell(event)
        if isinstance(event, InvocationEnded) and event.status in _CAME_BY_ALL:
            self._tell_what_the_sdk_did_not()
        self._pass_on(event)

    def settle(self) -> None:
        if self._raised:
            raise self._raised

    def begin(self, start: Start) -> None:
        self._ended = start.completed
        self._entered = {""}
        self._replayed = set()
        super().begin(start)

    def on_user_function_start(self, info: UserFunctionStartInfo) -> None:
        self._entered.add(self.seen(info))
        super().on_user_function_start(info)

    def on_operation_end(self, info: OperationEndInfo) -> None:
        super().on_operation_end(info)
        path = self.seen(info)
        if path in self._ended:
            self._tell_replayed(path)

    def _tell_what_the_sdk_did_not(self) -> None:
        """Operations that stand behind one that still waits, in the same context: it does not call that a replay."""
        for path in sorted(self._ended - self._replayed, key=path_order):
            if path.rpartition("/")[0] in self._entered:
                self._tell_replayed(path)

    def _tell_replayed(self, path: str) -> None:
        self._replayed.add(path)
        calls = (event.path for event in self.events if isinstance(event, ModelCall))
        self._pass_on(OperationReplayed(path, any(f"{caller}/".startswith(f"{path}/") for caller in calls)))

    def _pass_on(self, event: Event) -> None:
        if isinstance(event, Death | EffectHappened | VariableChanged):
            return
        with self._telling:
            if isinstance(event, InvocationBegan):
                self._dead = False
            if self._dead or self._raised:
                return
            self._dead = isinstance(event, ProcessDied)
            path = getattr(event, "path", None)
            try:
                if path and path not in self._located and (line := self.lines.get(path)):
                    self._located.add(path)
                    self._listener(OperationCalled(path, line))
                self._listener(event)
            except BaseException as error:  # noqa: BLE001  # raised by `settle`
                self._raised = error
