"""Tools that a model may call, and how a call becomes a durable operation whose outcome the model always sees."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from aws_durable_execution_sdk_python import DurableContext, DurableOperationError, StepContext
from aws_durable_execution_sdk_python.config import StepConfig, StepSemantics
from aws_durable_execution_sdk_python.exceptions import StepInterruptedError
from pydantic import BaseModel, ValidationError

from patterns.durable.limits import shortened
from patterns.durable.recorded_errors import recordable
from patterns.durable.retry import NO_RETRY, TOOL_RETRY, jittered
from providers import ToolResultBlock, ToolSpec, ToolUseBlock
from providers.model import describe

MAX_RESULT_CHARS = 20_000
"""Longest tool result the model gets. Escaped in JSON, a character may cost 12 bytes, and a checkpoint holds 256 KB."""

MAX_CALLS = 16
"""Tools that one turn may call: more than a sensible turn wants. Each is a checkpoint, and its result costs tokens."""

MAX_QUESTIONS = 2
"""Tools of one turn that may suspend: each may wait as long as a person may take."""

NO_OUTPUT = "(no output)"
"""What the model reads of a tool that returned nothing: Converse takes no blank text."""

_INTERRUPTED = f"{StepInterruptedError.__module__}.{StepInterruptedError.__qualname__}"


class ToolExitedError(Exception):
    """A tool tried to end the process. It is the tool that ends."""


@dataclass(frozen=True)
class Tool:
    """A function the model may call. Made by the `tool` decorator.

    Attributes:
        spec: Name, description and input schema, as the model sees them.
        input_type: What the model's input must parse as.
        run: The function: takes the input, and the durable context if it `suspends`.
        repeatable: Whether running it twice does no harm. If not, it runs at most once, even across crashes.
        suspends: Whether it uses durable operations of its own, such as waiting for a human.
    """

    spec: ToolSpec
    input_type: type[BaseModel]
    run: Callable[..., str]
    repeatable: bool
    suspends: bool


def tool(*, repeatable: bool) -> Callable[[Callable[..., str]], Tool]:
    """Make a tool of a function: its name and docstring tell the model about it, its first parameter what it takes.

    A second parameter, a `DurableContext`, makes it a tool that may suspend: it runs in a child context of its own
    and everything in it that must not repeat belongs in a step there.

    Args:
        repeatable: Whether running it twice does no harm. A step that died in the middle runs again only then.
    """

    def decorate(function: Callable[..., str]) -> Tool:
        parameters = list(inspect.signature(function).parameters)
        input_type: type[BaseModel] = get_type_hints(function)[parameters[0]]
        schema: dict[str, Any] = input_type.model_json_schema()
        if len(parameters) > 1 and not repeatable:
            raise TypeError(
                f"Tool {function.__name__!r} takes a durable context, so it runs again after every suspension: put "
                "what must not repeat into a step of its own inside it, and declare the tool repeatable."
            )
        spec = ToolSpec(name=function.__name__, description=inspect.getdoc(function) or "", input_schema=schema)
        return Tool(spec, input_type, function, repeatable=repeatable, suspends=len(parameters) > 1)

    return decorate


class ToolTurn:
    """The tool calls of one turn: so many of them are made, and the model is told of the others that they were not."""

    def __init__(self, context: DurableContext, tools: Sequence[Tool]) -> None:
        self._context, self._tools = context, tools
        self.begin()

    def begin(self) -> None:
        """Start the next turn."""
        self._calls = self._questions = 0

    def run(self, call: ToolUseBlock) -> ToolResultBlock:
        """Run the tool that the model asked for; see `run_tool`."""
        self._calls += 1
        if self._calls > MAX_CALLS:
            return _not_made(call, f"a turn may call {MAX_CALLS} tools")
        asks = any(known.suspends for known in self._tools if known.spec.name == call.name)
        self._questions += asks
        if asks and self._questions > MAX_QUESTIONS:
            return _not_made(call, f"a turn may ask {MAX_QUESTIONS} questions that people or other systems answer")
        return run_tool(self._context, self._tools, call)


def run_tools(context: DurableContext, tools: Sequence[Tool], calls: Sequence[ToolUseBlock]) -> list[ToolResultBlock]:
    """The results of a turn's tool calls, one for each, in order; see `run_tool`.

    After `MAX_CALLS` calls, and `MAX_QUESTIONS` of tools that suspend, the model is told to ask again next turn.
    """
    turn = ToolTurn(context, tools)
    return [turn.run(call) for call in calls]


def _not_made(call: ToolUseBlock, why: str) -> ToolResultBlock:
    return ToolResultBlock.error(call.tool_use_id, f"This call was not made: {why}. Ask for it again in the next turn.")


def run_tool(context: DurableContext, tools: Sequence[Tool], call: ToolUseBlock) -> ToolResultBlock:
    """Run the tool that the model asked for, as a durable operation named `tool:<name>`.

    Whatever goes wrong with the call goes back to the model as an error result: an unknown tool, invalid input, a
    failure, an interruption. Only what ends the execution itself (a suspension, nondeterminism) passes through.
    """
    chosen = next((known for known in tools if known.spec.name == call.name), None)
    if chosen is None:
        names = ", ".join(known.spec.name for known in tools)
        return ToolResultBlock.error(call.tool_use_id, f"There is no tool {call.name!r}. There are: {names}.")
    try:
        arguments = chosen.input_type.model_validate(call.input)
    except ValidationError as error:
        return ToolResultBlock.error(call.tool_use_id, f"Invalid input for {call.name}: {describe(error)}.")
    try:
        text = _run(context, chosen, arguments)
    except DurableOperationError as error:
        return ToolResultBlock.error(call.tool_use_id, _failure(chosen, error))
    return ToolResultBlock.success(call.tool_use_id, text)


def _run(context: DurableContext, chosen: Tool, arguments: BaseModel) -> str:
    operation = f"tool:{chosen.spec.name}"
    if chosen.suspends:

        def talk(child: DurableContext) -> str:
            with recordable():
                return _said(chosen, arguments, child)

        return context.run_in_child_context(talk, operation)

    def call(step: StepContext) -> str:
        step.logger.info("Calling tool %s (attempt %d)", chosen.spec.name, step.attempt)
        with recordable():
            return _said(chosen, arguments)

    arn = context.execution_context.durable_execution_arn
    if chosen.repeatable:
        config = StepConfig(retry_strategy=jittered(TOOL_RETRY, f"{arn}/{operation}"))
    else:
        config = StepConfig(jittered(NO_RETRY, arn), StepSemantics.AT_MOST_ONCE_PER_RETRY)
    return context.step(call, operation, config)


def _said(chosen: Tool, *arguments: object) -> str:
    try:
        text = chosen.run(*arguments)
    except SystemExit as error:  # it would end the invocation, and the next one would call the tool again
        raise ToolExitedError(f"The tool tried to end the process ({type(error).__name__}).") from None
    return shortened(text, MAX_RESULT_CHARS) if text.strip() else NO_OUTPUT


def _failure(chosen: Tool, error: DurableOperationError) -> str:
    if error.error_type == _INTERRUPTED:
        return f"{chosen.spec.name} was interrupted and is not safe to repeat: it may or may not have taken effect."
    return f"{chosen.spec.name} failed: {error.message}"
