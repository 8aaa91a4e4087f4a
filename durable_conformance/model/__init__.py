"""Where model calls leave a handler.

A tap stands where a library's calls leave the handler, and translates them: `provider_tap` for the project's own
`ModelProvider`. What passes a tap is a `Question`; what the run keeps of it is a `ModelCall`. Whoever answers is a
`Source`. Nothing here imports `providers` before a `ModelProvider` is at play.
"""

from durable_conformance.model.call import ANSWERED, DIED, Answer, Failure, FaultKind, ModelCall, ModelFault, Request
from durable_conformance.model.provider_tap import (
    ProviderSource,
    ProviderTap,
    failure_of,
    from_script,
    from_script_value,
    masked,
    question_of,
    request_of,
    response_of,
    scripted,
    secrets_in,
    text_answer,
    whole_answer,
)
from durable_conformance.model.tags import TAG, tag, untagged
from durable_conformance.model.tap import Asking, Gate, Question, Source

__all__ = [
    "ANSWERED",
    "DIED",
    "TAG",
    "Answer",
    "Asking",
    "Failure",
    "FaultKind",
    "Gate",
    "ModelCall",
    "ModelFault",
    "ProviderSource",
    "ProviderTap",
    "Question",
    "Request",
    "Source",
    "failure_of",
    "from_script",
    "from_script_value",
    "masked",
    "question_of",
    "request_of",
    "response_of",
    "scripted",
    "secrets_in",
    "tag",
    "text_answer",
    "untagged",
    "whole_answer",
]
