"""What an execution meets besides its scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durable_conformance.execution.crash_points import CrashPoint
from durable_conformance.execution.pinned import NOTHING_PINNED, Pinned
from durable_conformance.execution.run import Prefix
from durable_conformance.model import ModelCall, ModelFault

MAX_INVOCATIONS = 500
"""More than any bounded workflow here needs; an execution that wants more does not end by itself."""


@dataclass(frozen=True)
class Order:
    """The order in which the branches of some batches are to end.

    Attributes:
        batches: For each batch's path, the paths of its branches.
    """

    batches: Mapping[str, Sequence[str]]

    def __str__(self) -> str:
        return "; ".join(
            f"{batch} ends in the order {', '.join(path.rpartition('/')[2] for path in branches)}"
            for batch, branches in self.batches.items()
        )


@dataclass(frozen=True)
class Conditions:
    """What an execution meets besides its scenario.

    Attributes:
        crashes: Where invocations die. Each fires once, at its first opportunity.
        prefix: What is taken as done already; None begins at the beginning.
        never_twice: Have the model give every answer a tag of its own, as a real model never repeats itself.
        fault: Model calls that fail instead of being answered.
        answers: Model calls that are answered as they were in another execution, without asking anybody.
        pinned: Values to take on, where this execution comes to others.
        interrupted: Whether the execution counts as interrupted from its start, so that only volatile values are taken
            on. One that dies, or begins where another died, does so anyway.
        order: In which order the branches of a batch end; None leaves that to the threads.
        keep_snapshots: Whether to keep the state after each update.
        max_invocations: How many invocations the execution may take.
        horizon: How many operations it is followed past its last interruption; None follows it to its end.
        anchor: The operation past which these are counted, where it is not a crash that interrupts it.
    """

    crashes: Sequence[CrashPoint] = ()
    prefix: Prefix | None = None
    never_twice: bool = False
    fault: ModelFault | None = None
    answers: Sequence[ModelCall] = ()
    pinned: Pinned = NOTHING_PINNED
    interrupted: bool = False
    order: Order | None = None
    keep_snapshots: bool = False
    max_invocations: int = MAX_INVOCATIONS
    horizon: int | None = None
    anchor: str | None = None


UNDISTURBED = Conditions()
