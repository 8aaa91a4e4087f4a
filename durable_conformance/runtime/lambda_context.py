"""The Lambda context that an invocation is given: another request id and log stream each time, as in Lambda."""

from __future__ import annotations

import dataclasses
import uuid

from aws_durable_execution_sdk_python_testing.invoker import create_test_lambda_context
from aws_durable_execution_sdk_python_testing.model import LambdaContext


def lambda_context() -> LambdaContext:
    """A new invocation's context."""
    return dataclasses.replace(
        create_test_lambda_context(account_id="000000000000", function_name="conformance:1"),
        aws_request_id=str(uuid.uuid4()),
        log_stream_name=f"2040/01/01/[1]{uuid.uuid4().hex}",
    )
