"""How a provider tells what kept it from an answer: which error that becomes, in one wording, whoever serves."""

from __future__ import annotations

from dataclasses import dataclass

from providers.errors import ModelError

MAX_SAID_CHARS = 500
"""How much of a service's own words goes into a message: an error is checkpointed, and a prompt may be in there."""


@dataclass(frozen=True)
class Treatment:
    """Which error something becomes, and what its message advises."""

    error: type[ModelError]
    advice: str

    def failure(self, what: str, model_id: str, label: str) -> ModelError:
        """The error for `what`, a sentence, that kept `model_id` from answering."""
        where = f"{model_id} (label {label!r})" if label else model_id
        return self.error(f"No answer from {where}. {what} {self.advice}")


def sentence(subject: str, said: str) -> str:
    """What `subject` says, on one line, as a sentence of bounded length."""
    said = " ".join(said.split())
    if len(said) > MAX_SAID_CHARS:
        said = said[:MAX_SAID_CHARS] + "…"
    told = f"{subject}: {said}" if said else subject
    return told if told.endswith(".") else f"{told}."
