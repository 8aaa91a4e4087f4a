"""How an execution ended, for a person: what it took, what was done twice, and its result."""

from __future__ import annotations

import json

from rich.console import Console
from rich.markup import escape

from durable_conformance.execution.run import Run

SUCCEEDED = "SUCCEEDED"


def conclude(console: Console, outcome: Run, *, repeats: bool = False) -> None:
    """Print what the execution took, and its result or error.

    Args:
        console: Where.
        outcome: What the execution did.
        repeats: Whether to say which model calls were made twice, if any could have been.
    """
    usage = [call.response.usage for call in outcome.calls if call.response]
    tokens = sum(part.input_tokens + part.output_tokens for part in usage)
    took = [
        _counted(len(outcome.operations), "operation"),
        f"{_counted(len(outcome.calls), 'model call')} ({tokens} tokens)",
        _counted(outcome.invocations, "invocation"),
    ]
    console.print(f"{escape(outcome.status)}: {', '.join(took)}")
    if repeats and outcome.invocations > 1:
        console.print(_repeats(outcome))
    if outcome.status == SUCCEEDED:
        console.print_json(json.dumps(outcome.result), ensure_ascii=False)
    elif outcome.error_type or outcome.error_message:
        error = f"[red]{escape(str(outcome.error_type))}[/red]: {escape(str(outcome.error_message))}"
        console.print(error, emoji=False)


def _repeats(outcome: Run) -> str:
    line = f"{_counted(len(outcome.repeated_calls), 'completed model call')} repeated"
    if again := len(outcome.calls_made_again):
        line += f"; {again} made again that no checkpoint held when the process died"
    return line


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
