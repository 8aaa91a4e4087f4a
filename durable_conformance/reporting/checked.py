"""What a command's checks came to, as every format is given it, and where in people's files it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from durable_conformance.rules import NAMES, RULES, Finding, Generated, Report, Severity


@dataclass(frozen=True)
class Ignore:
    """A comment that keeps the findings of a rule on its line from being told."""

    line: str  # as `app.py:31`
    rule: str


@dataclass(frozen=True)
class Runs:
    """The runs of one exploration, which the page shows."""

    scenario: str  # what its executions met, in a few words
    packed: bytes  # they are many, and much alike; without secrets, which nobody need look for again


@dataclass(frozen=True)
class Joining:
    """What a shard's report is joined by with those of the others."""

    made_with: Mapping[str, str]  # by name, what all shards have in common; of what is long or secret, a digest
    sources: Mapping[str, str]  # the handler's file, and all whose lines were reached: a digest of each
    ignore: tuple[str, ...]  # the rules whose findings are not told
    execution_timeout: int | None  # seconds; None if nobody says
    again: str  # the command that makes one case again, but for its id
    checks: tuple[str, ...]  # all that the command is to make, of which this is one: the others may be missing
    runs: tuple[Runs, ...]  # of each of the report's pieces


@dataclass(frozen=True)
class Checked:
    """One handler that was checked with one event."""

    check: str  # the handler and the event, as people name them
    file: str  # that the handler is in, from the folder that people are in
    fail_on: Severity  # the findings for which the check fails, and worse ones
    report: Report
    joining: Joining | None = None  # None if it is no shard's

    @property
    def title(self) -> str:
        """The check, and which part of it, if it is not the whole."""
        return f"{self.check} ({self.report.shard})" if self.report.shard else self.check

    def location(self, finding: Finding) -> Location:
        """Where `finding` is told: at its cause, or at its operation; at the handler's file if no line is known."""
        return self.places(finding)[0]

    def places(self, finding: Finding) -> tuple[Location, ...]:
        """The lines that are about `finding`."""
        return places_of(finding, self.handler.file)

    @property
    def handler(self) -> Location:
        return Location(Path.cwd() / self.file)

    def failing(self) -> tuple[Finding, ...]:
        return self.report.failing(self.fail_on)


@dataclass(frozen=True)
class Outcome:
    """What all checks of a command came to."""

    checks: tuple[Checked, ...]
    unused_ignores: tuple[Ignore, ...] = ()  # comments that kept nothing from being told
    generated: tuple[Generated, ...] = ()  # for each handler that events were made up for

    def findings(self) -> Iterator[tuple[Checked, Finding]]:
        return ((checked, finding) for checked in self.checks for finding in checked.report.findings)


@dataclass(frozen=True)
class Location:
    """A line of a file, or the file as a whole."""

    file: Path
    number: int | None = None

    def seen_from(self, folder: Path) -> str:
        """As `app.py:31`, from `folder`."""
        return f"{shown(self.file, folder)}{'' if self.number is None else f':{self.number}'}"

    def text(self) -> str:
        """What stands on the line; empty if there is none."""
        try:
            lines = self.file.read_text(encoding="utf-8", errors="replace").splitlines()
        except (OSError, ValueError):  # a name that no file can have
            return ""
        return lines[self.number - 1].strip() if self.number and self.number <= len(lines) else ""


def located(line: str, handler: Path) -> Location:
    """Where `line`, such as `app.py:31`, is; the file `handler` if it names no line.

    A line is named from the folder that people are in; in a file that is elsewhere, by the file's name alone.
    """
    name, _, number = line.rpartition(":")
    if not name or not number.isdecimal():
        return Location(handler)
    here, beside = Path.cwd() / name, handler.parent / name
    elsewhere = not beside.is_relative_to(Path.cwd()) and beside == handler
    file = beside if beside.is_file() and (elsewhere or not here.is_file()) else here
    return Location(file, int(number))


def places_of(finding: Finding, handler: Path) -> tuple[Location, ...]:
    """The lines of its cause and of its operation, or that of the one which is known; else the file `handler`.

    What lists several things has the lines of these.
    """
    lines = (finding.cause.line if finding.cause else "", finding.line, *(one.line for one in finding.deeds))
    return tuple(located(line, handler) for line in dict.fromkeys(filter(None, lines))) or (Location(handler),)


def headline(finding: Finding) -> str:
    """The cause of what was found, and what to do about it; the rule's words if no cause is known."""
    return str(finding.cause or RULES[NAMES.index(finding.rule)].breaks_it)


def described(finding: Finding) -> str:
    """What was found, in full."""
    remedy = "" if finding.cause else f"\n{finding.remedy}"
    return (
        f"{headline(finding)}\n{finding.path}: {finding.actual}\nexpected: {finding.expected}\n"
        f"shown by: {finding.crash}{remedy}"
    )


def shown(file: Path, folder: Path) -> str:
    """`file` from `folder`, if it is in there, with slashes."""
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()


def repository() -> Path:
    """The folder that a code host's paths begin at: the repository's that people are in, or else this folder."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
