"""Faults that an execution on the wire meets: its process is killed, a connection fails, a model endpoint does.

Where and how a process is killed is said in the engine's words, as a `CrashPoint`.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Protocol

from durable_conformance import CrashKind, CrashPoint
from durable_conformance.execution import MODEL_CALL, Checkpointed, Run
from tests.loopback import Drop, Stall
from tests.stand_in import Fail

KINDS = (CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL)
"""How a process can be killed here. No token is revoked: the front passes on what the runner answers, or nothing."""

type EndpointFault = Fail | Stall | Drop
"""What the model endpoint can do instead of answering."""


class ConnectionFault(StrEnum):
    """How the connection to the service can fail. The process lives, and boto3 tries again."""

    UNREACHABLE = "the service cannot be reached"
    RESPONSE_LOST = "persisted, the response lost"


class Faults(Protocol):
    """The faults that one execution meets. Called from several threads."""

    def at_update(self, path: str, action: str, occurrence: int, /) -> CrashKind | ConnectionFault | None:
        """What happens to the checkpoint that carries an update; None lets it through.

        Args:
            path: The operation that it is about.
            action: The update's action.
            occurrence: Which update of that path and action, from 0.
        """

    def at_call(self, path: str, occurrence: int, /) -> CrashKind | EndpointFault | None:
        """What happens to a model call of an operation, from 0; None lets it be answered."""

    def invocation_failed(self) -> None:
        """An invocation has ended with an error, or died."""


class NoFaults:
    """Nothing happens."""

    def at_update(self, _path: str, _action: str, _occurrence: int, /) -> CrashKind | ConnectionFault | None:
        return None

    def at_call(self, _path: str, _occurrence: int, /) -> CrashKind | EndpointFault | None:
        return None

    def invocation_failed(self) -> None:
        """All the same."""


NO_FAULTS = NoFaults()


class SingleFault(NoFaults, ABC):
    """One fault at one place, once.

    Attributes:
        fired: Whether it has happened.
    """

    def __init__(self) -> None:
        self.fired = False
        self._lock = threading.Lock()

    @abstractmethod
    def __str__(self) -> str: ...

    def _fire[F](self, fault: F) -> F | None:
        with self._lock:
            if self.fired:
                return None
            self.fired = True
            return fault


class Crash(SingleFault):
    """The process is killed.

    Args:
        point: Where, and how.

    Raises:
        ValueError: No process can be killed like that here.
    """

    def __init__(self, point: CrashPoint) -> None:
        if point.kind not in KINDS:
            raise ValueError(f"{point}: on the wire a process is killed {', '.join(KINDS)}, and in no other way.")
        super().__init__()
        self.point = point

    def __str__(self) -> str:
        return str(self.point)

    def at_update(self, path: str, action: str, occurrence: int, /) -> CrashKind | ConnectionFault | None:
        return self._fire(self.point.kind) if self.point.meets(path, action, occurrence) else None

    def at_call(self, path: str, occurrence: int, /) -> CrashKind | EndpointFault | None:
        return self._fire(self.point.kind) if self.point.meets(path, MODEL_CALL, occurrence) else None


class ResponseLost(SingleFault):
    """An update persists, and its sender does not hear of it.

    Args:
        update: Which.
    """

    def __init__(self, update: Checkpointed) -> None:
        super().__init__()
        self.update = update

    def __str__(self) -> str:
        return f"{self.update}, {ConnectionFault.RESPONSE_LOST}"

    def at_update(self, path: str, action: str, occurrence: int, /) -> CrashKind | ConnectionFault | None:
        here = (self.update.path, self.update.action, self.update.occurrence) == (path, action, occurrence)
        return self._fire(ConnectionFault.RESPONSE_LOST) if here else None


def every_fault(baseline: Run) -> list[SingleFault]:
    """Every crash and every lost response that an execution can meet that goes as `baseline` did."""
    crashes = [Crash(point) for point in baseline.crash_points(KINDS)]
    return [*crashes, *(ResponseLost(update) for update in baseline.updates)]


class ModelOutage(NoFaults):
    """The model endpoint fails in the same way for the first calls of every operation.

    Args:
        fault: What it does.
        times: How many calls it does that to.
    """

    def __init__(self, fault: EndpointFault, times: int) -> None:
        self._fault = fault
        self._times = times

    def at_call(self, _path: str, occurrence: int, /) -> CrashKind | EndpointFault | None:
        return self._fault if occurrence < self._times else None


class ServiceOutage(NoFaults):
    """No checkpoint gets through that something was done, until an invocation has failed of it.

    Attributes:
        refused: How many checkpoints did not get through.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._over = False

    def at_update(self, _path: str, action: str, _occurrence: int, /) -> CrashKind | ConnectionFault | None:
        if self._over or action != "SUCCEED":
            return None
        self.refused += 1
        return ConnectionFault.UNREACHABLE

    def invocation_failed(self) -> None:
        self._over = self.refused > 0
