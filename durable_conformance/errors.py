"""What keeps a command from running at all, and what its exit codes mean."""

from __future__ import annotations

from enum import IntEnum


class CannotRunError(Exception):
    """The command cannot do what it was asked. The message is one line: what, where, and what to do.

    `detail` is what else helps, such as the traceback of what failed; it may be empty.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail

    def __reduce__(self) -> tuple[type[CannotRunError], tuple[str, str]]:
        """It may come from another process."""
        return type(self), (str(self), self.detail)


def in_words(error: BaseException) -> str:
    """The class of `error` and its message, whatever it does when it is asked for that."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  # a user's own
        return f"{type(error).__name__}, whose message cannot be read"


class ExitCode(IntEnum):
    """Why a command ended, besides 0."""

    FINDINGS = 1
    """Something was found, or an execution that was to succeed did not."""
    CANNOT_RUN = 2
    """Something could not be run: the command as a whole, or a part of what it was to do."""
    INTERRUPTED = 130
    """Ctrl-C has ended it, as shells have it."""
    TERMINATED = 143
    """SIGTERM has ended it, as shells have it."""
