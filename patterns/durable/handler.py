"""From a workflow function to a Lambda handler: validate the event, choose the provider, dump the result."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from pydantic import JsonValue, ValidationError

from patterns.durable.budget import budget_from_environment, counted_in
from patterns.durable.execution_log import ExecutionLog
from patterns.durable.results import json_of, returnable
from patterns.durable.signature import named, signature_of
from providers import ModelProvider
from providers.model import describe
from providers.selection import selected_provider

if TYPE_CHECKING:
    from aws_durable_execution_sdk_python.plugin import DurableInstrumentationPluginFactory

type Workflow[E, R] = Callable[[E, DurableContext, ModelProvider], R]


class InvalidEventError(ValueError):
    """The event is not what the workflow takes. The message names the fields at fault, never their values."""


class DurableHandler[E, R]:
    """A Lambda handler that runs a workflow function as a durable execution. Made by `durable_handler`."""

    def __init__(
        self,
        workflow: Workflow[E, R],
        model: ModelProvider | None,
        token_budget: int | None,
        plugins: Sequence[DurableInstrumentationPluginFactory],
        log: ExecutionLog,
    ) -> None:
        self._signature = signature_of(workflow)
        self._workflow = workflow
        self._model = model
        self._token_budget = token_budget
        self._plugins = tuple(plugins)
        self._log = log
        self.__name__ = workflow.__name__
        self.__doc__ = workflow.__doc__
        self.__wrapped__ = self._run  # what `durable_execution` wraps: tools that re-decorate a handler look here
        # With a plugin the SDK copies what is counted in (a context variable) into the threads of branches, too.
        self._handler = durable_execution(self._run, plugins=[log, *plugins])

    def __call__(self, event: Any, context: Any) -> Any:
        """Lambda's entry point: `event` is the durable invocation's input, as the service sends it."""
        return self._handler(event, context)

    def with_model(self, model: ModelProvider) -> DurableHandler[E, R]:
        """The same handler, asking `model`."""
        return DurableHandler(self._workflow, model, self._token_budget, self._plugins, self._log)

    def event_schema(self) -> dict[str, Any] | None:
        """What its events may be, as a JSON schema; None if the workflow does not say."""
        taken = self._signature.event
        return taken.adapter.json_schema() if taken else None

    def _run(self, event: Any, context: DurableContext) -> JsonValue:
        validated = self._validated(event)
        budget = self._token_budget or budget_from_environment(os.environ)
        with counted_in(self._log.spending(context.execution_context.durable_execution_arn, budget)):
            result = self._workflow(validated, context, self._model or selected_provider())
        said = self._signature.result
        whose = named(self._workflow)
        return returnable(json_of(result, said.adapter if said else None, whose), whose)

    def _validated(self, event: Any) -> E:
        taken = self._signature.event
        if taken is None:
            return event  # type: ignore[no-any-return]
        if taken.keys is not None and not isinstance(event, dict):
            keys = f" ({', '.join(taken.keys)})" if taken.keys else ""
            raise InvalidEventError(
                f"Invalid event for {taken.name}: a JSON object{keys} is wanted, not {type(event).__name__}."
            )
        try:
            return taken.adapter.validate_python(event)  # type: ignore[no-any-return]
        except ValidationError as error:
            raise InvalidEventError(f"Invalid event for {taken.name}: {describe(error)}.") from None


def durable_handler[E, R](
    workflow: Workflow[E, R],
    *,
    model: ModelProvider | None = None,
    token_budget: int | None = None,
    plugins: Sequence[DurableInstrumentationPluginFactory] = (),
    log: ExecutionLog | None = None,
) -> DurableHandler[E, R]:
    """The Lambda handler that runs `workflow` as a durable execution.

    Args:
        workflow: Takes the event, the durable context and a provider. What its first parameter is annotated with (a
            pydantic model, a dataclass, a TypedDict, dict) says what the event must be; without an annotation it comes
            as it was sent. It returns JSON, a pydantic model or a dataclass, or whatever its annotation makes JSON of.
        model: Who answers. Unless given, the environment says so at the first invocation, not at import
            (`providers.selection`).
        token_budget: Tokens that an execution may spend before `ModelBudgetError`. Unless given, `TOKEN_BUDGET` in the
            environment says so, and without it there is no bound.
        plugins: What else is told of each execution, by the durable SDK's plugin hooks. `DURABLE_EXECUTION_PLUGINS` in
            the environment adds others by name.
        log: Where the line of each execution goes; printed unless given.

    Raises:
        InvalidWorkflowError: No handler can be made of `workflow`; the message says why and what to do.
        InvalidEventError: At an invocation, before any operation: the event is not what the annotation says.
        InvalidResultError: At an invocation: what was returned cannot be written as JSON.
    """
    return DurableHandler(workflow, model, token_budget, plugins, log or ExecutionLog())
