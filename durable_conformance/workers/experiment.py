"""One execution to be made: where it runs, what it meets, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from durable_conformance.evidence import NOT_RUN, Place, RunRecord
from durable_conformance.execution import Conditions, Run
from durable_conformance.rules import Canonical, Finding
from durable_conformance.subject import Scenario
from durable_conformance.workers.debugging import Breakpoint

type Judge = Callable[[Run], Iterable[Finding]]


def not_judged(_run: Run) -> Iterable[Finding]:
    """Whoever has the run made looks at it otherwise."""
    return ()


@dataclass(frozen=True)
class Where:
    """The process that an execution runs in."""

    seed: int = 0
    """Which of the templates it is forked from, each with a hash seed of its own; 0 is the main one."""
    way: int | None = None
    """How clock, randomness and variables differ by invocation; 0 is a process that is only new, None a warm one."""


WARM = Where()


@dataclass(frozen=True)
class Experiment:
    """One execution to be made."""

    id: str  # the same in each exploration of the same handler
    name: str  # what is done to it, for people
    place: Place | None  # None if it is not shown
    conditions: Conditions
    judge: Judge = field(compare=False)
    where: Where = WARM
    against: Canonical | None = field(
        default=None, compare=False
    )  # the run it is held against; None if it is judged by itself
    like: Run | None = field(default=None, compare=False)  # the run that it goes like, as far as it is not followed
    scenario: Scenario | None = field(default=None, compare=False)  # None is the pool's
    stops: Breakpoint | None = field(default=None, compare=False)  # where a person debugs it; None is nowhere

    def planned(self, why: str = NOT_RUN) -> RunRecord:
        """The record of a run that has not been made, and perhaps never is."""
        assert self.place
        return RunRecord(self.id, self.name, self.place, could_not_run=why)


@dataclass(frozen=True)
class Lost:
    """Why there is no run of an experiment."""

    why: str  # on one line
    detail: str = ""  # such as the user's traceback; may be empty
    begun: bool = True  # whether it was begun at all
    telling: bool = False  # its process has told: what others tell alike is nothing new
