"""Injects every fault into every scenario, side by side: a function that was killed is invoked again 5 s later."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from rich.table import Table

from durable_conformance import Finding
from tests.wire.deployable import Deployable, function_name
from tests.wire.faults import NO_FAULTS, Crash, Faults, SingleFault, every_fault
from tests.wire.playing import Played, Player
from tests.wire.verdict import findings
from tests.wire.wire import Wire

COLUMNS = {
    "scenario": "",
    "kills": "kills",
    "responses lost": "responses lost",
    "recovered": "recovered",
    "model calls": "calls",
    "made again for one that died": "made again",
    "repeated after completion": "repeated",
}
"""What is printed, and the count that it is."""

SIDE_BY_SIDE = 48
"""Executions at the same time. With more of them each is slower and all are no faster: the processor is busy."""


@dataclass(frozen=True)
class Result:
    """What one fault came to.

    Attributes:
        fault: The fault.
        played: The execution that met it.
        findings: What is wrong with that.
    """

    fault: SingleFault
    played: Played
    findings: list[Finding]


@dataclass(frozen=True)
class Explored:
    """A scenario, undisturbed and with every fault.

    Attributes:
        undisturbed: The undisturbed execution: it says where there can be faults.
        results: What every fault comes to.
    """

    undisturbed: Played
    results: list[Future[Result]]


class Campaign:
    """All the faults. Made by a `with` block.

    Args:
        wire: Where the patterns are deployed.
        prefix: Of their functions' names.
        scenarios: What to interrupt.
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

    def undisturbed(self, what: Deployable) -> Played:
        """A scenario's undisturbed execution."""
        return self._explored[what].result().undisturbed

    def results(self, what: Deployable) -> list[Result]:
        """What every fault in a scenario came to."""
        return [result.result() for result in self._explored[what].result().results]

    def _explore(self, what: Deployable) -> Explored:
        undisturbed = self._play(what, NO_FAULTS)
        faults = every_fault(undisturbed.run)
        return Explored(undisturbed, [self._pool.submit(self._interrupt, what, fault) for fault in faults])

    def _interrupt(self, what: Deployable, fault: SingleFault) -> Result:
        played = self._play(what, fault)
        result = Result(fault, played, findings(what.local, played, str(fault)))
        self._count(what, result)
        return result

    def _play(self, what: Deployable, faults: Faults) -> Played:
        return self._players[what.pattern].play(what.scenario, what.local, faults)

    def _count(self, what: Deployable, result: Result) -> None:
        run = result.played.run
        with self._lock:
            tally = self._tally[what]
            tally["kills" if isinstance(result.fault, Crash) else "responses lost"] += 1
            tally["recovered"] += result.fault.fired and not result.findings
            tally["calls"] += len(run.calls)
            tally["made again"] += len(run.calls_made_again)
            tally["repeated"] += len(run.repeated_calls)

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
