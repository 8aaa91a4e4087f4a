"""Print which of AWS's requirements hold on the simulated service, and why others do not: `python -m tests.oracle`."""

import logging
import sys
import time

from rich.console import Console
from rich.table import Table

from tests.oracle.exceptions import DIFFERENT, MENDED, NOT_APPLICABLE, left_out
from tests.oracle.holding import Verdict, held
from tests.oracle.requirements import VARIABLE, Requirement, load, where


def main() -> int:
    """Print the table; returns the exit code: 1 if a requirement differs that no reason is known for."""
    folder = where()
    if folder is None:
        sys.stderr.write(f"{VARIABLE} names no folder with the requirements: `tox -e oracle` fetches them.\n")
        return 2
    logging.disable(logging.CRITICAL)  # the SDK tells of every failure
    began = time.monotonic()
    requirements = load(folder)
    verdicts = [held(one) for one in requirements if one.id not in NOT_APPLICABLE]
    console = Console(width=120, no_color=True)
    console.print(table(requirements, verdicts))
    for line in reasons(requirements, verdicts):
        console.print(line, highlight=False)
    console.print(f"{len(verdicts)} executions in {time.monotonic() - began:.1f} s", highlight=False)
    return int(any(one.differences and one.requirement.id not in DIFFERENT for one in verdicts))


def table(requirements: list[Requirement], verdicts: list[Verdict]) -> Table:
    """Counts for each suite, and in all."""
    columns = ("suite", "requirements", "apply", "hold", "of these in part", "differ", "do not apply")
    made = Table(*columns, show_footer=True)
    total = [0] * (len(columns) - 1)
    for suite in dict.fromkeys(one.suite for one in requirements):
        of_suite = [one for one in requirements if one.suite == suite]
        judged = [one for one in verdicts if one.requirement.suite == suite]
        hold = [one for one in judged if not one.differences]
        partly = sum(bool(left_out(one.requirement)) for one in hold)
        counts = [len(of_suite), len(judged), len(hold), partly, len(judged) - len(hold), len(of_suite) - len(judged)]
        total = [one + another for one, another in zip(total, counts, strict=True)]
        made.add_row(suite, *map(str, counts))
    for column, footer in zip(made.columns, ["in all", *map(str, total)], strict=True):
        column.footer = footer
        column.justify = "left" if footer == "in all" else "right"
    return made


def reasons(requirements: list[Requirement], verdicts: list[Verdict]) -> list[str]:
    """Why a requirement does not hold, or not in full, by reason, with the ids; and what was mended."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        identity = verdict.requirement.id
        if verdict.differences:
            why = DIFFERENT.get(identity, f"nobody knows why: {verdict.differences[0]}")
            found.setdefault(f"differs: {why}", []).append(identity)
        for reason in left_out(verdict.requirement):
            found.setdefault(f"holds in part: {reason}", []).append(identity)
    for one in requirements:
        if one.id in NOT_APPLICABLE:
            found.setdefault(f"does not apply: {NOT_APPLICABLE[one.id]}", []).append(one.id)
    mended = [f"mended ({ids}): {what}" for ids, what in MENDED.items()]
    return [*(f"{why} ({', '.join(ids)})" for why, ids in found.items()), *mended]


if __name__ == "__main__":
    sys.exit(main())
