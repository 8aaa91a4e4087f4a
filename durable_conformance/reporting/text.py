"""Reports for a terminal, a file or a test: what an exploration found, and how one execution ended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from durable_conformance.choices import Shard
from durable_conformance.execution import Run, Status
from durable_conformance.model import ModelCall
from durable_conformance.reporting.again import command_again
from durable_conformance.rules import EXECUTION, RULES, FileCoverage, Finding, Report, Rule, Severity

WIDTH = 120
"""Characters of a line where no terminal says how many there are."""


_IN_THE_RESULT = frozenset(
    {"result-stability", "environment", "no-invocation-state", "completion-order", "failure-visible"}
)
_OUTSIDE = frozenset({"durable-calls", "no-repeated-call", "request-stability", "side-effects"})
"""Rules, by where their findings are that are at no operation."""

MOST_FILES = 3
"""Of a handler: of more, the first one's lines are told, and of the others how many."""


def summary(report: Report) -> str:
    """What was done and found, in one line."""
    warned = len(report.warnings)
    if report.conforms and report.shard:
        verdict = f"nothing found{f', but for {_counted(warned, "warning")}' if warned else ''}"
    elif report.conforms:
        verdict = f"conforms, with {_counted(warned, 'warning')}" if warned else "conforms"
    else:
        verdict = _counted(len(report.errors), "finding") + (f", {_counted(warned, 'warning')}" if warned else "")
    if report.ignored:
        verdict += f", {len(report.ignored)} ignored"
    if report.interrupted:
        verdict = f"interrupted, {verdict}"
    if report.could_not_run:
        verdict += f", {len(report.could_not_run)} could not run"
        if not report.rules and not report.errors:
            verdict = f"nothing was checked, {len(report.could_not_run)} could not run"
            return f"{verdict}: {_counted(report.runs, 'run')}, {report.seconds:.1f} seconds"
    if report.case:
        return f"{verdict}: the case {report.case} alone, {_counted(report.runs, 'run')}, {report.seconds:.1f} seconds"
    did = f"{report.points} crash points, {report.runs} runs, {len(report.rules)} rules, {report.seconds:.1f} seconds"
    if report.shard:
        return f"{report.shard}: {verdict}: {did}; the runs of the other shards were not looked at"
    return f"{verdict}: {did}; {scope([report])}"


def scope(reports: Iterable[Report]) -> str:
    """What these reports are about, of all that could be run."""
    if any(one.interrupted or one.could_not_run for one in reports):
        return "not all was run"
    return "exhaustive over these points, for this input and these answers"


def about_a_shard(shard: Shard) -> str:
    """What a report says first that is about one shard alone."""
    return f"{shard} alone: what the other shards run was not looked at; `durable-ai merge` joins the reports of all"


def rendered(report: Report, again: str = "", *, lines: bool = True) -> RenderableType:
    """The findings, grouped by what causes them, the errors first, and the summary.

    Each finding has the command that makes its run again, if `again` is that but for the case: print it with
    `crop=False`, for such a line is not broken. `lines` leaves out, if False, which lines were reached.
    """
    parts: list[RenderableType] = [Text(about_a_shard(report.shard), "bold")] if report.shard else []
    for headline, found in by_cause(report.findings):
        before = "" if _is_error(found) else "warning: "
        parts.append(Text(f"{before}{headline}", "italic"))
        parts += [
            Text(f"  {rule.name}: {rule.breaks_it}. In production, {rule.matters}.", "dim") for rule in rules_of(found)
        ]
        parts.append(findings_table("", found))
        commands = dict.fromkeys(filter(None, (command_again(again, finding) for finding in found)))
        parts += [Text(f"again: {one}", no_wrap=True, overflow="ignore") for one in commands]
    parts += [Text(f"could not run: {why}") for why in report.could_not_run]
    parts += [Text(traceback.rstrip(), "dim") for traceback in report.tracebacks]
    parts += [Text(f"left behind: {what}") for what in report.left_behind]
    parts += [Text(f"left out: {what}") for what in report.left_out]
    parts += [Text(f"callbacks: {what}") for what in report.answers]
    if report.undisturbed not in {"", Status.SUCCEEDED} and not report.could_not_run:
        parts.append(Text(f"undisturbed, the execution ends {report.undisturbed}"))
    if report.seen:
        parts.append(Text(what_was_seen(report)))
    if lines and not report.case:
        parts += [Text(line) for line in reached(report.coverage)]
    parts.append(Text(summary(report)))
    return Group(*parts)


def reached(coverage: Sequence[FileCoverage]) -> Iterator[str]:
    """Which lines of the handler's files were reached: of each, or of the first and of all others together."""
    told = coverage if len(coverage) <= MOST_FILES else coverage[:1]
    yield from (f"reached: {one}" for one in told)
    if others := coverage[len(told) :]:
        lines, missed = sum(one.lines for one in others), sum(len(one.missed) for one in others)
        yield f"reached: {len(others)} other files: {lines - missed} of {lines} lines"


def what_was_seen(report: Report) -> str:
    """What the undisturbed execution did, and which rules say nothing of it, in one line."""
    line = f"seen: {', '.join(report.seen)}"
    for words, left_out in ("nothing to look at", False), ("left out", True):
        if rules := [one for one in report.unused if one.left_out is left_out]:
            by_reason = {one.why: [other.rule for other in rules if other.why == one.why] for one in rules}
            line += f"; {words}: {', '.join(f'{_enumerated(names)} ({why})' for why, names in by_reason.items())}"
    return line


def _enumerated(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])


def by_cause(findings: Sequence[Finding]) -> Iterator[tuple[str, Sequence[Finding]]]:
    """The findings of each cause, and what to do about it: errors first; what is sure, what is likely, what has none.

    Findings without a cause have their rule and its remedy in common.
    """
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in findings:
        groups.setdefault((one.cause.what, one.cause.line) if one.cause else (one.rule, one.remedy), []).append(one)
    for found in sorted(groups.values(), key=lambda found: (not _is_error(found), _doubt(found))):
        first = telling(found)
        yield str(first.cause) if first.cause else f"{first.rule}: {first.remedy}", found


def telling(found: Sequence[Finding]) -> Finding:
    """Of those of one cause, the finding that says most of it: of an error, and surely."""
    return min(found, key=lambda one: (one.severity is not Severity.ERROR, one.cause is not None and one.cause.likely))


def _is_error(found: Sequence[Finding]) -> bool:
    return any(one.severity is Severity.ERROR for one in found)


def _doubt(found: Sequence[Finding]) -> int:
    return min(int(one.cause.likely) if one.cause else 2 for one in found)


def rules_of(found: Sequence[Finding]) -> Sequence[Rule]:
    """The rules that they break."""
    names = {one.rule for one in found}
    return [rule for rule in RULES if rule.name in names]


def place(finding: Finding) -> str:
    """Where it was seen: at an operation, in the result, or outside any operation."""
    if finding.path != EXECUTION:
        return finding.path
    read = finding.rule == "environment" and finding.severity is Severity.WARNING  # and nothing depended on it
    if read or finding.rule in _OUTSIDE:
        return "outside any operation"
    return "in the result" if finding.rule in _IN_THE_RESULT else "in the execution"


def findings_table(title: str, findings: Sequence[Finding]) -> Table:
    """One row for each finding."""
    table = Table(title=Text(title) if title else None, title_justify="left", expand=True)
    for heading in ("where", "shown by", "expected", "actual"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        rule = finding.rule if finding.cause else ""  # else it stands above
        where = "\n".join(filter(None, (rule, finding.line, place(finding))))
        table.add_row(*map(Text, (where, finding.crash, finding.expected, finding.actual)))
    return table


def plain(report: Report, width: int | None = None) -> str:
    """The same as text without colours, `width` characters wide: the terminal's, or 120 where there is none."""
    console = Console(width=width or shutil.get_terminal_size((WIDTH, 0)).columns, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(rendered(report))
    return capture.get()


def conclude(console: Console, outcome: Run, *, repeats: bool = False) -> None:
    """Print what the execution took, and its result or error; `repeats` says which model calls were made twice, too."""
    answers = [call.answer for call in outcome.calls if call.answer]
    tokens = sum(answer.input_tokens + answer.output_tokens for answer in answers)
    took = [
        _counted(len(outcome.operations), "operation"),
        f"{_counted(len(outcome.calls), 'model call')} ({tokens} tokens)",
        _counted(outcome.invocations, "invocation"),
    ]
    console.print(f"{escape(outcome.status)}: {', '.join(took)}")
    if repeats and outcome.invocations > 1:
        console.print(_repeats(outcome))
    if outcome.status == Status.SUCCEEDED:
        console.print_json(json.dumps(outcome.result), ensure_ascii=False)
    elif outcome.error_type or outcome.error_message:
        error = f"[red]{escape(str(outcome.error_type))}[/red]: {escape(str(outcome.error_message))}"
        console.print(error, emoji=False)


def _repeats(outcome: Run) -> str:
    repeated = [call for call in outcome.repeated_calls if isinstance(call, ModelCall)]
    line = f"{_counted(len(repeated), 'completed model call')} repeated"
    if again := len(outcome.calls_made_again):
        line += f"; {again} made again that no checkpoint held when the process died"
    return line


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
