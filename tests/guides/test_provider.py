"""A provider is added as CONTRIBUTING.md says: one that answers as its script does."""

from __future__ import annotations

from pathlib import Path

from tests.guides.guide import Copy, follow

PROVIDER = '''
"""Answers as it is told to."""

from __future__ import annotations

from providers.model import ModelRequest, ModelResponse
from providers.scripted import Script, ScriptedProvider


class ParrotProvider:
    """Says what it was taught."""

    def __init__(self, taught: Script | None = None) -> None:
        self._taught = ScriptedProvider(taught)

    def converse(self, request: ModelRequest) -> ModelResponse:
        """Answer a request."""
        return self._taught.converse(request)
'''

CONTRACT = '''
"""The parrot is a provider like any other."""

from __future__ import annotations

import pytest

from providers.parrot import ParrotProvider
from tests.providers.contract import ProviderContract, ProviderFor, by_label
from tests.providers.scripted.playing import entry


class TestParrotContract(ProviderContract):
    @pytest.fixture
    def provider_for(self) -> ProviderFor:
        return lambda exchanges: ParrotProvider(by_label(exchanges, entry))
'''

REGISTRATION = """@_registered("parrot")
def _parrot(settings: ProviderSettings) -> ModelProvider:
    from providers.parrot import ParrotProvider

    return ParrotProvider()


"""


def written(copy: Copy) -> None:
    copy.write("providers/parrot/__init__.py", PROVIDER)
    copy.write("tests/providers/parrot/__init__.py", '"""Tests of the parrot."""\n')
    copy.write("tests/providers/parrot/test_contract.py", CONTRACT)


def registered(copy: Copy) -> None:
    copy.insert("providers/selection.py", "def provider_names(", REGISTRATION)


def told(copy: Copy) -> None:
    copy.insert("docs/models.md", "| `bedrock` | Amazon Bedrock |", "| `parrot` | what it was taught | nothing |\n")
    copy.insert("docs/models.md", "`bedrock`, `openai`, `cassette` or `scripted`", "`parrot`, ")


def test_a_provider_is_added_as_the_list_says(tmp_path: Path) -> None:
    done = {1: written, 2: registered, 3: told}
    follow("Add a provider", Copy.made(tmp_path, "parrot"), done)
