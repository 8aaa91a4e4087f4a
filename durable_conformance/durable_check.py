"""What the fixture `durable_check` does: explore, and fail the test with a table of what breaks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from durable_conformance import reporting
from durable_conformance.errors import CannotRunError
from durable_conformance.evidence import Explored, Records
from durable_conformance.execution import Status
from durable_conformance.exploring import EVERYTHING, Exploration, explore, explore_every_answer
from durable_conformance.model import from_script_value, scripted
from durable_conformance.reporting import Ignores, known_rule
from durable_conformance.rules import Report, Severity
from durable_conformance.subject import (
    Answered,
    ByName,
    CallbackAnswer,
    HandlerFactory,
    Reference,
    Refused,
    Scenario,
    Silence,
    handler_factory,
    reference_to,
)
from durable_conformance.workers import Templates

if TYPE_CHECKING:
    from providers.scripted import Script

type SetUpLike = str | Callable[[], AbstractContextManager[Any] | Iterator[Any]]
"""What a fixture takes for a set-up."""

type Given = Mapping[str, str | CallbackAnswer | Sequence[str | CallbackAnswer]]
"""Answers by name: one to each of that name, or a sequence to one after the other."""


def _one_after_the_other(given: Given) -> dict[str, list[CallbackAnswer]]:
    return {
        name: list(map(_answer, said))
        for name, said in given.items()
        if not isinstance(said, str | Answered | Refused | Silence)
    }


def _alike(given: Given) -> ByName:
    return ByName(
        {name: _answer(said) for name, said in given.items() if isinstance(said, str | Answered | Refused | Silence)}
    )


def _answer(said: str | CallbackAnswer) -> CallbackAnswer:
    return Answered(said) if isinstance(said, str) else said


@dataclass(frozen=True)
class DurableCheck:
    """What the fixture `durable_check` is, in one test."""

    in_other_processes: bool  # what the test checks runs in other processes, too, unless a call says otherwise
    keep: Callable[[Explored], None] | None = None  # given each exploration, with every run; None records no runs
    templates: Templates | None = None  # those of the session; None keeps nothing from one check to the next

    def __call__(
        self,
        target: object,
        *,
        event: Any = None,
        script: Script | None = None,
        callbacks: Given | None = None,
        invokes: Given | None = None,
        env: Mapping[str, str] | None = None,
        setup: SetUpLike | None = None,
        exploration: Exploration | None = None,
        other_sandboxes: bool | None = None,
        expect: str = Status.SUCCEEDED,
        fail_on: Severity | str = Severity.ERROR,
        answers: Mapping[str, Any] | None = None,
        live: bool = False,
        ignore: Collection[str] = (),
    ) -> Report:
        """Explore `target`, and fail the test with a table of what breaks.

        Args:
            target: A durable handler, or a function `(event, context, model)`; or the name of a handler, as
                `"src/app.py:handler"` from the folder that pytest runs in, which this process does not import then.
            event: The execution's input; `{}` unless given.
            script: What the model answers (`providers.script`); without one it answers everything.
            callbacks: What people answer, by callback name, to each of that name or to one after the other: a payload,
                or `Answered`, `Refused`, `Silence`. `"ok"`, which is JSON, to whatever is not mentioned. If none are
                given, they are refused, and time out, too, where the execution succeeds all the same.
            invokes: What chained invocations come to, by operation name, likewise; payloads are JSON.
            env: Variables that are set where executions run; before the handler is imported, where that is done anew.
            setup: What each execution is made in, in its process: a function that returns a context manager, or a
                generator function; or where it is found (`MODULE:FUNCTION`, `PATH.py:FUNCTION`).
            exploration: How far to go; everywhere, in every variant, unless given.
            other_sandboxes: Whether to run the handler in other processes, too, where it is imported afresh. Unless
                given, it is if it is bound to a name of its module and the test uses no fixture that patches.
            expect: How the undisturbed execution ends: SUCCEEDED or FAILED.
            fail_on: What fails the test: errors, or `"warning"` for warnings, too.
            answers: What AWS calls are answered, by name (`dynamodb.GetItem`): a response as boto3 gives it, an
                `{"Error": {"Code": …}}`, a list of these for one call after the other, or a function of the parameters.
            live: Whether what nobody answers goes to the services, with the credentials that there are.
            ignore: Rules whose findings are not told, as those are not that a comment on their line ignores.
        """
        event = {} if event is None else event
        name = target.rpartition(":")[2] if isinstance(target, str) else getattr(target, "__name__", str(target))
        model = scripted if script is None else partial(from_script_value, script)
        scenario = Scenario(
            event,
            model,
            _one_after_the_other(callbacks or {}),
            ask=_alike(callbacks or {}),
            invokes=_one_after_the_other(invokes or {}),
            ask_invokes=_alike(invokes or {}),
            setup=setup,
            environment=env or {},
            expect=expect,
            answers=answers or {},
            live=live,
        )
        explored: dict[str, Explored] = {}  # what was explored with an answer that is of no use makes place
        try:
            subject = _Subject.of(target, setup, in_other_processes=self.in_other_processes, other=other_sandboxes)
            scenario = replace(scenario, setup=subject.setup)
            ignores = Ignores(subject.file, frozenset(map(known_rule, ignore)))

            def made(scenario: Scenario, exploration: Exploration, words: str | None) -> Report:
                records = Records()
                recorder = records.add if self.keep and words is not None else None
                report = explore(
                    subject.handler,
                    scenario,
                    exploration,
                    elsewhere=subject.elsewhere,
                    recorder=recorder,
                    templates=self.templates,
                )
                if words is not None:
                    met = ", ".join(filter(None, (f"event {json.dumps(event, ensure_ascii=False)}", words)))
                    kept = Explored(name, met, report, tuple(records), file=str(subject.file))
                    explored[words] = ignores.shown(kept)
                return report

            how = exploration or EVERYTHING
            report = made(scenario, how, "") if callbacks is not None else explore_every_answer(scenario, how, made)
        except CannotRunError as error:
            detail = f"\n{error.detail.rstrip()}" if error.detail else ""
            pytest.fail(f"{name} could not be checked: {error}{detail}", pytrace=False)
        report = ignores.applied(report)
        if self.keep:
            for one in explored.values():
                self.keep(one)
        if not report.conforms or report.failing(Severity(fail_on)):
            pytest.fail(f"{name} {_verdict(report)}.\n{reporting.plain(report)}{_alone(report)}", pytrace=False)
        return report


def _verdict(report: Report) -> str:
    """What a check came to that fails its test."""
    if report.errors:
        return "is not durable"
    return "could not be checked" if not report.conforms else "has warnings, which the test does not allow"


def _alone(report: Report) -> str:
    """How to make the runs that have shown something again, each alone."""
    cases = dict.fromkeys(one.case for one in (*report.errors, *report.warnings) if one.case)
    lines = [f"again: durable_check(…, exploration=Exploration(only={case!r}))\n" for case in cases]
    return "" if report.case else "".join(lines)


@dataclass(frozen=True)
class _Subject:
    """What a test checks, as an exploration finds it."""

    handler: Reference | HandlerFactory
    elsewhere: Reference | None  # where other interpreters find it; None if they run nothing
    setup: SetUpLike | Reference | None
    file: Path  # that the handler is in

    @classmethod
    def of(cls, target: object, setup: SetUpLike | None, *, in_other_processes: bool, other: bool | None) -> _Subject:
        """`other` is what the test says about other sandboxes; None leaves that to what the test uses.

        Raises:
            ValueError: Other processes are to find what they cannot.
            CannotRunError: `target` is no handler.
        """
        elsewhere = in_other_processes if other is None else other
        if isinstance(target, str):
            reference: Reference | None = Reference(target)
            file = Path(Reference(target).parts()[0])
        else:
            reference = reference_to(target) if elsewhere else None
            module = sys.modules.get(getattr(target, "__module__", None) or "")
            file = Path(getattr(module, "__file__", None) or "")
        if other and reference is None:
            raise ValueError(f"{target!r} is bound to no name of its module, so no other process can import it.")
        entered: SetUpLike | Reference | None = setup
        if callable(setup) and reference is not None:
            found = reference_to(setup)
            if found is None and (other or isinstance(target, str)):
                raise ValueError(f"The set-up {setup!r} is bound to no name, so no other process can import it.")
            entered, reference = (found, reference) if found else (setup, None)
        if isinstance(target, str):
            assert reference
            return cls(reference, reference if elsewhere else None, entered, file)
        return cls(handler_factory(target), reference, entered, file)
