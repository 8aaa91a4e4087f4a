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

from patterns.durable.recorded_errors import recordable
from patterns.durable.retry import NO_RETRY, TOOL_RETRY, jittered
from providers import ToolResultBlock, ToolSpec, ToolUseBlock
from providers.model import describe

MAX_RESULT_CHARS = 20_000
"""Longest tool result the model gets. Escaped in JSON, a character may cost 12 bytes, and a checkpoint holds 256 KB."""

NO_OUTPUT = "(no output)"
"""What the model reads of a tool that returned nothing: Converse takes no blank text."""

_INTERRUPTED = f"{StepInterruptedError.__module__}.{StepInterruptedError.__qualname__}"


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
                return _readable(chosen.run(arguments, child))

        return context.run_in_child_context(talk, operation)

    def call(step: StepContext) -> str:
        step.logger.info("Calling tool %s (attempt %d)", chosen.spec.name, step.attempt)
        with recordable():
            return _readable(chosen.run(arguments))

    arn = context.execution_context.durable_execution_arn
    if chosen.repeatable:
        config = StepConfig(retry_strategy=jittered(TOOL_RETRY, f"{arn}/{operation}"))
    else:
        config = StepConfig(jittered(NO_RETRY, arn), StepSemantics.AT_MOST_ONCE_PER_RETRY)
    return context.step(call, operation, config)


def _readable(text: str) -> str:
    if not text.strip():
        return NO_OUTPUT
    return text if len(text) <= MAX_RESULT_CHARS else text[:MAX_RESULT_CHARS] + " […the rest was cut off]"


def _failure(chosen: Tool, error: DurableOperationError) -> str:
    if error.error_type == _INTERRUPTED:
        return f"{chosen.spec.name} was interrupted and is not safe to repeat: it may or may not have taken effect."
    return f"{chosen.spec.name} failed: {error.message}"
