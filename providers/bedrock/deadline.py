"""A bound on a whole call, however slowly its answer comes: boto3's read timeout bounds the gap between two bytes."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future


class TooLateError(Exception):
    """The call took longer than it may."""


def within[T](seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises, in a thread of its own with this one's context variables.

    A call that takes longer is left to itself: nothing can interrupt it, and its thread keeps no process alive.

    Raises:
        TooLateError: There was neither after `seconds`.
    """
    outcome: Future[T] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            outcome.set_result(context.run(call))
        except BaseException as error:  # noqa: BLE001  # raised again for whoever waits
            outcome.set_exception(error)

    thread = threading.Thread(target=run, name="bedrock-converse", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome.done():
        raise TooLateError(f"There was no whole answer within {seconds:g} seconds.")
    return outcome.result()
