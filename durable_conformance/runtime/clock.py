"""Time that passes only when nothing else can happen."""

from __future__ import annotations

import datetime as dt
import threading

from durable_conformance.execution import EPOCH


class VirtualClock:
    """The testing SDK's clock protocol, moved by hand. Every reading is later than the one before."""

    def __init__(self) -> None:
        self._now = EPOCH
        self._lock = threading.Lock()

    def now(self) -> dt.datetime:
        with self._lock:
            self._now += dt.timedelta(microseconds=1)
            return self._now

    def advance_to(self, moment: dt.datetime) -> dt.timedelta:
        """Let time pass until `moment`, if it is still to come.

        Returns:
            How much has passed.
        """
        with self._lock:
            passed = max(moment - self._now, dt.timedelta())
            self._now += passed
            return passed

    def arm(self, wake: dt.datetime) -> float:
        """Seconds of real time to wait until `wake`: none."""
        self.advance_to(wake)
        return 0.0
