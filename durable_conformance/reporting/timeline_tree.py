"""One invocation as a tree of the operations that it came by."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import RenderableType
from rich.spinner import Spinner
from rich.text import Text
from rich.tree import Tree

from durable_conformance.execution.events import (
    AnswerAwaited,
    Event,
    InvocationEnded,
    ModelAnswered,
    ModelAsked,
    ModelFailed,
    OperationBegan,
    OperationEnded,
    OperationReplayed,
    ProcessDied,
    RetryScheduled,
    TimerSet,
)
from durable_conformance.execution.operations import path_order
from durable_conformance.reporting.timeline_text import worded

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


_SAID = frozenset({"resumed", "waits"})
"""Verbs that no symbol stands for."""


@dataclass
class _Node:
    look: _Look = _RUNNING
    details: list[str] = field(default_factory=list)
    asking: str = ""
    died: str = ""


class InvocationTree:
    """What one invocation has done so far. Not safe from several threads.

    Args:
        number: The invocation's number, from 1.
    """

    def __init__(self, number: int) -> None:
        self._title = f"invocation {number}"
        self._ending = ""
        self._nodes: dict[str, _Node] = {}

    @property
    def ended(self) -> bool:
        """Whether nothing more happens in it."""
        return bool(self._ending)

    def add(self, event: Event) -> None:
        """`event` has happened in it."""
        match event:
            case OperationBegan(path):
                self._set(path, _RUNNING, event)
            case OperationReplayed(path):
                self._set(path, _REPLAYED, event)
            case OperationEnded(path, error):
                self._set(path, _FAILED if error else _SUCCEEDED, event)
            case RetryScheduled(path):
                self._set(path, _RETRIED, event)
            case TimerSet(path) | AnswerAwaited(path):
                self._set(path, _WAITING, event)
            case ModelAsked(path, model):
                self._set(path, _RUNNING).asking = f"asking {model}"
            case ModelAnswered(path) | ModelFailed(path):
                self._set(path, _RUNNING, event)
            case ProcessDied(path, where):
                self._node(path or OUTSIDE).died = f"the process died here: {where}"
                self._end("died", _CUT_OFF)
            case InvocationEnded(status):
                self._end("suspended" if status == "PENDING" else status.partition(" ")[0].lower(), _WAITING)
            case _:
                pass

    def drawn(self) -> Tree:
        """The tree as it is now."""
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
        if event and (words := worded(event)):
            said = f"{words.verb} {words.detail}".rstrip() if words.verb in _SAID else words.detail
            node.details += filter(None, [said])
        return node

    def _end(self, how: str, look: _Look) -> None:
        self._ending = how
        for node in self._nodes.values():
            if node.look is _RUNNING:
                node.look = look

    def _line(self, name: str, node: _Node) -> RenderableType:
        details = "; ".join(filter(None, (*node.details, node.asking)))
        text = Text.assemble(
            (name, "dim" if node.look is _REPLAYED else "bold"), (f"  {details}" if details else "", "dim")
        )
        if node.look is _RUNNING:
            return Spinner("dots", text)
        return Text.assemble((node.look.symbol, node.look.style), " ", text)
