"""A timeline in words: one line for each event, for a pipe, a file, or a terminal that cannot draw."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console

from durable_conformance.execution.events import (
    AnswerAwaited,
    AnswerCame,
    Event,
    InvocationBegan,
    InvocationEnded,
    ModelAnswered,
    ModelAsked,
    ModelFailed,
    OperationBegan,
    OperationEnded,
    OperationReplayed,
    ProcessDied,
    RetryScheduled,
    TimePassed,
    TimerSet,
)
from durable_conformance.subject.scenario import Answered, CallbackAnswer, Refused

LONGEST = 160
"""Characters of an error or an answer that a line shows."""

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_VERB_WIDTH = 9


@dataclass(frozen=True)
class Worded:
    """An event in words.

    Attributes:
        verb: What happened.
        path: To which operation; empty if to none.
        detail: What else there is to say; may be empty.
    """

    verb: str
    path: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.verb:<{_VERB_WIDTH}} {'  '.join(filter(None, (self.path, self.detail)))}".rstrip()


class PlainTimeline:
    """Prints each event as a line, without a control character."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> PlainTimeline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: Event) -> None:
        match event:
            case InvocationBegan(invocation):
                self._print(f"invocation {invocation}")
            case _:
                if words := worded(event):
                    self._print(f"  {words}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)


def worded(event: Event) -> Worded | None:  # noqa: PLR0911, PLR0912  # a table
    """`event` in words; None if another event says as much."""
    match event:
        case OperationBegan(path, attempt, again):
            detail = f"attempt {attempt}" if attempt and attempt > 1 else ""
            if again and attempt is None:
                return Worded("resumed", path)
            return Worded("began", path, ", ".join(filter(None, (detail, "again" * again))))
        case OperationReplayed(path, called):
            return Worded("replayed", path, f"from its checkpoint{', the model is not asked again' * called}")
        case OperationEnded(path, error):
            return Worded("failed", path, one_line(error)) if error else Worded("succeeded", path)
        case RetryScheduled(path, seconds, error):
            when = f"again in {duration(seconds)}"
            return Worded("failed", path, f"{when}: {one_line(error)}") if error else Worded("polled", path, when)
        case TimerSet(path, seconds):
            return Worded("waits", path, f"for {duration(seconds)}")
        case AnswerAwaited(path, seconds, function):
            whom = f"for {one_line(function)}" if function else "for an answer"
            return Worded("waits", path, whom + (f", at most {duration(seconds)}" if seconds else ""))
        case ModelAnswered(path, model, usage):
            tokens = f"{usage.input_tokens} tokens in, {usage.output_tokens} out"
            return Worded("model", path or "", f"{one_line(model)}: {tokens}")
        case ModelFailed(path, model, error):
            return Worded("model", path or "", f"{one_line(model)}: {error}")
        case ProcessDied(path, where):
            return Worded("died", path, where)
        case InvocationEnded("PENDING"):
            return Worded("suspended")
        case TimePassed(seconds):
            return Worded("time", detail=f"{duration(seconds)} pass")
        case AnswerCame(path, answer):
            return Worded("answer", path, _answer(answer))
        case InvocationBegan() | ModelAsked() | InvocationEnded():
            return None


def duration(seconds: int) -> str:
    """A number of seconds in the two largest units that it has: `1 h 5 min`."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def one_line(text: str) -> str:
    """`text` on one line of bounded length, without what a terminal would take for a command."""
    line = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(line.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _answer(answer: CallbackAnswer) -> str:
    match answer:
        case Answered(payload):
            return one_line(payload or "nothing")
        case Refused(message):
            return f"refused: {one_line(message)}"
        case _:
            return "none in time"
