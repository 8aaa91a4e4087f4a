"""What a model might answer: deterministic, sensible for the patterns' prompts, and pleasant to read in a recording."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from tests.stand_in.behaviour import JsonObject, ReceivedRequest, Reply
from tests.stand_in.json_content import json_answer
from tests.stand_in.tool_turns import findings, next_tool_use, tool_answers

_JOKES = (
    "Why did {topic} cross the road? To get away from all the meetings about {topic}.",
    "I wanted to tell a joke about {topic}, but the punchline is still waiting for a callback.",
    "Two experts on {topic} walk into a bar. By the time they agree what {topic} is, the bar has closed.",
    "My friend says {topic} has changed their life. They used to have hobbies.",
)
_PROGRAMMING = "Why do programmers prefer dark mode? Because light attracts bugs."
_REVIEWS = (
    "The set-up is short, and the punchline comes where nobody looks for it.",
    "It needs no explanation, which is more than most jokes about work can say.",
    "The wordplay carries it; the delivery would have to do the rest.",
)
_PERSPECTIVES = {
    "Explain the benefits of": (
        "Whoever uses {topic} well saves time on what repeats, sees earlier what goes wrong, and is free for the work "
        "that needs a person."
    ),
    "Describe the challenges of": (
        "The hard part of {topic} is seldom the beginning. It is keeping it reliable, explaining it to those who "
        "depend on it, and paying for it when it grows."
    ),
    "Summarize the future of": (
        "{topic} will become ordinary: less talked about, more relied upon, and judged by what it does on a bad day."
    ),
}
_GREAT_FIRE = {
    "haiku": (
        "The Great Fire of London broke out in a bakery on Pudding Lane early on 2 September 1666. A strong east wind "
        "and a dry summer drove it through streets of timber houses, built so close that the flames leapt from roof to "
        "roof. The Lord Mayor hesitated to pull down houses as firebreaks, and by evening it was too late. For four "
        "days the fire burned, and it took more than thirteen thousand houses, eighty-seven churches and old St "
        "Paul's. Few deaths were recorded, but most of the city's people lost their homes. London was rebuilt in "
        "brick and stone."
    ),
    "": (
        "In September 1666 a baker's oven in Pudding Lane set fire to a city that was ready to burn. London had had a "
        "long drought, its houses were of wood and pitch, and a gale blew from the east. Samuel Pepys watched from the "
        "Thames, buried his cheese, and told the King that houses must be blown up to stop the flames. It took four "
        "days and the dropping of the wind. Four fifths of the walled city were gone. Out of the ashes came wider "
        "streets, Wren's churches, a new St Paul's, and the first fire insurance."
    ),
}
_CAPITALS = {"france": "Paris", "italy": "Rome", "japan": "Tokyo", "england": "London", "norway": "Oslo"}
_CAPITAL = re.compile(r"\s*What is the capital of (\w+)\?\s*")
_LONGEST_QUOTE = 120


def plausible(request: ReceivedRequest) -> Reply:
    """Answer a request as a helpful model would."""
    prompt = _first_prompt(request.body)
    if turn := next_tool_use(prompt, request.body):
        return turn
    if text := findings(tool_answers(request.body)):
        return Reply(text=text)
    if (document := json_answer(prompt, request.body)) is not None:
        return Reply(text=document)
    return Reply(text=_prose(prompt, request.model_id))


def _first_prompt(body: JsonObject) -> str:
    first = next(message for message in body["messages"] if message["role"] == "user")
    return "".join(block["text"] for block in first["content"] if "text" in block)


def _prose(prompt: str, model_id: str) -> str:
    for start, answer in _ANSWERS.items():
        if prompt.startswith(start):
            return answer(prompt.removeprefix(start))
    if "great fire of London" in prompt:
        return next(text for kind, text in _GREAT_FIRE.items() if kind in model_id)
    capital = _CAPITAL.fullmatch(prompt)
    if capital and capital[1].lower() in _CAPITALS:
        return f"The capital of {capital[1]} is {_CAPITALS[capital[1].lower()]}."
    quoted = " ".join(prompt.split())[:_LONGEST_QUOTE]
    return (
        f"You asked: “{quoted}”. Whatever the details, the short answer is: start with the part you can test, and "
        f"let it tell you about the rest. (Stand-in answer {_digest(prompt, model_id)}.)"
    )


def _joke(topic: str) -> str:
    topic = topic.strip()
    return _PROGRAMMING if topic == "programming" else _choose(_JOKES, topic).format(topic=topic)


def _review(quoted_joke: str) -> str:
    joke = quoted_joke.strip().strip('"')
    rating = 5 + int(_digest(joke)[0], 16) % 5
    return f"I give “{joke}” {rating} out of 10. {_choose(_REVIEWS, joke)}"


def _perspective(start: str) -> Callable[[str], str]:
    return lambda topic: f"On {topic.strip()}: {_PERSPECTIVES[start].format(topic=topic.strip())}"


_ANSWERS: dict[str, Callable[[str], str]] = {
    "Make a joke about ": _joke,
    "Rate this joke 1-10 and explain why: ": _review,
    **{f"{start} ": _perspective(start) for start in _PERSPECTIVES},
}


def _choose(texts: tuple[str, ...], key: str) -> str:
    return texts[int(_digest(key), 16) % len(texts)]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()[:8]
