"""Answers in JSON: contact fields, a document's fields, a verdict, or whatever else a schema asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from providers import Message, ModelRequest, OutputSchema
from providers.scripted import sample_text
from tests.stand_in.behaviour import JsonObject

_KEYS = re.compile(r"one JSON object with these keys and nothing else: ([\w, ()]+)\.")
_WITHIN = re.compile(r" \([^()]*\)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NAME = re.compile(r"\b[A-Z][\w'-]+(?: [A-Z][\w'-]+)+")
_COMPANY = re.compile(r"\b(?:from|at|of|with) ((?:[A-Z][\w&'-]*)(?: [A-Z][\w&'-]*)*)")
_AMOUNT = re.compile(r"[$€£]\s?\d[\d,.]*\d|\d[\d,.]*\s?(?:USD|EUR|GBP)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_DOCUMENT_TYPE = re.compile(r"\b(invoice|receipt|contract|order|letter|report|application)\b", re.IGNORECASE)
_ANSWER = re.compile(r'^Answer (\d+): (".*")$', re.MULTILINE)
_LONGEST_SUMMARY = 60


def json_answer(prompt: str, body: JsonObject) -> str | None:
    """The answer to a prompt that wants JSON, as its output schema or the prompt itself says; None for any other."""
    definition = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema")
    schema = json.loads(definition["schema"]) if definition else None
    asked = _KEYS.search(prompt)
    if schema is None and asked is None:
        return None
    keys = (
        list(schema["properties"])
        if schema
        else [key.strip() for key in _WITHIN.sub("", asked[1]).split(",")]
        if asked
        else []
    )
    text = _KEYS.sub("", prompt).partition("\n\n")[2].strip() or prompt
    known = _KNOWN.get(frozenset(keys))
    if known is not None:
        return json.dumps(known(text), ensure_ascii=False)
    if schema is None:
        return json.dumps(dict.fromkeys(keys, "unknown"))
    question = Message.user(prompt)
    return sample_text(
        ModelRequest(messages=(question,), output_schema=OutputSchema(name="It", json_schema=schema)), "1"
    )


def _contact(text: str) -> JsonObject:
    email, name, company = _EMAIL.search(text), _NAME.search(text), _COMPANY.search(text)
    return {
        "name": name[0] if name else "unknown",
        "email": email[0] if email else "unknown@example.com",
        "company": company[1] if company else "unknown",
    }


def _fields(text: str) -> JsonObject:
    searches = {"type": _DOCUMENT_TYPE, "amount": _AMOUNT, "date": _DATE, "email": _EMAIL}
    found = {name: match[0] for name, pattern in searches.items() if (match := pattern.search(text))}
    found = found or {"summary": text[:_LONGEST_SUMMARY]}
    return {"fields": [{"name": name, "value": value} for name, value in found.items()]}


def _verdict(text: str) -> JsonObject:
    lengths = {int(number): len(json.loads(answer).split()) for number, answer in _ANSWER.findall(text)} or {1: 0}
    best = max(lengths, key=lambda number: (lengths[number], -number))
    why = f"Answer {best} says the most ({lengths[best]} words) and stays with the question from start to end."
    return {"best": best, "reasoning": why}


_KNOWN: dict[frozenset[str], Callable[[str], JsonObject]] = {
    frozenset({"name", "email", "company"}): _contact,
    frozenset({"fields"}): _fields,
    frozenset({"best", "reasoning"}): _verdict,
}
