"""Every run as compact data for the page's script: each text and each invocation once, and numbers that name them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from durable_conformance.evidence import Explored, InvocationTrace, Moment, RunRecord
from durable_conformance.rules import Finding

NONE = -1


class Table[T: Hashable]:
    """Values, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}

    def number(self, value: T) -> int:
        """The position of `value`, which is added if it is new."""
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def values(self) -> list[T]:
        """All of them, in the order of their numbers."""
        return list(self._numbers)


class Island:
    """What the script finds in the page; `report.js` reads it, position by position."""

    def __init__(self) -> None:
        self._texts: Table[str] = Table()
        self._invocations: Table[tuple[Any, ...]] = Table()

    def data(self, explorations: Sequence[Explored]) -> dict[str, Any]:
        """All runs of all explorations: `texts`, `invocations`, and `runs`, in that order."""
        runs = [self._run(one.name, record) for one in explorations for record in one.records]
        return {"texts": self._texts.values, "invocations": self._invocations.values, "runs": runs}

    def _run(self, exploration: str, record: RunRecord) -> list[Any]:
        text, trace = self._texts.number, record.trace
        head = [text(record.name), text(exploration), text(record.could_not_run)]
        if trace is None:
            return head
        return [
            *head,
            text(trace.status),
            text(trace.ending),
            trace.first,
            [self._invocations.number(self._invocation(invocation)) for invocation in trace.invocations],
            [self._finding(finding) for finding in record.findings],
        ]

    def _invocation(self, invocation: InvocationTrace) -> tuple[Any, ...]:
        text = self._texts.number
        return (
            invocation.number,
            invocation.at_seconds,
            tuple((text(arrival.path), text(arrival.how)) for arrival in invocation.arrived),
            tuple(text(path) for path in invocation.replayed),
            tuple(self._moment(moment) for moment in invocation.moments),
            text(invocation.ended),
            text(invocation.why),
        )

    def _moment(self, moment: Moment) -> tuple[int, ...]:
        text = self._texts.number
        delay = NONE if moment.delay_seconds is None else moment.delay_seconds
        return (text(moment.label), text(moment.path), text(moment.outcome), delay, int(moment.again))

    def _finding(self, finding: Finding) -> list[int]:
        parts = (finding.rule, finding.path, finding.expected, finding.actual, finding.remedy)
        return [self._texts.number(part) for part in parts]
