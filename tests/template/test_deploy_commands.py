"""What docs/deploy.md tells people to type in AWS's command line, all the way: queries and names that there are.

tests/repository/test_documents.py says that there are such commands and options.
"""

from __future__ import annotations

import re
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]  # its types are a package of their own
from botocore.model import ServiceModel

from tests.repository import commands_in, text_of
from tests.template.deployment import template

DEPLOY = text_of("docs/deploy.md")


def commands(text: str) -> list[list[str]]:
    """The AWS CLI's commands in a text's code blocks, as words, without the `aws` before them."""
    return [list(command.words[1:]) for command in commands_in(text) if command.words[0] == "aws"]


def model(service: str) -> ServiceModel:
    return boto3.Session(region_name="eu-west-1").client(service).meta.service_model  # type: ignore[call-overload,no-any-return]


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
