"""The command that makes one case of a check again: what it is typed with, but for the case's id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from durable_conformance.commands.answers import GivenAnswer
from durable_conformance.commands.checks import Check
from durable_conformance.reporting import command


def typed_again(options: Mapping[str, object]) -> list[str]:
    """The words of the options that were given, by name, with their values; False and None are not given."""
    return list(_words(options))


def _words(options: Mapping[str, object]) -> Iterator[str]:
    for name, value in options.items():
        if value is True:
            yield name
        elif isinstance(value, list | tuple):
            for one in value:
                yield from (name, str(one))
        elif value is not None and value is not False:
            yield from (name, str(value))


def again(
    check: Check, checks: Sequence[Check], target: str | None, template: Path | None, words: Sequence[str]
) -> str:
    """The command for `check`, one of `checks`: it names the handler and the event that they may differ in.

    `words` are those of all other options that were given.
    """
    which: list[str] = []
    if target is not None:
        which.append(target)
    elif len({one.name for one in checks}) > 1:
        which += ["--function", check.name] if template is not None else [check.name]
    if check.event_name or check.event_typed:
        which += ["--event", str(check.event)]
    for option, answers in ("--answer", check.answered), ("--invoke", check.resulting):
        which += [word for name, text in answers.items() for word in (option, str(GivenAnswer(name, text)))]
    return command(["durable-ai", "check", *which, *words])
