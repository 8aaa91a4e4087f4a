"""Asks the person at the terminal what a callback waits for."""

from __future__ import annotations

from rich.console import Console
from rich.prompt import Prompt

from durable_conformance.commands.options import parsed
from durable_conformance.errors import CannotRunError
from durable_conformance.subject import APPROVE, REJECT, Answered, Asker, CallbackAnswer


def asked_at_terminal(console: Console, *, interactive: bool) -> Asker:
    """Asks the person at the terminal.

    Args:
        console: Where to ask.
        interactive: Whether somebody can answer there.
    """

    def ask(name: str, _occurrence: int) -> CallbackAnswer:
        if not interactive:
            raise CannotRunError(
                f"{name!r} waits for a person, and nobody is at the terminal; use --approve, --reject or --answer JSON."
            )
        question = f"[bold]{name}[/bold] waits for you: [green]a[/green]pprove, [red]r[/red]eject, or an answer in JSON"
        try:
            while (payload := _payload(Prompt.ask(question, console=console))) is None:
                console.print('That is no JSON: write a, r, or JSON such as "Looks right." in quotes.')
        except EOFError as error:
            raise CannotRunError(f"{name!r} waits for a person, and the input has ended.") from error
        return Answered(payload)

    return ask


def _payload(said: str) -> str | None:
    """What somebody typed, as a payload; None if it is none."""
    short = {"a": APPROVE, "approve": APPROVE, "r": REJECT, "reject": REJECT}
    if known := short.get(said.strip().casefold()):
        return known
    try:
        parsed("The answer", said)
    except CannotRunError:
        return None
    return said
