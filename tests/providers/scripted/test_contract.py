"""The scripted provider is a provider like any other."""

from __future__ import annotations

import pytest

from providers.scripted import ScriptedProvider
from tests.providers.contract import ProviderContract, ProviderFor, by_label
from tests.providers.scripted.playing import entry


class TestScriptedContract(ProviderContract):
    @pytest.fixture
    def provider_for(self) -> ProviderFor:
        return lambda exchanges: ScriptedProvider(by_label(exchanges, entry))
