"""Where an invocation can die, named so that the name means the same in every run of a deterministic handler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from durable_conformance.execution.operations import place
from durable_conformance.execution.run import Run


class CrashKind(StrEnum):
    """How an invocation dies."""

    BEFORE_PERSIST = "before it persists"
    AFTER_PERSIST = "after it persisted, the response lost"
    TOKEN_REVOKED = "after it persisted, the token revoked"  # noqa: S105  # not a password
    DURING_CALL = "during the model call"


MODEL_CALL = "CALL"


@dataclass(frozen=True)
class CrashPoint:
    """One death of one invocation.

    Attributes:
        path: The operation it happens at.
        action: The checkpoint update's action, or `MODEL_CALL`.
        occurrence: Which update of that path and action, or which call of that path, from 0.
        kind: How.
        invocation: In which invocation of the baseline it lies, from 1.
    """

    path: str
    action: str
    occurrence: int
    kind: CrashKind
    invocation: int = field(default=1, compare=False)

    @property
    def moment(self) -> str:
        """What the operation is about to do, or has done, when the invocation dies."""
        return f"{self.action}{self._nth}"

    @property
    def where(self) -> str:
        """At what of the operation it happens, in words."""
        return f"{self.kind}{self._nth}" if self.kind is CrashKind.DURING_CALL else f"{self.moment} {self.kind}"

    @property
    def _nth(self) -> str:
        return f" #{self.occurrence + 1}" if self.occurrence else ""

    def __str__(self) -> str:
        return f"{self.path} {self.moment} {self.kind}"

    def meets(self, path: str, action: str, occurrence: int) -> bool:
        """Whether it is for this occurrence of this action, whatever the operation's names are in this run."""
        return (place(self.path), self.action, self.occurrence) == (place(path), action, occurrence)


class InvocationDied(Exception):  # noqa: N818  # not an error: what the crash does
    """Raised by the service client: to the SDK, the process is gone. The service will invoke again."""


class DiedInCall(BaseException):
    """Raised by the model: no step may record it, as no step of a dead process could."""


ALL_KINDS = tuple(CrashKind)


def crash_points(baseline: Run, kinds: Sequence[CrashKind] = ALL_KINDS) -> tuple[CrashPoint, ...]:
    """Every point at which the execution that `baseline` did could have been interrupted, in each of `kinds`."""
    points = [
        CrashPoint(update.path, update.action, update.occurrence, kind, update.invocation)
        for update in baseline.updates
        for kind in kinds
        if kind is not CrashKind.DURING_CALL
    ]
    calls: Counter[str] = Counter()
    for call in baseline.calls:
        if call.path is not None and CrashKind.DURING_CALL in kinds:
            points.append(CrashPoint(call.path, MODEL_CALL, calls[call.path], CrashKind.DURING_CALL, call.invocation))
            calls[call.path] += 1
    return tuple(points)
