"""Seven handlers in the shape of the public AI workflow sample: same calls, same fields, own words.

https://github.com/aws-samples/sample-ai-workflows-in-aws-lambda-durable-functions
"""

import json
import re

import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration, WaitForCallbackConfig
from pydantic import BaseModel

from providers.scripted import reply, tool_use
from tests.conformance.as_found.says import answered, says, turns, warns

SMALL = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
MEDIUM = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
DEFAULT_RETRIES = "retry-policy"
"""Steps without a retry strategy try a refused call six times, which costs: a warning."""

_client = None


def bedrock():
    global _client
    if _client is None:
        _client = boto3.client("bedrock-runtime")
    return _client


def converse(model, text):
    reply = bedrock().converse(modelId=model, messages=[{"role": "user", "content": [{"text": text}]}])
    return reply.get("output", {}).get("message", {}).get("content", [{}])[0].get("text", "")


# Two steps, the second built from the first's result. The default retries are worth a warning.
@warns(DEFAULT_RETRIES, models=2, aws=(), event={"topic": "rain"})
@durable_execution
def prompt_chaining(event, context: DurableContext):
    topic = (event or {}).get("topic", "tests")
    joke = context.step(lambda _: converse(SMALL, f"Tell a joke on {topic}"), "tell joke")
    verdict = context.step(
        lambda _: converse(SMALL, f"Give this joke points, 1 to 10, and say why: {joke!r}"), "rate joke"
    )
    return {"joke": joke, "review": verdict}


class Review(BaseModel):
    approved: bool
    notes: str | None = None


def hand_over(callback_id, document, fields):
    print(f"for review: {document} with {fields}")


# It conforms whether the reviewer approves or not; a timeout of days under a function's 900 seconds needs the template.
@says(
    event={"document": "Invoice 7, 40 EUR"}, callbacks={"Await review": answered('{"approved": false, "notes": "no"}')}
)
@durable_execution
def human_review(event, context: DurableContext):
    document = (event or {}).get("document", "An invoice")
    fields = context.step(
        lambda _: converse(MEDIUM, f"The fields of this document, in JSON: {document}"), "read fields"
    )
    answer = context.wait_for_callback(
        lambda callback_id, _: hand_over(callback_id, document, fields),
        "Await review",
        WaitForCallbackConfig(timeout=Duration.from_days(7)),
    )
    review = Review(**json.loads(answer))
    if review.approved:
        return {"status": "approved", "extractedFields": fields}
    return {"status": "rejected", "notes": review.notes, "extractedFields": fields}


# The map swallows failures, too, but if every call fails, so does the judge's step: nothing is passed over in silence.
@warns(DEFAULT_RETRIES, models=3, aws=(), event={"question": "Why is the sea salty?"})
@durable_execution
def llm_as_judge(event, context: DurableContext):
    question = (event or {}).get("question", "Why is the sky blue?")
    candidates = context.map(
        [SMALL, MEDIUM],
        lambda branch, model, index, models: {"modelId": model, "answer": converse(model, question)},
        "Ask candidates",
    ).get_results()

    def judge(_):
        listed = "\n".join(f"{n}. (Model: {one['modelId']}) {one['answer']}" for n, one in enumerate(candidates, 1))
        said = converse(SMALL, f'Which is best? JSON: {{"bestIndex": n, "reasoning": why}}\n{question}\n{listed}')
        found = re.search(r"\{[\s\S]*\}", said)
        choice = json.loads(found.group(0)) if found else {}
        index = choice.get("bestIndex", 1) - 1
        best = candidates[index] if 0 <= index < len(candidates) else candidates[0]
        return {"bestAnswer": best["answer"], "reasoning": choice.get("reasoning", ""), "sourceModel": best["modelId"]}

    return {"question": question, **context.step(judge, "judge")}


class Tool:
    def __init__(self, spec, run):
        self.spec = spec
        self.run = run


TOOLS = [
    Tool(
        {"name": "where", "description": "Where the user is.", "inputSchema": {"json": {"type": "object"}}},
        lambda *_: "Oslo",
    ),
    Tool(
        {
            "name": "weather",
            "description": "The weather at a place.",
            "inputSchema": {"json": {"type": "object", "properties": {"location": {"type": "string"}}}},
        },
        lambda given, child: f"It snows in {given.get('location', 'nowhere')}.",
    ),
    Tool(
        {
            "name": "ask_human",
            "description": "Asks a person.",
            "inputSchema": {"json": {"type": "object", "properties": {"question": {"type": "string"}}}},
        },
        lambda given, child: child.wait_for_callback(lambda callback_id, _: print(given.get("question")), "human"),
    ),
]


# The callback has no timeout: the execution may wait for as long as it may last. A loop without a bound is as found.
@warns(
    "budget",
    DEFAULT_RETRIES,
    models=4,
    aws=(),
    event={"prompt": "What is the weather here? Ask a person first."},
    script=turns(
        tool_use("where", {}),
        tool_use("weather", {"location": "Oslo"}),
        tool_use("ask_human", {"question": "May I say so?"}, text="I had better ask."),
        reply("It snows."),
    ),
    callbacks={"human": answered("You may.")},
)
@durable_execution
def agent_with_tools(event, context: DurableContext):
    messages = [{"role": "user", "content": [{"text": (event or {}).get("prompt", "What is the weather here?")}]}]
    tools = {tool.spec["name"]: tool for tool in TOOLS}
    while True:
        response = context.step(
            lambda _: bedrock().converse(
                modelId=MEDIUM,
                messages=messages,
                toolConfig={"tools": [{"toolSpec": tool.spec} for tool in TOOLS]},
            ),
            "converse",
        )
        message = response.get("output", {}).get("message", {})
        messages.append(message)
        if response.get("stopReason") == "end_turn":
            return next((block["text"] for block in message.get("content", []) if "text" in block), "")
        results = []
        for block in message.get("content", []):
            if "toolUse" not in block:
                continue
            use = block["toolUse"]
            tool = tools[use["name"]]
            text = context.run_in_child_context(
                lambda child: tool.run(use.get("input", {}), child),  # run at once
                f"tool:{use['name']}",
            )
            results.append({"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": text}]}})
        messages.append({"role": "user", "content": results})


ANGLES = ["What is good about", "What is hard about", "What will become of"]


# Every call refused: it succeeds with an empty list.
@says("failure-visible", models=3, aws=(), event={"topic": "trams"})
@durable_execution
def parallel_invocation(event, context: DurableContext):
    topic = (event or {}).get("topic", "trains")
    views = context.map(
        ANGLES,
        lambda branch, angle, index, angles: {"prompt": angle, "response": converse(SMALL, f"{angle} {topic}?")},
        "Gather views",
    )
    return {"topic": topic, "perspectives": views.get_results()}


class Contact(BaseModel):
    name: str
    email: str
    company: str


def contact_in(text):
    said = converse(SMALL, f'The contact in this text, as JSON with "name", "email" and "company": {text}')
    found = re.search(r"\{[^}]+\}", said)
    if not found:
        raise ValueError("the answer holds no JSON")
    return Contact(**json.loads(found.group())).model_dump()


# A step that asks and validates: with another answer at each attempt it is retried until one fits.
@warns(
    DEFAULT_RETRIES,
    models=1,
    aws=(),
    event={"text": "Ada Lovelace of Engines Ltd, ada@example.com"},
    script=turns(reply({"name": "Ada", "email": "ada@example.com", "company": "Engines Ltd"})),
)
@durable_execution
def structured_output(event, context: DurableContext):
    text = event.get("text", "Ada Lovelace, ada@example.com")
    return context.step(lambda _: contact_in(text), "extract contact")
