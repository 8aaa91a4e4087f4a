"""When a check passes: not where it has checked nothing, and not where something is found that is bad enough."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import aws_durable_execution_sdk_python as sdk
import boto3
import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, InvokeConfig, StepConfig
from aws_durable_execution_sdk_python.retries import RetryPresets, RetryStrategyConfig, create_retry_strategy

from durable_conformance import Exploration, Finding, Report, Scenario, explore, handler_factory
from durable_conformance.durable_check import DurableCheck
from durable_conformance.reporting import Checked, Outcome, as_json, plain, summary, what_was_seen
from durable_conformance.rules import Severity, Unused
from durable_conformance.subject import OK, Always
from patterns.durable import ask
from providers import ModelProvider
from tests.conformance.command_line import DurableAi, command_line
from tests.conformance.corpus.asking import say

FEW = Exploration(never_twice=False)
FILE = Path(__file__).name


@pytest.fixture
def durable_ai(capsys: pytest.CaptureFixture[str]) -> DurableAi:
    return command_line(capsys)


def words(text: str) -> str:
    """`text`, however its lines are broken."""
    return " ".join(text.split())


def report(target: object, scenario: Scenario | None = None, exploration: Exploration = FEW) -> Report:
    return explore(handler_factory(target), scenario or Scenario({}, ask=Always(OK)), exploration)


def only_reason(target: object, expect: str = "SUCCEEDED") -> str:
    """Why a check of `target` has checked nothing."""
    made = report(target, Scenario({}, ask=Always(OK), expect=expect))
    assert not made.conforms
    assert made.findings == ()
    (why,) = made.could_not_run
    return why


def line_of(text: str) -> str:
    """`FILE:NUMBER` of the first line that is `text`."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return f"{FILE}:{1 + [line.strip() for line in lines].index(text)}"


# Nothing was checked


@durable_execution
def needs_a_variable(event: Any, context: DurableContext) -> str:
    table = os.environ["ORDERS_TABLE"]
    return context.step(lambda _: f"put into {table}", "put")


def test_a_failing_execution_has_checked_nothing_and_its_line_and_cure_are_named() -> None:
    where = line_of('table = os.environ["ORDERS_TABLE"]')
    why = only_reason(needs_a_variable)
    assert why.startswith("the undisturbed execution FAILED, and nothing of it was checked: ")
    assert f"{where}: KeyError: 'ORDERS_TABLE': set it with --env ORDERS_TABLE=…" in why
    assert "--expect-failure" in why


def read_in_a_step(_: Any) -> str:
    return os.environ["ORDERS_TABLE"]


@durable_execution
def fails_in_a_step(event: Any, context: DurableContext) -> str:
    return context.step(read_in_a_step, "read")


@durable_execution
def fails_in_a_branch(event: Any, context: DurableContext) -> None:
    context.map([1, 2], lambda branch, *_: branch.step(read_in_a_step, "read"), "rows").throw_if_error()


@pytest.mark.parametrize("handler", [fails_in_a_step, fails_in_a_branch])
def test_the_line_is_that_of_the_step_which_failed_however_deep_it_stands(handler: Any) -> None:
    where = line_of('return os.environ["ORDERS_TABLE"]')
    assert f"{where}: KeyError: 'ORDERS_TABLE': set it with --env ORDERS_TABLE=…" in only_reason(handler)


@durable_execution
def believes_what_was_made_up(event: Any, context: DurableContext) -> Any:
    def state(_: Any) -> Any:
        return boto3.client("dynamodb").get_item(TableName="t", Key={})["Item"]["state"]["S"]

    return context.step(state, "read")


def believes_the_model(event: Any, context: DurableContext, model: ModelProvider) -> Any:
    return json.loads(ask(context, model, "ask", "Say something in JSON.").text)


@durable_execution
def believes_another_function(event: Any, context: DurableContext) -> Any:
    return context.invoke("prices", {}, name="price")["total"]


@pytest.mark.parametrize(
    ("handler", "advice"),
    [
        (believes_what_was_made_up, "the answer to dynamodb.GetItem was made up: say what it is with --answers FILE"),
        (believes_the_model, "what the model said was made up: say what it says with --script FILE"),
        (believes_another_function, 'the result of price was made up, "ok": say what it is with --invoke NAME=JSON'),
    ],
)
def test_what_fails_by_what_nobody_had_said_is_told_how_to_say_it(handler: Any, advice: str) -> None:
    assert f": {advice}" in only_reason(handler)


def test_what_somebody_has_said_is_not_called_made_up() -> None:
    said = Scenario({}, ask=Always(OK), answers={"dynamodb.GetItem": {"Item": {}}})
    (why,) = report(believes_what_was_made_up, said).could_not_run
    assert "KeyError: 'state'" in why
    assert "made up" not in why


@durable_execution
async def is_async(event: Any, context: DurableContext) -> str:
    return "nobody awaits this"


@durable_execution
def returns_no_json(event: Any, context: DurableContext) -> object:
    context.step(lambda _: None, "a")
    return object()


@durable_execution
def does_nothing_durable(event: Any, context: DurableContext) -> str:
    return "done"


@durable_execution
def misses_a_module(event: Any, context: DurableContext) -> None:
    import no_such_module  # type: ignore[import-not-found]  # noqa: F401, PLC0415


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (is_async, "the handler is async: it returns a coroutine: make it a plain function"),
        (returns_no_json, "the result cannot be serialised as JSON: TypeError"),
        (does_nothing_durable, "the undisturbed execution has no operation"),
        (misses_a_module, "ModuleNotFoundError: No module named 'no_such_module': install no_such_module"),
    ],
)
def test_what_cannot_be_checked_is_not_checked(handler: Any, said: str) -> None:
    assert said in only_reason(handler)


def test_an_execution_that_is_to_fail_is_explored() -> None:
    made = report(needs_a_variable, Scenario({}, expect="FAILED"))
    assert made.conforms
    made = report(fails_in_a_step, Scenario({}, expect="FAILED"))
    assert (made.conforms, made.points > 0) == (True, True)


@durable_execution
def fine(event: Any, context: DurableContext) -> str:
    return context.step(lambda _: "done", "do")


def test_an_execution_that_is_to_fail_and_succeeds_was_not_the_one_to_check() -> None:
    assert "SUCCEEDED, and was expected to end FAILED" in only_reason(fine, "FAILED")


@durable_execution
def another_name_each_time(event: Any, context: DurableContext) -> None:
    context.step(lambda _: None, f"step-{os.urandom(4).hex()}")
    context.wait(Duration.from_minutes(1))


def test_what_fails_by_a_rule_is_a_finding_and_could_be_run() -> None:
    made = report(another_name_each_time)
    assert "replay-identity" in {found.rule for found in made.errors}
    assert made.could_not_run == ()


def test_the_fixture_fails_where_nothing_was_checked() -> None:
    with pytest.raises(pytest.fail.Exception, match="ORDERS_TABLE"):
        DurableCheck(in_other_processes=False)(needs_a_variable, exploration=FEW)
    assert DurableCheck(in_other_processes=False)(needs_a_variable, exploration=FEW, expect="FAILED").conforms


# Another major of the SDK


@durable_execution
def of_a_removed_module(event: Any, context: DurableContext) -> None:
    import aws_durable_execution_sdk_python.moved_away  # type: ignore[import-not-found]  # noqa: F401, PLC0415


@durable_execution
def of_a_removed_name(event: Any, context: DurableContext) -> None:
    from aws_durable_execution_sdk_python.config import OtelPlugin  # type: ignore[attr-defined]  # noqa: F401, PLC0415


@durable_execution
def of_a_removed_method(event: Any, context: DurableContext) -> None:
    context.sleep(5)  # type: ignore[attr-defined]


@durable_execution
def of_a_removed_attribute(event: Any, context: DurableContext) -> None:
    sdk.no_such_thing  # type: ignore[attr-defined]  # noqa: B018


@durable_execution
def of_a_removed_argument(event: Any, context: DurableContext) -> None:
    InvokeConfig(time_limit=5)  # type: ignore[call-arg]


@durable_execution
def of_a_removed_argument_of_a_method(event: Any, context: DurableContext) -> None:
    context.step(lambda _: None, "a", retries=5)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("handler", "missing"),
    [
        (of_a_removed_module, "aws_durable_execution_sdk_python.moved_away"),
        (of_a_removed_name, "aws_durable_execution_sdk_python.config.OtelPlugin"),
        (of_a_removed_method, "DurableContext.sleep"),
        (of_a_removed_attribute, "aws_durable_execution_sdk_python.no_such_thing"),
        (of_a_removed_argument, "the argument 'time_limit' of InvokeConfig"),
        (of_a_removed_argument_of_a_method, "the argument 'retries' of DurableContext.step"),
    ],
)
def test_a_handler_of_another_major_of_the_sdk_is_told_so(handler: Any, missing: str) -> None:
    why = only_reason(handler)
    assert f"it was written for another major of the SDK: {missing} is missing in 3." in why
    assert FILE in why


@durable_execution
def of_its_own_mistake(event: Any, context: DurableContext) -> None:
    def step(name: str) -> None: ...

    step(naem="x")  # type: ignore[call-arg]


def test_a_handlers_own_mistake_is_no_other_major() -> None:
    assert "major" not in only_reason(of_its_own_mistake)


def test_a_handler_of_another_major_is_told_so_when_it_is_imported(durable_ai: DurableAi, tmp_path: Path) -> None:
    file = tmp_path / "old.py"
    file.write_text("from aws_durable_execution_sdk_python.config import OtelPlugin\n")
    done = durable_ai("check", f"{file}:handler")
    assert done.code == 2
    said = words(done.err)
    assert "(old.py:1)" in said
    assert "another major of the SDK: aws_durable_execution_sdk_python.config.OtelPlugin is missing in 3." in said


# Severity


def asks_by_default(event: Any, context: DurableContext, model: ModelProvider) -> list[str]:
    def draft(n: int) -> str:
        return context.step(lambda _: say(model, f"Draft {n}"), f"draft-{n}")

    return [draft(n) for n in range(5)]


def test_the_sdks_default_retries_of_a_permanent_error_are_one_warning_that_names_the_steps() -> None:
    made = report(asks_by_default)
    assert made.conforms
    (found,) = made.findings
    assert (found.rule, found.severity, found.path) == ("retry-policy", Severity.WARNING, "execution")
    assert found.actual.endswith(": /1:draft-0, /2:draft-1, /3:draft-2 and 2 more")
    assert summary(made).startswith("conforms, with 1 warning:")


def asks_by_choice(event: Any, context: DurableContext, model: ModelProvider) -> str:
    chosen: StepConfig = StepConfig(retry_strategy=create_retry_strategy(RetryStrategyConfig(max_attempts=4)))
    return context.step(lambda _: say(model, "Draft"), "draft", chosen)


def test_retries_of_a_permanent_error_that_somebody_chose_are_an_error() -> None:
    made = report(asks_by_choice)
    assert [(one.rule, one.severity, one.path) for one in made.findings] == [
        ("retry-policy", Severity.ERROR, "/1:draft")
    ]
    assert not made.conforms


@pytest.mark.parametrize(
    ("timeout", "severity"), [(Duration(), Severity.WARNING), (Duration.from_days(400), Severity.ERROR)]
)
def test_a_callback_without_a_timeout_is_a_warning_and_one_with_too_long_a_one_an_error(
    timeout: Duration, severity: Severity
) -> None:
    @durable_execution
    def asks_a_person(event: Any, context: DurableContext) -> Any:
        return context.create_callback("approval", CallbackConfig(timeout=timeout)).result()

    assert [(one.rule, one.severity) for one in report(asks_a_person).findings] == [("budget", severity)]


ONE_DAY = CallbackConfig(timeout=Duration.from_days(1))


@durable_execution
def goes_on_where_nobody_could_be_asked(event: Any, context: DurableContext) -> Any:
    callback = context.create_callback("approval", ONE_DAY)

    def send(_: Any) -> None:
        boto3.client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:000000000000:t", Message=callback.callback_id)

    try:
        context.step(send, "send", StepConfig(retry_strategy=RetryPresets.none()))
    except sdk.StepError:
        return {"approval": None, "error": "nobody could be asked"}
    return {"approval": callback.result()}


@durable_execution
def waits_for_nobody(event: Any, context: DurableContext) -> Any:
    callback = context.create_callback("approval", ONE_DAY)
    return {"id": context.step(lambda _: callback.callback_id, "send")}


@durable_execution
def keeps_the_suspension(event: Any, context: DurableContext) -> Any:
    callback = context.create_callback("approval", ONE_DAY)
    with contextlib.suppress(BaseException):
        callback.result()
    return {"id": context.step(lambda _: 1, "send")}


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (goes_on_where_nobody_could_be_asked, []),
        (waits_for_nobody, [(Severity.WARNING, "CALLBACK is still STARTED, and the handler never waits for it")]),
        (keeps_the_suspension, [(Severity.ERROR, "CALLBACK is still STARTED")]),
    ],
)
def test_who_does_not_wait_for_a_callback_has_swallowed_no_suspension(handler: Any, told: list[Any]) -> None:
    found = report(handler).findings
    assert [(one.severity, one.actual) for one in found if one.rule == "suspension"] == told


WAITS_FOR_EVER = """
from aws_durable_execution_sdk_python import DurableContext, durable_execution

@durable_execution
def handler(event, context: DurableContext):
    return context.create_callback("approval").result()

@durable_execution
def fails(event, context: DurableContext):
    raise ValueError("as it must")
"""


@pytest.mark.parametrize(
    ("name", "options", "code", "says"),
    [
        ("handler", [], 0, "conforms, with 1 warning"),
        ("handler", ["--fail-on", "warning"], 1, "warning: budget"),
        ("handler", ["--fail-on", "warning", "--exit-first"], 1, "what comes after the first finding"),
        ("handler", ["--expect-failure"], 2, "expected to end FAILED"),
        ("fails", [], 2, "mine.py:10: ValueError: as it must"),
        ("fails", ["--expect-failure"], 0, "undisturbed, the execution ends FAILED with ValueError: as it must"),
    ],
)
def test_exit_codes(  # noqa: PLR0917  # a table
    durable_ai: DurableAi, name: str, options: list[str], code: int, says: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(WAITS_FOR_EVER)
    done = durable_ai("check", f"{tmp_path / 'mine.py'}:{name}", "--no-other-sandboxes", *options)
    assert (done.code, says in words(done.out)) == (code, True), done.out


def test_the_fixture_fails_on_what_it_is_told_to() -> None:
    @durable_execution
    def waits_for_ever(event: Any, context: DurableContext) -> Any:
        return context.create_callback("approval").result()

    check = DurableCheck(in_other_processes=False)
    assert len(check(waits_for_ever).warnings) == 1
    with pytest.raises(pytest.fail.Exception, match="no timeout"):
        check(waits_for_ever, fail_on="warning")


def test_a_finding_as_json_says_how_bad_it_is() -> None:
    warning = Finding("budget", "/1", "", "", "", "", Severity.WARNING)
    report = Report(1, 1, ("budget",), 0.0, (warning,), seen=("1 operation",))
    outcome = Outcome((Checked("app.py:handler", "app.py", Severity.ERROR, report),))
    told = json.loads(as_json(outcome))["checks"][0]["report"]
    assert (told["findings"][0]["severity"], told["seen"], told["unused"]) == ("warning", ["1 operation"], [])


# What was seen


def test_a_report_says_what_was_seen_and_which_rules_had_nothing_to_look_at() -> None:
    made = report(fine, exploration=Exploration())
    assert made.seen == ("1 operation",)
    assert what_was_seen(made) == (
        "seen: 1 operation; nothing to look at: completion-order (no batch), retry-policy (no model call), "
        "request-stability, no-repeated-call, durable-calls and failure-visible (no call), side-effects (no effect); "
        "left out: environment (no other sandboxes)"
    )
    assert what_was_seen(made) in words(plain(made))
    assert f"{len(made.rules)} rules" in plain(made)
    assert set(made.rules).isdisjoint(one.rule for one in made.unused)


def test_a_rule_that_an_option_leaves_out_is_left_out() -> None:
    made = report(fine, exploration=Exploration(orders=False, faults=False))
    assert Unused("completion-order", "--order-matters", left_out=True) in made.unused
    assert Unused("retry-policy", "no model fault", left_out=True) in made.unused


def test_model_calls_are_seen() -> None:
    made = report(asks_by_choice)
    assert made.seen == ("1 model call", "1 operation")
    assert {one.why for one in made.unused} == {"no batch", "no effect", "no other sandboxes"}
