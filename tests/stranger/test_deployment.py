"""Everything that the template names is there once SAM has deployed it, but for what is listed as left out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from tests.repository import text_of
from tests.stranger.left_out import OF_FUNCTIONS, REFUSAL, UNENCRYPTED, refuses
from tests.stranger.ministack import MiniStack
from tests.stranger.stack import Stack, described, without_refused
from tests.template.deployment import template

DESCRIBED = described()
FUNCTIONS = {function.logical_id: function for function in DESCRIBED.functions}
REFUSED = sorted(name for name, resource in template()["Resources"].items() if refuses(resource))

AS_TOLD = {
    "DeadLetterQueue": "DeadLetterConfig",
    "Environment": "Environment",
    "KmsKeyArn": "KMSKeyArn",
    "Tracing": "TracingConfig",
}
"""What Lambda calls a property that it calls otherwise than SAM does."""

NOT_LAMBDAS = {"AutoPublishAlias", "AutoPublishAliasAllProperties", "CodeUri", "FunctionName"}
"""Properties of a function that Lambda has no word for; other tests here are about them."""


def test_every_resource_is_made(stack: Stack) -> None:
    """SAM makes a version and an alias of every function."""
    made = {re.sub(r"Version[0-9a-f]{10}$", "Version", name) for name in stack.resources}
    whole = {name for name in template()["Resources"] if name not in REFUSED}
    assert made == whole | {f"{name}{of}" for name in FUNCTIONS for of in ("Version", "Aliaslive")}
    assert {one["ResourceStatus"] for one in stack.resources.values()} == {"CREATE_COMPLETE"}


def test_every_output_is_there_and_a_functions_is_its_alias(stack: Stack) -> None:
    assert stack.outputs.keys() == template()["Outputs"].keys()
    aliases = {name: stack.physical(f"{function}Aliaslive") for name, function in aliased().items()}
    assert {name: stack.outputs[name] for name in aliases} == aliases
    assert len(aliases) == len(FUNCTIONS)
    service = stack.ministack.client("lambda")
    for name, function in aliased().items():
        found = service.get_function_configuration(FunctionName=stack.outputs[name])
        assert (found["Handler"], found["Version"]) == (FUNCTIONS[function].handler, "1")


def aliased() -> dict[str, str]:
    """The function that an output names the alias of."""
    values = {name: output["Value"] for name, output in template()["Outputs"].items()}
    found = {name: re.fullmatch(r"(\w+)\.Alias", str(value.get("Ref", ""))) for name, value in values.items()}
    return {name: match[1] for name, match in found.items() if match}


@pytest.mark.parametrize("logical_id", FUNCTIONS)
def test_a_function_is_as_described_but_for_what_is_left_out(stack: Stack, logical_id: str) -> None:
    service = stack.ministack.client("lambda")
    name = stack.physical(logical_id)
    assert name == FUNCTIONS[logical_id].properties["FunctionName"]
    told = service.get_function_configuration(FunctionName=name, Qualifier="live")
    told |= service.get_function_concurrency(FunctionName=name)
    properties = {key: value for key, value in FUNCTIONS[logical_id].properties.items() if key not in NOT_LAMBDAS}
    lost = {key for key, value in properties.items() if not stack.is_there(value, told.get(AS_TOLD.get(key, key)))}
    assert lost == OF_FUNCTIONS
    assert len(properties) > len(lost) + 6


def test_what_was_built_is_what_is_there(stack: Stack) -> None:
    """Two artifacts for seven functions."""
    service = stack.ministack.client("lambda")
    kinds: dict[str, set[str]] = {}
    for name in FUNCTIONS:
        found = service.get_function_configuration(FunctionName=stack.physical(name))
        kinds.setdefault(found["CodeSha256"], set()).add(name)
        assert found["CodeSize"] > 10_000_000
    assert sorted(map(len, kinds.values())) == [1, len(FUNCTIONS) - 1]
    assert {"DurableStrandsAgentFunction"} in kinds.values()


@pytest.mark.parametrize("role", DESCRIBED.resources("AWS::IAM::Role"))
def test_a_role_has_its_policies(stack: Stack, role: str) -> None:
    service = stack.ministack.client("iam")
    properties = DESCRIBED.properties(f"<{role}>")
    attached = service.list_attached_role_policies(RoleName=stack.physical(role))["AttachedPolicies"]
    assert stack.is_there(properties["ManagedPolicyArns"], [policy["PolicyArn"] for policy in attached])
    inline = service.list_role_policies(RoleName=stack.physical(role))["PolicyNames"]
    assert inline == [policy["PolicyName"] for policy in properties.get("Policies", [])]


def test_the_key_is_asked_for_wherever_something_is_kept_but_where_it_is_left_out(stack: Stack) -> None:
    key = stack.physical("DataKey")
    groups = stack.ministack.client("logs").describe_log_groups()["logGroups"]
    keys = {group["logGroupName"]: group.get("kmsKeyId", "") for group in groups}
    topic = stack.ministack.client("sns").get_topic_attributes(TopicArn=stack.physical("ReviewRequests"))
    queue = stack.ministack.client("sqs").get_queue_attributes(
        QueueUrl=stack.physical("FailedExecutions"), AttributeNames=["All"]
    )
    encrypted = {name: keys[stack.physical(name)] for name in DESCRIBED.resources("AWS::Logs::LogGroup")}
    encrypted["ReviewRequests"] = topic["Attributes"].get("KmsMasterKeyId", "")
    encrypted["FailedExecutions"] = queue["Attributes"].get("KmsMasterKeyId", "")
    assert {name for name, found in encrypted.items() if not found.endswith(key)} == UNENCRYPTED


def test_the_alarm_that_it_takes_looks_at_the_queue_and_tells_the_topic(stack: Stack) -> None:
    (found,) = stack.ministack.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (name,) = set(DESCRIBED.resources("AWS::CloudWatch::Alarm")) - set(REFUSED)
    dimension = {"Name": "QueueName", "Value": stack.physical("FailedExecutions").rpartition("/")[2]}
    expected: dict[str, Any] = DESCRIBED.properties(f"<{name}>") | {"Dimensions": [dimension]}
    assert stack.is_there(expected, found)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_left_out_is_refused(ministack: MiniStack, name: str) -> None:
    """When it no longer is, it belongs to what is deployed."""
    cloudformation = ministack.client("cloudformation")
    alone = {"Resources": {name: {"Type": "AWS::CloudWatch::Alarm", "Properties": DESCRIBED.properties(f"<{name}>")}}}
    cloudformation.create_stack(StackName=f"only-{name}", TemplateBody=json.dumps(alone))
    created = cloudformation.get_waiter("stack_create_complete")
    with pytest.raises(WaiterError, match="ROLLBACK_COMPLETE"):
        created.wait(StackName=f"only-{name}", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    events = cloudformation.describe_stack_events(StackName=f"only-{name}")["StackEvents"]
    assert any(REFUSAL in event.get("ResourceStatusReason", "") for event in events)


def test_the_document_says_what_is_left_out() -> None:
    told = text_of("docs/testing-deployed.md").partition("## A stranger's deployment")[2].partition("\n## ")[0]
    for name in (*REFUSED, *OF_FUNCTIONS, *UNENCRYPTED):
        assert f"`{name}`" in told, name


def test_only_what_is_refused_is_left_out() -> None:
    whole, left = template(), without_refused(template())
    assert sorted(whole["Resources"].keys() - left["Resources"].keys()) == REFUSED
    assert len(REFUSED) == 3
