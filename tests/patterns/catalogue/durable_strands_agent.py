from durable_conformance import Answered, Refused, Silence
from durable_conformance.subject import APPROVE
from patterns.durable_strands_agent import durable_strands_agent
from providers.scripted import access_denied, always, reply, stopped, throttled, tool_use
from tests.patterns.catalogue.pattern import Pattern, bad_inputs, model_errors, recorded, scripted, stop_reasons

EVENT = {"prompt": "How many people live in Paris?"}
LOOK_UP = tool_use("get_population", {"city": "Paris"}, text="Let me look.")
ASK = tool_use("ask_person", {"question": "May I answer?"})
TOKYO = tool_use("get_population", {"city": "Tokyo"})
DONE = reply("About 2.1 million.")

PATTERN = Pattern(
    durable_strands_agent,
    {
        "default event": recorded("durable_strands_agent/default", {}),
        "with tools, a person asked": recorded(
            "durable_strands_agent/with_tools",
            {"prompt": "How many people live in Paris? Ask a person whether you may tell me."},
            {"ask-person": [Answered(APPROVE)]},
        ),
        "no tools": scripted(EVENT, {"*": [DONE]}),
        "one tool": scripted(EVENT, {"*": [LOOK_UP, DONE]}),
        "two tools in one turn": scripted(
            EVENT, {"*": [LOOK_UP + tool_use("get_population", {"city": "Tokyo"}), DONE]}
        ),
        "a person answers": scripted(EVENT, {"*": [LOOK_UP, ASK, DONE]}, {"ask-person": [Answered("Yes.")]}),
        "the person's system refuses": scripted(EVENT, {"*": [ASK, DONE]}, {"ask-person": [Refused("out of office")]}),
        "nobody answers": scripted(EVENT, {"*": [ASK, DONE]}, {"ask-person": [Silence()]}),
        "unknown tool": scripted(EVENT, {"*": [tool_use("rm_rf", {}), DONE]}),
        "invalid tool input": scripted(EVENT, {"*": [tool_use("get_population", {"town": 3}), DONE]}),
        "a tool fails": scripted(EVENT, {"*": [tool_use("get_population", {"city": "Atlantis"}), DONE]}),
        "a tool turn without a tool every time": scripted(EVENT, {"*": [always(stopped("tool_use"))]}),
        "nothing said every time": scripted(EVENT, {"*": [always(stopped("end_turn"))]}),
        "cut short every time": scripted(EVENT, {"*": [always(stopped("max_tokens", "About 2."))]}),
        "cut short after a tool, then an answer": scripted(
            EVENT, {"*": [LOOK_UP, stopped("max_tokens", "About 2."), DONE]}
        ),
        "tools for ever": scripted(EVENT, {"*": [always(LOOK_UP)]}),
        "denied in the second turn": scripted(EVENT, {"*": [LOOK_UP, access_denied()]}),
        "throttled in the second turn": scripted(EVENT, {"*": [LOOK_UP, throttled(), DONE]}),
        **model_errors(EVENT, "converse", {"converse": [DONE]}),
        **stop_reasons(EVENT, "converse", "a text"),
        **bad_inputs("prompt"),
    },
)
