from patterns.structured_output import structured_output
from providers.scripted import always, reply, throttled
from tests.patterns.catalogue.pattern import Pattern, bad_inputs, model_errors, recorded, scripted, stop_reasons

EVENT = {"text": "Ana from Initech, ana@initech.example"}
CONTACT = reply({"name": "Ana", "email": "ana@initech.example", "company": "Initech"})
ANSWERS = {"*": [CONTACT]}
BAD = {
    "prose": reply("I could not find anything."),
    "broken JSON": reply('{"name": "Ana", "email": '),
    "a list": reply('["Ana"]'),
    "a field missing": reply({"name": "Ana", "company": "Initech"}),
    "a field of the wrong type": reply({"name": 1, "email": "a@b", "company": "c"}),
    "a field too many": reply({"name": "Ana", "email": "a@b", "company": "c", "age": 3}),
    "a value that is no address": reply({"name": "Ana", "email": "nowhere", "company": "c"}),
    "nested braces": reply('{"name": {"first": "Ana"}, "email": "a@b", "company": "c"}'),
}

PATTERN = Pattern(
    structured_output,
    {
        "default event": recorded("structured_output/default", {}),
        "answered": scripted(EVENT, ANSWERS),
        "JSON in a code fence": scripted(
            EVENT, {"*": [reply('Here it is:\n```json\n{"name": "Ana", "email": "a@b", "company": "c"}\n```')]}
        ),
        **model_errors(EVENT, "extract-contact", ANSWERS),
        **{
            f"{name}, then good": scripted(EVENT, {"extract-contact": [bad, bad, CONTACT]}) for name, bad in BAD.items()
        },
        "repaired, a repair throttled": scripted(
            EVENT, {"extract-contact": [BAD["prose"], throttled(), BAD["prose"], CONTACT]}
        ),
        "bad every time": scripted(EVENT, {"*": [always(BAD["prose"])]}),
        **stop_reasons(EVENT, "extract-contact", '{"name": "Ana", "email": "a@b", "company": "c"}'),
        **bad_inputs("text"),
    },
)
