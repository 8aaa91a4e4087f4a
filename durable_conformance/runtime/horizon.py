"""How far an execution is followed past its interruption, where following each to its end would take too long.

To its end, each of a workflow's interrupted executions costs as much as the workflow is long, and all of them its
square. With a horizon, an execution begins a few operations before its interruption (`exploring.following`), and stops
a few after it; what it has done by then is held against the baseline.
"""

from __future__ import annotations

from aws_durable_execution_sdk_python.lambda_service import OperationAction, OperationUpdate

from durable_conformance.execution import BRANCHES, comes_later


class Horizon:
    """Counts the operations that one execution comes to after its interruption.

    Args:
        operations: How many it may begin; None follows it to its end.
        anchor: The operation that it is interrupted at; None if it has not been yet.
    """

    def __init__(self, operations: int | None, anchor: str | None = None) -> None:
        self._operations = operations
        self._anchor = anchor
        self._begun: set[str] = set()

    def interrupted(self, path: str) -> None:
        """The execution is interrupted at the operation at `path`: what comes after it counts."""
        self._anchor = path

    def passed_with(self, update: OperationUpdate, path: str) -> bool:
        """Whether what `update` begins, at `path`, is one operation too many."""
        if self._operations is None or self._anchor is None or update.action is not OperationAction.START:
            return False
        if update.sub_type in BRANCHES:
            return False  # it runs beside the others, and may begin at any time
        if path in self._begun or not comes_later(path, self._anchor):
            return False
        if len(self._begun) == self._operations:
            return True
        self._begun.add(path)
        return False
