"""Where an invocation can die, named so that the name means the same in every run of a deterministic handler."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from durable_conformance.execution.operations import Action, numbered, place


class CrashKind(StrEnum):
    """How an invocation dies."""

    BEFORE_PERSIST = "before it persists"
    AFTER_PERSIST = "after it persisted, the response lost"
    TOKEN_REVOKED = "after it persisted, the token revoked"  # noqa: S105  # not a password
    DURING_CALL = "during the model call"


ALL_KINDS = tuple(CrashKind)
MODEL_CALL = Action.CALL
DURING_CALL = "during-call"

CRASH_WORDS = {"before": CrashKind.BEFORE_PERSIST, "after": CrashKind.AFTER_PERSIST, "revoked": CrashKind.TOKEN_REVOKED}
"""The kinds as a person types them, before the action of the update that they happen at."""
_WORD_OF = {kind: word for word, kind in CRASH_WORDS.items()}


@dataclass(frozen=True)
class CrashPoint:
    """One death of one invocation."""

    path: str
    action: str  # the checkpoint update's, or `MODEL_CALL`
    occurrence: int  # which update of that path and action, or which call of that path, from 0
    kind: CrashKind
    invocation: int = field(default=1, compare=False)  # of the baseline, from 1

    @property
    def id(self) -> str:
        """What tells it from all others, as a person types it: `/1:generate-joke:before-succeed#2`."""
        return f"{self.path}:{self.deed}"

    @property
    def deed(self) -> str:
        """The same without the path."""
        nth = f"#{self.occurrence + 1}" if self.occurrence else ""
        if self.kind is CrashKind.DURING_CALL:
            return f"{DURING_CALL}{nth}"
        return f"{_WORD_OF[self.kind]}-{self.action.lower()}{nth}"

    @property
    def moment(self) -> str:
        """What the operation is about to do, or has done, when the invocation dies."""
        return numbered(self.action, self.occurrence)

    @property
    def where(self) -> str:
        """At what of the operation it happens, in words."""
        if self.kind is CrashKind.DURING_CALL:
            return numbered(self.kind, self.occurrence)
        return f"{self.moment} {self.kind}"

    def __str__(self) -> str:
        return f"{self.path} {self.moment} {self.kind}"

    def meets(self, path: str, action: str, occurrence: int) -> bool:
        """Whether it is for this occurrence of this action, whatever the operation's names are in this run."""
        return (place(self.path), self.action, self.occurrence) == (place(path), action, occurrence)


class InvocationDied(Exception):  # noqa: N818  # not an error: what the crash does
    """Raised by the service client: to the SDK, the process is gone. The service will invoke again."""


class DiedInCall(BaseException):
    """Raised at the model gate: no step may record it, as no step of a dead process could."""
