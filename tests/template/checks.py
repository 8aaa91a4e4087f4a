"""What must hold of a deployment, each a pure function: it returns what is wrong, and nothing where all is well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from aws_durable_execution_sdk_python.plugin_discovery import PLUGIN_ENVIRONMENT_VARIABLE

from patterns.durable.budget import InvalidBudgetError, budget_from_environment
from providers.bedrock import DEFAULT_TIERS, BedrockProvider
from providers.errors import PermanentModelError
from tests.template import code
from tests.template.code import Pattern
from tests.template.deployment import Deployment, Function
from tests.template.permissions import AWS_POLICIES, CALLS, ON_BEHALF

type Code = Mapping[str, Pattern]
type Check = Callable[[Deployment, Code], Iterator[str]]

LONGEST_EXECUTION = 31_622_400
"""Seconds, 366 days: https://docs.aws.amazon.com/lambda/latest/api/API_DurableConfig.html"""

LONGEST_SYNCHRONOUS = 900
"""Seconds. A function whose executions may take longer can only be invoked asynchronously:
https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html"""

CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Adds a check, under its own name in words."""
    CHECKS[function.__name__.replace("_", " ")] = function
    return function


def of_patterns(deployment: Deployment, known: Code) -> Iterator[tuple[Function, Pattern]]:
    """Every function with the pattern it runs; whether there are others is another check's affair."""
    for function in deployment.functions:
        if function.pattern in known:
            yield function, known[function.pattern]


@check
def every_pattern_has_a_function(deployment: Deployment, known: Code) -> Iterator[str]:
    deployed = [function.pattern for function in deployment.functions]
    for name in known:
        if deployed.count(name) != 1:
            yield f"patterns/{name}.py has {deployed.count(name)} functions"


@check
def every_handler_imports(deployment: Deployment, known: Code) -> Iterator[str]:
    for function in deployment.functions:
        if function.pattern not in known:
            yield f"{function.logical_id}: {function.handler} belongs to no pattern"
        if not code.is_handler(function.handler):
            yield f"{function.logical_id}: {function.handler} does not import, or is no durable handler"


@check
def every_function_is_named_after_its_pattern(deployment: Deployment, known: Code) -> Iterator[str]:
    for function, pattern in of_patterns(deployment, known):
        if function.properties.get("FunctionName") != f"stack-{pattern.name.replace('_', '-')}":
            yield f"{function.logical_id} is named {function.properties.get('FunctionName')}"


@check
def every_change_is_published_under_an_alias(deployment: Deployment, known: Code) -> Iterator[str]:
    for function in deployment.functions:
        if not function.properties.get("AutoPublishAlias"):
            yield f"{function.logical_id} has no alias: a durable function is invoked by a qualified ARN"
        if function.properties.get("AutoPublishAliasAllProperties") is not True:
            yield f"{function.logical_id} publishes a version for changed code only: the alias keeps old settings"


@check
def every_function_is_durable(deployment: Deployment, known: Code) -> Iterator[str]:
    for function in deployment.functions:
        config = function.properties.get("DurableConfig", {})
        if not 1 <= config.get("ExecutionTimeout", 0) <= LONGEST_EXECUTION:
            yield f"{function.logical_id}: the service takes no ExecutionTimeout of {config.get('ExecutionTimeout')}"
        if not 1 <= config.get("RetentionPeriodInDays", 0) <= 90:
            yield f"{function.logical_id}: it takes no RetentionPeriodInDays of {config.get('RetentionPeriodInDays')}"


@check
def callbacks_time_out_before_the_execution(deployment: Deployment, known: Code) -> Iterator[str]:
    for function, pattern in of_patterns(deployment, known):
        for timeout in set(pattern.callback_timeouts):
            if timeout >= function.execution_timeout:
                yield (
                    f"{function.logical_id}: a callback waits {timeout} s, and the execution is over after "
                    f"{function.execution_timeout} s"
                )


@check
def the_execution_covers_every_wait(deployment: Deployment, known: Code) -> Iterator[str]:
    for function, pattern in of_patterns(deployment, known):
        if pattern.longest_wait >= function.execution_timeout:
            yield (
                f"{function.logical_id}: waits take up to {pattern.longest_wait} s, and the execution is over after "
                f"{function.execution_timeout} s"
            )


@check
def what_waits_for_nobody_may_be_invoked_synchronously(deployment: Deployment, known: Code) -> Iterator[str]:
    for function, pattern in of_patterns(deployment, known):
        if not pattern.asks_people and function.execution_timeout > LONGEST_SYNCHRONOUS:
            yield f"{function.logical_id}: no synchronous caller may invoke it ({function.execution_timeout} s)"


@check
def the_read_timeout_is_below_the_functions(deployment: Deployment, known: Code) -> Iterator[str]:
    for function in deployment.functions:
        read_timeout = int(function.settings.get("MODEL_READ_TIMEOUT", 0))
        if not 0 < read_timeout < function.timeout:
            yield (
                f"{function.logical_id}: a call may take {read_timeout} s and an invocation {function.timeout} s: "
                "the interrupted call would be made again and again"
            )


@check
def every_setting_is_one_that_the_code_reads(deployment: Deployment, known: Code) -> Iterator[str]:
    for function in deployment.functions:
        for name in function.settings.keys() - code.settings():
            yield f"{function.logical_id}: nothing reads {name}"
        try:
            BedrockProvider.from_environment(function.settings)
            budget_from_environment(function.settings)
        except (PermanentModelError, InvalidBudgetError) as error:
            yield f"{function.logical_id}: {error}"


@check
def every_execution_has_a_token_budget(deployment: Deployment, known: Code) -> Iterator[str]:
    for function in deployment.functions:
        if budget_from_environment(function.settings) is None:
            yield f"{function.logical_id}: nothing bounds what an execution spends"


@check
def concurrency_is_reserved_where_it_is_wanted(deployment: Deployment, known: Code) -> Iterator[str]:
    wanted = deployment.parameter("ReservedConcurrency")
    for function in deployment.functions:
        if (reserved := function.properties.get("ReservedConcurrentExecutions")) != (wanted or None):
            yield f"{function.logical_id} reserves {reserved}, and {wanted or 'nothing'} is wanted"


@check
def tracing_is_whole_or_off(deployment: Deployment, known: Code) -> Iterator[str]:
    traced = deployment.parameter("Tracing") == "on"
    for function in deployment.functions:
        parts = {
            "active tracing": function.properties.get("Tracing") == "Active",
            "a layer": bool(function.properties.get("Layers")),
            "the layer's start": function.settings.get("AWS_LAMBDA_EXEC_WRAPPER") == "/opt/otel-instrument",
            "a plugin": function.settings.get(PLUGIN_ENVIRONMENT_VARIABLE, "") in code.tracing_plugins(),
        }
        for part in (name for name, there in parts.items() if there is not traced):
            yield f"{function.logical_id} {'lacks' if traced else 'has'} {part}"


@check
def executions_are_encrypted_with_the_stacks_key(deployment: Deployment, known: Code) -> Iterator[str]:
    for function in deployment.functions:
        key = function.properties.get("DurableConfig", {}).get("KMSKeyArn", "")
        try:
            policy = deployment.properties(key)["KeyPolicy"]
        except LookupError:
            yield f"{function.logical_id}: what its executions hold is encrypted with {key or 'no key of this stack'}"
            continue
        if key != function.properties.get("KmsKeyArn"):
            yield f"{function.logical_id}: its role may use {function.properties.get('KmsKeyArn')}, not {key}"
        for_executions = [
            statement
            for statement in policy["Statement"]
            if statement["Principal"].get("Service") == "lambda.amazonaws.com"
        ]
        allowed = {action for statement in for_executions for action in statement["Action"]}
        if not allowed >= {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"}:
            yield f"{function.logical_id}: the service may not use {key} for its executions, only {sorted(allowed)}"
        for statement in for_executions:
            condition = statement.get("Condition", {})
            named = condition.get("ArnLike", {}).get("aws:SourceArn", "")
            if "aws:SourceAccount" not in condition.get("StringEquals", {}) or not named.endswith(":function:stack-*"):
                yield f"{function.logical_id}: any function of anybody may have {key} used"


ALARMS = {
    # https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html
    ("AWS/Lambda", "DurableExecutionFailed"): ("Sum", 1),
    ("AWS/Lambda", "DurableExecutionTimedOut"): ("Sum", 1),
    ("AWS/Lambda", "DurableExecutionStorageWrittenBytes"): ("Maximum", 100_000_000),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("Maximum", 1),
}
"""What must be watched: a metric, by its statistic, and a value at which its alarm must have rung."""


@check
def what_goes_wrong_rings_an_alarm(deployment: Deployment, known: Code) -> Iterator[str]:
    functions = {f"<{name}>" for name in deployment.resources("AWS::Serverless::Function")}
    queues = {f"<{name}.QueueName>" for name in deployment.resources("AWS::SQS::Queue")}
    watched: dict[tuple[str, str], set[str]] = {metric: set() for metric in ALARMS}
    for alarm in deployment.alarms():
        for series in alarm.series:
            if series.metric not in ALARMS:
                yield f"{alarm.logical_id} watches {series.metric}, which there is not"
                continue
            statistic, high = ALARMS[series.metric]
            named = {"AWS/Lambda": "FunctionName", "AWS/SQS": "QueueName"}[series.metric[0]]
            if series.statistic != statistic or not alarm.rings_at(high) or alarm.rings_at(0):
                yield f"{alarm.logical_id} does not ring where {series.metric[1]} is {high}, or rings at 0"
            elif series.dimensions.keys() == {named}:
                watched[series.metric].add(series.dimensions[named])
    for metric, found in watched.items():
        for missing in (functions if metric[0] == "AWS/Lambda" else queues) - found:
            yield f"no alarm watches {metric[1]} of {missing}"


@check
def alarms_tell_the_topic(deployment: Deployment, known: Code) -> Iterator[str]:
    topic = deployment.parameter("AlarmTopicArn")
    for alarm in deployment.alarms():
        if alarm.actions != ((topic,) if topic else ()):
            yield f"{alarm.logical_id} tells {alarm.actions or 'nobody'}, not {topic or 'nobody'}"


@check
def every_model_that_is_asked_is_set(deployment: Deployment, known: Code) -> Iterator[str]:
    for function, pattern in of_patterns(deployment, known):
        for tier in pattern.tiers:
            if f"MODEL_{tier.upper()}" not in function.settings:
                yield f"{function.logical_id} asks the {tier} model and would take the code's default for it"


@check
def the_role_allows_what_the_code_calls_and_no_more(deployment: Deployment, known: Code) -> Iterator[str]:
    for function, pattern in of_patterns(deployment, known):
        called = {
            call.action
            for call in CALLS
            if not call.tells_people or (pattern.asks_people and function.settings.get("REVIEW_TOPIC_ARN"))
        }
        needed = called | {action for action, needs in ON_BEHALF.items() if needs(function)}
        allowed = {action for statement in deployment.statements(function) for action in statement.actions}
        allowed |= {action for policy in deployment.aws_policies(function) for action in AWS_POLICIES[policy]}
        for action in needed - allowed:
            yield f"{function.logical_id} may not {action}"
        for action in allowed - needed:
            yield f"{function.logical_id} may {action}, and has no use for it"


@check
def the_role_allows_the_models_that_are_asked_and_no_other(deployment: Deployment, known: Code) -> Iterator[str]:
    for function, pattern in of_patterns(deployment, known):
        profiles = {function.settings.get(f"MODEL_{tier.upper()}", "") for tier in pattern.tiers}
        reached: dict[str, set[str]] = {"inference-profile": set(), "foundation-model": set()}
        for statement in deployment.statements(function):
            if not any(action.startswith("bedrock") for action in statement.actions):
                continue
            for resource in statement.resources:
                kind, _, model = resource.split(":", 5)[-1].partition("/")
                through = statement.condition.get("StringEquals", {}).get("bedrock:InferenceProfileArn", "")
                if "*" in resource:
                    yield f"{function.logical_id} may invoke whatever matches {resource}"
                elif kind == "foundation-model" and not through.endswith(f".{model}"):
                    yield f"{function.logical_id} may invoke {model} past its inference profile"
                reached.setdefault(kind, set()).add(model)
        if reached["inference-profile"] != profiles:
            yield f"{function.logical_id} asks {sorted(profiles)}, may {sorted(reached['inference-profile'])}"
        if reached["foundation-model"] != {profile.partition(".")[2] for profile in profiles}:
            yield f"{function.logical_id} asks {sorted(profiles)}, may {sorted(reached['foundation-model'])}"


@check
def no_parameter_lets_a_wildcard_into_a_policy(deployment: Deployment, known: Code) -> Iterator[str]:
    for name, parameter in deployment.template["Parameters"].items():
        if parameter["Type"] not in {"String", "CommaDelimitedList"} or "AllowedValues" in parameter:
            continue
        if name == "ReviewerEmail":  # an endpoint, and in no policy
            continue
        for value in ("*", f"{parameter.get('Default', '')}*", "arn:aws:bedrock:*::foundation-model/*"):
            if re.search(parameter.get("AllowedPattern", ""), value):
                yield f"{name} may be {value!r}"


@check
def people_are_told_where_they_are_asked(deployment: Deployment, known: Code) -> Iterator[str]:
    topics = {f"<{name}>" for name in deployment.resources("AWS::SNS::Topic")}
    for function, pattern in of_patterns(deployment, known):
        topic = function.settings.get("REVIEW_TOPIC_ARN")
        if pattern.asks_people and (topic or "") not in (topics or {""}):
            yield f"{function.logical_id} asks people and tells {topic or 'nobody'}"
        if not pattern.asks_people and topic is not None:
            yield f"{function.logical_id} asks nobody, and knows {topic}"
        published = {
            resource
            for statement in deployment.statements(function)
            if "sns:Publish" in statement.actions
            for resource in statement.resources
        }
        if published != ({topic} if topic else set()):
            yield f"{function.logical_id} tells {topic or 'nobody'}, and may tell {sorted(published)}"


@check
def a_failed_execution_leaves_its_event(deployment: Deployment, known: Code) -> Iterator[str]:
    queues = {f"<{name}.Arn>" for name in deployment.resources("AWS::SQS::Queue")}
    for function in deployment.functions:
        queue = function.properties.get("DeadLetterQueue", {}).get("TargetArn")
        if queue not in queues:
            yield f"{function.logical_id} sends failed events to {queue}"
        elif not any(
            "sqs:SendMessage" in statement.actions and queue in statement.resources
            for statement in deployment.statements(function)
        ):
            yield f"{function.logical_id} may not send to {queue}"


@check
def every_function_logs_json_to_a_group_that_expires(deployment: Deployment, known: Code) -> Iterator[str]:
    for function in deployment.functions:
        logging = function.properties.get("LoggingConfig", {})
        if logging.get("LogFormat") != "JSON":
            yield f"{function.logical_id} logs {logging.get('LogFormat', 'plain text')}"
        try:
            group = deployment.properties(logging.get("LogGroup", ""))
        except LookupError:
            yield f"{function.logical_id} logs to a group that this template does not make, so never expires"
            continue
        if group["LogGroupName"] != f"/aws/lambda/{function.properties['FunctionName']}":
            yield f"{function.logical_id} logs to another's group, {group['LogGroupName']}"
        if not group.get("RetentionInDays"):
            yield f"{function.logical_id} logs for ever"


@check
def every_function_runs_what_the_makefile_builds(deployment: Deployment, known: Code) -> Iterator[str]:
    platform = {"arm64": "aarch64"}
    for function, pattern in of_patterns(deployment, known):
        (architecture,) = function.properties.get("Architectures", ["x86_64"])
        if not code.makefile_variable("PLATFORM").endswith(platform.get(architecture, architecture)):
            yield f"{function.logical_id} runs on {architecture}"
        if function.metadata.get("BuildMethod") != "makefile":
            yield f"{function.logical_id} is not built by the Makefile: it would hold the whole repository"
        wanted = "artifact-strands" if pattern.needs_strands else "artifact-core"
        if code.artifact(function.logical_id) != wanted:
            yield f"{function.logical_id} needs {wanted} and gets {code.artifact(function.logical_id)}"


@check
def the_default_is_the_python_and_the_models_of_the_code(deployment: Deployment, known: Code) -> Iterator[str]:
    defaults = Deployment(deployment.template)
    for function in defaults.functions:
        if function.properties.get("Runtime") != f"python{code.makefile_variable('PYTHON_VERSION')}":
            yield f"{function.logical_id} runs {function.properties.get('Runtime')}"
        for tier, model in DEFAULT_TIERS.items():
            if function.settings.get(f"MODEL_{tier.upper()}", model) != model:
                yield f"{function.logical_id}: the {tier} model is not the code's, {model}"
