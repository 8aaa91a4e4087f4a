"""What the README tells people to type in AWS's command line: commands, options, queries and names that there are."""

from __future__ import annotations

import re
import shlex
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]  # its types are a package of their own
import pytest
from botocore import xform_name
from botocore.model import ServiceModel

from tests.template.deployment import ROOT, template

GLOBAL_OPTIONS = {"cli-binary-format", "output", "query"}
"""Of the AWS CLI, for every command."""


README = (ROOT / "README.md").read_text()
DEPLOY = README.partition("\n## Deploy\n")[2].partition("\n## ")[0]


def commands(text: str) -> list[list[str]]:
    """The AWS CLI's commands in a text's code blocks, as words, without the `aws` before them."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    typed = (re.search(r"\baws (.*?)\)?$", line) for line in lines)
    return [shlex.split(found[1]) for found in typed if found]


def model(service: str) -> ServiceModel:
    return boto3.Session(region_name="eu-west-1").client(service).meta.service_model  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("command", commands(README), ids=lambda words: words[1])
def test_every_command_and_option_is_the_services(command: list[str]) -> None:
    service = model(command[0])
    operations = {xform_name(name, "-"): name for name in service.operation_names}
    assert command[1] in operations
    shape = service.operation_model(operations[command[1]]).input_shape
    assert shape is not None
    options = {xform_name(name, "-") for name in shape.members} | GLOBAL_OPTIONS
    assert {word.removeprefix("--") for word in command if word.startswith("--")} <= options


def test_deploying_goes_all_the_way() -> None:
    assert [command[1] for command in commands(DEPLOY)] == [
        "describe-stacks",
        "invoke",
        "get-durable-execution-history",
        "send-durable-execution-callback-success",
        "get-durable-execution",
        "describe-stacks",
        "invoke",
    ]


def test_the_outputs_are_the_templates() -> None:
    stack = {"Outputs": [{"OutputKey": name, "OutputValue": f"arn of {name}"} for name in template()["Outputs"]]}
    queries = [option(command, "query") for command in commands(DEPLOY) if command[1] == "describe-stacks"]
    assert [jmespath.search(query, {"Stacks": [stack]}) for query in queries] == [
        ["arn of HumanReview"],
        ["arn of PromptChaining"],
    ]


def test_the_queries_find_what_the_service_answers() -> None:
    events = [
        {"EventType": "StepStarted"},
        {"EventType": "CallbackStarted", "CallbackStartedDetails": {"CallbackId": "c"}},
    ]
    answers: dict[str, tuple[Any, Any]] = {
        "get-durable-execution-history": ({"Events": events}, ["c"]),
        "get-durable-execution": ({"Status": "SUCCEEDED", "Result": "{}"}, ["SUCCEEDED", "{}"]),
    }
    for command in commands(DEPLOY):
        if command[1] in answers:
            answer, found = answers[command[1]]
            assert jmespath.search(option(command, "query"), answer) == found
    for name in ("EventType", "CallbackStartedDetails"):
        assert name in model("lambda").shape_for("Event").members  # type: ignore[attr-defined]
    assert "CallbackId" in model("lambda").shape_for("CallbackStartedDetails").members  # type: ignore[attr-defined]


def option(command: list[str], name: str) -> str:
    return command[command.index(f"--{name}") + 1]


def test_the_parameters_are_the_templates() -> None:
    table = DEPLOY.partition("| parameter | meaning | default |")[2].partition("\n\n")[0]
    named = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    }
    assert named == set(template()["Parameters"])
