"""Where people's answers come from that no script gives: an option of the command, or nobody."""

from __future__ import annotations

import json
from collections.abc import Callable

from durable_conformance.commands.typed_json import parsed
from durable_conformance.errors import CannotRunError
from durable_conformance.subject.scenario import Answered, CallbackAnswer, Silence

APPROVE = json.dumps({"approved": True})
REJECT = json.dumps({"approved": False})

type Asker = Callable[[str, int], CallbackAnswer]


def given(approve: bool, reject: bool, answer: str | None) -> str | None:  # noqa: FBT001  # the command's options
    """The payload that the command's options stand for; None if a person is to be asked.

    Raises:
        CannotRunError: More than one of them is given, or the answer is not JSON.
    """
    if approve + reject + (answer is not None) > 1:
        raise CannotRunError("Use only one of --approve, --reject and --answer.")
    if answer is not None:
        parsed("--answer", answer)
        return answer
    return APPROVE if approve else REJECT if reject else None


def always(payload: str) -> Asker:
    """Answers every callback with `payload`."""
    return lambda _name, _occurrence: Answered(payload)


def silence(_name: str, _occurrence: int) -> CallbackAnswer:
    """Answers no callback."""
    return Silence()
