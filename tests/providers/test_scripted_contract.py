"""The scripted provider is a provider like any other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from providers import ModelProvider
from providers.scripted import Entry, Failure, ScriptedProvider, stopped, tool_use
from tests.providers.contract import ErrorReply, Exchange, PlayedReply, ProviderContract, ProviderFor, TextReply


def entry(reply: PlayedReply) -> Entry:
    if isinstance(reply, ErrorReply):
        return Failure(reply.kind, "Scripted.")
    if isinstance(reply, TextReply):
        return stopped(reply.stop_reason, reply.text)
    return tool_use(reply.name, reply.input, text=reply.text)


def scripted(exchanges: Sequence[Exchange]) -> ModelProvider:
    script: dict[str, list[Entry]] = {}
    for exchange in exchanges:
        script.setdefault(exchange.request.label, []).append(entry(exchange.reply))
    return ScriptedProvider(script)


class TestScriptedContract(ProviderContract):
    @pytest.fixture
    def provider_for(self) -> ProviderFor:
        return scripted
