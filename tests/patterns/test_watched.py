"""What can be seen of an execution from outside: a line, metrics and a trace, and no word of what was asked or said."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext, StepContext
from aws_durable_execution_sdk_python.config import StepConfig
from aws_durable_execution_sdk_python.plugin import InvocationEndInfo, InvocationStatus
from aws_durable_execution_sdk_python.retries import RetryPresets
from aws_durable_execution_sdk_python_otel import InvocationOtelPluginFactory, OtelPluginConfig
from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from patterns.durable import durable_handler
from patterns.durable.budget import Spending
from patterns.durable.execution_log import record_of
from providers import ModelProvider
from providers.scripted import ScriptedProvider, always, reply
from tests.patterns.catalogue import CATALOGUE
from tests.patterns.watched import CANARY, WATCHED, Watched, watched_lines

UNITS = {"Count"}


def exporting() -> tuple[InvocationOtelPluginFactory, InMemorySpanExporter]:
    """The SDK's own plugin, and an exporter in this process that receives its spans."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return InvocationOtelPluginFactory(OtelPluginConfig(tracer_provider=provider, enrich_logger=False)), exporter


def traced(pattern: str) -> tuple[ReadableSpan, ...]:
    """The spans of a pattern's execution."""
    plugin, exporter = exporting()
    watched_lines(pattern, plugins=[plugin])
    return exporter.get_finished_spans()


def test_every_pattern_is_watched() -> None:
    assert WATCHED.keys() == CATALOGUE.keys()


@pytest.mark.parametrize("pattern", WATCHED)
def test_an_execution_that_ends_is_one_line_of_what_it_did_and_none_of_what_was_said(
    pattern: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    expected = WATCHED[pattern]
    status, lines = watched_lines(pattern)
    assert (status, len(lines)) == ("SUCCEEDED", 1)
    line = json.loads(lines[0])
    assert (line["event"], line["status"], line["errorType"]) == ("durable-execution", "SUCCEEDED", None)
    assert (line["ModelCalls"], line["Retries"], line["Repairs"]) == (
        expected.calls,
        expected.retries,
        expected.repairs,
    )
    assert {tier: told["calls"] for tier, told in line["byTier"].items()} == expected.by_tier
    for group in ("byTier", "byOperation"):
        assert sum(told["calls"] for told in line[group].values()) == line["ModelCalls"]
        assert sum(told["inputTokens"] for told in line[group].values()) == line["InputTokens"] > 0
        assert sum(told["outputTokens"] for told in line[group].values()) == line["OutputTokens"]
    assert line["operations"].get("callback", 0) == len(expected.answers)
    assert CANARY not in lines[0]
    assert CANARY not in caplog.text


@pytest.mark.parametrize("pattern", WATCHED)
def test_the_line_is_a_document_of_cloudwatchs_embedded_metric_format(pattern: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    _, (line,) = watched_lines(pattern)
    document = json.loads(line)
    assert document["_aws"].keys() == {"Timestamp", "CloudWatchMetrics"}
    assert isinstance(document["_aws"]["Timestamp"], int)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
    assert directive["Dimensions"] == [["FunctionName"]]
    assert isinstance(document["FunctionName"], str)
    assert 0 < len(directive["Metrics"]) <= 100
    for metric in directive["Metrics"]:
        assert metric["Unit"] in UNITS
        assert isinstance(document[metric["Name"]], int)


def test_a_failed_execution_says_the_type_of_its_error_and_not_its_message() -> None:
    watched = Watched({"topic": CANARY}, {"*": [always(reply(" "))]}, calls=3, by_tier={"small": 3})
    status, (line,) = watched_lines("prompt_chaining", watched=watched)
    assert status == "FAILED"
    assert json.loads(line)["errorType"] == "providers.errors.ModelOutputError"
    assert CANARY not in line


def test_an_event_that_is_refused_is_no_line_of_words_either() -> None:
    watched = Watched({"topic": 7, CANARY: CANARY}, {}, calls=0, by_tier={})
    status, (line,) = watched_lines("prompt_chaining", watched=watched)
    assert (status, json.loads(line)["ModelCalls"], CANARY in line) == ("FAILED", 0, False)


def test_what_spent_before_a_wait_is_in_the_line_of_the_last_invocation() -> None:
    _, (line,) = watched_lines("human_review")
    assert json.loads(line)["byOperation"]["extract-fields"]["calls"] == 1


@pytest.mark.parametrize("pattern", WATCHED)
def test_a_trace_has_a_span_for_each_operation_and_no_word_of_what_was_said(pattern: str) -> None:
    spans = traced(pattern)
    assert len({span.context.trace_id for span in spans if span.context}) == 1
    names = {str((span.attributes or {}).get("durable.operation.name")) for span in spans}
    _, (line,) = watched_lines(pattern)
    assert set(json.loads(line)["byOperation"]) <= names
    assert CANARY not in "".join(span.to_json() for span in spans)


def looks_in_vain(event: dict[str, Any], context: DurableContext, model: ModelProvider) -> str:
    def look(_: StepContext) -> str:
        raise LookupError(f"no {event['what']} is there")

    return context.step(look, "look", StepConfig(retry_strategy=RetryPresets.none()))


def test_a_trace_holds_the_messages_of_errors() -> None:
    """It is how the SDK's plugin is made, and why docs/operate.md says what an error may not say."""
    plugin, exporter = exporting()
    handler = durable_handler(looks_in_vain, model=ScriptedProvider(), plugins=[plugin])
    with DurableFunctionTestRunner(handler, poll_interval=0.01) as runner:
        runner.run(input=json.dumps({"what": CANARY}))
    assert CANARY in "".join(span.to_json() for span in exporter.get_finished_spans())


def test_the_metrics_are_those_of_the_function() -> None:
    arn = "arn:aws:lambda:eu-west-1:000000000000:function:stack-judge:7/durable-execution/name/id"
    ended = InvocationEndInfo("request", arn, is_first_invocation=True, status=InvocationStatus.SUCCEEDED)
    record = record_of(ended, Spending(), dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
    assert (record["FunctionName"], record["executionArn"]) == ("stack-judge", arn)


def test_the_environment_names_plugins_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURABLE_EXECUTION_PLUGINS", "otel-invocation")
    durable_handler(CATALOGUE["prompt_chaining"].workflow, model=ScriptedProvider())
    monkeypatch.setenv("DURABLE_EXECUTION_PLUGINS", "otel-unknown")
    with pytest.raises(Exception, match="otel-unknown"):
        durable_handler(CATALOGUE["prompt_chaining"].workflow, model=ScriptedProvider())
