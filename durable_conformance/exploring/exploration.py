"""What to explore, and how far."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass

from durable_conformance.execution.crash_points import ALL_KINDS, CrashKind, CrashPoint

PATIENCE_SECONDS = 60.0
"""How long one execution may take in real time. Virtual time passes at once, so this is for handlers that hang."""

SIDE_BY_SIDE = 4
"""Executions at the same time. They share one interpreter lock: more would wait for it rather than run."""

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
        patience: Seconds that one execution may take.
        side_by_side: How many executions at the same time.
        skip: Runs to leave out, by name.
        horizon: How many operations an execution is followed past its interruption, and how many it does before it, in
            workflows of more than twice as many; None follows each to its end. Then executions are interrupted
            everywhere, too, and followed to their ends: if those show something, so are single ones (`sweep`).
        until: Rules of which one finding is enough: what has not begun by then is left out. Empty goes on to the end.
    """

    kinds: Sequence[CrashKind] = ALL_KINDS
    points: Collection[CrashPoint] | None = None
    pairs: bool = False
    pure: bool = True
    never_twice: bool = True
    faults: bool = True
    orders: bool = True
    patience: float = PATIENCE_SECONDS
    side_by_side: int = SIDE_BY_SIDE
    skip: Set[str] = frozenset()
    horizon: int | None = HORIZON
    until: Set[str] = frozenset()

    def __post_init__(self) -> None:
        if self.horizon is not None and self.horizon < 1:
            raise ValueError(f"horizon is {self.horizon}: an execution is followed for at least 1 operation.")


EVERYTHING = Exploration()
"""Every crash point in every variant; no pairs."""
