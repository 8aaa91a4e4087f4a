"""Whether an execution on the second service is what the committed snapshot says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENGINE_ONLY = {"crash points", "executions explored"}
"""What a snapshot says about the engine, and not about the execution."""


def differences(snapshot: Mapping[str, Any], came: Mapping[str, Any]) -> list[str]:
    """Where the two differ, one line each; empty if they agree: status, result, error, operations, delays, calls."""
    expected = {key: value for key, value in snapshot.items() if key not in ENGINE_ONLY}
    keys = sorted(expected.keys() | came.keys())
    return [
        f"{key}: the snapshot says {expected.get(key)!r}, and the second service {came.get(key)!r}"
        for key in keys
        if key not in expected or key not in came or expected[key] != came[key]
    ]
