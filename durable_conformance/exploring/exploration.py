"""What to explore, and how far."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass

from durable_conformance.execution import ALL_KINDS, CrashKind, CrashPoint
from durable_conformance.workers import MAX_LOST, PATIENCE_SECONDS

HORIZON = 8
"""Operations that an execution of a long workflow is followed past its interruption, unless told otherwise."""


@dataclass(frozen=True)
class Exploration:
    """What to explore.

    Attributes:
        kinds: How invocations die.
        points: Where they die: these points of each of `kinds`; None is all.
        pairs: Whether to try every pair of crash points, too.
        pure: Whether to interrupt executions whose model answers the same request the same way.
        never_twice: Whether to interrupt executions whose model never answers twice the same; not possible if it
            answers only what was recorded.
        faults: Whether to fail model calls.
        orders: Whether to permute the order in which branches end. Leave it out for a workflow that is meant to depend
            on that order.
        patience: Seconds that importing the handler, and that one execution, may take.
        side_by_side: How many executions at the same time, a process each; None is what the cores bear.
        horizon: How many operations an execution is followed past its interruption, and how many it does before it, in
            workflows of more than twice as many; None follows each to its end. Then executions are interrupted
            everywhere, too, and followed to their ends: if those show something, so are single ones (`sweep`).
        until: Rules of which one finding is enough: what has not begun by then is left out. Empty goes on to the end.
        max_lost: How many executions may hang or end their process before the rest is left out.
    """

    kinds: Sequence[CrashKind] = ALL_KINDS
    points: Collection[CrashPoint] | None = None
    pairs: bool = False
    pure: bool = True
    never_twice: bool = True
    faults: bool = True
    orders: bool = True
    patience: float = PATIENCE_SECONDS
    side_by_side: int | None = None
    horizon: int | None = HORIZON
    until: Set[str] = frozenset()
    max_lost: int = MAX_LOST

    def __post_init__(self) -> None:
        if self.horizon is not None and self.horizon < 1:
            raise ValueError(f"horizon is {self.horizon}: an execution is followed for at least 1 operation.")


EVERYTHING = Exploration()
"""Every crash point in every variant; no pairs."""
