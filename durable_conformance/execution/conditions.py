"""What an execution meets besides its scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durable_conformance.execution.crash_points import CrashPoint
from durable_conformance.execution.pinned import NOTHING_PINNED, Pinned
from durable_conformance.execution.run import Prefix
from durable_conformance.model import Call, ModelFault

MAX_INVOCATIONS = 500
"""More than any bounded workflow here needs; an execution that wants more does not end by itself."""


@dataclass(frozen=True)
class Order:
    """The order in which the branches of some batches are to end."""

    batches: Mapping[str, Sequence[str]]  # by the batch's path, the paths of its branches
    decides: bool = False  # these branches are to end the batch: all others are held back until it has ended
    pause_seconds: float = 0.0  # of real time that a branch gives its batch to end after the one before it

    def __str__(self) -> str:
        return "; ".join(
            f"{batch} ends in the order {', '.join(path.rpartition('/')[2] for path in branches)}"
            for batch, branches in self.batches.items()
        )


@dataclass(frozen=True)
class Conditions:
    """What an execution meets besides its scenario."""

    crashes: Sequence[CrashPoint] = ()  # each fires once, at its first opportunity
    prefix: Prefix | None = None  # what is taken as done already; None begins at the beginning
    never_twice: bool = False  # every answer has a tag of its own, as a real model never repeats itself
    fault: ModelFault | None = None  # model calls that fail instead of being answered
    answers: Sequence[Call] = ()  # calls that are answered as in another execution, without asking anybody
    pinned: Pinned = NOTHING_PINNED  # values that this execution adopts, where it comes to others
    interrupted: bool = False  # it counts as interrupted from its start: it adopts volatile values alone
    order: Order | None = None  # None leaves to the threads how the branches of a batch end
    keep_snapshots: bool = False  # of the state after each update
    max_invocations: int = MAX_INVOCATIONS
    horizon: int | None = None  # operations that it is followed past its last interruption; None is to its end
    anchor: str | None = None  # the operation past which these count, where no crash interrupts it
    execution_id: str | None = None  # whose ARN it has; None is one of its own, or that of its prefix


UNDISTURBED = Conditions()
