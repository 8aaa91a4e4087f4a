"""Permuted completion: the branches of a map or parallel run one after another, in an order that is chosen."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from durable_conformance.execution.operations import path_order
from durable_conformance.execution.run import Run

BRANCHES = frozenset({"MapIteration", "ParallelBranch"})

MAX_ORDERS = 8
"""Orders tried for a batch: each branch once first and once last, as far as this goes."""

PATIENCE_SECONDS = 2.0
"""How long a branch waits for the one before it to appear. A batch that runs fewer branches at a time than it has may
never start that one while this one holds its place: its order is then left to the threads."""


@dataclass(frozen=True)
class Order:
    """The order in which the branches of some batches are to end.

    Attributes:
        batches: For each batch's path, the paths of its branches.
    """

    batches: Mapping[str, Sequence[str]]

    def __str__(self) -> str:
        return "; ".join(
            f"{batch} ends in the order {', '.join(path.rpartition('/')[2] for path in branches)}"
            for batch, branches in self.batches.items()
        )


def orders(run: Run) -> tuple[Order, ...]:
    """The orders to try for the batches that `run` has: each of its branches first, and each last."""
    found: dict[str, list[str]] = {}
    for operation in run.operations:
        if operation.sub_type in BRANCHES:
            found.setdefault(operation.path.rpartition("/")[0], []).append(operation.path)
    per_batch = {batch: _permutations(sorted(paths, key=path_order)) for batch, paths in found.items()}
    tried = itertools.zip_longest(*per_batch.values())
    return tuple(
        Order({batch: order for batch, order in zip(per_batch, chosen, strict=True) if order}) for chosen in tried
    )


def _permutations(branches: Sequence[str]) -> Sequence[Sequence[str]]:
    """Distinct orders of `branches`, those that differ most from the natural one first."""
    if len(branches) < 2:  # noqa: PLR2004  # one branch has no order
        return []
    others = [[other for other in branches if other != branch] for branch in branches]
    first = [[branch, *rest] for branch, rest in zip(branches, others, strict=True)]
    last = [[*rest, branch] for branch, rest in zip(branches, others, strict=True)]
    candidates: Iterable[Sequence[str]] = [list(reversed(branches)), *reversed(first), *last]
    return list(dict.fromkeys(map(tuple, candidates)))[:MAX_ORDERS]


class CompletionOrder:
    """Holds each branch back until those before it have ended, or suspended. Safe from any number of threads.

    Args:
        order: What to enforce.
    """

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
