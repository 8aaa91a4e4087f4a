"""From a workflow function to a Lambda handler: validate the event, choose the provider, dump the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_type_hints

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from providers import ModelProvider
from providers.model import describe
from providers.selection import selected_provider

type Workflow[E: BaseModel, R] = Callable[[E, DurableContext, ModelProvider], R]


class InvalidEventError(ValueError):
    """The event is not what the workflow takes. The message names the fields at fault, never their values."""


class DurableHandler[E: BaseModel, R]:
    """A Lambda handler that runs a workflow function as a durable execution. Made by `durable_handler`."""

    def __init__(self, workflow: Workflow[E, R], model: ModelProvider | None) -> None:
        hints = get_type_hints(workflow)
        self._workflow = workflow
        self._model = model
        self._event_type: type[E] = hints[next(iter(hints))]
        self._result_type: TypeAdapter[R] = TypeAdapter(hints["return"])
        self.__name__ = workflow.__name__
        self.__doc__ = workflow.__doc__
        self.__wrapped__ = self._run  # what `durable_execution` wraps: tools that re-decorate a handler look here
        self._handler = durable_execution(self._run)

    def __call__(self, event: Any, context: Any) -> Any:
        """Lambda's entry point.

        Args:
            event: The durable invocation's input, as the service sends it.
            context: Lambda's context.
        """
        return self._handler(event, context)

    def with_model(self, model: ModelProvider) -> DurableHandler[E, R]:
        """The same handler, asking `model`."""
        return DurableHandler(self._workflow, model)

    def _run(self, event: Any, context: DurableContext) -> JsonValue:
        validated = self._validated(event)
        result = self._workflow(validated, context, self._model or selected_provider())
        return self._result_type.dump_python(result, mode="json", by_alias=True)  # type: ignore[no-any-return]

    def _validated(self, event: Any) -> E:
        name = self._event_type.__name__
        if not isinstance(event, dict):
            fields = ", ".join(self._event_type.model_fields)
            raise InvalidEventError(
                f"Invalid event for {name}: a JSON object ({fields}) is wanted, not {type(event).__name__}."
            )
        try:
            return self._event_type.model_validate(event)
        except ValidationError as error:
            raise InvalidEventError(f"Invalid event for {name}: {describe(error)}.") from None


def durable_handler[E: BaseModel, R](
    workflow: Workflow[E, R], *, model: ModelProvider | None = None
) -> DurableHandler[E, R]:
    """The Lambda handler that runs `workflow` as a durable execution.

    Args:
        workflow: Takes a validated event (its first parameter's annotation says which), the durable context and a
            provider; returns a pydantic model or other JSON.
        model: Who answers. Unless given, the environment says so at the first invocation, not at import
            (`providers.selection`).
    """
    return DurableHandler(workflow, model)
