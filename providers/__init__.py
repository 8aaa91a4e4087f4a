"""The model layer: a protocol, its types and its errors, and the providers that implement it.

This door names what a pattern needs. A concrete provider is imported from its own room, by those who choose one:
`providers.bedrock`, `providers.cassette`, `providers.scripted`; `providers.selection` chooses by name.
"""

from providers.errors import (
    FatalModelError,
    ModelAccessDeniedError,
    ModelError,
    ModelNotFoundError,
    ModelOutputError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    PermanentModelError,
    RetryableModelError,
)
from providers.model import (
    CitedTextBlock,
    ContentBlock,
    Message,
    ModelProvider,
    ModelRequest,
    ModelResponse,
    OpaqueBlock,
    OutputSchema,
    ReasoningBlock,
    StopReason,
    TextBlock,
    ToolChoice,
    ToolResultBlock,
    ToolSpec,
    ToolUseBlock,
    Usage,
)

__all__ = [
    "CitedTextBlock",
    "ContentBlock",
    "FatalModelError",
    "Message",
    "ModelAccessDeniedError",
    "ModelError",
    "ModelNotFoundError",
    "ModelOutputError",
    "ModelProvider",
    "ModelRequest",
    "ModelRequestError",
    "ModelResponse",
    "ModelThrottledError",
    "ModelTimeoutError",
    "ModelUnavailableError",
    "OpaqueBlock",
    "OutputSchema",
    "PermanentModelError",
    "ReasoningBlock",
    "RetryableModelError",
    "StopReason",
    "TextBlock",
    "ToolChoice",
    "ToolResultBlock",
    "ToolSpec",
    "ToolUseBlock",
    "Usage",
]
