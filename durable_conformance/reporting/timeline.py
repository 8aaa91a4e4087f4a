"""The timeline of an execution: in words, one line an event; or drawn, each invocation a tree that grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text
from rich.tree import Tree

from durable_conformance.execution import (
    Action,
    AnswerCame,
    Checkpointed,
    Event,
    InvocationBegan,
    InvocationEnded,
    ModelAsked,
    OperationBegan,
    OperationCalled,
    OperationKind,
    OperationReplayed,
    ProcessDied,
    Status,
    TimePassed,
    path_order,
)
from durable_conformance.model import DIED, ModelCall

LONGEST = 160
"""Characters of an error or an answer that a line shows."""

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_VERB_WIDTH = 9
_LOCATED = frozenset({"began", "waits"})
"""What happens to an operation first: it says where the operation is called."""


@dataclass(frozen=True)
class Worded:
    """An event in words."""

    verb: str  # what happened
    path: str = ""  # empty if to no operation
    detail: str = ""  # may be empty
    line: str = ""  # of the user's that calls the operation, as `handler.py:12`, where it begins

    def __str__(self) -> str:
        return f"{self.verb:<{_VERB_WIDTH}} {'  '.join(filter(None, (self.path, self.detail, self.line)))}".rstrip()


class PlainTimeline:
    """Prints each event as a line, without a control character."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: dict[str, str] = {}

    def __enter__(self) -> PlainTimeline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: Event) -> None:
        if isinstance(event, OperationCalled):
            self._lines[event.path] = event.line
        words = worded(event, self._lines)
        line = f"invocation {event.invocation}" if isinstance(event, InvocationBegan) else f"  {words or ''}"
        if line.strip():
            self._console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)


def worded(event: Event, lines: Mapping[str, str] | None = None) -> Worded | None:
    """`event` in words; None if another event says as much. `lines` are those that call the operations, by path."""
    words = _worded(event)
    return replace(words, line=_line_in(lines, words.path)) if words and lines and words.verb in _LOCATED else words


def _line_in(lines: Mapping[str, str], path: str) -> str:
    """The line of the operation at `path`; empty if it is that of the operation in which it stands, or not known."""
    line = lines.get(path, "")
    return "" if line == lines.get(path.rpartition("/")[0]) else line


def _worded(event: Event) -> Worded | None:  # noqa: PLR0911  # a table
    match event:
        case OperationBegan(path, attempt, again):
            detail = f"attempt {attempt}" if attempt and attempt > 1 else ""
            if again and attempt is None:
                return Worded("resumed", path)
            return Worded("began", path, ", ".join(filter(None, (detail, "again" * again))))
        case OperationReplayed(path, called):
            return Worded("replayed", path, f"from its checkpoint{', the model is not asked again' * called}")
        case Checkpointed():
            return _update_worded(event)
        case ModelCall() if event.outcome != DIED:
            answer = event.answer
            what = f"{answer.input_tokens} tokens in, {answer.output_tokens} out" if answer else event.outcome
            return Worded("model", event.path or "", f"{one_line(event.request.model)}: {what}")
        case ProcessDied(path, point):
            return Worded("died", path, point.where)
        case InvocationEnded(Status.PENDING):
            return Worded("suspended")
        case TimePassed(seconds):
            return Worded("time", detail=f"{duration(seconds)} pass")
        case AnswerCame(path):
            return Worded("answer", path, _answer(event))
        case _:
            return None


def _update_worded(update: Checkpointed) -> Worded | None:
    """A step or a context that starts has been told when its function began."""
    path, error = update.path, update.error and one_line(update.error)
    match update.action, update.type:
        case Action.START, OperationKind.CALLBACK | OperationKind.CHAINED_INVOKE:
            whom = f"for {one_line(update.function_name)}" if update.function_name else "for an answer"
            most = f", at most {duration(update.timeout_seconds)}" if update.timeout_seconds else ""
            return Worded("waits", path, whom + most)
        case Action.START, OperationKind.WAIT:
            return Worded("waits", path, f"for {duration(update.delay_seconds or 0)}")
        case Action.RETRY, _:
            when = f"again in {duration(update.delay_seconds or 0)}"
            return Worded("failed", path, f"{when}: {error}") if error else Worded("polled", path, when)
        case Action.SUCCEED | Action.FAIL, _:
            return Worded("failed", path, error) if error else Worded("succeeded", path)
    return None


def duration(seconds: int) -> str:
    """A number of seconds in the two largest units that it has: `1 h 5 min`."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def one_line(text: str, longest: int = LONGEST) -> str:
    """`text` on one line of bounded length, without what a terminal would take for a command."""
    line = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(line.split())
    return line if len(line) <= longest else f"{line[:longest]}…"


def _answer(answer: AnswerCame) -> str:
    if not answer.in_time:
        return "none in time"
    return one_line(answer.payload or "nothing") if answer.refused is None else f"refused: {one_line(answer.refused)}"


OUTSIDE = "/0:outside any operation"
"""Where a model call stands that no operation makes. Operations count from 1."""


@dataclass(frozen=True)
class _Look:
    symbol: str
    style: str


_RUNNING = _Look("•", "")
_CUT_OFF = _Look("•", "dim")
_WAITING = _Look("…", "cyan")
_SUCCEEDED = _Look("✓", "green")
_REPLAYED = _Look("✓", "dim")
_FAILED = _Look("✗", "red")
_RETRIED = _Look("↻", "yellow")
_LOOKS = {"waits": _WAITING, "succeeded": _SUCCEEDED, "failed": _FAILED}
"""By the verb of an update that does not say `RETRY`."""

_SAID = frozenset({"resumed", "waits"})
"""Verbs that no symbol stands for."""


@dataclass
class _Node:
    look: _Look = _RUNNING
    details: list[str] = field(default_factory=list)
    line: str = ""
    asking: str = ""
    died: str = ""


class InvocationTree:
    """What one invocation has done so far. Not safe from several threads."""

    def __init__(self, number: int, lines: Mapping[str, str] | None = None) -> None:
        self._lines = dict(lines or {})  # by path, those that call the operations
        self._title = f"invocation {number}"
        self._ending = ""
        self._nodes: dict[str, _Node] = {}

    @property
    def ended(self) -> bool:
        return bool(self._ending)

    def add(self, event: Event) -> None:
        match event:
            case OperationCalled(path, line):
                self._lines[path] = line
            case OperationBegan(path):
                self._set(path, _RUNNING, event)
            case OperationReplayed(path):
                self._set(path, _REPLAYED, event)
            case Checkpointed():
                if words := worded(event):
                    look = _RETRIED if event.action == Action.RETRY else _LOOKS[words.verb]
                    self._set(event.path, look, event)
            case ModelAsked(path, model):
                self._set(path, _RUNNING).asking = f"asking {model}"
            case ModelCall() if event.outcome != DIED:
                self._set(event.path, _RUNNING, event)
            case ProcessDied(path, point):
                self._node(path or OUTSIDE).died = f"the process died here: {point.where}"
                self._end("died", _CUT_OFF)
            case InvocationEnded(status):
                self._end("suspended" if status == Status.PENDING else status.partition(" ")[0].lower(), _WAITING)
            case _:
                pass

    def drawn(self) -> Tree:
        tree = Tree(Text(f"{self._title}{f', {self._ending}' if self.ended else ''}", "bold"), guide_style="dim")
        branches = {"": tree}
        for path in sorted(self._nodes, key=path_order):
            parent, _, name = path.rpartition("/")
            branches[path] = branches[parent].add(self._line(f"/{name}", self._nodes[path]))
            if died := self._nodes[path].died:
                branches[path].add(Text(died, "bold red"))
        return tree

    def _node(self, path: str) -> _Node:
        parent = path.rpartition("/")[0]
        if parent:
            self._node(parent)
        return self._nodes.setdefault(path, _Node())

    def _set(self, path: str | None, look: _Look, event: Event | None = None) -> _Node:
        node = self._node(path or OUTSIDE)
        node.look, node.asking = look, ""
        if event and (words := worded(event, self._lines)):
            said = f"{words.verb} {words.detail}".rstrip() if words.verb in _SAID else words.detail
            node.details += filter(None, [said])
            node.line = node.line or words.line
        return node

    def _end(self, how: str, look: _Look) -> None:
        self._ending = how
        for node in self._nodes.values():
            if node.look is _RUNNING:
                node.look = look

    def _line(self, name: str, node: _Node) -> RenderableType:
        details = "; ".join(filter(None, (*node.details, node.asking)))
        text = Text.assemble(
            (name, "dim" if node.look is _REPLAYED else "bold"),
            (f"  {details}" if details else "", "dim"),
            (f"  {node.line}" if node.line else "", "dim"),
        )
        if node.look is _RUNNING:
            return Spinner("dots", text)
        return Text.assemble((node.look.symbol, node.look.style), " ", text)


FRAMES_PER_SECOND = 10
"""Of what shows that something is running."""


class LiveTimeline:
    """Draws on `console`. Between invocations the terminal is free, so that a person can be asked there."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tree: InvocationTree | None = None
        self._lines: dict[str, str] = {}
        self._live: Live | None = None

    def __enter__(self) -> LiveTimeline:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def __call__(self, event: Event) -> None:
        if isinstance(event, OperationCalled):
            self._lines[event.path] = event.line
        if isinstance(event, InvocationBegan):
            self._stop()
            self._tree = InvocationTree(event.invocation, self._lines)
            self._live = Live(self._tree.drawn(), console=self._console, refresh_per_second=FRAMES_PER_SECOND)
            self._live.start(refresh=True)
        elif self._tree and self._live:
            self._tree.add(event)
            self._live.update(self._tree.drawn(), refresh=True)
            if self._tree.ended:
                self._stop()
        elif words := worded(event):
            between = words.detail if isinstance(event, TimePassed) else f"{words.verb}: {words.detail}"
            self._console.print(Text(f"  {between}", "cyan"))

    def _stop(self) -> None:
        if self._live:
            self._live.stop()
        self._live = None


def timeline_on(console: Console) -> PlainTimeline | LiveTimeline:
    """The timeline for where `console` prints: drawn in a terminal, in words elsewhere, whatever colours are wanted."""
    draws = console.is_interactive and console.file.isatty()
    return LiveTimeline(Console()) if draws else PlainTimeline(console)
