"""What may befall an execution on the wire, and where: at a checkpoint, or at a model call."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from durable_conformance.execution.run import Run
from tests.loopback import Drop, Stall
from tests.stand_in import Fail

CALL = "CALL"
"""Stands for a model call where checkpoint updates have their action."""

type Trouble = Fail | Stall | Drop
"""What the model endpoint can do instead of answering."""


@dataclass(frozen=True)
class Moment:
    """A checkpoint update or a model call of an execution, named so that it is the same one in every run.

    Attributes:
        path: The operation it is about.
        action: The update's action, or `CALL`.
        occurrence: Which update of that path and action, or which call of that path, from 0.
    """

    path: str
    action: str
    occurrence: int = 0


class Blow(StrEnum):
    """What can happen at a moment."""

    KILLED_BEFORE_PERSIST = "killed before it persisted"
    KILLED_AFTER_PERSIST = "killed after it persisted"
    KILLED_DURING_CALL = "killed during the call"
    RESPONSE_LOST = "persisted, the response lost"
    UNREACHABLE = "the service cannot be reached"


class Fate(Protocol):
    """What befalls one execution. Called from several threads."""

    def at_checkpoint(self, moments: Sequence[Moment], /) -> Blow | None:
        """What happens to a checkpoint that carries the updates `moments`; None lets it through."""

    def at_call(self, moment: Moment, /) -> Blow | Trouble | None:
        """What happens to a model call; None lets it be answered."""

    def invocation_failed(self) -> None:
        """An invocation has ended with an error, or died."""


class Unharmed:
    """Nothing happens."""

    def at_checkpoint(self, _moments: Sequence[Moment], /) -> Blow | None:
        return None

    def at_call(self, _moment: Moment, /) -> Blow | Trouble | None:
        return None

    def invocation_failed(self) -> None:
        """All the same."""


UNHARMED = Unharmed()


@dataclass
class Struck(Unharmed):
    """One blow at one moment, once.

    Attributes:
        moment: When.
        blow: What.
        fell: Whether it has happened.
    """

    moment: Moment
    blow: Blow
    fell: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __str__(self) -> str:
        nth = f" #{self.moment.occurrence + 1}" if self.moment.occurrence else ""
        return f"{self.moment.path} {self.moment.action}{nth}, {self.blow}"

    def at_checkpoint(self, moments: Sequence[Moment], /) -> Blow | None:
        return self._fall() if self.moment in moments else None

    def at_call(self, moment: Moment, /) -> Blow | Trouble | None:
        return self._fall() if moment == self.moment else None

    def _fall(self) -> Blow | None:
        with self._lock:
            if self.fell:
                return None
            self.fell = True
            return self.blow


def every_blow(clean: Run) -> list[Struck]:
    """Every place where an execution that goes as `clean` did can be struck, with every blow that can fall there."""
    updates = [
        Struck(Moment(update.path, update.action, update.occurrence), blow)
        for update in clean.updates
        for blow in (Blow.KILLED_BEFORE_PERSIST, Blow.KILLED_AFTER_PERSIST, Blow.RESPONSE_LOST)
    ]
    calls = [
        Struck(Moment(path, CALL, number), Blow.KILLED_DURING_CALL)
        for path, outcomes in clean.ledger.items()
        for number in range(len(outcomes))
    ]
    return updates + calls


class Troubled(Unharmed):
    """The model endpoint makes the same trouble for the first calls of every operation.

    Args:
        trouble: What it does.
        times: How many calls it does that to.
    """

    def __init__(self, trouble: Trouble, times: int) -> None:
        self._trouble = trouble
        self._times = times

    def at_call(self, moment: Moment, /) -> Blow | Trouble | None:
        return self._trouble if moment.occurrence < self._times else None


class CutOff(Unharmed):
    """No checkpoint gets through that something was done, until an invocation has failed of it.

    Attributes:
        refused: How many checkpoints did not get through.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._over = False

    def at_checkpoint(self, moments: Sequence[Moment], /) -> Blow | None:
        if self._over or not any(moment.action == "SUCCEED" for moment in moments):
            return None
        self.refused += 1
        return Blow.UNREACHABLE

    def invocation_failed(self) -> None:
        self._over = self.refused > 0
