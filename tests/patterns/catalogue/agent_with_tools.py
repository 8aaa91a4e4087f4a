from durable_conformance import Answered, Refused, Silence
from durable_conformance.subject import APPROVE
from patterns.agent_with_tools import agent_with_tools
from providers import StopReason
from providers.scripted import Reply, always, reply, stopped, tool_use
from tests.patterns.catalogue.pattern import Pattern, bad_inputs, model_errors, recorded, scripted, stop_reasons

EVENT = {"prompt": "What is the weather here?"}
LOCATE = tool_use("get_location", {}, text="Let me see where you are.")
WEATHER = tool_use("get_weather", {"location": "London, UK"})
ASK = tool_use("wait_for_human_review", {"question": "Is sunny right?"})
DONE = reply("It is sunny in London.")

PATTERN = Pattern(
    agent_with_tools,
    {
        "default event, reviewed": recorded("agent_with_tools/default", {}, {"human-review": [Answered(APPROVE)]}),
        "no tools": scripted(EVENT, {"turn-1": [DONE]}),
        "two tools, one after the other": scripted(EVENT, {"turn-1": [LOCATE], "turn-2": [WEATHER], "turn-3": [DONE]}),
        "two tools in one turn": scripted(EVENT, {"turn-1": [LOCATE + WEATHER], "turn-2": [DONE]}),
        "a person answers": scripted(EVENT, {"turn-1": [ASK], "turn-2": [DONE]}, {"human-review": [Answered("Yes.")]}),
        "two people answer": scripted(
            EVENT, {"turn-1": [ASK + ASK], "turn-2": [DONE]}, {"human-review": [Answered("Yes."), Answered("No.")]}
        ),
        "two people answer, far apart": scripted(
            EVENT,
            {
                "turn-1": [ASK],
                **{f"turn-{n}": [LOCATE + WEATHER] for n in range(2, 7)},
                "turn-7": [ASK],
                "turn-8": [DONE],
            },
            {"human-review": [Answered("Yes."), Answered("No.")]},
        ),
        "a tool asked for at the end of the turn": scripted(
            EVENT, {"turn-1": [Reply(LOCATE.content, StopReason.END_TURN)], "turn-2": [DONE]}
        ),
        "the person's system refuses": scripted(
            EVENT, {"turn-1": [ASK], "turn-2": [DONE]}, {"human-review": [Refused("out of office")]}
        ),
        "nobody answers": scripted(EVENT, {"turn-1": [ASK], "turn-2": [DONE]}, {"human-review": [Silence()]}),
        "unknown tool": scripted(EVENT, {"turn-1": [tool_use("rm_rf", {})], "turn-2": [DONE]}),
        "invalid tool input": scripted(EVENT, {"turn-1": [tool_use("get_weather", {"city": 3})], "turn-2": [DONE]}),
        "tool input is no object": scripted(EVENT, {"turn-1": [tool_use("get_weather", "Rome")], "turn-2": [DONE]}),
        "a tool turn without a tool every time": scripted(EVENT, {"*": [always(stopped("tool_use"))]}),
        "nothing said every time": scripted(EVENT, {"*": [always(stopped("end_turn"))]}),
        "cut short after a tool, then an answer": scripted(
            EVENT, {"turn-1": [LOCATE], "turn-2": [stopped("max_tokens", "It is su")], "turn-3": [DONE]}
        ),
        "tools for ever": scripted(EVENT, {"*": [always(LOCATE)]}),
        "cut short every time": scripted(EVENT, {"*": [always(stopped("max_tokens", "It is su"))]}),
        "malformed tool use, then an answer": scripted(
            EVENT, {"turn-1": [stopped("malformed_tool_use")], "turn-2": [DONE]}
        ),
        **model_errors(EVENT, "turn-2", {"turn-1": [LOCATE], "turn-2": [DONE]}),
        **stop_reasons(EVENT, "turn-1", "a text"),
        **bad_inputs("prompt"),
    },
)
