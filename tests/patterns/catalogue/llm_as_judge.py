from patterns.llm_as_judge import llm_as_judge
from providers.scripted import access_denied, always, reply, throttled
from tests.patterns.catalogue.pattern import Pattern, bad_inputs, model_errors, recorded, scripted, stop_reasons

EVENT = {"question": "Why is the sky blue?"}
VERDICT = reply({"best": 2, "reasoning": "It names Rayleigh."})
NOBODY = reply({"best": 3, "reasoning": "?"})
ANSWERS = {
    "candidate-1": [reply("Because.")],
    "candidate-2": [reply("Rayleigh scattering.")],
    "judge": [VERDICT],
}

PATTERN = Pattern(
    llm_as_judge,
    {
        "default event": recorded("llm_as_judge/default", {}),
        "answered": scripted(EVENT, ANSWERS),
        **model_errors(EVENT, "judge", ANSWERS),
        "one candidate throttled once": scripted(EVENT, {**ANSWERS, "candidate-1": [throttled(), reply("Because.")]}),
        "one candidate denied": scripted(
            EVENT,
            {**ANSWERS, "candidate-1": [access_denied()], "judge": [reply({"best": 1, "reasoning": "The only one."})]},
        ),
        "every candidate throttled every time": scripted(EVENT, {"*": [always(throttled())]}),
        "every candidate denied": scripted(EVENT, {"*": [always(access_denied())]}),
        "verdict names no candidate, then one": scripted(
            EVENT,
            {**ANSWERS, "judge": [NOBODY, reply({"best": 0, "reasoning": "?"}), VERDICT]},
        ),
        "verdict names no candidate every time": scripted(EVENT, {**ANSWERS, "judge": [always(NOBODY)]}),
        "verdict is prose, then JSON": scripted(EVENT, {**ANSWERS, "judge": [reply("The second."), VERDICT]}),
        **stop_reasons(EVENT, "judge", '{"best": 1, "reasoning": "r"}'),
        **bad_inputs("question"),
    },
)
