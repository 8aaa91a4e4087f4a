"""Runs a pattern on a model that never repeats itself, dying where it is told to; and what is wrong with such a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from durable_conformance import Finding, Scenario
from durable_conformance.execution import ENDINGS, Conditions, CrashKind, CrashPoint, Run
from durable_conformance.rules import judged_alone
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import APPROVE, Always
from patterns.durable import durable_handler
from providers import ModelError, ModelProvider, ModelRequest, ModelResponse

ALL_KINDS = tuple(CrashKind)
OF_THE_MODEL = ("providers.errors.ModelOutputError", "patterns.durable.fan_out.EveryBranchFailedError")
"""How the errors begin that an execution may fail with: a model that cannot is no defect of a pattern."""

MAX_TOKENS = 128
"""What a reply may have here: a small model rambles."""


@dataclass(frozen=True)
class Said:
    """A call, and what came of it: a response, or an error."""

    request: ModelRequest
    response: ModelResponse | None
    error: ModelError | None = None

    @property
    def repairs(self) -> bool:
        """Whether it asks again for a reply that could not be used."""
        return "Your reply cannot be used." in self.request.messages[-1].text


@dataclass(frozen=True)
class Asked:
    """Asks the engine first, which counts the call and may have the process die in it, and then the model, each time.

    The engine knows an answer that it was given once, and would give it again after a crash; a model does not. So what
    it says is not used, and what the model says is. Both it
    and the log are known by a method alone: the rules picture what a step's function holds, and would see them change.
    """

    engine: ModelProvider
    ask: Callable[[ModelRequest], ModelResponse]
    tell: Callable[[Said], None]
    max_tokens: int = MAX_TOKENS

    def converse(self, request: ModelRequest) -> ModelResponse:
        """Answer a request with what the model says."""
        self.engine.converse(request)
        shorter = request.model_copy(update={"max_tokens": min(request.max_tokens, self.max_tokens)})
        try:
            response = self.ask(shorter)
        except ModelError as error:
            self.tell(Said(request, None, error))
            raise
        self.tell(Said(request, response))
        return response


@dataclass(frozen=True)
class Execution:
    """One execution: where it died, what the model said, what came of it, and what is wrong with that."""

    crash: CrashPoint | None
    said: tuple[Said, ...]
    run: Run
    findings: tuple[str, ...]

    @property
    def died(self) -> bool:
        """Whether it came to the point where it was to die: another answer may lead elsewhere."""
        return bool(self.run.deaths)


@dataclass(frozen=True)
class Crashed:
    """A pattern undisturbed, and dying at each point of that execution."""

    name: str
    undisturbed: Execution
    executions: tuple[Execution, ...]


def executed(workflow: Callable[..., Any], event: Any, model: ModelProvider, crash: CrashPoint | None) -> Execution:
    """Execute a pattern once; whoever is asked approves."""
    said: list[Said] = []
    run = run_in_process(
        lambda engine: durable_handler(workflow, model=Asked(engine, model.converse, said.append)),
        Scenario(event, ask=Always(APPROVE)),
        Conditions(crashes=(crash,) if crash else ()),
    )
    return Execution(crash, tuple(said), run, tuple(wrong_with(run, str(crash or "no interruption"))))


def crashed(
    workflow: Callable[..., Any],
    event: Any,
    model: ModelProvider,
    kinds: Sequence[CrashKind] = ALL_KINDS,
    told: Callable[[Execution], None] = lambda _: None,
) -> Crashed:
    """Execute a pattern undisturbed, and once for each point at which that execution can die, from its beginning."""
    undisturbed = executed(workflow, event, model, None)
    told(undisturbed)
    executions = []
    for point in undisturbed.run.crash_points(kinds):
        executions.append(executed(workflow, event, model, point))
        told(executions[-1])
    return Crashed(workflow.__name__, undisturbed, tuple(executions))


def wrong_with(run: Run, where: str) -> Iterator[str]:
    """What must not be, whatever the model says: what the rules say of a run alone; that it ends, as a pattern may."""
    yield from (_told(found) for found in judged_alone(run, where))
    yield from (f"{where}: {call.path} is asked again, and its answer was there" for call in run.repeated_calls)
    if run.status not in ENDINGS:
        yield f"{where}: {run.status}"
    elif run.status == "FAILED" and not (run.error_type or "").startswith(OF_THE_MODEL):
        yield f"{where}: it failed with {run.error_type}: {run.error_message}"


def _told(found: Finding) -> str:
    return f"{found.rule}: {found.path}, {found.crash}: expected {found.expected}, was {found.actual}"
