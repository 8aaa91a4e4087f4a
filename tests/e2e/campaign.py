"""Strikes every scenario at every place with every blow, side by side: who was killed is invoked again 5 s later."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from rich.table import Table

from tests.wire.deployable import Deployable, function_name
from tests.wire.fates import UNHARMED, Blow, Fate, Struck, every_blow
from tests.wire.playing import Played, Player
from tests.wire.verdict import differences, lost_calls
from tests.wire.wire import Wire

KILLS = (Blow.KILLED_BEFORE_PERSIST, Blow.KILLED_AFTER_PERSIST, Blow.KILLED_DURING_CALL)

COLUMNS = {
    "scenario": "",
    "kills": "kills",
    "responses lost": Blow.RESPONSE_LOST.value,
    "recovered": "recovered",
    "model calls": "calls",
    "made again for one that died": "lost",
    "repeated after completion": "repeated",
}
"""What is printed, and the count that it is."""

SIDE_BY_SIDE = 48
"""Executions at the same time. With more of them each is slower and all are no faster: the processor is busy."""


@dataclass(frozen=True)
class Result:
    """What one blow came to.

    Attributes:
        struck: The blow.
        played: The execution.
        differences: What is wrong with it.
    """

    struck: Struck
    played: Played
    differences: list[str]


@dataclass(frozen=True)
class Explored:
    """A scenario, undisturbed and struck.

    Attributes:
        clean: The undisturbed execution: it says where it can be struck.
        blows: What every blow comes to.
    """

    clean: Played
    blows: list[Future[Result]]


class Campaign:
    """All the blows. Made by a `with` block.

    Args:
        wire: Where the patterns are deployed.
        prefix: Of their functions' names.
        scenarios: What to strike.
    """

    def __init__(self, wire: Wire, prefix: str, scenarios: Sequence[Deployable]) -> None:
        self._wire = wire
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="campaign")
        self._players = {one.pattern: Player(wire, function_name(prefix, one.pattern)) for one in scenarios}
        self._lock = threading.Lock()
        self._tally: dict[Deployable, Counter[str]] = {one: Counter() for one in scenarios}

    def __enter__(self) -> Self:
        self._explored = {one: self._pool.submit(self._explore, one) for one in self._tally}
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.front.abandon()
        self._pool.shutdown(cancel_futures=True)

    def clean(self, what: Deployable) -> Played:
        """A scenario's undisturbed execution."""
        return self._explored[what].result().clean

    def results(self, what: Deployable) -> list[Result]:
        """What every blow at a scenario came to."""
        return [blow.result() for blow in self._explored[what].result().blows]

    def _explore(self, what: Deployable) -> Explored:
        clean = self._play(what, UNHARMED)
        return Explored(clean, [self._pool.submit(self._strike, what, struck) for struck in every_blow(clean.run)])

    def _strike(self, what: Deployable, struck: Struck) -> Result:
        played = self._play(what, struck)
        wrong = differences(what.local, played)
        if not struck.fell:
            wrong.append("the blow did not fall")
        self._count(what, struck, played, wrong)
        return Result(struck, played, wrong)

    def _play(self, what: Deployable, fate: Fate) -> Played:
        return self._players[what.pattern].play(what.scenario, what.local, fate)

    def _count(self, what: Deployable, struck: Struck, played: Played, wrong: list[str]) -> None:
        with self._lock:
            tally = self._tally[what]
            tally["kills" if struck.blow in KILLS else struck.blow.value] += 1
            tally["recovered"] += not wrong
            tally["calls"] += len(played.run.calls)
            tally["lost"] += sum(lost_calls(played.run).values())
            tally["repeated"] += len(played.run.repeated_calls)

    def table(self) -> Table:
        """Counts for each scenario, and in all."""
        table = Table(*COLUMNS, show_footer=True)
        for what, tally in self._tally.items():
            table.add_row(str(what), *(str(tally[key]) for key in COLUMNS.values() if key))
        total = sum(self._tally.values(), Counter[str]())
        for column, key in zip(table.columns, COLUMNS.values(), strict=True):
            column.footer = str(total[key]) if key else "in all"
            column.justify = "right" if key else "left"
        return table
