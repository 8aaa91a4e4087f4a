"""Permuted completion: the branches of a map or parallel run one after another, in an order that is chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Set

from durable_conformance.execution import Order

PATIENCE_SECONDS = 2.0
"""How long a branch waits for the one before it to appear. A batch that runs fewer branches at a time than it has may
never start that one while this one holds its place: its order is then left to the threads."""

SLICE_SECONDS = 0.02
"""How often a branch that is held back looks whether its invocation is dead."""


class BranchOrder:
    """Holds each branch back until those before it have ended, or suspended. Safe from any number of threads."""

    def __init__(self, order: Order) -> None:
        self.dead: Callable[[], bool] = lambda: False  # whether the running invocation is
        self._order = order
        self._predecessors = {
            branch: branches[:position]
            for branches in order.batches.values()
            for position, branch in enumerate(branches)
        }
        self._left: set[str] = set()
        self._suspended: set[str] = set()  # batches of which a branch has suspended
        self._uncontrolled: set[str] = set()
        self._invocation = 0
        self._changed = threading.Condition()

    def begin(self, completed: Set[str]) -> None:
        """A new invocation, before which the operations at these paths had ended."""
        with self._changed:
            self._invocation += 1
            if self._order.decides:
                self._left = set(completed)
                self._suspended.clear()
            self._changed.notify_all()

    def enter(self, path: str) -> None:
        """The function of the branch at `path` is about to run, on this thread."""
        batch = path.rpartition("/")[0]
        if batch not in self._order.batches or not (self._order.decides or path in self._predecessors):
            return
        with self._changed:
            invocation = self._invocation

            def is_free() -> bool:
                ended = self._order.decides and batch in self._left
                return ended or batch in self._uncontrolled or invocation != self._invocation or self.dead()

            def has_turn() -> bool:
                before = self._predecessors.get(path)
                return batch in self._suspended if before is None else self._left.issuperset(before)

            if not self._waited(lambda: is_free() or has_turn(), PATIENCE_SECONDS):
                self._uncontrolled.add(batch)
                self._changed.notify_all()
            elif self._order.pause_seconds and self._predecessors.get(path):
                self._waited(lambda: is_free() or batch in self._suspended, self._order.pause_seconds)

    def _waited(self, until: Callable[[], bool], seconds: float) -> bool:
        return any(self._changed.wait_for(until, SLICE_SECONDS) for _ in range(round(seconds / SLICE_SECONDS)))

    def leave(self, path: str, *, suspended: bool = False) -> None:
        """The function of the branch at `path`, or of the batch, has ended or suspended."""
        with self._changed:
            if not suspended or path not in self._order.batches:
                self._left.add(path)
            if suspended:
                self._suspended.add(path.rpartition("/")[0])
            self._changed.notify_all()
