"""Tools as durable operations: the model always sees the outcome, and what must not repeat does not."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from aws_durable_execution_sdk_python import DurableContext

from durable_conformance import CrashKind, CrashPoint, Scenario
from durable_conformance.execution import Conditions, Run
from durable_conformance.runtime import run_in_process
from patterns.durable import Event, Tool, durable_handler, run_tool, run_tools, tool
from patterns.durable.tools import MAX_CALLS, MAX_QUESTIONS, MAX_RESULT_CHARS
from providers import ModelProvider, TextBlock, ToolResultBlock, ToolUseBlock
from providers.scripted import ScriptedProvider


class Amount(Event):
    amount: int


def run(function: Tool, *crashes: CrashPoint) -> Run:
    """Call the tool once from a workflow that returns its result block."""

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> dict[str, object]:
        call = ToolUseBlock(tool_use_id="t1", name=function.spec.name, input={"amount": 5})
        return run_tool(context, [function], call).model_dump(mode="json")

    return run_in_process(
        lambda model: durable_handler(workflow, model=model), Scenario({}, ScriptedProvider), Conditions(crashes)
    )


def text(outcome: Run) -> tuple[str, str]:
    return outcome.result["status"], outcome.result["content"][0]["text"]


def paying(payments: list[int], *, repeatable: bool) -> Tool:
    @tool(repeatable=repeatable)
    def pay(amount: Amount) -> str:
        """Pay."""
        payments.append(amount.amount)
        return f"paid {amount.amount}"

    return pay


DIES_AFTER_PAYING = CrashPoint("/1:tool:pay", "SUCCEED", 0, CrashKind.BEFORE_PERSIST)


def test_a_tool_that_is_not_repeatable_runs_at_most_once_and_the_model_is_told() -> None:
    payments: list[int] = []
    outcome = run(paying(payments, repeatable=False), DIES_AFTER_PAYING)
    assert payments == [5]
    status, message = text(outcome)
    assert status == "error"
    assert "may or may not have taken effect" in message


def test_a_repeatable_tool_runs_again_after_the_same_crash() -> None:
    payments: list[int] = []
    outcome = run(paying(payments, repeatable=True), DIES_AFTER_PAYING)
    assert payments == [5, 5]
    assert text(outcome) == ("success", "paid 5")


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_finished_tool_is_not_run_again(repeatable: bool) -> None:
    payments: list[int] = []
    point = CrashPoint("/1:tool:pay", "SUCCEED", 0, CrashKind.AFTER_PERSIST)
    outcome = run(paying(payments, repeatable=repeatable), point)
    assert payments == [5]
    assert text(outcome) == ("success", "paid 5")


def failing(error: Exception, attempts: list[int], *, repeatable: bool = True) -> Tool:
    @tool(repeatable=repeatable)
    def fail(_: Amount) -> str:
        """Fail."""
        attempts.append(1)
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "repeatable", "attempts"),
    [
        (ConnectionError("reset"), True, 3),
        (TimeoutError("late"), True, 3),
        (ValueError("odd"), True, 1),
        (ConnectionError("reset"), False, 1),
    ],
)
def test_a_failure_reaches_the_model_after_the_policys_attempts(
    error: Exception, repeatable: bool, attempts: int
) -> None:
    made: list[int] = []
    outcome = run(failing(error, made, repeatable=repeatable))
    assert len(made) == attempts
    assert text(outcome) == ("error", f"fail failed: {error}")


def test_a_long_result_is_cut_to_what_a_checkpoint_holds() -> None:
    @tool(repeatable=True)
    def shout(_: Amount) -> str:
        """Shout."""
        return "🎉" * (MAX_RESULT_CHARS + 1)

    outcome = run(shout)
    status, message = text(outcome)
    assert status == "success"
    assert message.endswith("[…the rest was cut off]")
    assert max(update.payload_bytes for update in outcome.updates) < 256 * 1024, "the service takes no larger one"
    assert len(message.encode()) < 256 * 1024


@pytest.mark.parametrize("leave", [sys.exit, exit, lambda: sys.exit("canary"), lambda: sys.exit(3)])
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_tool_that_ends_the_process_ends_itself_and_the_model_is_told(
    leave: Callable[[], None], repeatable: bool
) -> None:
    made: list[int] = []

    @tool(repeatable=repeatable)
    def quits(_: Amount) -> str:
        """Quit."""
        made.append(1)
        leave()
        return ""

    status, message = text(run(quits))
    assert (status, message) == ("error", "quits failed: The tool tried to end the process (SystemExit).")
    assert made == [1]


def test_a_suspending_tool_that_ends_the_process_does_too() -> None:
    @tool(repeatable=True)
    def quits(_: Amount, context: DurableContext) -> str:
        """Quit."""
        sys.exit()

    assert text(run(quits))[0] == "error"


def turn_of(*names: str) -> tuple[Run, list[ToolResultBlock]]:
    """What a turn with these calls comes to."""

    @tool(repeatable=True)
    def look(_: Amount) -> str:
        """Look."""
        return "a cat"

    @tool(repeatable=True)
    def ask(_: Amount, context: DurableContext) -> str:
        """Ask."""
        return "yes"

    def workflow(event: Event, context: DurableContext, model: ModelProvider) -> list[object]:
        calls = [ToolUseBlock(tool_use_id=f"t{n}", name=name, input={"amount": n}) for n, name in enumerate(names)]
        return [result.model_dump(mode="json") for result in run_tools(context, [look, ask], calls)]

    outcome = run_in_process(lambda model: durable_handler(workflow, model=model), Scenario({}, ScriptedProvider))
    return outcome, [ToolResultBlock.model_validate(result) for result in outcome.result]


def test_a_turn_makes_so_many_calls_and_answers_each() -> None:
    outcome, results = turn_of(*["look"] * (MAX_CALLS + 5))
    assert [result.tool_use_id for result in results] == [f"t{n}" for n in range(MAX_CALLS + 5)]
    assert [result.status for result in results] == ["success"] * MAX_CALLS + ["error"] * 5
    assert len(outcome.operations) == MAX_CALLS
    (said,) = results[-1].content
    assert isinstance(said, TextBlock)
    assert said.text == f"This call was not made: a turn may call {MAX_CALLS} tools. Ask for it again in the next turn."


def test_a_turn_asks_so_many_questions_and_may_still_look() -> None:
    outcome, results = turn_of("ask", "nothing", "ask", "ask", "look")
    assert [result.status for result in results] == ["success", "error", "success", "error", "success"]
    assert [operation.name for operation in outcome.operations] == ["tool:ask", "tool:ask", "tool:look"]
    assert MAX_QUESTIONS == 2


@pytest.mark.parametrize("said", ["", " \n"])
def test_a_tool_that_says_nothing_is_told_to_have_said_nothing(said: str) -> None:
    """Converse takes no blank text: the execution would fail at the model's next turn."""

    @tool(repeatable=True)
    def listen(_: Amount) -> str:
        """Listen."""
        return said

    assert text(run(listen)) == ("success", "(no output)")


@pytest.mark.parametrize("size", [40_000, 1_000_000])
def test_a_tool_that_fails_with_a_long_message_fails_like_any_other(size: int) -> None:
    """The service refuses long errors, and the SDK would try to send them for ever."""
    outcome = run(failing(ValueError("x" * size), []))
    status, message = text(outcome)
    assert status == "error"
    assert message.startswith("fail failed: xxx")
    assert message.endswith("[…the rest was cut off]")
    assert len(message) < 3_000


def test_a_suspending_tool_that_fails_with_a_long_message_does_too() -> None:
    @tool(repeatable=True)
    def talk(_: Amount, context: DurableContext) -> str:
        """Talk."""
        raise ValueError("x" * 40_000)

    status, message = text(run(talk))
    assert status == "error"
    assert len(message) < 3_000


def test_a_suspending_tool_cannot_be_declared_not_repeatable() -> None:
    with pytest.raises(TypeError, match="'talk' takes a durable context"):

        @tool(repeatable=False)
        def talk(_: Amount, context: DurableContext) -> str:
            """Talk."""
            return ""


def test_the_model_sees_name_docstring_and_schema() -> None:
    spec = paying([], repeatable=True).spec
    assert (spec.name, spec.description) == ("pay", "Pay.")
    assert spec.input_schema["required"] == ["amount"]


def test_a_tool_with_a_context_runs_in_a_child_context() -> None:
    @tool(repeatable=True)
    def twice(amount: Amount, context: DurableContext) -> str:
        """Do two steps."""
        first: int = context.step(lambda _: amount.amount, "one")
        return str(context.step(lambda _: first * 2, "two"))

    outcome = run(twice)
    assert text(outcome) == ("success", "10")
    assert [operation.path for operation in outcome.operations] == [
        "/1:tool:twice",
        "/1:tool:twice/1:one",
        "/1:tool:twice/2:two",
    ]
