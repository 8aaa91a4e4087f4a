"""What the engine touches of the SDKs besides their public interfaces, and how it has them be quiet."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from typing import IO, Any

from aws_durable_execution_sdk_python import state
from aws_durable_execution_sdk_python.plugin import DurableInstrumentationPlugin, PluginExecutor

from durable_conformance.execution import Source
from durable_conformance.runtime.current import current
from durable_conformance.runtime.testing_sdk import LambdaContext, create_test_lambda_context

try:
    from aws_durable_execution_sdk_python import filesystem_serdes
except ImportError:
    filesystem_serdes = None  # type: ignore[assignment]  # SDK 2 writes no files

_LOGGERS = ("aws_durable_execution_sdk_python", "aws_durable_execution_sdk_python_testing")
_SILENT = logging.CRITICAL + 1

QUICK = {"_STOP_SIGNAL_POLL_SECONDS": 0.0005, "_BLOCKED_CALLER_WAIT_SECONDS": 0.0}
"""The private settings of the SDK that the engine changes, module globals of its `state`, and what it sets them to.

Every invocation ends by waiting for the SDK's checkpoint thread, which looks every tenth of a second whether to stop;
and every update that somebody waits for is held back a millisecond, in case others come to share its request. No public
setting shortens either. An exploration is thousands of invocations, so while any is under way the thread looks more
often, and sends at once. Nothing else changes: the simulated service persists one update at a time, whatever shares
its request. SDK 2 has none of them: it is slower, and does the same.
"""


def _change_info(executor: PluginExecutor, *response: Any) -> Any:
    """What plugins are told of a checkpoint's response; None where none of them hears of changes."""
    unheard = DurableInstrumentationPlugin.on_operation_change
    if all(type(one).on_operation_change is unheard for one in executor._plugins):  # noqa: SLF001  # see below
        return None
    return _usual[PluginExecutor, "_change_info"](executor, *response)


PRIVATE: dict[tuple[Any, str], Any] = {(state, name): value for name, value in QUICK.items()} | {
    (PluginExecutor, "_change_info"): _change_info
}
"""All that the engine replaces in the SDK while an execution is under way: in a module or class, what has this name.

The SDK makes of each response a picture of every operation that there is, and starts a thread to show plugins what has
changed; the engine's has no eyes for it. In a long workflow that took most of the time. SDK 2 has no such method.
"""

_OF_AN_INVOCATION = frozenset({"aws_request_id", "log_stream_name"})

_lock = threading.Lock()
_users = 0
_usual = {(place, name): getattr(place, name) for place, name in PRIVATE if hasattr(place, name)}


@contextlib.contextmanager
def quick_stops() -> Iterator[None]:
    """While anybody is in here, invocations wait for nothing. Safe from any number of threads."""
    global _users  # noqa: PLW0603  # the settings are global, too
    with _lock:
        _users += 1
        _set({one: PRIVATE[one] for one in _usual})
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _set(_usual)


def _set(settings: Mapping[tuple[Any, str], Any]) -> None:
    for (place, name), value in settings.items():
        setattr(place, name, value)


def _open(file: str, mode: str = "r", **how: Any) -> IO[Any]:
    observer = current()
    if observer is None:
        return open(file, mode, **how)  # noqa: PTH123  # in place of the SDK's own call
    if "w" in mode and file not in observer.files:
        theirs = os.path.exists(file)  # noqa: PTH110
        observer.files[file] = f"{tempfile.mkdtemp()}/{os.path.basename(file)}" if theirs else file  # noqa: PTH119
    return open(observer.files.get(file, file), mode, **how)  # noqa: PTH123


def keep_files_apart() -> None:
    """Have `FileSystemSerDes` write no file that another execution has written, in this process.

    Executions that go on from one prefix are the same execution to it, and name the same files. They run side by side,
    and what they write may differ. A file that is there already is read; what takes its place is this execution's own.
    """
    if filesystem_serdes is not None:
        filesystem_serdes.open = _open  # type: ignore[attr-defined]  # the name that it finds the builtin function by


def function_that_begins() -> object:
    """The function whose start the SDK tells its plugins of, on this thread: it gives them its name alone."""
    frame = sys._getframe(1)  # noqa: SLF001  # documented
    while frame := frame.f_back:  # type: ignore[assignment]  # None ends it
        if frame.f_code.co_name == "wrapper" and frame.f_code.co_filename == state.__file__:
            return frame.f_locals.get("user_function")
    return None


def quiet_sdk_logs(*others: str) -> None:
    """Silence the SDKs' logs, and others, in this process: the traceback of every failure, thousands of times."""
    for name in (*_LOGGERS, *others):
        logging.getLogger(name).setLevel(_SILENT)


class _Context(LambdaContext):
    """Tells whoever observes what the handler reads of it that is another one in each invocation."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name in _OF_AN_INVOCATION and (observer := current()) and not observer.scopes.here().in_step:
            observer.read_outside(Source.REQUEST, str(value))
        return value


def lambda_context() -> LambdaContext:
    """A new invocation's Lambda context: another request id and log stream each time, as in Lambda."""
    made = create_test_lambda_context(account_id="000000000000", function_name="conformance:1")
    fields = vars(made) | {
        "aws_request_id": str(uuid.uuid4()),
        "log_stream_name": f"2040/01/01/[1]{uuid.uuid4().hex}",
    }
    return _Context(**fields)
