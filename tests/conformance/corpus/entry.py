"""One small handler of the corpus: what it is called, what must be reported about it, and how to make it afresh."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from durable_conformance import CrashKind, Exploration, Report, Scenario, explore, handler_factory
from durable_conformance.rules import Severity
from durable_conformance.subject import CallbackAnswer, Reference
from providers.scripted import Script, ScriptedProvider

type Module = Callable[[], object]
"""Stands for a module that somebody wrote: what it binds before its handler are that module's globals.

It returns the handler, or a workflow `(event, context, model)`. Calling it is importing the module anew, so that
entries can be explored side by side without sharing state.
"""


@dataclass(frozen=True)
class Entry:
    """A handler and what an exploration of it must report.

    Attributes:
        name: The module function's name.
        rule: The rule that must be among the reported ones; None for a correct handler, about which nothing may be.
        module: Makes the handler.
        scenario: What its executions meet.
        kinds: How invocations die.
        reference: Where other processes find the module function; None keeps the exploration in this one.
        severity: Of the finding that must be reported.
    """

    name: str
    rule: str | None
    module: Module
    scenario: Scenario
    kinds: Sequence[CrashKind]
    reference: Reference | None
    severity: Severity = Severity.ERROR

    def explored(self, horizon: int | None = None, *, whole: bool = False) -> Report:
        """Explore it, in a module of its own; a broken one until its rule is reported, unless the `whole` is wanted."""
        until = frozenset({self.rule} if self.rule and not whole else ())
        return explore(
            handler_factory(self.module(), self.name),
            self.scenario,
            Exploration(
                kinds=self.kinds, side_by_side=2, horizon=horizon, until=until, until_severities={self.severity}
            ),
            elsewhere=self.reference,
        )


ENOUGH = (CrashKind.AFTER_PERSIST, CrashKind.DURING_CALL)
"""Dying after a checkpoint and in a call shows what most broken handlers do wrong."""


class Shelf:
    """Entries, in the order in which their modules are written down.

    Args:
        in_other_sandboxes: Whether to run them in other processes, too.
        kinds: How invocations of broken handlers die.
    """

    def __init__(self, *, in_other_sandboxes: bool = False, kinds: Sequence[CrashKind] = ENOUGH) -> None:
        self.in_other_sandboxes = in_other_sandboxes
        self.kinds = kinds
        self.entries: dict[str, Entry] = {}

    def broken(
        self,
        rule: str,
        *,
        event: Any = None,
        script: Script | None = None,
        callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Callable[[Module], Module]:
        """Put a module here that breaks `rule`."""
        return self._put(rule, _scenario(event, script, callbacks), self.kinds, severity)

    def correct(
        self,
        *,
        event: Any = None,
        script: Script | None = None,
        callbacks: Mapping[str, Sequence[CallbackAnswer]] | None = None,
        invokes: Mapping[str, Sequence[CallbackAnswer]] | None = None,
    ) -> Callable[[Module], Module]:
        """Put a module here that breaks nothing.

        A revoked token is left out: to a handler it is a lost response; and so is a death in a call: what it leaves is
        what a death leaves before the call's result persists.
        """
        kinds = (CrashKind.BEFORE_PERSIST, CrashKind.AFTER_PERSIST)
        return self._put(None, replace(_scenario(event, script, callbacks), invokes=invokes or {}), kinds)

    def _put(
        self,
        rule: str | None,
        scenario: Scenario,
        kinds: Sequence[CrashKind],
        severity: Severity = Severity.ERROR,
    ) -> Callable[[Module], Module]:
        def put(module: Module) -> Module:
            name = getattr(module, "__name__", "")
            assert name not in self.entries, f"{name} stands here already"
            reference = Reference(f"{module.__module__}:{name}", makes=True) if self.in_other_sandboxes else None
            self.entries[name] = Entry(name, rule, module, scenario, kinds, reference, severity)
            return module

        return put


def _scenario(event: Any, script: Script | None, callbacks: Mapping[str, Sequence[CallbackAnswer]] | None) -> Scenario:
    return Scenario({} if event is None else event, lambda: ScriptedProvider(script), callbacks or {})
