"""Human review: a model prepares, a person decides, and the execution sleeps until they do.

    extract-fields -> human-review -> (human-review-2 -> human-review-3)

What durability gives it: waiting for days costs nothing, and no crash can skip the person: a result exists only once
their decision is checkpointed. A malformed decision gets the reviewer a new callback instead of crashing the execution,
a bounded number of times; silence ends in `timed_out`.

The reviewer is sent the fields and the callback's id by SNS, or finds both in the execution's history; the id is never
logged, for it can approve. Whoever reviews answers the callback with `{"approved": true, "notes": "…"}`.
"""

from typing import Annotated, Literal

from aws_durable_execution_sdk_python import CallbackError, CallbackTimeoutError, DurableContext
from aws_durable_execution_sdk_python.config import Duration
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from patterns.durable import Event, Result, Text, ask_for, ask_human, durable_handler, listed
from providers import ModelProvider

REVIEW_TIMEOUT = Duration.from_days(7)  # reviewers have weekends and holidays
ROUNDS = ("human-review", "human-review-2", "human-review-3")  # two more tries for a reviewer who mistyped

type Status = Literal["approved", "rejected", "timed_out", "failed"]


class HumanReviewEvent(Event):
    """The document to review."""

    document: Text = "Sample invoice with amount $1,234.56"


class DocumentField(Result):
    """One thing the document says."""

    name: str
    value: str


class Extraction(BaseModel):
    """What the model is asked for."""

    fields: Annotated[list[DocumentField], Field(min_length=1)]


def no_name_twice(extraction: Extraction) -> None:
    """Of two values under one name the reviewer would see one."""
    if len({field.name for field in extraction.fields}) < len(extraction.fields):
        raise ValueError("Every field needs a name of its own.")


class ReviewDecision(BaseModel):
    """What the reviewer answers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    approved: bool
    notes: str | None = None


class HumanReviewResult(Result):
    """What was decided about which fields. Unless a person decided, `notes` says what happened instead."""

    status: Status
    notes: str | None
    extracted_fields: dict[str, str]


def human_review(event: HumanReviewEvent, context: DurableContext, model: ModelProvider) -> HumanReviewResult:
    """Extract the document's key fields and have a person approve them."""
    prompt = f"Extract the key fields of this document:\n\n{event.document}"
    extraction = ask_for(context, model, "extract-fields", prompt, Extraction, tier="medium", check=no_name_twice)
    fields = {field.name: field.value for field in extraction.fields}
    for name in ROUNDS:
        try:
            decision = ReviewDecision.model_validate_json(ask_human(context, name, REVIEW_TIMEOUT, listed(fields)))
        except CallbackTimeoutError as error:
            return HumanReviewResult(status="timed_out", notes=str(error), extracted_fields=fields)
        except CallbackError as error:
            return HumanReviewResult(status="failed", notes=str(error), extracted_fields=fields)
        except ValidationError:
            continue
        status: Status = "approved" if decision.approved else "rejected"
        return HumanReviewResult(status=status, notes=decision.notes, extracted_fields=fields)
    return HumanReviewResult(status="failed", notes="No answer was a valid decision.", extracted_fields=fields)


handler = durable_handler(human_review)
