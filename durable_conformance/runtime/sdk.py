"""What the engine touches of the SDKs besides their public interfaces, and how it has them be quiet."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import uuid
from collections.abc import Iterator

from aws_durable_execution_sdk_python import state
from aws_durable_execution_sdk_python_testing.invoker import create_test_lambda_context
from aws_durable_execution_sdk_python_testing.model import LambdaContext

_LOGGERS = ("aws_durable_execution_sdk_python", "aws_durable_execution_sdk_python_testing")
_SILENT = logging.CRITICAL + 1

SETTING = "_STOP_SIGNAL_POLL_SECONDS"
"""The one private setting of the SDK that the engine changes, a module global of its `state`: how often its checkpoint
thread looks whether to stop.

Every invocation ends by waiting for that thread, which looks every tenth of a second; no public setting shortens it. An
exploration is thousands of invocations, so while any is under way the thread looks more often. Nothing else changes:
updates wake the thread at once, whatever this says.
"""

QUICK_SECONDS = 0.002

_lock = threading.Lock()
_users = 0
_usual: float = getattr(state, SETTING)


@contextlib.contextmanager
def quick_stops() -> Iterator[None]:
    """While anybody is in here, invocations end at once. Safe from any number of threads."""
    global _users  # noqa: PLW0603  # the setting is global, too
    with _lock:
        _users += 1
        setattr(state, SETTING, QUICK_SECONDS)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                setattr(state, SETTING, _usual)


def quiet_sdk_logs(*others: str) -> None:
    """Silence the SDKs' logs, and others, in this process: the traceback of every failure, thousands of times."""
    for name in (*_LOGGERS, *others):
        logging.getLogger(name).setLevel(_SILENT)


def lambda_context() -> LambdaContext:
    """A new invocation's Lambda context: another request id and log stream each time, as in Lambda."""
    return dataclasses.replace(
        create_test_lambda_context(account_id="000000000000", function_name="conformance:1"),
        aws_request_id=str(uuid.uuid4()),
        log_stream_name=f"2040/01/01/[1]{uuid.uuid4().hex}",
    )
