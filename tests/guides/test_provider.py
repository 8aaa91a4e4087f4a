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

from collections.abc import Sequence

import pytest

from providers import ModelProvider
from providers.parrot import ParrotProvider
from providers.scripted import Entry
from tests.providers.contract import Exchange, ProviderContract, ProviderFor
from tests.providers.test_scripted_contract import entry


class TestParrotContract(ProviderContract):
    @pytest.fixture
    def provider_for(self) -> ProviderFor:
        def taught(exchanges: Sequence[Exchange]) -> ModelProvider:
            script: dict[str, list[Entry]] = {}
            for exchange in exchanges:
                script.setdefault(exchange.request.label, []).append(entry(exchange.reply))
            return ParrotProvider(script)

        return taught
'''

CHOSEN_BY_ENVIRONMENT = """def _parrot(environment: Mapping[str, str]) -> ModelProvider:
    from providers.parrot import ParrotProvider

    return ParrotProvider()


"""


def written(copy: Copy) -> None:
    copy.write("providers/parrot.py", PROVIDER)
    copy.write("tests/providers/test_parrot_contract.py", CONTRACT)


def chosen_by_the_environment(copy: Copy) -> None:
    copy.insert("providers/selection.py", "def _required(", CHOSEN_BY_ENVIRONMENT)
    copy.insert("providers/selection.py", "}\n\n\ndef provider_from_environment", '    "parrot": _parrot,\n')


def chosen_on_the_command_line(copy: Copy) -> None:
    choice = "conformance/model_choice.py"
    copy.insert(choice, "\n\ndef chosen_model", '    PARROT = "parrot"\n')
    copy.insert(
        choice,
        "        case ProviderName.BEDROCK:",
        "        case ProviderName.PARROT:\n            return ParrotProvider\n",
    )
    copy.insert(choice, "from providers.scripted import", "from providers.parrot import ParrotProvider\n")


def told(copy: Copy) -> None:
    copy.insert("docs/models.md", "| `bedrock` | Amazon Bedrock |", "| `parrot` | what it was taught | nothing |\n")
    copy.insert("docs/models.md", "`bedrock`, `cassette` or `scripted`", "`parrot`, ")


def test_a_provider_is_added_as_the_list_says(tmp_path: Path) -> None:
    done = {1: written, 2: chosen_by_the_environment, 3: chosen_on_the_command_line, 4: told}
    follow("Add a provider", Copy.made(tmp_path, "parrot"), done)
