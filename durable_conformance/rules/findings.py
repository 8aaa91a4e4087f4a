"""What an exploration reports: findings, each with the rule it breaks and the crash that showed it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from durable_conformance.choices import Severity, Shard


@dataclass(frozen=True)
class Rule:
    """Something that must hold for a durable handler."""

    name: str  # kebab-case
    breaks_it: str
    matters: str  # why, in production
    remedy: str
    source: str = ""  # where the public guidance on durable functions says so; empty where it does not
    severity: Severity = Severity.ERROR  # of its findings, unless one says otherwise


@dataclass(frozen=True)
class Cause:
    """Why a run differs."""

    what: str  # as the code has it: `date.today()`, or the name of a variable
    line: str  # as `handler.py:12`
    why: str  # what is wrong with it, in a sentence that begins with it
    likely: bool = False  # it comes before what differs; that its value is in it cannot be told
    remedy: str = ""  # what to do about it, in the imperative

    def __str__(self) -> str:
        why = f"{self.why}: {self.remedy}" if self.remedy else self.why
        return f"likely: {why}" if self.likely else why

    def at_most_likely(self, *, likely: bool) -> Cause:
        """The same, or the same as likely."""
        return replace(self, likely=likely)


@dataclass(frozen=True)
class Deed:
    """One of several things that a finding lists, each of which people may ignore."""

    line: str  # of the user's that does it, as `handler.py:12`; empty where it is not known
    text: str
    grave: bool  # it makes the finding an error


@dataclass(frozen=True)
class Finding:
    """One way in which a handler broke a rule."""

    rule: str  # its name
    path: str  # the operation it was seen at, or `EXECUTION`
    crash: str  # what was done to the execution that showed it
    expected: str
    actual: str
    remedy: str
    severity: Severity = Severity.ERROR
    line: str = ""  # of the user's that calls the operation, or did it, as `handler.py:12`; empty where it is not known
    cause: Cause | None = None  # of what differs, as far as it is known
    case: str = ""  # the id of the experiment that showed it: the same in each check of the same handler
    deeds: tuple[Deed, ...] = ()  # what it lists, if it lists several things

    @property
    def told_as(self) -> tuple[str, str, str]:
        """What is told once: a rule that is broken at a place. Retries have several causes, which only cost."""
        cause = self.actual if self.rule == "retry-policy" and self.severity is Severity.WARNING else ""
        return self.rule, self.path, cause

    def caused_by(self, cause: Cause | None, line: str = "") -> Finding:
        """The same finding, with its cause, and the line that calls its operation if it has none of its own."""
        return replace(self, cause=cause, line=self.line or line)

    def under(self, rule: Rule) -> Finding:
        """The same finding, under another rule: what showed it says what broke."""
        return replace(self, rule=rule.name, remedy=rule.remedy)


def finding(
    rule: Rule,
    path: str,
    crash: str,
    *,
    expected: str,
    actual: str,
    severity: Severity | None = None,
    line: str = "",
    remedy: str = "",
) -> Finding:
    """A finding of `rule`, with the rule's remedy and severity unless others are given.

    `line` is given where it is another one than that which calls the operation.
    """
    return Finding(rule.name, path, crash, expected, actual, remedy or rule.remedy, severity or rule.severity, line)


@dataclass(frozen=True)
class Unused:
    """A rule of which an exploration says nothing."""

    rule: str  # its name
    why: str  # what it had nothing of, such as `no batch`; or which option leaves it out
    left_out: bool = False  # by an option


@dataclass(frozen=True)
class FileCoverage:
    """How much of the handler's functions in a file an exploration has reached."""

    file: str  # from the folder that people are in
    lines: int  # of the functions that were run, and of those that they name
    missed: tuple[int, ...]  # the numbers of those lines that no run has reached

    def __str__(self) -> str:
        """As `app.py: 38 of 45 lines; not reached: 41-47`."""
        told = f"{self.file}: {self.lines - len(self.missed)} of {self.lines} lines"
        return f"{told}; not reached: {', '.join(self._ranges())}" if self.missed else told

    def _ranges(self) -> Iterator[str]:
        for _, group in itertools.groupby(enumerate(self.missed), key=lambda one: one[1] - one[0]):
            numbers = [number for _, number in group]
            yield f"{numbers[0]}-{numbers[-1]}" if numbers[1:] else str(numbers[0])


def joined(several: Iterable[Iterable[FileCoverage]]) -> tuple[FileCoverage, ...]:
    """What several explorations have reached together, in the order in which files come first."""
    by_file: dict[str, FileCoverage] = {}
    for one in itertools.chain.from_iterable(several):
        known = by_file.get(one.file, one)
        missed = set(known.missed).intersection(one.missed)
        by_file[one.file] = FileCoverage(one.file, max(known.lines, one.lines), tuple(sorted(missed)))
    return tuple(by_file.values())


@dataclass(frozen=True)
class FileLines:
    """Which lines of a file an exploration has reached, of the handler's functions in it."""

    file: str  # from the folder that people are in
    lines: tuple[int, ...]  # of the functions that were run, and of those that they name
    missed: tuple[int, ...]  # those that no run has reached

    @property
    def counted(self) -> FileCoverage:
        return FileCoverage(self.file, len(self.lines), self.missed)


@dataclass(frozen=True)
class Told:
    """A finding, and when its run comes."""

    finding: Finding
    order: float  # of its experiment: what is told does not depend on which run has ended first

    def comes_before(self, other: Told) -> bool:
        """Whether it is told instead of `other`: a warning hides no error."""
        mine, theirs = (one.finding.severity is not Severity.ERROR for one in (self, other))
        return (mine, self.order) < (theirs, other.order)


@dataclass(frozen=True)
class NotMade:
    """What could not be run."""

    what: str  # with the reason, for people
    order: float  # of its experiment
    why: str = ""  # the reason alone; empty if it is about no experiment
    telling: bool = False  # its process has told: what others tell alike is nothing new
    traceback: str = ""


@dataclass(frozen=True)
class Piece:
    """What an exploration, or one shard of it, has done and found; `joining` makes a report of it."""

    shard: Shard | None
    way: str  # how people answer in it, in words; empty if as usual
    points: int  # of all shards
    plan: Mapping[str, str]  # of all shards: a digest of the cases' ids, for each kind that is shared out
    runs: int  # that belong to it
    common: Mapping[str, int]  # by id, how often runs were made that belong to no shard alone
    seconds: float
    explored: bool  # the execution that nothing disturbs was the one that was to be checked
    told: tuple[Told, ...]  # each rule and place once
    besides: tuple[Told, ...]  # what is in what differs, too: each cause's line once
    read: tuple[Finding, ...]  # what was read outside steps, which is told if no finding depends on it
    not_made: tuple[NotMade, ...]
    not_begun: int  # experiments, since too many were lost
    unmade: int  # known ones that were not made
    interrupted: bool  # somebody has ended it before its end
    enough: bool  # what was found was enough
    stopped_after: int  # operations, where an execution was not followed to its end; 0 if all were
    left_out: tuple[str, ...]
    left_behind: Mapping[str, int]  # by what stayed in the processes, after how many of its runs
    left_in_common: Mapping[str, int]  # the same of those that belong to no shard alone
    reached: tuple[FileLines, ...]  # the handler's file first
    undisturbed: str
    callbacks: tuple[str, ...]
    timeouts: tuple[tuple[str, int, str], ...]
    waited: int
    seen: tuple[str, ...]
    case: str
    unused: tuple[Unused, ...]  # if nothing breaks them

    @property
    def shows_otherwise(self) -> bool:
        """Whether an execution that nothing interrupts has shown that another one does otherwise."""
        errors = (one.finding for one in self.told if one.finding.severity is Severity.ERROR)
        return any(one.case.rpartition(":")[2] in self.common for one in errors)


@dataclass(frozen=True)
class Report:
    """What an exploration did and found.

    It is exhaustive over the enumerated points, for the scripted input, under the perturbations applied; it is not a
    proof for all inputs.
    """

    points: int  # crash points enumerated
    runs: int
    rules: tuple[str, ...]  # the names of those that had something to look at
    seconds: float
    findings: tuple[Finding, ...]  # each rule and path once, with the first crash that showed it
    could_not_run: tuple[str, ...] = ()  # what kept a part of the exploration from being done
    left_out: tuple[str, ...] = ()  # what was not explored, and why
    undisturbed: str = ""  # how the execution ends that nothing disturbs: SUCCEEDED, or FAILED with its error
    left_behind: tuple[str, ...] = ()  # what stayed in the processes, such as other processes, and after how many runs
    tracebacks: tuple[str, ...] = ()  # of what could not be run, as far as that is the user's code
    callbacks: tuple[str, ...] = ()  # the names of those that the undisturbed execution waits for
    timeouts: tuple[tuple[str, int, str], ...] = ()  # of its callbacks that have one: path, seconds, line
    answers: tuple[str, ...] = ()  # what these were answered, where nobody said so, in words
    waited: int = 0  # seconds of virtual time that pass in the undisturbed execution
    interrupted: bool = False  # somebody has ended the exploration before its end
    seen: tuple[str, ...] = ()  # what the undisturbed execution did: `2 model calls`, `1 dynamodb.PutItem`, …
    case: str = ""  # the id of the one case that was made, with what that takes; empty if all were
    unused: tuple[Unused, ...] = ()  # the rules that had nothing to look at, or were left out
    coverage: tuple[FileCoverage, ...] = ()  # of the handler's files; empty if nothing can be said
    ignored: tuple[Finding, ...] = ()  # what people have decided not to be told
    shard: Shard | None = None  # it is about the runs of this one alone; None if it is about all
    pieces: tuple[Piece, ...] = ()  # of a shard: what is joined with those of the others, for each way to answer

    @property
    def conforms(self) -> bool:
        """Whether there is no error, and nothing kept a run from being made. There may be warnings."""
        return not self.errors and not self.could_not_run and not self.interrupted

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity is Severity.WARNING)

    def failing(self, fail_on: Severity = Severity.ERROR) -> tuple[Finding, ...]:
        """The findings for which a check fails that fails on those of `fail_on`, and worse ones."""
        return self.findings if fail_on is Severity.WARNING else self.errors
