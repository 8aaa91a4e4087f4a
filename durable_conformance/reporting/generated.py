"""What making up events has found, in lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

from durable_conformance.reporting.again import command
from durable_conformance.rules import Generated, MadeUp


def generated_lines(generated: Generated) -> Iterator[str]:
    """What was made up and added, the events that were kept as they are typed, and why others were not."""
    kept = len(generated.kept)
    which = "1 reaches" if kept == 1 else f"{kept or 'none'} reach{'' if kept else 'es'}"
    count = f"{generated.events} event{'' if generated.events == 1 else 's'}"
    begun = "interrupted, " if generated.interrupted else ""
    told = f"generated: {begun}{count}, of which {which} more"
    yield ": ".join([told, *filter(None, ["; ".join(_reached(generated))])])
    yield from (f"  {_typed(one)}" for one in generated.kept)
    yield from (f"  {json.dumps(one.event)}{_answers(one)} {one.fails}" for one in generated.failing)
    yield from (f"  could not run: {why}" for why in generated.could_not_run)


def _reached(generated: Generated) -> Iterator[str]:
    before = {one.file: one.lines - len(one.missed) for one in generated.before}
    for one in generated.after:
        now = one.lines - len(one.missed)
        first = before.get(one.file, 0)
        yield (
            f"{one.file}: {first} → {now} of {one.lines} lines" if now != first else f"{one.file}: {now} of {one.lines}"
        )


def _typed(one: MadeUp) -> str:
    words = ["--event", json.dumps(one.event)]
    for option, answers in ("--answer", one.answers), ("--invoke", one.invokes):
        words += [word for name, text in answers.items() for word in (option, f"{name}={text}")]
    return command(words)


def _answers(one: MadeUp) -> str:
    said = [f"{name}={text}" for answers in (one.answers, one.invokes) for name, text in answers.items()]
    return f" answered {', '.join(said)}" if said else ""
