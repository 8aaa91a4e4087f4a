"""What an execution has in common with its snapshot when a model answers in its own words.

The result has the workflow's own type. The operations have the same names, nesting, types and status, in the same
order; how often one was tried, and repairs of unusable replies, are the model's affair. An agent chooses its tools
itself: it may use those that it uses in the recordings, in any order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from durable_conformance.execution import OperationRecord
from tests.patterns.catalogue import CATALOGUE
from tests.wire.deployable import RECORDED

AGENTS = frozenset({"agent_with_tools", "durable_strands_agent"})

_POSITION = re.compile(r"(?<=/)[\d.?]+:")
_REPAIR = re.compile(r"-repair-\d+ ")
_TURN = re.compile(r"(?<=/turn)-\d+ ")


def lines(operations: Sequence[OperationRecord]) -> list[str]:
    """The operations without their positions and attempts, repairs left out."""
    described = [f"{_POSITION.sub('', one.path)} {one.type}/{one.sub_type} {one.status}" for one in operations]
    return [line for line in described if not _REPAIR.search(line)]


def differences(pattern: str, operations: Sequence[OperationRecord], local: Sequence[OperationRecord]) -> list[str]:
    """How the shape of an execution's operations differs from what is known of the pattern; empty if it does not.

    Args:
        pattern: The pattern's name.
        operations: The execution's.
        local: Those of the same scenario on this machine.
    """
    ours, theirs = lines(operations), lines(local)
    if pattern not in AGENTS:
        return [] if ours == theirs else [f"its operations are {ours}, and should be {theirs}"]
    known = {_turnless(line) for one in RECORDED if one.pattern == pattern for line in lines(one.local.operations)}
    made = [_turnless(line) for line in ours]
    found = [f"no recording has {line}" for line in made if line not in known]
    if not any("/turn " in line or "/converse " in line for line in made):
        found.append("it never asked the model")
    return found


def _turnless(line: str) -> str:
    return _TURN.sub(" ", line)


def wrong_result(pattern: str, result: Any) -> str:
    """What keeps a result from being the workflow's own type, keys and all; empty if nothing does.

    Args:
        pattern: The pattern's name.
        result: Decoded JSON.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(get_type_hints(CATALOGUE[pattern].workflow)["return"])
    try:
        again = adapter.dump_python(adapter.validate_python(result), mode="json", by_alias=True)
    except ValueError as error:
        return str(error)
    return "" if again == result else f"it is {result}, and should be {again}"
