"""The requirements that do not hold, or not in full, each with its reason: tests fail if one is missing or is wrong."""

from __future__ import annotations

from tests.oracle.requirements import Requirement

_PLUGINS = "it is about what the SDK tells its plugins, in log lines; the service sees none of it"

NOT_APPLICABLE: dict[str, str] = {f"10-{number}": _PLUGINS for number in range(1, 8)}
"""Those that ask nothing of what is simulated, by id."""

DIFFERENT: dict[str, str] = {}
"""Those that the simulated service answers otherwise, by id, with the reason."""

WITHOUT_LOGS = "its log lines are not compared: the simulated service keeps no logs"
WITHOUT_TARGET = (
    "the version that is invoked and its execution's ARN are not compared: a scenario says what it comes to, and no "
    "function is invoked"
)

MENDED = {
    "4-6, 4-7, 4-10, 4-13, 7-4, 7-6": "a refused callback has the error type that it was refused with",
    "4-11, turned round": "a wait that ends before a callback's timeout ends first: time does not jump ahead",
}
"""What these requirements showed to be wrong with the simulated service, and is right now."""


def left_out(requirement: Requirement) -> list[str]:
    """What of a requirement is not compared."""
    reasons = [WITHOUT_LOGS] if requirement.logs else []
    if any(event["EventType"] == "ChainedInvokeStarted" for event in requirement.events):
        reasons.append(WITHOUT_TARGET)
    return reasons
