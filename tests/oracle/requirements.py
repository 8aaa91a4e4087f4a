"""AWS's conformance requirements for durable SDKs, each with what the real service's history of it must look like.

They are YAML files of `aws-durable-execution-conformance-tests`, which wants a newer Python than the oldest here: the
package is fetched (`constraints/oracle.txt`) and read, and nothing of it is imported.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from durable_conformance import Answered, Refused
from durable_conformance.subject import CallbackAnswer

VARIABLE = "ORACLE"
"""Names the folder that the package is fetched into."""

FOLDER = Path("aws_durable_execution_conformance_tests", "test_requirements")


@dataclass(frozen=True)
class Requirement:
    """One requirement.

    Attributes:
        id: Suite and number: `1-17`.
        suite: Such as `step`.
        description: What it is about, in a line.
        event: The execution's input.
        callbacks: What callbacks are answered, in order; none for one that nobody answers.
        status: How the execution ends; None if the requirement does not say.
        result: What it returns, where the requirement says that.
        events: The history: events, with placeholders.
        logs: Whether it says, too, what is logged.
    """

    id: str
    suite: str
    description: str
    event: Any
    callbacks: tuple[CallbackAnswer, ...]
    status: str | None
    result: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]
    logs: bool

    @property
    def order(self) -> list[int]:
        """Suite and number, to sort by."""
        return [int(part) for part in self.id.split("-")]


def where() -> Path | None:
    """Where the requirements are; None where they have not been fetched."""
    folder = Path(os.environ.get(VARIABLE, ""), FOLDER)
    return folder if VARIABLE in os.environ and folder.is_dir() else None


def load(folder: Path) -> list[Requirement]:
    """All of them, by suite and number."""
    read = (_read(file, yaml.safe_load(file.read_text(encoding="utf-8"))) for file in folder.glob("*/*.yaml"))
    return sorted(read, key=lambda requirement: requirement.order)


def _read(file: Path, document: dict[str, Any]) -> Requirement:
    # What is generated anew in each of their runs is the same in all of ours: the variable's name.
    document = _with_variables(document, document.get("Variables") or {})
    expected = document.get("ExpectedResult") or {}
    return Requirement(
        id=file.stem,
        suite=file.parent.name,
        description=document["description"],
        event=document.get("Input"),
        callbacks=tuple(_answers(document.get("CallbackActions") or ())),
        status=expected.get("ExecutionStatus"),
        result={"Result": expected["Result"]} if "Result" in expected else {},
        events=tuple(document.get("ExpectedExecutionHistory") or ()),
        logs="ExpectedLogs" in document,
    )


def _with_variables(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name in variables:
            value = value.replace(f"${{{name}}}", name.lower())
        return value
    if isinstance(value, list):
        return [_with_variables(one, variables) for one in value]
    return {key: _with_variables(one, variables) for key, one in value.items()} if isinstance(value, dict) else value


def _answers(actions: Any) -> Any:
    for action in sorted(actions, key=lambda one: one.get("Delay", 0)):
        match action["Operation"]:
            case "success":
                yield Answered(json.dumps(action["Payload"]) if "Payload" in action else None)
            case "failure":
                yield Refused(action["Payload"]["ErrorMessage"], action["Payload"]["ErrorType"])
            case _:
                pass  # a heartbeat leaves nothing in a history
