"""Crash points as a person types them: `/1:generate-joke:before-succeed`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

from aws_durable_execution_sdk_python.lambda_service import OperationAction

from durable_conformance.errors import CannotRunError
from durable_conformance.execution.crash_points import MODEL_CALL, CrashKind, CrashPoint, crash_points
from durable_conformance.execution.operations import path_order, place
from durable_conformance.execution.run import Run
from durable_conformance.runtime.observer import DIED

DURING_CALL = "during-call"
EXAMPLE = "/1:generate-joke:after-succeed"

_KINDS = {"before": CrashKind.BEFORE_PERSIST, "after": CrashKind.AFTER_PERSIST, "revoked": CrashKind.TOKEN_REVOKED}
_WORDS = {kind: word for word, kind in _KINDS.items()}
_ACTIONS = tuple(action.value.lower() for action in OperationAction)
_ORDER = {action: rank for rank, action in enumerate(("START", MODEL_CALL, "RETRY", "SUCCEED", "FAIL"))}

_PATH = r"(?P<path>(/[0-9.]+(:[^/]+?)?)+)"
_ACTION = rf"({DURING_CALL}|(?P<kind>{'|'.join(_KINDS)})-(?P<action>{'|'.join(_ACTIONS)}))"
_TYPED = re.compile(rf"{_PATH}:{_ACTION}(#(?P<nth>[1-9][0-9]{{0,5}}))?")

ACTIONS = f"{DURING_CALL}, or {', '.join(_KINDS)} with -{', -'.join(_ACTIONS)}; #2 for the second"


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
    return TypedPoint(typed["path"], typed["action"].upper(), nth, _KINDS[typed["kind"]])


def spelled(point: CrashPoint) -> str:
    """`point` as a person would type it."""
    return f"{point.path}:{_action(point)}"


def came_by(run: Run) -> dict[str, list[str]]:
    """By operation, in the order of paths, the actions at which the execution that `run` did could have died."""
    lived = dataclasses.replace(run, calls=tuple(call for call in run.calls if call.outcome != DIED))
    points = sorted(crash_points(lived), key=_order)
    listed: dict[str, list[str]] = {}
    for point in points:
        listed.setdefault(point.path, []).append(_action(point))
    return listed


def not_reached(points: Sequence[CrashPoint], run: Run) -> list[str]:
    """Those of `points` that did not fire, as a person would type them."""
    left = list(run.crashes)
    missed = []
    for point in points:
        if str(point) in left:
            left.remove(str(point))
        else:
            missed.append(spelled(point))
    return missed


def _action(point: CrashPoint) -> str:
    nth = f"#{point.occurrence + 1}" if point.occurrence else ""
    if point.kind is CrashKind.DURING_CALL:
        return f"{DURING_CALL}{nth}"
    return f"{_WORDS[point.kind]}-{point.action.lower()}{nth}"


def _order(point: CrashPoint) -> tuple[list[tuple[float, str]], bool, int, int]:
    """Attempt by attempt, and the operation's end at the end."""
    ends = point.action not in {"START", MODEL_CALL, "RETRY"}
    return path_order(point.path), ends, point.occurrence, _ORDER.get(point.action, len(_ORDER))
