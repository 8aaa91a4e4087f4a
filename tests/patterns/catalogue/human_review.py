import json

from durable_conformance import Answered, Refused, Silence
from durable_conformance.subject import APPROVE, CallbackAnswer
from patterns.human_review import human_review
from providers.scripted import always, reply
from tests.patterns.catalogue.pattern import Pattern, bad_inputs, model_errors, recorded, scripted, stop_reasons

EVENT = {"document": "Invoice 7: 12 EUR"}
EXTRACTED = reply({"fields": [{"name": "number", "value": "7"}, {"name": "amount", "value": "12 EUR"}]})
ANSWERS = {"*": [EXTRACTED]}
TWICE = reply({"fields": [{"name": "amount", "value": "1"}, {"name": "amount", "value": "2"}]})
APPROVED = Answered(APPROVE)
REJECTED = Answered(json.dumps({"approved": False, "notes": "Wrong amount."}))
MALFORMED = {
    "no JSON": Answered("yes"),
    "nothing": Answered(None),
    "a number for a yes": Answered('{"approved": 1}'),
    "a text for a yes": Answered('{"approved": "true"}'),
    "a field too many": Answered('{"approved": true, "by": "eve"}'),
    "a list": Answered("[true]"),
    "approved missing": Answered('{"notes": "fine"}'),
}


def reviewed(*answers: CallbackAnswer) -> dict[str, list[CallbackAnswer]]:
    """One answer for each round."""
    rounds = ("human-review", "human-review-2", "human-review-3")
    return {name: [answer] for name, answer in zip(rounds, answers, strict=False)}


PATTERN = Pattern(
    human_review,
    {
        "default event, approved": recorded("human_review/default", {}, reviewed(APPROVED)),
        "approved": scripted(EVENT, ANSWERS, reviewed(APPROVED)),
        "approved with notes": scripted(
            EVENT, ANSWERS, reviewed(Answered('{"approved": true, "notes": "Checked twice."}'))
        ),
        "rejected": scripted(EVENT, ANSWERS, reviewed(REJECTED)),
        "refused by the reviewer's system": scripted(EVENT, ANSWERS, reviewed(Refused("queue is down"))),
        "nobody answers": scripted(EVENT, ANSWERS, reviewed(Silence())),
        **{
            f"malformed ({name}), then approved": scripted(EVENT, ANSWERS, reviewed(answer, APPROVED))
            for name, answer in MALFORMED.items()
        },
        "malformed twice, then rejected": scripted(EVENT, ANSWERS, reviewed(Answered("?"), Answered("??"), REJECTED)),
        "malformed, then nobody answers": scripted(EVENT, ANSWERS, reviewed(Answered("?"), Silence())),
        "malformed every time": scripted(EVENT, ANSWERS, reviewed(Answered("?"), Answered("?"), Answered("?"))),
        **model_errors(EVENT, "extract-fields", ANSWERS, reviewed(APPROVED)),
        "a name twice, then good": scripted(EVENT, {"*": [TWICE, EXTRACTED]}, reviewed(APPROVED)),
        "nothing extracted every time": scripted(EVENT, {"*": [always(reply({"fields": []}))]}),
        **stop_reasons(EVENT, "extract-fields", '{"fields": [{"name": "number", "value": "7"}]}', reviewed(APPROVED)),
        **bad_inputs("document"),
    },
)
