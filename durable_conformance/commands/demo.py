"""`durable-ai demo`: run every pattern."""

from __future__ import annotations

import typer
from rich.console import Console

from durable_conformance.commands.model_choice import chosen_model
from durable_conformance.commands.run import default_cassette
from durable_conformance.errors import ExitCode
from durable_conformance.execution import Status
from durable_conformance.reporting import conclude
from durable_conformance.runtime import quiet_sdk_logs, run_in_process
from durable_conformance.subject import APPROVE, Always, Scenario, find_pattern, pattern_names


def demo() -> None:
    """Run every pattern with its default event.

    The models answer from its cassette, and people approve.
    """
    quiet_sdk_logs()
    console = Console(soft_wrap=True)
    failed = False
    for pattern in pattern_names():
        handler = find_pattern(pattern)
        model = chosen_model("cassette", cassette=default_cassette(pattern))
        outcome = run_in_process(handler.with_model, Scenario({}, model, ask=Always(APPROVE)))
        console.rule(f"[bold]{pattern}[/bold]", align="left")
        conclude(console, outcome)
        failed |= outcome.status != Status.SUCCEEDED
    if failed:
        raise typer.Exit(ExitCode.FINDINGS)
