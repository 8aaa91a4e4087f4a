"""The stand-in's content: sensible, deterministic, and different for different prompts."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, StringConstraints

from providers import ModelRequest
from providers.bedrock import request_to_converse
from tests.stand_in.behaviour import ReceivedRequest, Reply
from tests.stand_in.content import plausible

HAIKU = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
SONNET = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"


class Contact(BaseModel):
    name: str
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
    company: str


class Verdict(BaseModel):
    best: Annotated[int, Field(ge=1)]
    reasoning: str


class DocumentField(BaseModel):
    name: str
    value: str


class Extraction(BaseModel):
    fields: Annotated[list[DocumentField], Field(min_length=1)]


class Ticket(BaseModel):
    title: str
    urgent: bool
    votes: int
    share: float
    labels: list[str]
    parent: DocumentField | None


def ask(prompt: str, *, model: str = HAIKU, schema: type[BaseModel] | None = None, structured: bool = True) -> Reply:
    if schema is not None:
        prompt += f"\n\nReply with one JSON object with these keys and nothing else: {', '.join(schema.model_fields)}."
    request = ModelRequest.model_validate(
        {"messages": [{"role": "user", "content": [{"type": "text", "text": prompt}]}], "output_schema": schema}
    )
    arguments = request_to_converse(request, model, structured_output=structured)
    reply = plausible(ReceivedRequest(arguments.pop("modelId"), "", arguments))
    assert isinstance(reply, Reply)
    return reply


def test_a_joke_about_programming_and_its_review() -> None:
    joke = ask("Make a joke about programming").text
    assert "program" in joke.lower()
    review = ask(f'Rate this joke 1-10 and explain why: "{joke}"').text
    assert joke in review
    assert re.search(r"\b([1-9]|10) out of 10\b", review)


@pytest.mark.parametrize("structured", [True, False])
def test_contact_fields_are_read_from_the_text(structured: bool) -> None:
    def contact(text: str) -> Contact:
        prompt = f"Extract the contact details from this text:\n\n{text}"
        return Contact.model_validate_json(ask(prompt, schema=Contact, structured=structured).text)

    assert contact("John Smith from Acme Corp, email: john@acme.com") == Contact(
        name="John Smith", email="john@acme.com", company="Acme Corp"
    )
    assert contact("Ana Lima from Initech, ana@initech.example").email == "ana@initech.example"
    assert contact("nobody in particular").name


def test_a_documents_fields_are_read_from_it() -> None:
    prompt = "Extract the key fields of this document:\n\nSample invoice with amount $1,234.56"
    extraction = Extraction.model_validate_json(ask(prompt, schema=Extraction, model=SONNET).text)
    assert {field.name: field.value for field in extraction.fields} == {"type": "invoice", "amount": "$1,234.56"}
    other = "Extract the key fields of this document:\n\nHello there"
    assert Extraction.model_validate_json(ask(other, schema=Extraction).text).fields


def test_a_verdict_names_one_of_the_answers_and_says_why() -> None:
    prompt = 'Question: "Why?"\n\nAnswer 1: "Because."\n\nAnswer 2: "Because it is so, in general."\n\nWhich is best?'
    verdict = Verdict.model_validate_json(ask(prompt, schema=Verdict).text)
    assert verdict.best == 2
    assert "2" in verdict.reasoning


def test_any_other_schema_is_filled_in() -> None:
    assert Ticket.model_validate_json(ask("Open a ticket", schema=Ticket).text)
    assert set(json.loads(ask("Open a ticket", schema=Ticket, structured=False).text)) == set(Ticket.model_fields)


def test_perspectives_on_a_topic_differ() -> None:
    starts = ("Explain the benefits of", "Describe the challenges of", "Summarize the future of")
    texts = [ask(f"{start} artificial intelligence").text for start in starts]
    assert len(set(texts)) == 3
    assert all("artificial intelligence" in text.lower() for text in texts)


def test_the_great_fire_in_about_a_hundred_words_told_differently_by_different_models() -> None:
    question = "Write a 100-word summary on the great fire of London"
    small, medium = (ask(question, model=model).text for model in (HAIKU, SONNET))
    assert small != medium
    for text in (small, medium):
        assert 80 <= len(text.split()) <= 120
        assert "1666" in text


def test_a_plain_question_gets_a_plain_answer() -> None:
    assert "Paris" in ask("What is the capital of France?").text


PROMPTS = st.one_of(
    st.text(min_size=1),
    st.builds("Make a joke about {}".format, st.text(min_size=1)),
    st.builds('Rate this joke 1-10 and explain why: "{}"'.format, st.text(min_size=1)),
    st.builds("Explain the benefits of {}".format, st.text(min_size=1)),
)


@given(PROMPTS, PROMPTS)
def test_the_same_prompt_gets_the_same_text_and_another_gets_another(one: str, other: str) -> None:
    assume(one.split() != other.split())
    assert ask(one) == ask(one)
    assert ask(one).text.strip()
    assert ask(one).text != ask(other).text


def test_prompts_that_differ_only_far_from_their_beginning_get_different_texts() -> None:
    assert ask("Why? " * 100 + "a").text != ask("Why? " * 100 + "b").text


# Tools ----------------------------------------------------------------------------------------------------------------

AGENT_TOOLS = ("get_location", "get_weather", "wait_for_human_review")
STRANDS_TOOLS = ("get_population", "ask_person")


def converse(prompt: str, tools: tuple[str, ...], answers: dict[str, str], *, status: str = "success") -> list[Any]:
    """Play a whole conversation; returns the tool calls as (name, input) and the final text."""
    specs = [{"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}} for name in tools]
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": [{"text": prompt}]}],
        "toolConfig": {"tools": specs},
    }
    played: list[Any] = []
    for _ in range(10):
        reply = plausible(ReceivedRequest(SONNET, "", body))
        assert isinstance(reply, Reply)
        if not reply.tool_uses:
            return [*played, reply.text]
        uses, results = [], []
        for use in reply.tool_uses:
            identifier = f"use-{len(played)}"
            played.append((use.name, use.input))
            uses.append({"toolUse": {"toolUseId": identifier, "name": use.name, "input": use.input}})
            content = [{"text": answers[use.name]}]
            results.append({"toolResult": {"toolUseId": identifier, "content": content, "status": status}})
        turns = [{"role": "assistant", "content": uses}, {"role": "user", "content": results}]
        body = {**body, "messages": [*body["messages"], *turns]}
    raise AssertionError(f"the conversation does not end: {played}")


def test_the_agent_locates_looks_up_asks_and_uses_the_answer() -> None:
    *calls, text = converse(
        "What's the weather where I am? Get human review before you return the answer",
        AGENT_TOOLS,
        {"get_location": "Oslo, Norway", "get_weather": "It snows.", "wait_for_human_review": "add a warm coat"},
    )
    assert [name for name, _ in calls] == list(AGENT_TOOLS)
    assert calls[1] == ("get_weather", {"location": "Oslo, Norway"})
    assert "It snows." in calls[2][1]["question"]
    assert "It snows." in text
    assert "add a warm coat" in text


def test_the_agent_takes_the_place_from_the_prompt() -> None:
    *calls, text = converse("What's the weather in Rome today?", AGENT_TOOLS, {"get_weather": "Warm."})
    assert calls == [("get_weather", {"location": "Rome"})]
    assert "Warm." in text


def test_the_agent_ends_even_if_every_tool_fails() -> None:
    prompt = "What's the weather where I am? Get human review before you return the answer"
    *calls, text = converse(prompt, AGENT_TOOLS, dict.fromkeys(AGENT_TOOLS, "it broke"), status="error")
    assert len(calls) <= len(AGENT_TOOLS)
    assert "it broke" in text


def test_the_strands_agent_looks_up_and_asks_only_when_the_prompt_needs_it() -> None:
    answers = {"get_population": "14,000,000", "ask_person": "round it"}
    *calls, text = converse("How many people live in Tokyo? Ask me before you answer.", STRANDS_TOOLS, answers)
    assert calls[0] == ("get_population", {"city": "Tokyo"})
    assert calls[1][0] == "ask_person"
    assert "14,000,000" in text
    assert "round it" in text
    assert converse("What is the capital of France?", STRANDS_TOOLS, {}) == ["The capital of France is Paris."]


def test_tools_the_stand_in_does_not_know_are_left_alone() -> None:
    assert len(converse("What's the weather?", ("launch_rocket",), {})) == 1
