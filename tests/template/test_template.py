"""The template holds, whatever its parameters are; and a template that does not is caught by the check that should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.template.checks import CHECKS
from tests.template.code import code, pattern_names
from tests.template.deployment import Deployment, Template, template
from tests.template.intrinsics import Resolver

pytestmark = pytest.mark.xdist_group("template")  # one worker runs the patterns, once

EUROPE = {
    "Geography": "eu",
    **{
        f"{tier}ModelArns": ",".join(
            f"arn:aws:bedrock:{region}::foundation-model/{template()['Parameters'][f'{tier}Model']['Default']}"
            for region in ("eu-central-1", "eu-north-1", "eu-west-1")
        )
        for tier in ("Small", "Medium", "Large")
    },
}


def numbers(bound: str, choose: Callable[[list[int]], int], otherwise: int) -> dict[str, int]:
    """Every number at its lowest or highest; at `otherwise` where the template does not bound it."""
    return {
        name: choose(parameter["AllowedValues"]) if "AllowedValues" in parameter else parameter.get(bound, otherwise)
        for name, parameter in template()["Parameters"].items()
        if parameter["Type"] == "Number"
    }


def parameters(of: Template) -> dict[str, dict[str, Any]]:
    """The choices of parameters that a template is looked at with; a mutant may lack some of them."""
    choices: dict[str, dict[str, Any]] = {
        "defaults": {},
        "the lowest numbers": numbers("MinValue", min, 0),
        "the highest numbers": numbers("MaxValue", max, 10**9),
        "without a topic": {"ReviewTopic": "false", "ReviewerEmail": "a@example.com"},
        "with a reviewer": {"ReviewerEmail": "a@example.com"},
        "in Europe": EUROPE,
        "on Python 3.14": {"PythonRuntime": "python3.14"},
        "with reserved concurrency": {"ReservedConcurrency": "5"},
        "with a topic for alarms": {"AlarmTopicArn": "arn:aws:sns:eu-west-1:000000000000:on-call"},
        "traced": {
            "Tracing": "on",
            "TracingLayerArn": "arn:aws:lambda:eu-west-1:000000000000:layer:AWSOpenTelemetryDistroPython:1",
        },
    }
    return {name: choice for name, choice in choices.items() if choice.keys() <= of["Parameters"].keys()}


def findings(check: str, of: Template) -> list[str]:
    """What a check finds with any choice of parameters."""
    return [
        f"{choice}: {finding}"
        for choice, values in parameters(of).items()
        for finding in CHECKS[check](Deployment(of, values), code())
    ]


@pytest.mark.parametrize("check", CHECKS)
def test_the_template_holds(check: str) -> None:
    assert findings(check, template()) == []


def test_there_is_something_to_check() -> None:
    deployed = Deployment(template())
    assert len(pattern_names()) >= 7
    assert len(deployed.functions) == len(pattern_names())
    assert len(parameters(template())) == 10
    assert all(deployed.statements(function) for function in deployed.functions)


def test_the_longest_executions_are_what_they_claim_to_be() -> None:
    """The facts that the checks compare with, for whoever changes a pattern: seen by running it."""
    seen = {
        name: (sorted(pattern.tiers), pattern.steps_in_a_row, len(pattern.callback_timeouts))
        for name, pattern in code().items()
    }
    assert seen == {
        "agent_with_tools": (["medium"], 10, 20),
        "durable_strands_agent": (["medium"], 10, 20),
        "human_review": (["medium"], 3, 3),
        "llm_as_judge": (["large", "medium", "small"], 6, 0),
        "parallel_invocation": (["small"], 3, 0),
        "prompt_chaining": (["small"], 6, 0),
        "structured_output": (["small"], 3, 0),
    }
    days = {name: set(pattern.callback_timeouts) for name, pattern in code().items() if pattern.asks_people}
    assert days == {"agent_with_tools": {86_400}, "durable_strands_agent": {86_400}, "human_review": {7 * 86_400}}
    assert [name for name, pattern in code().items() if pattern.needs_strands] == ["durable_strands_agent"]
    assert code()["prompt_chaining"].longest_wait == 6 * (4 + 8 + 16 + 32 + 60)


type Mutation = Callable[[Template], object]

MUTANTS: dict[str, tuple[str, Mutation]] = {}


def mutant(caught_by: str) -> Callable[[Mutation], Mutation]:
    """Adds a template that must not be deployed, under its name in words, and the check that says so."""

    def add(mutation: Mutation) -> Mutation:
        MUTANTS[mutation.__name__.replace("_", " ")] = (caught_by, mutation)
        return mutation

    return add


def properties(of: Template, logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = of["Resources"][logical_id]["Properties"]
    return found


def shared(of: Template) -> dict[str, Any]:
    found: dict[str, Any] = of["Globals"]["Function"]
    return found


def first_statement(of: Template, logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = properties(of, logical_id)["PolicyDocument"]["Statement"][0]
    return found


@mutant("every change is published under an alias")
def no_alias(of: Template) -> None:
    del shared(of)["AutoPublishAlias"]


@mutant("every change is published under an alias")
def an_alias_that_keeps_old_settings(of: Template) -> None:
    del properties(of, "HumanReviewFunction")["AutoPublishAliasAllProperties"]


@mutant("callbacks time out before the execution")
def the_public_samples_execution_timeout_under_a_callback_of_a_week(of: Template) -> None:
    properties(of, "HumanReviewFunction")["DurableConfig"]["ExecutionTimeout"] = 900


@mutant("callbacks time out before the execution")
def a_callback_that_would_time_out_with_the_execution(of: Template) -> None:
    properties(of, "AgentWithToolsFunction")["DurableConfig"]["ExecutionTimeout"] = 86_400


@mutant("the execution covers every wait")
def an_execution_that_covers_two_of_three_rounds(of: Template) -> None:
    properties(of, "HumanReviewFunction")["DurableConfig"]["ExecutionTimeout"] = 15 * 86_400


@mutant("the execution covers every wait")
def an_execution_that_covers_no_retries(of: Template) -> None:
    shared(of)["DurableConfig"]["ExecutionTimeout"] = 300


@mutant("every function is durable")
def an_execution_longer_than_the_service_takes(of: Template) -> None:
    properties(of, "HumanReviewFunction")["DurableConfig"]["ExecutionTimeout"] = 400 * 86_400


@mutant("every function is durable")
def a_function_that_is_not_durable(of: Template) -> None:
    del shared(of)["DurableConfig"]


@mutant("every function is durable")
def a_history_kept_longer_than_the_service_does(of: Template) -> None:
    of["Parameters"]["HistoryRetentionDays"]["Default"] = 365


@mutant("what waits for nobody may be invoked synchronously")
def an_execution_too_long_for_a_synchronous_caller(of: Template) -> None:
    shared(of)["DurableConfig"]["ExecutionTimeout"] = 3_600


@mutant("the read timeout is below the functions")
def a_timeout_below_the_read_timeout(of: Template) -> None:
    shared(of)["Timeout"] = 60


@mutant("the read timeout is below the functions")
def a_read_timeout_that_is_the_functions(of: Template) -> None:
    of["Parameters"]["ModelReadTimeout"]["Default"] = 900


@mutant("the read timeout is below the functions")
def a_function_that_does_not_say_how_long_it_reads(of: Template) -> None:
    del shared(of)["Environment"]["Variables"]["MODEL_READ_TIMEOUT"]


@mutant("every setting is one that the code reads")
def a_misspelt_setting(of: Template) -> None:
    variables = shared(of)["Environment"]["Variables"]
    variables["MODEL_READ_TIMOUT"] = variables["MODEL_READ_TIMEOUT"]


@mutant("every setting is one that the code reads")
def a_setting_that_the_code_refuses(of: Template) -> None:
    shared(of)["Environment"]["Variables"]["MODEL_STRUCTURED_OUTPUT"] = "yes"


@mutant("every setting is one that the code reads")
def a_budget_that_the_code_refuses(of: Template) -> None:
    shared(of)["Environment"]["Variables"]["TOKEN_BUDGET"] = "a million"


@mutant("every execution has a token budget")
def an_execution_that_may_spend_anything(of: Template) -> None:
    del shared(of)["Environment"]["Variables"]["TOKEN_BUDGET"]


@mutant("concurrency is reserved where it is wanted")
def concurrency_that_no_parameter_reserves(of: Template) -> None:
    del shared(of)["ReservedConcurrentExecutions"]


@mutant("concurrency is reserved where it is wanted")
def concurrency_that_is_always_reserved(of: Template) -> None:
    shared(of)["ReservedConcurrentExecutions"] = 5


@mutant("tracing is whole or off")
def tracing_without_its_layer(of: Template) -> None:
    del shared(of)["Layers"]


@mutant("tracing is whole or off")
def tracing_without_spans_of_operations(of: Template) -> None:
    del shared(of)["Environment"]["Variables"]["DURABLE_EXECUTION_PLUGINS"]


@mutant("tracing is whole or off")
def a_plugin_that_is_not_deployed(of: Template) -> None:
    shared(of)["Environment"]["Variables"]["DURABLE_EXECUTION_PLUGINS"]["Fn::If"][1] = "otel"


@mutant("tracing is whole or off")
def tracing_that_cannot_be_turned_off(of: Template) -> None:
    shared(of)["Tracing"] = "Active"


@mutant("the role allows what the code calls and no more")
def a_traced_function_that_may_send_no_trace(of: Template) -> None:
    del properties(of, "JudgeRole")["ManagedPolicyArns"][1]


@mutant("executions are encrypted with the stacks key")
def executions_under_a_key_of_the_services(of: Template) -> None:
    del shared(of)["DurableConfig"]["KMSKeyArn"]


@mutant("executions are encrypted with the stacks key")
def a_key_that_the_service_may_not_use(of: Template) -> None:
    del properties(of, "DataKey")["KeyPolicy"]["Statement"][2]


@mutant("executions are encrypted with the stacks key")
def a_key_that_any_function_of_the_world_may_have_used(of: Template) -> None:
    del properties(of, "DataKey")["KeyPolicy"]["Statement"][2]["Condition"]


@mutant("what goes wrong rings an alarm")
def failures_that_nobody_watches(of: Template) -> None:
    del of["Resources"]["FailedExecutionsAlarm"]


@mutant("what goes wrong rings an alarm")
def a_function_whose_time_outs_nobody_watches(of: Template) -> None:
    del properties(of, "TimedOutExecutionsAlarm")["Metrics"][3]


@mutant("what goes wrong rings an alarm")
def a_metric_that_there_is_not(of: Template) -> None:
    properties(of, "FailedExecutionsAlarm")["Metrics"][1]["MetricStat"]["Metric"]["MetricName"] = "ExecutionsFailed"


@mutant("what goes wrong rings an alarm")
def a_dimension_that_there_is_not(of: Template) -> None:
    properties(of, "FailureQueueAlarm")["Dimensions"][0]["Name"] = "Queue"


@mutant("what goes wrong rings an alarm")
def a_storage_alarm_above_what_an_execution_may_write(of: Template) -> None:
    properties(of, "StorageAlarm")["Threshold"] = 100_000_001


@mutant("what goes wrong rings an alarm")
def an_alarm_on_the_mean_of_failures(of: Template) -> None:
    properties(of, "FailedExecutionsAlarm")["Metrics"][1]["MetricStat"]["Stat"] = "Average"


@mutant("what goes wrong rings an alarm")
def an_alarm_that_always_rings(of: Template) -> None:
    properties(of, "FailureQueueAlarm")["ComparisonOperator"] = "GreaterThanOrEqualToThreshold"


@mutant("alarms tell the topic")
def an_alarm_that_tells_nobody(of: Template) -> None:
    del properties(of, "StorageAlarm")["AlarmActions"]


@mutant("no parameter lets a wildcard into a policy")
def a_topic_for_alarms_that_takes_anything(of: Template) -> None:
    del of["Parameters"]["AlarmTopicArn"]["AllowedPattern"]


@mutant("every model that is asked is set")
def a_model_that_is_not_set(of: Template) -> None:
    del shared(of)["Environment"]["Variables"]["MODEL_LARGE"]


@mutant("the role allows the models that are asked and no other")
def any_model(of: Template) -> None:
    first_statement(of, "MediumModelPolicy")["Resource"] = "*"


@mutant("the role allows the models that are asked and no other")
def any_inference_profile(of: Template) -> None:
    first_statement(of, "SmallModelPolicy")["Resource"] = {
        "Fn::Sub": "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/*"
    }


@mutant("the role allows the models that are asked and no other")
def a_profile_without_its_models(of: Template) -> None:
    del properties(of, "LargeModelPolicy")["PolicyDocument"]["Statement"][1:]


@mutant("the role allows the models that are asked and no other")
def models_without_their_profile(of: Template) -> None:
    del properties(of, "LargeModelPolicy")["PolicyDocument"]["Statement"][0]


@mutant("the role allows the models that are asked and no other")
def a_model_past_its_profile(of: Template) -> None:
    del properties(of, "SmallModelPolicy")["PolicyDocument"]["Statement"][1]["Condition"]


@mutant("the role allows the models that are asked and no other")
def a_model_that_is_not_asked(of: Template) -> None:
    properties(of, "SmallModelRole")["ManagedPolicyArns"].append({"Ref": "LargeModelPolicy"})


@mutant("the role allows the models that are asked and no other")
def the_judge_without_its_candidates_models(of: Template) -> None:
    properties(of, "LlmAsJudgeFunction")["Role"] = {"Fn::GetAtt": ["PeopleRole", "Arn"]}


@mutant("no parameter lets a wildcard into a policy")
def a_model_parameter_that_takes_anything(of: Template) -> None:
    del of["Parameters"]["SmallModel"]["AllowedPattern"]


@mutant("no parameter lets a wildcard into a policy")
def a_list_of_models_that_takes_a_wildcard(of: Template) -> None:
    of["Parameters"]["LargeModelArns"]["AllowedPattern"] = "^arn:aws:bedrock:.*$"


@mutant("the role allows what the code calls and no more")
def every_action_of_bedrock(of: Template) -> None:
    first_statement(of, "SmallModelPolicy")["Action"] = "bedrock:*"


@mutant("the role allows what the code calls and no more")
def an_action_that_nothing_calls(of: Template) -> None:
    first_statement(of, "SmallModelPolicy")["Action"] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]


@mutant("the role allows what the code calls and no more")
def a_role_that_may_not_checkpoint(of: Template) -> None:
    del properties(of, "JudgeRole")["ManagedPolicyArns"][0]


@mutant("the role allows what the code calls and no more")
def a_role_that_may_not_use_the_key(of: Template) -> None:
    del properties(of, "OperationPolicy")["PolicyDocument"]["Statement"][1]


@mutant("people are told where they are asked")
def a_topic_that_nobody_is_told_of(of: Template) -> None:
    del properties(of, "HumanReviewFunction")["Environment"]


@mutant("people are told where they are asked")
def a_topic_that_may_not_be_published_to(of: Template) -> None:
    del properties(of, "PeopleRole")["Policies"]


@mutant("people are told where they are asked")
def any_topic(of: Template) -> None:
    (policy,) = properties(of, "PeopleRole")["Policies"]
    policy["Fn::If"][1]["PolicyDocument"]["Statement"][0]["Resource"] = "*"


@mutant("a failed execution leaves its event")
def no_failure_destination(of: Template) -> None:
    del shared(of)["DeadLetterQueue"]


@mutant("a failed execution leaves its event")
def a_failure_destination_that_may_not_be_sent_to(of: Template) -> None:
    del properties(of, "OperationPolicy")["PolicyDocument"]["Statement"][0]


@mutant("every function logs json to a group that expires")
def logs_in_plain_text(of: Template) -> None:
    del shared(of)["LoggingConfig"]["LogFormat"]


@mutant("every function logs json to a group that expires")
def logs_that_never_expire(of: Template) -> None:
    del properties(of, "LlmAsJudgeLogs")["RetentionInDays"]


@mutant("every function logs json to a group that expires")
def logs_that_lambda_makes(of: Template) -> None:
    del properties(of, "LlmAsJudgeFunction")["LoggingConfig"]["LogGroup"]


@mutant("every function logs json to a group that expires")
def logs_of_another_function(of: Template) -> None:
    properties(of, "LlmAsJudgeFunction")["LoggingConfig"]["LogGroup"] = {"Ref": "HumanReviewLogs"}


@mutant("every pattern has a function")
def a_pattern_without_a_function(of: Template) -> None:
    del of["Resources"]["StructuredOutputFunction"]


@mutant("every pattern has a function")
def a_pattern_with_two_functions(of: Template) -> None:
    of["Resources"]["AnotherFunction"] = of["Resources"]["StructuredOutputFunction"]


@mutant("every handler imports")
def a_function_without_a_pattern(of: Template) -> None:
    properties(of, "StructuredOutputFunction")["Handler"] = "patterns.summaries.handler"


@mutant("every handler imports")
def a_handler_that_is_none(of: Template) -> None:
    properties(of, "HumanReviewFunction")["Handler"] = "patterns.human_review.human_review"


@mutant("every function is named after its pattern")
def a_name_that_is_left_to_cloudformation(of: Template) -> None:
    del properties(of, "HumanReviewFunction")["FunctionName"]


@mutant("every function runs what the makefile builds")
def another_architecture(of: Template) -> None:
    shared(of)["Architectures"] = ["x86_64"]


@mutant("every function runs what the makefile builds")
def a_function_that_holds_the_whole_repository(of: Template) -> None:
    del of["Resources"]["HumanReviewFunction"]["Metadata"]["BuildMethod"]


@mutant("every function runs what the makefile builds")
def strands_under_another_logical_id(of: Template) -> None:
    of["Resources"]["StrandsFunction"] = of["Resources"].pop("DurableStrandsAgentFunction")


@mutant("the default is the python and the models of the code")
def another_python_than_the_artifact_is_built_for(of: Template) -> None:
    of["Parameters"]["PythonRuntime"]["Default"] = "python3.14"


@mutant("the default is the python and the models of the code")
def another_model_than_the_codes(of: Template) -> None:
    of["Parameters"]["SmallModel"]["Default"] = "anthropic.claude-3-haiku-20240307-v1:0"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_bad_deployment_is_caught(name: str) -> None:
    check, mutate = MUTANTS[name]
    bad = template()
    mutate(bad)
    assert bad != template(), "the mutation changes something"
    assert findings(check, bad), f"{check!r} finds nothing"


def test_every_check_catches_something() -> None:
    assert {check for check, _ in MUTANTS.values()} == set(CHECKS)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Ref": "Nothing"}, "'Nothing' is no parameter and no resource"),
        ({"Fn::GetAtt": ["Nothing", "Arn"]}, "'Nothing.Arn' is no parameter and no resource"),
        ({"Fn::Sub": "${Nothing}"}, "'Nothing' is no parameter and no resource"),
        ({"Ref": "ReviewRequests"}, "condition HasReviewTopic is false"),
    ],
)
def test_a_reference_to_nothing_is_an_error(value: dict[str, Any], message: str) -> None:
    with pytest.raises(LookupError, match=message):
        Resolver(template(), {"ReviewTopic": "false"}).resolve(value)
