"""One line of JSON for each execution that ends: what it asked, spent and came to, and no word of what was said.

It is on the SDK's public plugin hooks. AWS's own exporter of such lines, the SDK's telemetry exporter, does not know
what an operation asked a model, and writes what operations returned unless told not to.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aws_durable_execution_sdk_python.plugin import (
    DurableInstrumentationPlugin,
    InvocationEndInfo,
    InvocationStartInfo,
    InvocationStatus,
    OperationInfo,
    OperationType,
)

from patterns.durable.budget import Asked, Spending, Used
from providers.model import TIERS

NAMESPACE = "DurableAi"
"""Of the metrics in CloudWatch."""

OTHER_MODELS = "other"
"""What stands for a tier where a question names a model."""

_ENDED = {InvocationStatus.SUCCEEDED, InvocationStatus.FAILED}
_FUNCTION = re.compile(r":function:([^:/]+)")


def to_standard_output(line: str) -> None:
    """Lambda logs what is printed, as it is: its own logger would put the line into another."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class ExecutionLog:
    """Writes a line when an execution ends: in the invocation that ends it, and again if that one is repeated.

    An execution that is stopped or times out ends in no invocation, and has no line.
    """

    def __init__(self, write: Callable[[str], None] = to_standard_output) -> None:
        self._write = write
        self._spendings: dict[str, Spending] = {}

    def create_plugin(self, info: InvocationStartInfo, /) -> DurableInstrumentationPlugin:
        self._spendings[info.execution_arn or ""] = Spending()
        return _Writer(self)

    def spending(self, execution: str, budget: int | None) -> Spending:
        """What counts what this invocation of an execution sees of its answers."""
        made = Spending(budget)
        if execution in self._spendings:  # not where another's plugins have taken the place of this one
            self._spendings[execution] = made
        return made

    def ended(self, info: InvocationEndInfo) -> None:
        """An invocation has ended, and its execution, too, unless it waits or is to be invoked again."""
        spending = self._spendings.pop(info.execution_arn or "", Spending())
        if info.status in _ENDED:
            self._write(json.dumps(record_of(info, spending, dt.datetime.now(dt.UTC))))


class _Writer(DurableInstrumentationPlugin):
    def __init__(self, log: ExecutionLog) -> None:
        self._log = log

    def on_invocation_end(self, info: InvocationEndInfo) -> None:
        self._log.ended(info)


def record_of(info: InvocationEndInfo, spending: Spending, now: dt.datetime) -> dict[str, Any]:
    """The line of an execution, with its numbers as metrics in CloudWatch's embedded metric format.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    arn = info.execution_arn or ""
    function = _FUNCTION.search(arn)
    used = spending.used
    by_tier = {
        tier: sum((one for asked, one in used.items() if _tier(asked) == tier), Used())
        for tier in sorted(set(map(_tier, used)))
    }
    total = sum(used.values(), Used())
    metrics = {
        "ModelCalls": total.calls,
        "InputTokens": total.input_tokens,
        "OutputTokens": total.output_tokens,
        "CacheReadTokens": total.cache_read_tokens,
        "CacheWriteTokens": total.cache_write_tokens,
        "Retries": _retries(info.operations.values()),
        "Repairs": spending.repairs,
        **{f"{tier.capitalize()}InputTokens": one.input_tokens for tier, one in by_tier.items()},
        **{f"{tier.capitalize()}OutputTokens": one.output_tokens for tier, one in by_tier.items()},
    }
    names = [{"Name": name, "Unit": "Count"} for name in metrics]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": names}
    started = info.execution_start_time
    return {
        "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        "event": "durable-execution",
        "FunctionName": function[1] if function else "unknown",
        "executionArn": arn,
        "status": info.status.value,
        "errorType": info.error.type if info.error else None,
        "milliseconds": int((now - started).total_seconds() * 1000) if started else None,
        "operations": _operations(info.operations.values()),
        **metrics,
        "byTier": {tier: _told(one) for tier, one in by_tier.items()},
        "byOperation": _by_operation(used),
    }


def _tier(asked: Asked) -> str:
    return asked.model if asked.model in TIERS else OTHER_MODELS


def _told(used: Used) -> dict[str, int]:
    return {"calls": used.calls, "inputTokens": used.input_tokens, "outputTokens": used.output_tokens}


def _by_operation(used: Mapping[Asked, Used]) -> dict[str, dict[str, int]]:
    found: dict[str, Used] = {}
    for asked, one in used.items():
        found[asked.operation] = found.get(asked.operation, Used()) + one
    return {operation: _told(one) for operation, one in sorted(found.items())}


def _retries(operations: Iterable[OperationInfo]) -> int:
    """Attempts of steps after their first."""
    return sum(max(0, (operation.attempt or 1) - 1) for operation in operations)


def _operations(operations: Iterable[OperationInfo]) -> dict[str, int]:
    """How many there are of each kind, the execution itself left out."""
    kinds = Counter(operation.operation_type for operation in operations)
    del kinds[OperationType.EXECUTION]
    return {kind.value.lower(): number for kind, number in sorted(kinds.items(), key=lambda item: item[0].value)}
