"""The OpenAI provider is a provider like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest

from providers import ModelProvider
from tests.chat_stand_in import ChatStandIn
from tests.providers.contract import Exchange, ProviderContract, ProviderFor, by_label
from tests.providers.openai.stand_in import behaviour_for, provider_at
from tests.stand_in import Reply, Sequenced


class TestOpenAIProvider(ProviderContract):
    @pytest.fixture
    def provider_for(self) -> Iterator[ProviderFor]:
        with ExitStack() as stand_ins:

            def provider(exchanges: Sequence[Exchange]) -> ModelProvider:
                behave = Sequenced(by_label(exchanges, behaviour_for), lambda _: Reply(text="Nothing."))
                stand_in = stand_ins.enter_context(ChatStandIn(behave))
                return provider_at(stand_in.url)

            yield provider
