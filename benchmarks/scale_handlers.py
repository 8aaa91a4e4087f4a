"""Long, wide and heavy workflows, for `python -m benchmarks.scale`."""

from __future__ import annotations

import functools
from typing import Any

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution

BRANCHES, TURNS, HEAVY_STEPS, HEAVY_BYTES = 500, 100, 50, 100_000

_bedrock = boto3.client("bedrock-runtime", region_name="us-east-1")


def chain(steps: int, size: int = 0) -> Any:
    """A handler of so many steps, one after the other, each of which returns a text of `size` characters."""

    @durable_execution
    def handler(_event: Any, context: DurableContext) -> int:
        return sum(len(context.step(lambda _: "x" * size, f"step-{number}")) for number in range(steps))

    return handler


steps_60 = chain(60)
steps_300 = chain(300)
steps_1000 = chain(1_000)
steps_3000 = chain(3_000)
heavy = chain(HEAVY_STEPS, HEAVY_BYTES)


@durable_execution
def wide(_event: Any, context: DurableContext) -> int:
    """A map whose branches have a step each."""

    def doubled(branch: DurableContext, item: int, *_: Any) -> int:
        return branch.step(lambda _: item * 2, "double")

    batch: Any = context.map(range(BRANCHES), doubled, "numbers")
    batch.throw_if_error()
    return sum(batch.get_results())


@durable_execution
def agent(_event: Any, context: DurableContext) -> int:
    """An agent that asks its model in each turn, and does what it says in a step."""
    said: list[Any] = []
    for turn in range(TURNS):
        said.append({"role": "user", "content": [{"text": f"Turn {turn}."}]})
        answer = context.step(functools.partial(_asked, list(said)), f"ask-{turn}")
        said.append({"role": "assistant", "content": [{"text": answer}]})
        context.step(functools.partial(_counted, answer), f"tool-{turn}")
    return len(said)


def _asked(messages: list[Any], _step: Any) -> str:
    answer = _bedrock.converse(modelId="a-model", messages=messages)
    return str(answer["output"]["message"]["content"][0]["text"])


def _counted(answer: str, _step: Any) -> int:
    return len(answer)
