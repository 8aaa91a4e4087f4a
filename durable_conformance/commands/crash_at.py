"""Crash points as a person types them: `/1:generate-joke:before-succeed`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aws_durable_execution_sdk_python.lambda_service import OperationAction

from durable_conformance.errors import CannotRunError
from durable_conformance.execution import (
    CRASH_WORDS,
    DURING_CALL,
    ENDS,
    MODEL_CALL,
    Action,
    CrashKind,
    CrashPoint,
    Run,
    path_order,
    place,
)

EXAMPLE = "/1:generate-joke:after-succeed"

_ACTIONS = tuple(action.value.lower() for action in OperationAction)


_PATH = r"(?P<path>(/[0-9.]+(:[^/]+?)?)+)"
_ACTION = rf"({DURING_CALL}|(?P<kind>{'|'.join(CRASH_WORDS)})-(?P<action>{'|'.join(_ACTIONS)}))"
_TYPED = re.compile(rf"{_PATH}:{_ACTION}(#(?P<nth>[1-9][0-9]{{0,5}}))?")

ACTIONS = f"{DURING_CALL}, or {', '.join(CRASH_WORDS)} with -{', -'.join(_ACTIONS)}; #2 for the second"


@dataclass(frozen=True)
class TypedPoint(CrashPoint):
    """A crash point that a person has typed: a name, where one stands in its path, must be the operation's."""

    def meets(self, path: str, action: str, occurrence: int) -> bool:
        return super().meets(path, action, occurrence) and self.path in {path, place(path)}


def typed_point(text: str) -> TypedPoint:
    """The crash point that `text` stands for.

    Raises:
        CannotRunError: It is none.
    """
    typed = _TYPED.fullmatch(text)
    if typed is None:
        raise CannotRunError(
            f"--crash-at {text!r} is not PATH:ACTION, such as {EXAMPLE}. PATH is an operation's, as the timeline shows "
            f"it; ACTION is {ACTIONS}. --crash-points lists what there is."
        )
    nth = int(typed["nth"] or 1) - 1
    if typed["kind"] is None:
        return TypedPoint(typed["path"], MODEL_CALL, nth, CrashKind.DURING_CALL)
    return TypedPoint(typed["path"], typed["action"].upper(), nth, CRASH_WORDS[typed["kind"]])


def came_by(run: Run) -> dict[str, list[str]]:
    """By operation, in the order of paths, the actions at which the execution that `run` did could have died."""
    listed: dict[str, list[str]] = {}
    for point in sorted(run.without_dead_calls().crash_points(), key=_order):
        listed.setdefault(point.path, []).append(point.deed)
    return listed


def not_reached(points: Sequence[CrashPoint], run: Run) -> list[str]:
    """Those of `points` that did not fire, as a person would type them."""
    left = list(run.crashes)
    missed = []
    for point in points:
        if point in left:
            left.remove(point)
        else:
            missed.append(point.id)
    return missed


def _order(point: CrashPoint) -> tuple[list[tuple[float, str]], bool, int, int]:
    """Attempt by attempt, and the operation's end at the end."""
    action = Action(point.action)
    return path_order(point.path), action in ENDS, point.occurrence, list(Action).index(action)
