"""What is checked: a durable handler or a workflow function, made ready for the engine."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_type_hints

from aws_durable_execution_sdk_python import DurableContext, durable_execution

from durable_conformance.errors import CannotRunError
from durable_conformance.subject.durable import holds_durable
from durable_conformance.subject.patterns import ModelledHandler
from durable_conformance.subject.scenario import Handler, HandlerFactory

if TYPE_CHECKING:
    from pydantic import JsonValue

    from providers import ModelProvider

WORKFLOW_PARAMETERS = 3
"""A workflow function takes the event, the durable context and a model."""


def handler_factory(target: object, name: str = "the handler") -> HandlerFactory:
    """Makes the handler under test out of what a user has.

    `target` is a handler made by `durable_handler`; any other durable handler, also behind decorators of others; or a
    function `(event, context, model)`. An error calls it `name`.

    Raises:
        CannotRunError: It is none of these.
    """
    if isinstance(target, ModelledHandler):
        return target.with_model
    if inspect.isfunction(target) and not hasattr(target, "__wrapped__"):
        parameters = inspect.signature(target).parameters.values()
        if sum(one.kind is one.POSITIONAL_OR_KEYWORD for one in parameters) == WORKFLOW_PARAMETERS:
            return _workflow_factory(target)
    if callable(target) and holds_durable(target):
        return lambda _model: target
    raise CannotRunError(
        f"{name} is neither a durable handler (@durable_execution) nor a function (event, context, model)."
    )


def event_schema(handler_for: HandlerFactory) -> dict[str, Any] | None:
    """What the events of a handler may be, as a JSON schema, where the type of its event says so."""
    schema = getattr(getattr(handler_for, "__self__", handler_for), "event_schema", None)
    if schema is None:
        return None

    from pydantic import PydanticUserError  # noqa: PLC0415  # who makes such a schema has imported it

    try:
        return schema() or None
    except PydanticUserError:
        return None  # a type that JSON schema has no words for


def _workflow_factory(workflow: Callable[..., Any]) -> HandlerFactory:
    from pydantic import TypeAdapter  # noqa: PLC0415  # a tenth of a second in each interpreter; few handlers need it

    try:
        hints = get_type_hints(workflow)
    except (NameError, TypeError) as error:
        where = f"{workflow.__module__}.{workflow.__qualname__}"
        raise CannotRunError(f"The annotations of {where} name what is not there: {error}.") from error
    event_type: TypeAdapter[Any] = TypeAdapter(hints.get(next(iter(inspect.signature(workflow).parameters)), Any))
    result_type: TypeAdapter[Any] = TypeAdapter(hints.get("return", Any))

    def factory(model: ModelProvider) -> Handler:
        def handler(event: Any, context: DurableContext) -> JsonValue:
            result = workflow(event_type.validate_python(event), context, model)
            return result_type.dump_python(result, mode="json", by_alias=True)  # type: ignore[no-any-return]

        return durable_execution(handler)

    factory.event_schema = event_type.json_schema  # type: ignore[attr-defined]
    return factory
