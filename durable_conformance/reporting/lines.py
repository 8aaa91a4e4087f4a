"""Formats of a line for each finding: for people who read many, and for GitHub, which shows them beside the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from durable_conformance.reporting.checked import Location, Outcome, described, located, repository, shown
from durable_conformance.reporting.text import about_a_shard
from durable_conformance.reporting.timeline import one_line


def concise(outcome: Outcome) -> str:
    """`app.py:31: error rule /2:operation: the cause; what happened [case id]`."""
    here = Path.cwd()
    lines = [f"{one.file}: {about_a_shard(shard)}" for one in outcome.checks if (shard := one.report.shard)]
    for checked, one in outcome.findings():
        case = f" [case {one.case}]" if one.case else ""
        place = checked.location(one).seen_from(here)
        why = f"{one.cause}; " if one.cause else ""
        lines.append(f"{place}: {one.severity} {one.rule} {one.path}: {why}{one_line(one.actual)}{case}")
    for checked in outcome.checks:
        lines += [f"{checked.file}: could not run: {why}" for why in checked.report.could_not_run]
    lines += [f"{one.line}: unused ignore[{one.rule}]" for one in outcome.unused_ignores]
    return "\n".join(one_line(line, len(line)) for line in lines)


def github(outcome: Outcome) -> str:
    """Workflow commands, which a job's log may hold anywhere."""
    return "\n".join(_commands(outcome))


def _commands(outcome: Outcome) -> Iterator[str]:
    for checked in outcome.checks:
        if shard := checked.report.shard:
            yield _command("notice", checked.handler, str(shard), f"{checked.check}: {about_a_shard(shard)}")
    for checked, one in outcome.findings():
        case = f"\ncase: {one.case}" if one.case else ""
        yield _command(one.severity, checked.location(one), one.rule, f"{described(one)}{case}")
    for checked in outcome.checks:
        for why in checked.report.could_not_run:
            yield _command("error", checked.handler, "could not run", f"{checked.check}: {why}")
    for ignore in outcome.unused_ignores:
        place = located(ignore.line, Path.cwd())
        yield _command("warning", place, "unused ignore", f"No finding of {ignore.rule} is on this line.")


def _command(kind: str, place: Location, title: str, message: str) -> str:
    """A command of GitHub Actions; its runner takes these characters for its own.

    https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    options = {"file": shown(place.file, repository()), "line": place.number, "title": f"durable-ai: {title}"}
    given = ",".join(
        f"{name}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in options.items()
        if value is not None
    )
    return f"::{kind} {given}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
