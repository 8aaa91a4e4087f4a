"""A history as the baseline that replays of it are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from durable_conformance.execution.operations import OperationPaths, place, recorded
from durable_conformance.execution.pinned import Recorded, values_of
from durable_conformance.execution.run import Run
from durable_conformance.histories.file import Call, History
from durable_conformance.histories.prefix import operations_after, updates_of
from durable_conformance.rules.normal_form import Canonical, canonical


@dataclass(frozen=True)
class Golden:
    """A recorded execution, and what follows from it."""

    history: History

    def where(self, changes: int) -> str:
        """Which prefix the first `changes` are, in words."""
        all_ = self.history.changes
        after = f"after {all_[changes - 1]}" if changes else "from the start"
        return f"prefix {changes} of {len(all_)}: {after}"

    @cached_property
    def run(self) -> Run:
        """The recorded execution as a run. Its model calls are not in it: `calls_at` knows them."""
        history = self.history
        paths = OperationPaths()
        return Run(
            status=history.status,
            result=history.result,
            error_type=history.error.type if history.error else None,
            error_message=history.error.message if history.error else None,
            operations=recorded(operations_after(history, len(history.changes)), paths),
            calls=(),
            updates=updates_of(history),
            invocations=max((change.invocation for change in history.changes), default=1),
        )

    @cached_property
    def canonical(self) -> Canonical:
        """The run in comparable terms."""
        return canonical(self.run)

    @cached_property
    def calls_at(self) -> Mapping[str, tuple[Call, ...]] | None:
        """The model calls by their operation's place; None if they are not known."""
        if self.history.calls is None:
            return None
        calls: dict[str, tuple[Call, ...]] = {}
        for call in self.history.calls:
            where = place(call.path or "")
            calls[where] = (*calls.get(where, ()), call)
        return calls

    @cached_property
    def values(self) -> Recorded:
        """What was recorded in operations that neither asked the model nor have operations of their own.

        Where it is not known who asked, it may have been any of them.
        """
        return Recorded(values_of(self.run.operations, {call.path for call in self.history.calls or ()}))
