"""For each rule of `conversation`, a request that it refuses and no other does: the model's id and the body."""

from __future__ import annotations

from typing import Any

type Json = dict[str, Any]

CLAUDE = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
LLAMA = "us.meta.llama4-maverick-17b-instruct-v1:0"

HELLO: Json = {"text": "hello"}
_SPEC: Json = {"name": "look", "inputSchema": {"json": {"type": "object"}}}
TOOLS: Json = {"tools": [{"toolSpec": _SPEC}]}


def _user(*content: Json) -> Json:
    return {"role": "user", "content": list(content)}


def _assistant(*content: Json) -> Json:
    return {"role": "assistant", "content": list(content)}


def _use(identifier: str = "use-1", arguments: Any = None) -> Json:
    return {"toolUse": {"toolUseId": identifier, "name": "look", "input": {} if arguments is None else arguments}}


def _result(identifier: str = "use-1", **part: Any) -> Json:
    return {"toolResult": {"toolUseId": identifier, "content": [part or {"text": "a cat"}], "status": "success"}}


def _body(*messages: Json, **more: Any) -> Json:
    return {"messages": list(messages), "inferenceConfig": {"maxTokens": 10}, **more}


def _asked(use: Json, *results: Json, **more: Any) -> Json:
    return _body(_user(HELLO), _assistant(use), _user(*results), toolConfig=TOOLS, **more)


def _tools(**change: Any) -> Json:
    return _body(_user(HELLO), toolConfig={"tools": [{"toolSpec": _SPEC | change}]})


REFUSED: dict[str, tuple[str, Json]] = {
    "turns": (CLAUDE, _body(_user(HELLO), _user(HELLO))),
    "empty turns": (CLAUDE, _body(_user(HELLO), _assistant(), _user(HELLO))),
    "blank text": (CLAUDE, _body(_user(HELLO), _assistant(HELLO, {"text": " \n"}), _user(HELLO))),
    "blank results": (CLAUDE, _asked(_use(), _result(text=" "))),
    "json results": (CLAUDE, _asked(_use(), _result(json=[1]))),
    "tool inputs": (CLAUDE, _asked(_use(arguments='{"where": "Ro'), _result())),
    "repeated ids": (
        CLAUDE,
        _body(_user(HELLO), _assistant(_use(), _use()), _user(_result(), _result()), toolConfig=TOOLS),
    ),
    "ids of earlier turns": (
        CLAUDE,
        _body(
            *(_user(HELLO), _assistant(_use()), _user(_result())),
            *(_assistant(_use()), _user(_result())),
            toolConfig=TOOLS,
        ),
    ),
    "tool results": (CLAUDE, _asked(_use(), HELLO)),
    "tools of the conversation": (CLAUDE, _body(_user(HELLO), _assistant(_use()), _user(_result()))),
    "text beside results": (LLAMA, _asked(_use(), _result(), HELLO)),
    "text beside uses": (
        LLAMA,
        _body(_user(HELLO), _assistant(HELLO, _use()), _user(_result()), toolConfig=TOOLS),
    ),
    "unsigned reasoning": (
        CLAUDE,
        _body(_user(HELLO), _assistant({"reasoningContent": {"reasoningText": {"text": "Hm."}}}, HELLO), _user(HELLO)),
    ),
    "half characters": (CLAUDE, _body(_user({"text": "cut \ud83d"}))),
    "tool schemas": (CLAUDE, _tools(inputSchema={"json": {"properties": {}}})),
    "parameter names": (
        CLAUDE,
        _tools(inputSchema={"json": {"type": "object", "properties": {"first name": {"type": "string"}}}}),
    ),
    "tool names": (CLAUDE, _body(_user(HELLO), toolConfig={"tools": [{"toolSpec": _SPEC}] * 2})),
    "chosen tool": (CLAUDE, _body(_user(HELLO), toolConfig=TOOLS | {"toolChoice": {"tool": {"name": "taste"}}})),
    "stop sequences": (CLAUDE, _body(_user(HELLO), inferenceConfig={"maxTokens": 1, "stopSequences": [" "]})),
    "integers": (CLAUDE, _body(_user(HELLO), inferenceConfig={"maxTokens": 2**31})),
}
