"""A bound on a whole call, however slowly its answer comes: boto3's read timeout bounds the gap between two bytes."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass


class TooLateError(Exception):
    """The call took longer than it may."""


@dataclass
class _Outcome[T]:
    """What a call came to."""

    value: T | None = None
    error: BaseException | None = None
    there: bool = False


def within[T](seconds: float | None, call: Callable[[], T]) -> T:
    """What `call` returns or raises, in a thread of its own with this one's context variables.

    A call that takes longer is left to itself: nothing can interrupt it, and its thread keeps no process alive. None
    sets no bound: the call is made in this thread.

    Raises:
        TooLateError: There was neither after `seconds`.
    """
    if seconds is None:
        return call()
    outcome: _Outcome[T] = _Outcome()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            outcome.value = context.run(call)
        except BaseException as error:  # noqa: BLE001  # raised again for whoever waits
            outcome.error = error
        outcome.there = True

    thread = threading.Thread(target=run, name="bedrock-converse", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome.there:
        raise TooLateError(f"There was no whole answer within {seconds:g} seconds.")
    if outcome.error is not None:
        raise outcome.error
    return outcome.value  # type: ignore[return-value]  # there is one
