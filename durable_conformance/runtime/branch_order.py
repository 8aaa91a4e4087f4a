"""Permuted completion: the branches of a map or parallel run one after another, in an order that is chosen."""

from __future__ import annotations

import threading

from durable_conformance.execution import Order

PATIENCE_SECONDS = 2.0
"""How long a branch waits for the one before it to appear. A batch that runs fewer branches at a time than it has may
never start that one while this one holds its place: its order is then left to the threads."""


class BranchOrder:
    """Holds each branch back until those before it have ended, or suspended. Safe from any number of threads."""

    def __init__(self, order: Order) -> None:
        self._predecessors = {
            branch: branches[:position]
            for branches in order.batches.values()
            for position, branch in enumerate(branches)
        }
        self._left: set[str] = set()
        self._uncontrolled: set[str] = set()
        self._changed = threading.Condition()

    def enter(self, path: str) -> None:
        """The function of the branch at `path` is about to run, on this thread."""
        batch = path.rpartition("/")[0]
        with self._changed:
            turn = self._changed.wait_for(
                lambda: batch in self._uncontrolled or self._left.issuperset(self._predecessors.get(path, ())),
                PATIENCE_SECONDS,
            )
            if not turn:
                self._uncontrolled.add(batch)
                self._changed.notify_all()

    def leave(self, path: str) -> None:
        """The function of the branch at `path` has ended or suspended."""
        with self._changed:
            self._left.add(path)
            self._changed.notify_all()
