"""The SDKs' own logs: the traceback of every failure, which says nothing that a report does not, thousands of times."""

from __future__ import annotations

import logging

_LOGGERS = ("aws_durable_execution_sdk_python", "aws_durable_execution_sdk_python_testing")


def quiet_sdk_logs(*others: str) -> None:
    """Silence them in this process.

    Args:
        others: Further loggers to silence.
    """
    for name in (*_LOGGERS, *others):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
