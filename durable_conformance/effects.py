"""Side effects that a test declares: a double records that one happened, and the engine counts how often it may.

charge = Effect("charge", Semantics.AT_MOST_ONCE)

class RecordingPayments:            # implements what the handler's step calls
def charge(self, order: int) -> None:
charge.happened(str(order))
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Semantics(StrEnum):
    """How often an effect may happen when the execution that causes it is interrupted."""

    AT_LEAST_ONCE = "at least once"
    """Again for each interruption of the operation that causes it, and not otherwise."""
    AT_MOST_ONCE = "at most once"
    """Never again."""


WITNESS: ContextVar[Callable[[Effect, str], None] | None] = ContextVar("WITNESS", default=None)
"""Told of each effect, and its key. The SDK runs a branch in a copy of its handler's context: so each execution has its
own."""


@dataclass(frozen=True)
class Effect:
    """A kind of side effect; a finding calls it `name`."""

    name: str
    semantics: Semantics = Semantics.AT_LEAST_ONCE

    def happened(self, key: str = "") -> None:
        """Record that it happened. Outside an exploration this does nothing.

        `key` tells this one from others of the same name; the same key must not differ from run to run.
        """
        if witness := WITNESS.get():
            witness(self, key)
