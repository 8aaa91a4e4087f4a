"""The one private setting of the SDK that the engine touches: how often its checkpoint thread looks whether to stop.

Every invocation ends by waiting for that thread, which looks every tenth of a second; no public setting shortens it. An
exploration is thousands of invocations, so while any is under way the thread looks more often. Nothing else changes:
updates wake the thread at once, whatever this says.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from aws_durable_execution_sdk_python import state

SETTING = "_STOP_SIGNAL_POLL_SECONDS"
"""A module global of `aws_durable_execution_sdk_python.state`, read at each look."""

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
