"""What is checked: a durable handler or a workflow function, from a file or a module, made ready for the engine."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from pydantic import JsonValue, TypeAdapter

from durable_conformance.errors import CannotRunError
from durable_conformance.subject.patterns import ModelledHandler, find_pattern
from durable_conformance.subject.scenario import Handler, HandlerFactory
from providers import ModelProvider

WORKFLOW_PARAMETERS = 3
"""A workflow function takes the event, the durable context and a model."""


def handler_factory(target: object, name: str = "the handler") -> HandlerFactory:
    """Makes the handler under test out of what a user has.

    Args:
        target: A handler made by `durable_handler`; any other durable handler, whose model calls the engine then does
            not see; or a function `(event, context, model)`.
        name: What to call it in an error.

    Raises:
        CannotRunError: It is none of these.
    """
    if isinstance(target, ModelledHandler):
        return target.with_model
    if callable(target) and hasattr(target, "__wrapped__"):
        return lambda _model: target
    if inspect.isfunction(target) and _positional(target) == WORKFLOW_PARAMETERS:
        return _workflow_factory(target)
    raise CannotRunError(
        f"{name} is neither a durable handler (@durable_execution) nor a function (event, context, model)."
    )


def find_handler(reference: str) -> HandlerFactory:
    """Makes the handler that a pattern's name, or `PATH.py:NAME`, stands for.

    Raises:
        CannotRunError: There is none.
    """
    if ":" in reference:
        return handler_factory(find_target(reference), reference)
    return find_pattern(reference).with_model


def check_place(reference: str) -> tuple[str, str]:
    """Where `PATH.py:NAME` or `package.module:NAME` points: the file or module, and the name. Nothing is imported.

    Raises:
        CannotRunError: It is neither, or there is no such file.
    """
    place, separator, name = reference.rpartition(":")
    if not separator or not place or not name:
        raise CannotRunError(f"{reference!r} names nothing; write PATH.py:FUNCTION or package.module:FUNCTION.")
    if place.endswith(".py") and not Path(place).is_file():
        raise CannotRunError(f"There is no file {place}.")
    return place, name


def find_target(reference: str) -> object:
    """The object that `PATH.py:NAME` or `package.module:NAME` names.

    Raises:
        CannotRunError: There is no such file, module or name, or importing it fails.
    """
    place, name = check_place(reference)
    module = _module(place)
    if not hasattr(module, name):
        raise CannotRunError(f"{place} has no {name!r}.")
    return getattr(module, name)


def _module(place: str) -> ModuleType:
    path = Path(place).resolve()
    try:
        if path.suffix != ".py":
            return importlib.import_module(place)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # dataclasses and pydantic look their modules up there
        sys.path.insert(0, str(path.parent))  # what stands beside the file can be imported by it
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's module does when it is imported
        raise CannotRunError(f"{place} cannot be imported: {type(error).__name__}: {error}.") from error
    return module


def _positional(function: Callable[..., Any]) -> int:
    parameters = inspect.signature(function).parameters.values()
    return sum(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)


def _workflow_factory(workflow: Callable[..., Any]) -> HandlerFactory:
    hints = get_type_hints(workflow)
    event_type: TypeAdapter[Any] = TypeAdapter(hints.get(next(iter(inspect.signature(workflow).parameters)), Any))
    result_type: TypeAdapter[Any] = TypeAdapter(hints.get("return", Any))

    def factory(model: ModelProvider) -> Handler:
        def handler(event: Any, context: DurableContext) -> JsonValue:
            result = workflow(event_type.validate_python(event), context, model)
            return result_type.dump_python(result, mode="json", by_alias=True)  # type: ignore[no-any-return]

        return durable_execution(handler)

    return factory
