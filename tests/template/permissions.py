"""Which permission each call takes: the calls the code makes, and the ones that AWS makes for it with its role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.template.deployment import Function


@dataclass(frozen=True)
class Call:
    """An operation of an AWS service that deployed code calls.

    Attributes:
        service: As boto3 names it.
        operation: As the service's model names it.
        action: The permission that it takes.
        tells_people: Whether it is made only to tell people that an answer is wanted.
    """

    service: str
    operation: str
    action: str
    tells_people: bool = False


CALLS = (
    Call("bedrock-runtime", "Converse", "bedrock:InvokeModel"),
    Call("lambda", "CheckpointDurableExecution", "lambda:CheckpointDurableExecution"),
    Call("lambda", "GetDurableExecutionState", "lambda:GetDurableExecutionState"),
    Call("sns", "Publish", "sns:Publish", tells_people=True),
)
"""Held against what boto3 is seen to send in `test_permissions`."""


def _always(_: Function) -> bool:
    return True


def _has_failure_queue(function: Function) -> bool:
    return "DeadLetterQueue" in function.properties


def _has_key(function: Function) -> bool:
    return "KmsKeyArn" in function.properties


def _traced(function: Function) -> bool:
    return function.properties.get("Tracing") == "Active"


ON_BEHALF: dict[str, Callable[[Function], bool]] = {
    "logs:CreateLogGroup": _always,
    "logs:CreateLogStream": _always,
    "logs:PutLogEvents": _always,
    "sqs:SendMessage": _has_failure_queue,
    "kms:Decrypt": _has_key,  # the settings, and what goes to the encrypted queue and topic
    "kms:GenerateDataKey": _has_key,
    "xray:PutTraceSegments": _traced,
    "xray:PutTelemetryRecords": _traced,
    "xray:GetSamplingRules": _traced,
    "xray:GetSamplingTargets": _traced,
    "xray:GetSamplingStatisticSummaries": _traced,
}
"""Actions that Lambda, SQS and SNS take with the function's role, and when."""

AWS_POLICIES = {
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicDurableExecutionRolePolicy.html
    "AWSLambdaBasicDurableExecutionRolePolicy": frozenset(
        {
            "lambda:CheckpointDurableExecution",
            "lambda:GetDurableExecutionState",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        }
    ),
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSXRayDaemonWriteAccess.html
    "AWSXRayDaemonWriteAccess": frozenset(
        {
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries",
        }
    ),
}
"""What AWS's own policies allow."""
