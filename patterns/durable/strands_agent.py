"""A Strands agent whose model calls and tool calls are durable operations of their own.

It runs on the handler's thread, with tools one after another: with Strands' concurrent executor a suspension is
swallowed in a tool thread and a human's approval is skipped. Strands' own retries are off; the durable steps retry.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, NoReturn, cast

from aws_durable_execution_sdk_python import ChildContextError, DurableContext
from strands import Agent
from strands.models.model import Model
from strands.tools.executors import SequentialToolExecutor
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import AgentTool, ToolGenerator, ToolSpec, ToolUse

from patterns.durable.asking import with_repairs
from patterns.durable.budget import Share
from patterns.durable.recorded_errors import recorded_model_error
from patterns.durable.tools import Tool, ToolTurn
from patterns.durable.turns import ask_turn
from providers import ModelOutputError, ModelProvider, ModelRequest, ModelResponse, ToolUseBlock
from providers import ToolSpec as ModelToolSpec
from providers.messages import message_from_converse, message_to_converse, tool_choice_from_converse

CONTEXT_WINDOW_TOKENS = 200_000
"""Context window of the Claude models behind the tiers; Strands wants to know it."""

KINDS = frozenset({"audio", "document", "guardContent", "image", "searchResult", "toolResult", "toolUse", "video"})
"""The kinds of content that an error may name: others are a replier's own words."""

MODEL_CALL = "converse"
"""Name of the operations that ask the model, and their label: which turn it is, the agent does not say."""

TALKATIVE_LOGGERS = ("strands.tools.tools", "strands.tools.executors._executor", "strands.event_loop.streaming")
"""Loggers of Strands that repeat what a model sent: names and inputs of tools. What it comes to is in the history."""

for _name in TALKATIVE_LOGGERS:
    logging.getLogger(_name).addFilter(lambda _: False)

type Converse = Callable[[ModelRequest], ModelResponse]


class _Escape(BaseException):
    """Carries an exception of a durable operation past Strands, which would show it to the model as a tool error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def run_agent(
    context: DurableContext,
    model: ModelProvider,
    name: str,
    prompt: str,
    tools: Sequence[Tool],
    *,
    system: str,
    tier: str,
    max_turns: int,
) -> str:
    """Run a new Strands agent to its answer, in a child context: once it has finished, replays skip it whole.

    In the child context `name`, model calls are named `converse` (and repairs `converse-repair-<n>`), tool calls
    `tool:<name>`. `tier` is `small`, `medium`, `large`, or a model id. `max_turns` does not count repairs.

    Returns:
        The text of the agent's last message.

    Raises:
        ModelError: A model call failed for good, no whole answer came, or the turns ran out (`ModelOutputError`).
        PromptDriftError: On replay the agent asks something else than was recorded.
    """
    share = Share()

    def agent(child: DurableContext) -> str:
        return share.run(lambda: _run(child, model, prompt, tools, system=system, tier=tier, max_turns=max_turns))

    try:
        return share.result(context.run_in_child_context(agent, name))
    except ChildContextError as error:
        raise recorded_model_error(error.error_type, share.error(error.message)) or error from error


def _run(
    context: DurableContext,
    model: ModelProvider,
    prompt: str,
    tools: Sequence[Tool],
    *,
    system: str,
    tier: str,
    max_turns: int,
) -> str:
    calls = ToolTurn(context, tools)

    def ask(request: ModelRequest) -> ModelResponse:
        turn = ask_turn(context, model, with_repairs(MODEL_CALL), request)
        assert turn is not None, "every repair has a name"
        calls.begin()
        return turn.response

    durable_model = _ConverseModel(ask, tier)
    agent = Agent(
        model=durable_model,
        tools=[_DurableTool(calls, known) for known in tools],
        system_prompt=system,
        callback_handler=None,
        retry_strategy=None,
        tool_executor=SequentialToolExecutor(),
    )
    try:
        result = asyncio.run(agent.invoke_async(prompt, limits={"turns": max_turns}))
    except _Escape as escape:
        raise escape.error from None
    if result.stop_reason == "limit_turns":
        raise ModelOutputError(f"The agent did not finish within {max_turns} turns; raise it or narrow the task.")
    assert durable_model.last_response is not None, "the agent ends with an answer of the model"
    return durable_model.last_response.text


def _carried[T](operation: Callable[[], T]) -> T:
    try:
        return operation()
    except Exception as error:  # whatever a durable operation raises must reach the handler, not the model
        raise _Escape(error) from error


class _ConverseModel(Model):
    """Strands' model interface on a durable model call."""

    def __init__(self, ask: Converse, tier: str) -> None:
        self._ask = ask
        self._config: dict[str, Any] = {"model_id": tier, "context_window_limit": CONTEXT_WINDOW_TOKENS}
        self.last_response: ModelResponse | None = None

    def update_config(self, **model_config: Any) -> None:
        self._config.update(model_config)

    def get_config(self) -> dict[str, Any]:
        return self._config

    def structured_output(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("Use a durable `ask_for` on the agent's answer instead.")

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: Any = None,
        **_: Any,
    ) -> AsyncGenerator[StreamEvent]:
        request = ModelRequest(
            messages=tuple(message_from_converse(cast("dict[str, Any]", message)) for message in messages),
            model=self._config["model_id"],
            system=system_prompt,
            tools=tuple(_tool_spec(spec) for spec in tool_specs or ()),
            tool_choice=tool_choice_from_converse(tool_choice) if tool_choice else None,
            label=MODEL_CALL,
        )
        self.last_response = response = _carried(lambda: self._ask(request))
        for event in _carried(lambda: _events(response)):
            yield event


class _DurableTool(AgentTool):
    """Strands' tool interface on a durable tool call."""

    def __init__(self, calls: ToolTurn, known: Tool) -> None:
        super().__init__()
        self._calls, self._known = calls, known

    @property
    def tool_name(self) -> str:
        return self._known.spec.name

    @property
    def tool_spec(self) -> ToolSpec:
        spec = self._known.spec
        return {"name": spec.name, "description": spec.description, "inputSchema": {"json": spec.input_schema}}

    @property
    def tool_type(self) -> str:
        return "durable"

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **_: Any) -> ToolGenerator:  # noqa: ARG002
        call = ToolUseBlock(tool_use_id=tool_use["toolUseId"], name=tool_use["name"], input=tool_use["input"])
        result = _carried(lambda: self._calls.run(call))
        content = [{"text": part.text} for part in result.content if part.type == "text"]
        yield {"toolUseId": result.tool_use_id, "status": result.status, "content": content}


def _tool_spec(spec: ToolSpec) -> ModelToolSpec:
    return ModelToolSpec(
        name=spec["name"], description=spec["description"], input_schema=spec["inputSchema"].get("json", {})
    )


def _events(response: ModelResponse) -> list[StreamEvent]:
    """The response as the stream of events that Strands reads its models by."""
    events: list[Any] = [{"messageStart": {"role": "assistant"}}]
    for block in message_to_converse(response.message)["content"]:
        start, deltas = _block_events(block, response.model)
        events.append({"contentBlockStart": {"start": start}})
        events += ({"contentBlockDelta": {"delta": delta}} for delta in deltas)
        events.append({"contentBlockStop": {}})
    usage = response.usage
    totals = {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens + usage.output_tokens,
    }
    # Strands takes the reason at its word, and a model may say that it waits for tools where it names none.
    stop_reason = "tool_use" if response.tool_uses else "end_turn"
    events.append({"messageStop": {"stopReason": stop_reason}})
    events.append({"metadata": {"usage": totals, "metrics": {"latencyMs": response.latency_ms}}})
    return events


def _block_events(block: dict[str, Any], model: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How a content block starts, and the deltas it comes in: Strands takes a signature only in a delta of its own."""
    match block:
        case {"text": text}:
            return {}, [{"text": text}]
        case {"citationsContent": cited}:
            text = "".join(part.get("text", "") for part in cited.get("content", ()))
            return {}, [{"text": text}, *({"citation": citation} for citation in cited.get("citations", ()))]
        case {"toolUse": use}:
            # Strands leaves out a use without a name, and with it the answer that the model waits for.
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"] or "_"}}
            return start, [{"toolUse": {"input": json.dumps(use["input"])}}]
        case {"reasoningContent": {"reasoningText": reasoning}}:
            return {}, [{"reasoningContent": {key: value}} for key, value in reasoning.items()]
        case {"reasoningContent": {"redactedContent": redacted}}:
            return {}, [{"reasoningContent": {"redactedContent": redacted}}]
        case _:
            kinds = ", ".join(sorted(KINDS & block.keys())) or "unknown"
            raise ModelOutputError(f"{model} sent {kinds} content, which Strands cannot carry.")
