"""What to explore, and how far."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass

from durable_conformance.choices import HORIZON, PATIENCE_SECONDS, Severity, Shard
from durable_conformance.execution import ALL_KINDS, CrashKind, CrashPoint
from durable_conformance.workers import MAX_LOST, Breakpoint


@dataclass(frozen=True)
class Exploration:
    """What to explore."""

    kinds: Sequence[CrashKind] = ALL_KINDS  # how invocations die
    points: Collection[CrashPoint] | None = None  # at these points of each of `kinds`; None is all
    pairs: bool = False  # of crash points, too
    pure: bool = True  # interrupt executions whose model answers the same request the same way
    never_twice: bool = True  # and those whose model never answers twice the same, which one that was recorded cannot
    faults: bool = True  # fail model calls
    orders: bool = True  # permute the order in which branches end; not for a workflow that is meant to depend on it
    patience: float = PATIENCE_SECONDS  # seconds that importing the handler, and that one execution, may take
    side_by_side: int | None = None  # executions, a process each; None is what the cores bear
    horizon: int | None = HORIZON
    """Operations that an execution is followed past its interruption, and does before it, in workflows of more than
    twice as many; None follows each to its end. Then executions are interrupted everywhere, too, and followed to their
    ends: if those show something, so are single ones (`sweep`)."""
    until: Set[str] = frozenset()
    """Rules of which one finding is enough: what has not begun by then is left out. Empty goes on to the end."""
    until_severities: Set[Severity] = frozenset({Severity.ERROR})  # and a finding of these
    only: str | None = None  # this case alone, by its id, and what that takes; None is all
    shard: Shard | None = None  # what belongs to this one, and what all need; None is all
    stops: Breakpoint | None = None  # where a person debugs it
    way: str = ""  # what ids begin with here that tells them from those of other explorations of the same check
    max_lost: int = MAX_LOST  # executions that may hang or end their process before the rest is left out

    def __post_init__(self) -> None:
        if self.horizon is not None and self.horizon < 1:
            raise ValueError(f"horizon is {self.horizon}: an execution is followed for at least 1 operation.")
        if self.only and self.shard:
            raise ValueError(f"The case {self.only} is made alone; leave {self.shard} out.")


EVERYTHING = Exploration()
"""Every crash point in every variant; no pairs."""
