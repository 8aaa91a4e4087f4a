"""What an exploration reports: findings, each with the rule it breaks and the crash that showed it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rule:
    """Something that must hold for a durable handler."""

    name: str  # kebab-case
    breaks_it: str
    matters: str  # why, in production
    remedy: str
    source: str = ""  # where the public guidance on durable functions says so; empty where it does not


@dataclass(frozen=True)
class Finding:
    """One way in which a handler broke a rule."""

    rule: str  # its name
    path: str  # the operation it was seen at, or `EXECUTION`
    crash: str  # what was done to the execution that showed it
    expected: str
    actual: str
    remedy: str

    def under(self, rule: Rule) -> Finding:
        """The same finding, under another rule: what showed it says what broke."""
        return replace(self, rule=rule.name, remedy=rule.remedy)


EXECUTION = "execution"


def finding(rule: Rule, path: str, crash: str, *, expected: str, actual: str) -> Finding:
    """A finding of `rule`, with the rule's remedy."""
    return Finding(rule.name, path, crash, expected, actual, rule.remedy)


@dataclass(frozen=True)
class Report:
    """What an exploration did and found.

    It is exhaustive over the enumerated points, for the scripted input, under the perturbations applied; it is not a
    proof for all inputs.
    """

    points: int  # crash points enumerated
    runs: int
    rules: tuple[str, ...]  # the names of those that were checked
    seconds: float
    findings: tuple[Finding, ...]  # each rule and path once, with the first crash that showed it
    could_not_run: tuple[str, ...] = ()  # what kept a part of the exploration from being done
    left_out: tuple[str, ...] = ()  # what was not explored, and why
    undisturbed: str = ""  # how the execution ends that nothing disturbs: SUCCEEDED, or FAILED with its error
    left_behind: tuple[str, ...] = ()  # what stayed in the processes, such as other processes, and after how many runs
    tracebacks: tuple[str, ...] = ()  # of what could not be run, as far as that is the user's code
    interrupted: bool = False  # somebody has ended the exploration before its end

    @property
    def conforms(self) -> bool:
        """Whether nothing was found, and nothing kept a run from being made."""
        return not self.findings and not self.could_not_run and not self.interrupted
