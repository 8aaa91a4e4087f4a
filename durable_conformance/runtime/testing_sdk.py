"""What the simulated service is made of: modules of the testing SDK, without the servers and runners it hands on."""

# ruff: noqa: E402  # what is imported depends on what is done first

from __future__ import annotations

from durable_conformance.lazily import behind_its_door

behind_its_door("aws_durable_execution_sdk_python_testing")

# isort: split

from aws_durable_execution_sdk_python_testing.checkpoint.processor import CheckpointProcessor
from aws_durable_execution_sdk_python_testing.execution import Execution
from aws_durable_execution_sdk_python_testing.invoker import create_test_lambda_context
from aws_durable_execution_sdk_python_testing.model import LambdaContext, StartDurableExecutionInput
from aws_durable_execution_sdk_python_testing.stores.memory import InMemoryExecutionStore

__all__ = [
    "CheckpointProcessor",
    "Execution",
    "InMemoryExecutionStore",
    "LambdaContext",
    "StartDurableExecutionInput",
    "create_test_lambda_context",
]
