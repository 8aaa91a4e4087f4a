"""Any OpenAI-compatible Chat Completions endpoint as a model provider: the room's door, the rest is private.

OpenAI, vLLM, Ollama, llama.cpp, and Bedrock's own such endpoint: `OpenAIProvider` answers requests, on the official
`openai` package; `make_client` makes the client that it wants. `request_to_chat` and `response_from_chat` know the
shapes, `from_openai` and its tables what the package's errors become, `vcr_config` how pytest-recording keeps a
conversation. All of it needs `openai`: install durable-ai-patterns[openai].
"""

try:
    import openai as openai
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "The provider openai needs the package openai: install durable-ai-patterns[openai].", name=error.name
    ) from error

from providers.openai.chat import FINISH_REASONS, Limit, request_to_chat, response_from_chat
from providers.openai.errors import CAUSES, ERROR_CODES, OPENAI_ERRORS, STATUSES, from_openai
from providers.openai.json_schema import strict
from providers.openai.provider import (
    CONNECT_TIMEOUT_SECONDS,
    LABEL_HEADER,
    MAX_CONNECTIONS,
    OpenAIProvider,
    check_access,
    make_client,
)
from providers.openai.recording import ENDPOINT, RecordingRefusedError, vcr_config
from providers.openai.settings import DEFAULT_TIERS, OpenAIConfigurationError
from providers.settings import READ_TIMEOUT_SECONDS

__all__ = [
    "CAUSES",
    "CONNECT_TIMEOUT_SECONDS",
    "DEFAULT_TIERS",
    "ENDPOINT",
    "ERROR_CODES",
    "FINISH_REASONS",
    "LABEL_HEADER",
    "MAX_CONNECTIONS",
    "OPENAI_ERRORS",
    "READ_TIMEOUT_SECONDS",
    "STATUSES",
    "Limit",
    "OpenAIConfigurationError",
    "OpenAIProvider",
    "RecordingRefusedError",
    "check_access",
    "from_openai",
    "make_client",
    "request_to_chat",
    "response_from_chat",
    "strict",
    "vcr_config",
]
