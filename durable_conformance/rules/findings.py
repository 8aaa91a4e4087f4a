"""What an exploration reports: findings, each with the rule it breaks and the crash that showed it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """Something that must hold for a durable handler.

    Attributes:
        name: Its name in reports, kebab-case.
        breaks_it: What breaks it.
        matters: Why that matters in production.
        remedy: What to do about a finding.
        source: Where the public guidance on durable functions says so; empty where it does not.
    """

    name: str
    breaks_it: str
    matters: str
    remedy: str
    source: str = ""


@dataclass(frozen=True)
class Finding:
    """One way in which a handler broke a rule.

    Attributes:
        rule: The rule's name.
        path: The operation it was seen at; `execution` for the execution as a whole.
        crash: What was done to the execution that showed it.
        expected: What should have been.
        actual: What was.
        remedy: What to do.
    """

    rule: str
    path: str
    crash: str
    expected: str
    actual: str
    remedy: str


EXECUTION = "execution"


def finding(rule: Rule, path: str, crash: str, *, expected: str, actual: str) -> Finding:
    """A finding of `rule`, with the rule's remedy."""
    return Finding(rule.name, path, crash, expected, actual, rule.remedy)


@dataclass(frozen=True)
class Report:
    """What an exploration did and found.

    It is exhaustive over the enumerated points, for the scripted input, under the perturbations applied; it is not a
    proof for all inputs.

    Attributes:
        points: Crash points enumerated.
        runs: Executions run.
        rules: Names of the rules that were checked.
        seconds: How long it took.
        findings: What was found, each rule and path once, with the first crash that showed it.
        could_not_run: What kept a part of the exploration from being done; empty if nothing did.
        left_out: What was not explored, and why; empty if everything was.
        undisturbed: How the execution ends that nothing disturbs: SUCCEEDED, or FAILED with its error.
        left_behind: What executions left in their processes, such as processes of their own, and how many did.
        tracebacks: Where what could not be run failed, as far as that is the user's code.
        interrupted: Whether somebody has ended the exploration before its end.
    """

    points: int
    runs: int
    rules: tuple[str, ...]
    seconds: float
    findings: tuple[Finding, ...]
    could_not_run: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    undisturbed: str = ""
    left_behind: tuple[str, ...] = ()
    tracebacks: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def conforms(self) -> bool:
        """Whether nothing was found, and nothing kept a run from being made."""
        return not self.findings and not self.could_not_run and not self.interrupted
