"""Structured output: free text in, validated fields out.

    extract-contact -> (extract-contact-repair-1 -> extract-contact-repair-2)

What durability gives it: a reply that does not fit the schema is asked for again, with the validation error, in a step
of its own. Every paid reply is checkpointed, the bad ones too, so a crash between repairs continues with the next one
instead of starting over; and the number of repairs is bounded, whatever the model does.

Invoke it with `{"text": "Ana from Initech, ana@initech.example"}`; it returns name, email and company.
"""

from typing import Annotated

from aws_durable_execution_sdk_python import DurableContext
from pydantic import BaseModel, ConfigDict, StringConstraints

from patterns.durable import Event, Text, ask_for, durable_handler
from providers import ModelProvider


class StructuredOutputEvent(Event):
    """The text to read."""

    text: Text = "John Smith from Acme Corp, email: john@acme.com"


class Contact(BaseModel):
    """Who the text is about: what the model is asked for, and what the execution returns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1)]
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
    company: str


def structured_output(event: StructuredOutputEvent, context: DurableContext, model: ModelProvider) -> Contact:
    """Extract the contact from the text."""
    prompt = f"Extract the contact details from this text:\n\n{event.text}"
    return ask_for(context, model, "extract-contact", prompt, Contact)


handler = durable_handler(structured_output)
