"""The SDKs' own logs: the traceback of every failure, which says nothing that a report does not, thousands of times."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

_LOGGERS = ("aws_durable_execution_sdk_python", "aws_durable_execution_sdk_python_testing")
_SILENT = logging.CRITICAL + 1


def quiet_sdk_logs(*others: str) -> None:
    """Silence them in this process.

    Args:
        others: Further loggers to silence.
    """
    for name in (*_LOGGERS, *others):
        logging.getLogger(name).setLevel(_SILENT)


@contextlib.contextmanager
def sdk_logs_quiet() -> Iterator[None]:
    """Silence them for a while, in a process that is somebody else's."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    quiet_sdk_logs()
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
