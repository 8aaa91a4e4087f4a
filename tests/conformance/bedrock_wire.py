"""A real client of Bedrock Runtime whose requests the codec answers, and readers of what families of models answer.

The readers are written from the families' documentation, and not from the codec.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from durable_conformance.model.bedrock import Asked, Wire, asked, model_in

type Answerer = Callable[[Asked], Wire]


class Bedrock:
    """A client, and `answer`, which answers what it asks."""

    def __init__(self, answer: Answerer | None = None) -> None:
        self.answer = answer
        self.client: Any = boto3.Session().client(
            "bedrock-runtime",
            region_name="eu-central-1",
            # Nobody reads the signature and the user agent, which are half of what a call costs.
            config=Config(signature_version=UNSIGNED, user_agent="test", retries={"total_max_attempts": 1}),
        )
        answer_through(self.client, self._answer)

    def _answer(self, question: Asked) -> Wire:
        assert self.answer
        return self.answer(question)

    def ask(self, operation: str, model: str, body: dict[str, Any]) -> Any:
        """What boto3 returns."""
        if operation == "Converse":
            return self.client.converse(modelId=model, **body)
        if operation == "ConverseStream":
            return self.client.converse_stream(modelId=model, **body)
        if operation == "InvokeModel":
            return self.client.invoke_model(modelId=model, body=json.dumps(body))
        return self.client.invoke_model_with_response_stream(modelId=model, body=json.dumps(body))


@cache
def bedrock() -> Bedrock:
    """The one that tests share: a client costs half a second."""
    return Bedrock()


def answer_through(client: Any, answer: Answerer) -> None:
    """Have `answer` answer what `client` asks, where botocore would send it."""

    def send(request: Any, event_name: str, **_: Any) -> AWSResponse:
        question = asked(event_name.rpartition(".")[2], model_in(request.url), request.body)
        return answer(question).response(request.url)

    client.meta.events.register("before-send.bedrock-runtime", send)


@dataclass
class Heard:
    """What a client has heard, whatever the form: a text, and uses of tools as (id, name, input)."""

    text: str = ""
    uses: list[tuple[str, str, Any]] = field(default_factory=list)
    stop: Any = None


def converse(body: dict[str, Any]) -> Heard:
    content = body["output"]["message"]["content"]
    uses = [block["toolUse"] for block in content if "toolUse" in block]
    return Heard(
        "".join(block["text"] for block in content if "text" in block),
        [(use["toolUseId"], use["name"], use["input"]) for use in uses],
        body["stopReason"],
    )


def converse_stream(events: Iterator[dict[str, Any]]) -> Heard:
    heard = Heard()
    pending: dict[int, list[str]] = {}
    kinds = []
    for event in events:
        ((kind, payload),) = event.items()
        kinds.append(kind)
        if kind == "contentBlockStart":
            start = payload["start"]["toolUse"]
            pending[payload["contentBlockIndex"]] = [start["toolUseId"], start["name"], ""]
        elif kind == "contentBlockDelta":
            delta = payload["delta"]
            heard.text += delta.get("text", "")
            if "toolUse" in delta:
                pending[payload["contentBlockIndex"]][2] += delta["toolUse"]["input"]
        elif kind == "messageStop":
            heard.stop = payload["stopReason"]
    assert kinds[0] == "messageStart"
    assert kinds[-2:] == ["messageStop", "metadata"]
    heard.uses = [(use[0], use[1], json.loads(use[2])) for use in pending.values()]
    return heard


def anthropic(body: dict[str, Any]) -> Heard:
    content = body["content"]
    return Heard(
        "".join(block["text"] for block in content if block["type"] == "text"),
        [(block["id"], block["name"], block["input"]) for block in content if block["type"] == "tool_use"],
        body["stop_reason"],
    )


def anthropic_stream(chunks: Iterator[dict[str, Any]]) -> Heard:
    heard = Heard()
    pending: dict[int, list[Any]] = {}
    kinds = []
    for chunk in chunks:
        kinds.append(chunk["type"])
        if chunk["type"] == "message_start":
            assert chunk["message"]["content"] == []
        elif chunk["type"] == "content_block_start" and chunk["content_block"]["type"] == "tool_use":
            assert chunk["content_block"]["input"] == {}
            pending[chunk["index"]] = [chunk["content_block"]["id"], chunk["content_block"]["name"], ""]
        elif chunk["type"] == "content_block_delta" and chunk["delta"]["type"] == "text_delta":
            heard.text += chunk["delta"]["text"]
        elif chunk["type"] == "content_block_delta":
            assert chunk["delta"]["type"] == "input_json_delta"
            pending[chunk["index"]][2] += chunk["delta"]["partial_json"]
        elif chunk["type"] == "message_delta":
            heard.stop = chunk["delta"]["stop_reason"]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    heard.uses = [(use[0], use[1], json.loads(use[2])) for use in pending.values()]
    return heard


def chat(body: dict[str, Any]) -> Heard:
    (choice,) = body["choices"]
    calls = choice["message"].get("tool_calls", [])
    uses = [(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]
    return Heard(choice["message"]["content"], uses, choice["finish_reason"])


def chat_stream(chunks: Iterator[dict[str, Any]]) -> Heard:
    heard = Heard()
    pending: dict[int, list[str]] = {}
    for chunk in chunks:
        (choice,) = chunk["choices"]
        heard.text += choice["delta"].get("content", "")
        for call in choice["delta"].get("tool_calls", []):
            use = pending.setdefault(call["index"], [call.get("id", ""), call["function"].get("name", ""), ""])
            use[2] += call["function"]["arguments"]
        heard.stop = choice["finish_reason"]
    heard.uses = [(use[0], use[1], json.loads(use[2])) for use in pending.values()]
    return heard


def nova_stream(chunks: Iterator[dict[str, Any]]) -> Heard:
    return converse_stream({key: part for key, part in chunk.items() if key != METRICS} for chunk in chunks)


METRICS = "amazon-bedrock-invocationMetrics"


def text_at(read: Callable[[dict[str, Any]], tuple[str, Any]]) -> Callable[[dict[str, Any]], Heard]:
    """A reader of a body that holds a text and a reason why it ends."""

    def reader(body: dict[str, Any]) -> Heard:
        text, stop = read(body)
        return Heard(text, [], stop)

    return reader


def joined(read: Callable[[dict[str, Any]], tuple[str, Any]]) -> Callable[[Iterator[dict[str, Any]]], Heard]:
    """A reader of a stream of such parts."""

    def reader(chunks: Iterator[dict[str, Any]]) -> Heard:
        parts = [read(chunk) for chunk in chunks]
        assert [stop for _, stop in parts[:-1]] == [None] * (len(parts) - 1)
        return Heard("".join(text for text, _ in parts), [], parts[-1][1])

    return reader


@dataclass(frozen=True)
class FamilyCase:
    """A family of models: a request of it, and how its answers are read."""

    model: str
    request: dict[str, Any]
    whole: Callable[[dict[str, Any]], Heard]
    streamed: Callable[[Iterator[dict[str, Any]]], Heard]
    ends: dict[str, str]  # the family's words for some of Converse's stop reasons
    tools: bool = False


_MESSAGES = [{"role": "user", "content": "Hello"}]
FAMILIES = {
    "anthropic": FamilyCase(
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": _MESSAGES},
        anthropic,
        anthropic_stream,
        {"end_turn": "end_turn", "max_tokens": "max_tokens", "tool_use": "tool_use"},
        tools=True,
    ),
    "nova": FamilyCase(
        "eu.amazon.nova-lite-v1:0",
        {"messages": [{"role": "user", "content": [{"text": "Hello"}]}], "inferenceConfig": {"maxTokens": 9}},
        converse,
        nova_stream,
        {"end_turn": "end_turn", "max_tokens": "max_tokens", "tool_use": "tool_use"},
        tools=True,
    ),
    "chat": FamilyCase(
        "mistral.mistral-large-2407-v1:0",
        {"messages": _MESSAGES, "max_tokens": 9},
        chat,
        chat_stream,
        {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls"},
        tools=True,
    ),
    "anthropic_text": FamilyCase(
        "anthropic.claude-v2:1",
        {"prompt": "\n\nHuman: Hello\n\nAssistant:", "max_tokens_to_sample": 9},
        text_at(lambda body: (body["completion"], body["stop_reason"])),
        joined(lambda chunk: (chunk["completion"], chunk["stop_reason"])),
        {"end_turn": "stop_sequence", "max_tokens": "max_tokens"},
    ),
    "llama": FamilyCase(
        "us.meta.llama3-3-70b-instruct-v1:0",
        {"prompt": "Hello", "max_gen_len": 9},
        text_at(lambda body: (body["generation"], body["stop_reason"])),
        joined(lambda chunk: (chunk["generation"], chunk["stop_reason"])),
        {"end_turn": "stop", "max_tokens": "length"},
    ),
    "titan": FamilyCase(
        "amazon.titan-text-express-v1",
        {"inputText": "Hello", "textGenerationConfig": {"maxTokenCount": 9}},
        text_at(lambda body: (body["results"][0]["outputText"], body["results"][0]["completionReason"])),
        joined(lambda chunk: (chunk["outputText"], chunk["completionReason"])),
        {"end_turn": "FINISH", "max_tokens": "LENGTH"},
    ),
    "mistral": FamilyCase(
        "mistral.mistral-7b-instruct-v0:2",
        {"prompt": "<s>[INST] Hello [/INST]", "max_tokens": 9},
        text_at(lambda body: (body["outputs"][0]["text"], body["outputs"][0]["stop_reason"])),
        joined(lambda chunk: (chunk["outputs"][0]["text"], chunk["outputs"][0]["stop_reason"])),
        {"end_turn": "stop", "max_tokens": "length"},
    ),
    "deepseek": FamilyCase(
        "us.deepseek.r1-v1:0",
        {"prompt": "Hello", "max_tokens": 9},
        text_at(lambda body: (body["choices"][0]["text"], body["choices"][0]["stop_reason"])),
        joined(lambda chunk: (chunk["choices"][0]["text"], chunk["choices"][0]["stop_reason"])),
        {"end_turn": "stop", "max_tokens": "length"},
    ),
    "cohere": FamilyCase(
        "cohere.command-text-v14",
        {"prompt": "Hello", "max_tokens": 9},
        text_at(lambda body: (body["generations"][0]["text"], body["generations"][0]["finish_reason"])),
        joined(lambda chunk: (chunk["text"], chunk.get("finish_reason"))),
        {"end_turn": "COMPLETE", "max_tokens": "MAX_TOKENS"},
    ),
    "cohere_chat": FamilyCase(
        "cohere.command-r-plus-v1:0",
        {"message": "Hello", "max_tokens": 9},
        text_at(lambda body: (body["text"], body["finish_reason"])),
        joined(lambda chunk: (chunk["text"], chunk.get("finish_reason"))),
        {"end_turn": "COMPLETE", "max_tokens": "MAX_TOKENS"},
    ),
}
CONVERSE = FamilyCase(
    "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
    {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]},
    converse,
    converse_stream,
    {"end_turn": "end_turn", "max_tokens": "max_tokens", "tool_use": "tool_use"},
    tools=True,
)
GROUPS = [
    ("Converse", "converse"),
    ("ConverseStream", "converse"),
    *((operation, family) for family in FAMILIES for operation in ("InvokeModel", "InvokeModelWithResponseStream")),
]
"""Every operation with every family that it asks."""


def case_of(family: str) -> FamilyCase:
    return CONVERSE if family == "converse" else FAMILIES[family]


def heard(operation: str, family: str, response: Any) -> Heard:
    """What a client hears from what boto3 returned."""
    case = case_of(family)
    if operation == "Converse":
        return case.whole(response)
    if operation == "ConverseStream":
        return case.streamed(response["stream"])
    if operation == "InvokeModel":
        return case.whole(json.loads(response["body"].read()))
    return case.streamed(json.loads(event["chunk"]["bytes"]) for event in response["body"])
