"""Handlers that the patterns have no like of: deployed beside them, to see their callbacks kept alive, or not."""

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration


@durable_execution
def watched(event: dict[str, Any], context: DurableContext) -> Any:
    """Waits for an answer, and for signs of life until it comes."""
    alive, patience = Duration.from_seconds(event["heartbeat"]), Duration.from_seconds(event["timeout"])
    callback = context.create_callback("answer", CallbackConfig(timeout=patience, heartbeat_timeout=alive))
    return callback.result()
