"""Which dialect a request is in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from durable_conformance.model.bedrock.anthropic import ANTHROPIC
from durable_conformance.model.bedrock.asked import Asked
from durable_conformance.model.bedrock.chat import CHAT
from durable_conformance.model.bedrock.completions import (
    ANTHROPIC_TEXT,
    COHERE,
    COHERE_CHAT,
    DEEPSEEK,
    LLAMA,
    MISTRAL,
    TITAN,
)
from durable_conformance.model.bedrock.converse import CONVERSE, NOVA
from durable_conformance.model.bedrock.dialect import Dialect, Json, at
from durable_conformance.model.bedrock.embeddings import TITAN_EMBEDDING, TITAN_EMBEDDING_2

OPERATIONS = frozenset({"Converse", "ConverseStream", "InvokeModel", "InvokeModelWithResponseStream"})
"""The operations of `bedrock-runtime` that ask a model. All others are calls of a service like any other."""

_MODEL = re.compile(r"/model/([^/]+)/[^/]+$")

_BY_NAME: tuple[tuple[str, str, Dialect], ...] = (
    ("anthropic.", "messages", ANTHROPIC),
    ("anthropic.", "prompt", ANTHROPIC_TEXT),
    ("amazon.nova", "messages", NOVA),
    ("amazon.titan-embed-text-v1", "inputText", TITAN_EMBEDDING),
    ("amazon.titan-embed-g1-text", "inputText", TITAN_EMBEDDING),
    ("amazon.titan-embed-text", "inputText", TITAN_EMBEDDING_2),
    ("amazon.titan-text", "inputText", TITAN),
    ("amazon.titan-tg1", "inputText", TITAN),
    ("meta.", "prompt", LLAMA),
    ("mistral.", "messages", CHAT),
    ("mistral.", "prompt", MISTRAL),
    ("cohere.command", "message", COHERE_CHAT),
    ("cohere.command", "prompt", COHERE),
    ("deepseek.", "messages", CHAT),
    ("deepseek.", "prompt", DEEPSEEK),
    ("ai21.jamba", "messages", CHAT),
    ("openai.", "messages", CHAT),
    ("qwen.", "messages", CHAT),
)
"""What a model's name begins with, a key that its bodies have, and their dialect."""

_BY_SHAPE: tuple[tuple[frozenset[str], Dialect], ...] = (
    (frozenset({"messages", "anthropic_version"}), ANTHROPIC),
    (frozenset({"prompt", "max_tokens_to_sample"}), ANTHROPIC_TEXT),
    (frozenset({"messages", "inferenceConfig"}), NOVA),
    (frozenset({"messages", "schemaVersion"}), NOVA),
    (frozenset({"prompt", "max_gen_len"}), LLAMA),
    (frozenset({"inputText", "textGenerationConfig"}), TITAN),
    (frozenset({"inputText", "dimensions"}), TITAN_EMBEDDING_2),
    (frozenset({"inputText", "normalize"}), TITAN_EMBEDDING_2),
    (frozenset({"inputText", "embeddingTypes"}), TITAN_EMBEDDING_2),
    (frozenset({"messages"}), CHAT),
)
"""The keys that tell a dialect where the model's name tells nothing: a profile of one's own, an imported model."""

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {dialect.name: dialect for dialect in (CONVERSE, *(dialect for _, _, dialect in _BY_NAME))}
)
"""Every dialect, by name."""


def asked(operation: str, model_id: str, body: bytes | bytearray | str | None) -> Asked:
    """What a request asks. What cannot be answered says why in `unsupported`; nothing is raised."""
    try:
        document = json.loads(body or "")
    except (ValueError, RecursionError):  # not JSON, not UTF-8, nested too deeply
        document = body.decode(errors="backslashreplace") if isinstance(body, bytes | bytearray) else body
    return _asked(operation, model_id, document)


def asked_again(text: str) -> Asked:
    """The request that `Asked.text` was, or that text without tags."""
    fields = json.loads(text)
    return _asked(fields["operation"], fields["model"], fields["body"])


def model_in(url: str) -> str:
    """The model that the URL of a request names; empty if it names none."""
    found = _MODEL.search(urlsplit(url).path)
    return unquote(found[1]) if found else ""


def _asked(operation: str, model: str, body: Any) -> Asked:
    text = json.dumps({"operation": operation, "model": model, "body": body}, sort_keys=True, ensure_ascii=False)

    def unanswerable(why: str) -> Asked:
        return Asked(text, operation, model, "", unsupported=why)

    if not isinstance(body, dict):
        return unanswerable(f"The body that {operation} sends to {model} is no JSON object.")
    dialect = CONVERSE if operation.startswith("Converse") else _dialect(model, body)
    if dialect is None:
        keys = ", ".join(sorted(body)) or "nothing"
        return unanswerable(f"The body that {operation} sends to {model} has a form that nobody here knows: {keys}.")
    asks = dialect.asks(body)
    unsupported = asks.unsupported
    if asks.embedding and operation.endswith("Stream"):
        unsupported = f"{model} answers with a vector, which {operation} cannot stream."
    return Asked(
        text,
        operation,
        model,
        dialect.name,
        asks.tools,
        asks.forced,
        asks.schema,
        asks.stop,
        asks.embedding,
        unsupported,
    )


def _dialect(model: str, body: Json) -> Dialect | None:
    """The dialect of a body of InvokeModel's; None if nobody knows it."""
    name = f".{model.rpartition('/')[2]}"  # an ARN ends with it, and a region may stand before the vendor
    if rows := [row for row in _BY_NAME if f".{row[0]}" in name]:
        return next((dialect for _, key, dialect in rows if key in body), None)
    found = next((dialect for keys, dialect in _BY_SHAPE if keys <= body.keys()), None)
    block = at(body, "messages", 0, "content", 0, of=dict)
    return NOVA if found is CHAT and block and "type" not in block else found
