"""What people answer whom no script has answer: always the same, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from durable_conformance.subject.scenario import Answered, CallbackAnswer, Silence

APPROVE = json.dumps({"approved": True})
REJECT = json.dumps({"approved": False})
OK = json.dumps("ok")

type Asker = Callable[[str, int], CallbackAnswer]


@dataclass(frozen=True)
class Always:
    """Answers every callback with `payload`."""

    payload: str

    def __call__(self, _name: str, _occurrence: int) -> CallbackAnswer:
        return Answered(self.payload)


def silence(_name: str, _occurrence: int) -> CallbackAnswer:
    """Answers no callback."""
    return Silence()
