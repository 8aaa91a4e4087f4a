"""An execution's history, read from the service with the testing SDK's cloud runner, as the engine's records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aws_durable_execution_sdk_python_testing import DurableFunctionCloudTestRunner
from aws_durable_execution_sdk_python_testing.runner import Operation

from durable_conformance.execution import OperationPaths, OperationRecord, path_order

WAIT_SECONDS = 60
"""Longest wait for the service to say that an execution has ended that is known to have."""


@dataclass(frozen=True)
class History:
    """How an execution ended, and its operations in the order of paths.

    Attributes:
        status: SUCCEEDED, FAILED, TIMED_OUT or STOPPED.
        result: JSON; None unless it succeeded.
        error: The type and the message of what it failed with.
        operations: Every operation.
    """

    status: str
    result: str | None
    error: tuple[str | None, str | None]
    operations: tuple[OperationRecord, ...]

    @classmethod
    def of(cls, runner: DurableFunctionCloudTestRunner, execution_arn: str, wait: int = WAIT_SECONDS) -> Self:
        """The history of an execution, once it has ended.

        Args:
            runner: The cloud runner that started it.
            execution_arn: Which.
            wait: In seconds.

        Raises:
            TimeoutError: It has not ended by then.
        """
        result = runner.wait_for_result(execution_arn, wait)
        records = _records(result.operations, OperationPaths(), _failed_attempts(runner, execution_arn))
        status = result.execution_status.value if result.execution_status else result.status.value
        error = (result.error.type, result.error.message) if result.error else (None, None)
        return cls(status, result.result, error, tuple(sorted(records, key=lambda record: path_order(record.path))))


def _failed_attempts(runner: DurableFunctionCloudTestRunner, execution_arn: str) -> Counter[str]:
    """How many attempts of each step have failed.

    The events say so; the operations that the runner makes of them do not: it leaves out the attempt that succeeded.
    """
    pages = runner.lambda_client.get_paginator("get_durable_execution_history").paginate(
        DurableExecutionArn=execution_arn
    )
    return Counter(event["Id"] for page in pages for event in page["Events"] if event["EventType"] == "StepFailed")


def _records(
    operations: Sequence[Operation], paths: OperationPaths, failed: Mapping[str, int]
) -> Iterator[OperationRecord]:
    for operation in operations:
        facts: dict[str, Any] = vars(operation)
        error = facts.get("error")
        label = operation.name or operation.sub_type
        succeeded = operation.status.value != "FAILED"
        yield OperationRecord(
            path=paths.register(operation.operation_id, operation.parent_id, label),
            type=operation.operation_type.value,
            sub_type=operation.sub_type,
            status=operation.status.value,
            attempts=failed[operation.operation_id] + succeeded if operation.operation_type.value == "STEP" else None,
            result=facts.get("result"),
            error_type=error.type if error else None,
            error_message=error.message if error else None,
        )
        yield from _records(facts.get("child_operations", ()), paths, failed)
