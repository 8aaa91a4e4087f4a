from patterns.parallel_invocation import parallel_invocation
from providers.scripted import access_denied, always, reply, stopped, throttled
from tests.patterns.catalogue.pattern import Pattern, bad_inputs, model_errors, recorded, scripted, stop_reasons

EVENT = {"topic": "tides"}
ANSWERS = {
    "perspective-1": [reply("Energy.")],
    "perspective-2": [reply("Timing.")],
    "perspective-3": [reply("More turbines.")],
}

PATTERN = Pattern(
    parallel_invocation,
    {
        "default event": recorded("parallel_invocation/default", {}),
        "answered": scripted(EVENT, ANSWERS),
        **model_errors(EVENT, "perspective-2", ANSWERS),
        "one branch filtered": scripted(EVENT, {**ANSWERS, "perspective-1": [stopped("content_filtered")]}),
        "two branches throttled once": scripted(
            EVENT,
            {
                **ANSWERS,
                "perspective-1": [throttled(), reply("Energy.")],
                "perspective-3": [throttled(), throttled(), reply("More turbines.")],
            },
        ),
        "every branch throttled every time": scripted(EVENT, {"*": [always(throttled())]}),
        "every branch denied": scripted(EVENT, {"*": [always(access_denied())]}),
        **stop_reasons(EVENT, "perspective-1", "a text"),
        **bad_inputs("topic"),
    },
)
