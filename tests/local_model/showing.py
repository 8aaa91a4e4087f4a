"""What the runs came to, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from rich.table import Table

from tests.local_model.crashing import Crashed, Said

_SHOWN_CHARS = 70


@dataclass(frozen=True)
class Row:
    """A pattern's row of the table. Calls, repairs and tokens are those of the undisturbed execution."""

    pattern: str
    ended: str
    calls: int
    repairs: int
    tokens: int
    points: int
    reached: int
    succeeded: int
    failed: int
    calls_in_all: int
    made_again: int
    findings: int


def rows(done: Crashed) -> Row:
    """What a pattern came to."""
    run, ends = done.undisturbed.run, Counter(one.run.status for one in done.executions)
    everything = (done.undisturbed, *done.executions)
    error = (run.error_type or "").rpartition(".")[2]
    return Row(
        pattern=done.name,
        ended=f"{run.status} {error}".strip(),
        calls=len(done.undisturbed.said),
        repairs=sum(said.repairs for said in done.undisturbed.said),
        tokens=sum(said.response.usage.output_tokens for said in done.undisturbed.said if said.response),
        points=len(done.executions),
        reached=sum(one.died for one in done.executions),
        succeeded=ends["SUCCEEDED"],
        failed=ends["FAILED"],
        calls_in_all=sum(len(one.said) for one in everything),
        made_again=sum(len(one.run.calls_made_again) for one in everything),
        findings=sum(len(one.findings) for one in everything),
    )


def table(made: list[Row]) -> Table:
    """All of them, and their sums."""
    names = [one.name for one in fields(Row)]
    shown = Table(*(name.replace("_", " ") for name in names), show_footer=True)
    for row in made:
        shown.add_row(*(str(getattr(row, name)) for name in names))
    for column, name in list(zip(shown.columns, names, strict=True))[2:]:
        column.footer, column.justify = str(sum(getattr(row, name) for row in made)), "right"
    return shown


def told(said: Said) -> str:
    """A call, in a line: what came of it, and how it begins."""
    what = said.request.label + (", repaired" if said.repairs else "")
    if said.response is None:
        return f"  {what}: {type(said.error).__name__}"
    response = said.response
    text = " ".join(response.text.split())[:_SHOWN_CHARS]
    tools = "".join(f" → {use.name}({str(use.input)[:_SHOWN_CHARS]})" for use in response.tool_uses)
    return f"  {what}: {response.stop_reason}, {response.usage.output_tokens} tokens{tools} “{text}”"


def endings(done: Crashed) -> Iterator[str]:
    """What the executions that died ended in, if not well."""
    failed = Counter(one.run.error_message or "" for one in done.executions if one.run.status != "SUCCEEDED")
    yield from (f"  {times} x {why[:200]}" for why, times in failed.most_common())
    yield from (f"  finding: {found}" for one in (done.undisturbed, *done.executions) for found in one.findings)
