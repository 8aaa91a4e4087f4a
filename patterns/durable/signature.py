"""What a workflow function takes and returns, read from its parameters and annotations when it is decorated."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, get_origin, get_type_hints, is_typeddict

from pydantic import BaseModel, PydanticUndefinedAnnotation, PydanticUserError, RootModel, TypeAdapter

if sys.version_info >= (3, 14):  # where an annotation is evaluated only when somebody reads it
    from annotationlib import Format

    _signature = functools.partial(inspect.signature, annotation_format=Format.FORWARDREF)
else:
    _signature = inspect.signature

PARAMETERS = 3
"""The event, the durable context and the model."""

_WANTED = "a workflow takes three parameters: (event, context, model)"


class InvalidWorkflowError(TypeError):
    """No handler can be made of this. The message says of what, why, and what to do."""


@dataclass(frozen=True)
class JsonType:
    """A type that JSON is read as, or that is written as JSON."""

    annotation: Any
    adapter: TypeAdapter[Any]

    @property
    def name(self) -> str:
        return _text(self.annotation)

    @property
    def keys(self) -> tuple[str, ...] | None:
        """The keys of the JSON object that it is read from; none are known of a dict. None if it need be no object."""
        kind = self.annotation
        if not isinstance(kind, type) or issubclass(kind, RootModel):
            return None
        if issubclass(kind, BaseModel):
            return tuple(kind.model_fields)
        if dataclasses.is_dataclass(kind):
            return tuple(field.name for field in dataclasses.fields(kind) if field.init)
        if is_typeddict(kind):
            return tuple(kind.__annotations__)
        return () if issubclass(kind, dict) else None


@dataclass(frozen=True)
class Signature:
    """What a workflow takes as its event and what it returns; None for what it does not say."""

    event: JsonType | None
    result: JsonType | None


def named(workflow: Callable[..., Any]) -> str:
    """What to call a workflow in an error."""
    return f"{workflow.__name__!r} of module {workflow.__module__}"


def signature_of(workflow: Callable[..., Any]) -> Signature:
    """What `workflow` takes and returns, if a handler can be made of it.

    The annotations of the event and the result count, and no others: a type checker may know those alone.

    Raises:
        InvalidWorkflowError: It is no function, is async or a generator, takes other than three positional parameters
            (further ones need a default), or an annotation names nothing or nothing that JSON and Python share.
    """
    _check_kind(workflow)
    signature = _signature(workflow)
    _check_parameters(workflow, signature)
    event = next(iter(signature.parameters.values()))
    return Signature(
        _json_type(workflow, event.annotation, f"its parameter {event.name!r}", "JSON cannot become"),
        _json_type(workflow, signature.return_annotation, "its result", "cannot become JSON"),
    )


def _check_kind(workflow: object) -> None:
    if isinstance(workflow, type):
        what = f"the class {workflow.__name__!r} of module {workflow.__module__}"
        raise InvalidWorkflowError(f"durable_handler cannot take {what}; {_WANTED}. Give it a function or a method.")
    if not isinstance(workflow, types.FunctionType | types.MethodType):
        what = f"a {type(workflow).__name__}"
        raise InvalidWorkflowError(f"durable_handler takes a function, not {what}; {_WANTED}.")
    if inspect.iscoroutinefunction(workflow) or inspect.isasyncgenfunction(workflow):
        _refuse(workflow, "it is async, and nobody awaits a durable handler", "Write it with `def`")
    if inspect.isgeneratorfunction(workflow):
        _refuse(
            workflow, "it yields, and nobody iterates over a durable handler", "Collect what it makes, and return it"
        )


def _check_parameters(workflow: Callable[..., Any], signature: inspect.Signature) -> None:
    parameters = signature.parameters.values()
    required = [parameter for parameter in parameters if parameter.default is parameter.empty]
    for parameter in required:
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            _refuse(workflow, f"it takes {parameter}, and {_WANTED}", "Name each parameter")
        if parameter.kind is parameter.KEYWORD_ONLY:
            what = f"its parameter {parameter.name} can be given by keyword only, and {_WANTED}, by position"
            _refuse(workflow, what, "Remove the * before it, or give it a default")
    names = [parameter.name for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    if len(names) < PARAMETERS:
        what = f"it has {_counted(names)}, and {_WANTED}"
        _refuse(workflow, what, "Add what is missing, or decorate a handler that has no model with `durable_execution`")
    if len(required) > PARAMETERS:
        without = [parameter.name for parameter in required]
        what = f"it has {_counted(without, ' without a default')}, and {_WANTED}"
        _refuse(workflow, what, "Give the others a default, or bind them in a function of three parameters")
    try:
        _signature(workflow, follow_wrapped=False).bind(*range(PARAMETERS))
    except TypeError:
        what = "a decorator has made a function of it that takes no model, as durable_execution does"
        _refuse(workflow, what, "Give durable_handler the function without the decorator")


def _counted(names: list[str], which: str = "") -> str:
    if not names:
        return "no parameters"
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{len(names)} parameter{'s' if len(names) > 1 else ''}{which}, {listed}"


def _json_type(workflow: Callable[..., Any], written: Any, subject: str, verb: str) -> JsonType | None:
    """The type that an annotation of `workflow` names; None for no annotation."""
    if written is inspect.Parameter.empty:
        return None
    annotation = _resolved(workflow, written, subject)
    kind = annotation.__origin__ if get_origin(annotation) is Annotated else annotation
    try:
        found = JsonType(kind, TypeAdapter(annotation))
        found.adapter.rebuild(raise_errors=True)
    except PydanticUndefinedAnnotation as error:
        what = f"{subject} is annotated with {_text(kind)}, in which {error.name!r} names nothing"
        _refuse(workflow, what, "Define or import it first, and outside of `if TYPE_CHECKING`")
    except (PydanticUserError, TypeError) as error:
        what = f"{subject} is annotated with {_text(kind)}, which {verb} ({error})"
        _refuse(workflow, what, "Annotate it with a pydantic model, a dataclass, a TypedDict or dict, or not at all")
    return found


def _resolved(workflow: Callable[..., Any], written: Any, subject: str) -> Any:
    function = inspect.unwrap(workflow)
    # One by one: of the others, some may be known to a type checker alone.
    only = types.SimpleNamespace(__annotations__={"it": written}, __type_params__=function.__type_params__)
    try:
        return get_type_hints(only, globalns=function.__globals__, include_extras=True)["it"]
    except Exception as error:  # evaluating an annotation may raise anything
        what = f"{subject} is annotated with {_text(written)!r}, which names nothing in that module ({error})"
        to_do = "Define or import it at the module's top level, and outside of `if TYPE_CHECKING`"
        raise InvalidWorkflowError(_refusal(workflow, what, to_do)) from error


def _text(annotation: Any) -> str:
    """An annotation as it is written."""
    if isinstance(annotation, type):
        return annotation.__name__
    return str(getattr(annotation, "__forward_arg__", annotation))  # of a ForwardRef


def _refuse(workflow: Callable[..., Any], what: str, to_do: str) -> NoReturn:
    raise InvalidWorkflowError(_refusal(workflow, what, to_do)) from None


def _refusal(workflow: Callable[..., Any], what: str, to_do: str) -> str:
    return f"durable_handler cannot take {named(workflow)}: {what}. {to_do}."
