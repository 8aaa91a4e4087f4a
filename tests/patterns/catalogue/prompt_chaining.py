from patterns.prompt_chaining import prompt_chaining
from providers.scripted import always, reply, stopped, throttled
from tests.patterns.catalogue.pattern import Pattern, bad_inputs, model_errors, recorded, scripted, stop_reasons

EVENT = {"topic": "tea"}
ANSWERS = {"generate-joke": [reply("A tea-se.")], "review-joke": [reply("7: steeped in tradition.")]}

PATTERN = Pattern(
    prompt_chaining,
    {
        "default event": recorded("prompt_chaining/default", {}),
        "answered": scripted(EVENT, ANSWERS),
        **model_errors(EVENT, "generate-joke", ANSWERS),
        "second call throttled every time": scripted(EVENT, {**ANSWERS, "review-joke": [always(throttled())]}),
        "empty, then a joke": scripted(
            EVENT,
            {
                "generate-joke": [stopped("end_turn"), reply("A tea-se.")],
                "review-joke": [reply("7")],
            },
        ),
        "malformed, then a joke": scripted(
            EVENT,
            {"generate-joke": [stopped("malformed_model_output"), reply("A tea-se.")], "review-joke": [reply("7")]},
        ),
        "cut short every time": scripted(EVENT, {"*": [always(stopped("max_tokens", "A te"))]}),
        **stop_reasons(EVENT, "review-joke", "a text"),
        **bad_inputs("topic"),
    },
)
