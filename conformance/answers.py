"""Where `durable-ai run` takes people's answers from: an option, or the person at the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable

from rich.console import Console
from rich.prompt import Prompt

from conformance.errors import CannotRunError
from conformance.scenario import Answered, CallbackAnswer, Silence
from conformance.typed_json import parsed

APPROVE = json.dumps({"approved": True})
REJECT = json.dumps({"approved": False})

type Asker = Callable[[str, int], CallbackAnswer]


def given(approve: bool, reject: bool, answer: str | None) -> str | None:  # noqa: FBT001  # the command's options
    """The payload that the command's options stand for; None if a person is to be asked.

    Raises:
        CannotRunError: More than one of them is given, or the answer is not JSON.
    """
    if approve + reject + (answer is not None) > 1:
        raise CannotRunError("Use only one of --approve, --reject and --answer.")
    if answer is not None:
        parsed("--answer", answer)
        return answer
    return APPROVE if approve else REJECT if reject else None


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


def always(payload: str) -> Asker:
    """Answers every callback with `payload`."""
    return lambda _name, _occurrence: Answered(payload)


def silence(_name: str, _occurrence: int) -> CallbackAnswer:
    """Answers no callback."""
    return Silence()


def terminal(console: Console, *, interactive: bool) -> Asker:
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
