"""What a function must look like to become a handler, and what each kind of event arrives as."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from pydantic import BaseModel, Field, RootModel

from durable_conformance import Scenario
from durable_conformance.execution import Run
from durable_conformance.runtime import run_in_process
from patterns.durable import Event, InvalidWorkflowError, durable_handler
from providers import ModelProvider
from providers.scripted import ScriptedProvider, reply
from tests.repository.documents import blocks, text_of

if TYPE_CHECKING:
    from fractions import Fraction


class Order(Event):
    item: str
    count: int = 1


class Open(BaseModel):
    """A model that takes fields it does not know."""

    item: str


@dataclass
class Parcel:
    item: str
    weight: Annotated[float, Field(gt=0, description="kilograms")] = 1.0


class Ticket(TypedDict):
    title: str
    urgent: NotRequired[bool]


class Unfinished(BaseModel):
    share: Fraction


class Items(RootModel[list[str]]):
    pass


class Unknown:
    """Nothing that JSON can become."""


def run(workflow: Callable[..., Any], event: Any) -> Run:
    scenario = Scenario(event, lambda: ScriptedProvider([reply("hello")]))
    return run_in_process(lambda model: durable_handler(workflow, model=model), scenario)


def seen(workflow: Callable[..., Any], event: Any) -> str:
    """What the workflow, which returns it as text, took the event for."""
    outcome = run(workflow, event)
    assert outcome.status == "SUCCEEDED", outcome.error_message
    return str(outcome.result)


def without(event, context, model):  # type: ignore[no-untyped-def]
    return repr(event)


def positional_only(event: Any, context: DurableContext, model: ModelProvider, /) -> str:
    return repr(event)


def of_dict(event: dict, context: DurableContext, model: ModelProvider) -> str:  # type: ignore[type-arg]
    return repr(event)


def of_typed_dict(event: Ticket, context: DurableContext, model: ModelProvider) -> str:
    return repr(event)


def of_dict_of_numbers(event: dict[str, int], context: DurableContext, model: ModelProvider) -> str:
    return repr(event)


def of_mapping(event: Mapping[str, Any], context: DurableContext, model: ModelProvider) -> str:
    return repr(dict(event))


def of_model(event: Order, context: DurableContext, model: ModelProvider) -> str:
    return repr(event)


def of_either(event: Order | None, context: DurableContext, model: ModelProvider) -> str:
    return repr(event)


def of_annotated(event: Annotated[Order, "documented"], context: DurableContext, model: ModelProvider) -> str:
    return repr(event)


def of_open_model(event: Open, context: DurableContext, model: ModelProvider) -> str:
    return repr(event)


def of_root_model(event: Items, context: DurableContext, model: ModelProvider) -> str:
    return repr(event.root)


def of_dataclass(event: Parcel, context: DurableContext, model: ModelProvider) -> str:
    return repr(event)


def of_list(event: list[int], context: DurableContext, model: ModelProvider) -> str:
    return repr(event)


def with_more(
    event: Order, context: DurableContext, model: ModelProvider, tier: str = "small", *, loud: int = 0
) -> str:
    return f"{event!r} {tier} {loud}"


def other_names(order: Order, ctx: Fraction, llm: Fraction) -> str:
    """Nobody reads what the context and the model are annotated with: they may be known to a type checker alone."""
    return repr(order)


@functools.wraps(of_model)
def wrapped(*arguments: Any, **more: Any) -> str:
    return of_model(*arguments, **more)


class Shop:
    """A method of it is a function of three parameters, too."""

    def sell(self, event: Order, context: DurableContext, model: ModelProvider) -> str:  # noqa: ARG002
        return repr(event)


@pytest.mark.parametrize(
    ("workflow", "event", "expected"),
    [
        (without, {"a": {"b": [1, None]}}, "{'a': {'b': [1, None]}}"),
        (without, [1, "x"], "[1, 'x']"),
        (without, None, "None"),
        (lambda event, context, model: repr(event), {"a": 1}, "{'a': 1}"),  # noqa: ARG005
        (positional_only, {"a": 1}, "{'a': 1}"),
        (of_dict, {"count": "3"}, "{'count': '3'}"),
        (of_mapping, {"count": "3"}, "{'count': '3'}"),
        (of_dict_of_numbers, {"count": 3}, "{'count': 3}"),
        (of_typed_dict, {"title": "Broken"}, "{'title': 'Broken'}"),
        (of_typed_dict, {"title": "Broken", "urgent": True}, "{'title': 'Broken', 'urgent': True}"),
        (of_model, {"item": "tea"}, "Order(item='tea', count=1)"),
        (of_either, None, "None"),
        (of_either, {"item": "tea"}, "Order(item='tea', count=1)"),
        (of_annotated, {"item": "tea"}, "Order(item='tea', count=1)"),
        (of_open_model, {"item": "tea", "more": 1}, "Open(item='tea')"),
        (of_root_model, ["tea"], "['tea']"),
        (of_dataclass, {"item": "tea", "weight": 2}, "Parcel(item='tea', weight=2.0)"),
        (of_list, [1, 2], "[1, 2]"),
        (with_more, {"item": "tea"}, "Order(item='tea', count=1) small 0"),
        (other_names, {"item": "tea"}, "Order(item='tea', count=1)"),
        (wrapped, {"item": "tea"}, "Order(item='tea', count=1)"),
        (Shop().sell, {"item": "tea"}, "Order(item='tea', count=1)"),
    ],
)
def test_an_event_arrives_as_the_annotation_says_and_without_one_as_it_is(
    workflow: Callable[..., Any], event: Any, expected: str
) -> None:
    assert seen(workflow, event) == expected


@pytest.mark.parametrize(
    ("workflow", "event", "said"),
    [
        (of_dict, [1], "Invalid event for dict: a JSON object is wanted, not list."),
        (of_dict_of_numbers, {"count": "many"}, "Invalid event for dict[str, int]: count: Input should be a valid int"),
        (of_typed_dict, "x", "Invalid event for Ticket: a JSON object (title, urgent) is wanted, not str."),
        (of_typed_dict, {"urgent": True}, "Invalid event for Ticket: title: Field required."),
        (of_model, None, "Invalid event for Order: a JSON object (item, count) is wanted, not NoneType."),
        (of_annotated, 3, "Invalid event for Order: a JSON object (item, count) is wanted, not int."),
        (of_dataclass, [], "Invalid event for Parcel: a JSON object (item, weight) is wanted, not list."),
        (of_dataclass, {"item": "tea", "weight": -1}, "Invalid event for Parcel: weight: Input should be greater"),
        (of_root_model, {"item": "tea"}, "Invalid event for Items: value: Input should be a valid list"),
        (of_either, 3, "Input should be a valid dictionary or instance of Order"),
    ],
)
def test_an_event_that_is_not_what_the_annotation_says_is_refused(
    workflow: Callable[..., Any], event: Any, said: str
) -> None:
    outcome = run(workflow, event)
    assert (outcome.status, outcome.error_type) == ("FAILED", "patterns.durable.handler.InvalidEventError")
    assert said in (outcome.error_message or "")


def test_the_readmes_own_handler_works() -> None:
    (source,) = (block for block in blocks(text_of("README.md"), "python") if block.startswith("# briefing.py"))
    module: dict[str, Any] = {"__name__": "briefing"}
    exec(source, module)
    assert seen(module["briefing"], {"team": "sales"}) == "hello"


def no_parameters() -> str:
    return ""


def two_parameters(event: Order, context: DurableContext) -> str:
    return ""


def four_parameters(event: Order, context: DurableContext, model: ModelProvider, tier: str) -> str:
    return ""


def any_number(*parts: Any) -> str:
    return ""


def any_more(event: Order, context: DurableContext, model: ModelProvider, *more: Any) -> str:
    return ""


def any_keyword(event: Order, context: DurableContext, model: ModelProvider, **more: Any) -> str:
    return ""


def keyword_only(event: Order, context: DurableContext, *, model: ModelProvider) -> str:
    return ""


async def asynchronous(event: Order, context: DurableContext, model: ModelProvider) -> str:
    return ""


async def asynchronous_generator(event: Order, context: DurableContext, model: ModelProvider) -> AsyncIterator[str]:
    yield ""


def generator(event: Order, context: DurableContext, model: ModelProvider) -> Iterator[str]:
    yield ""


def of_nothing(event: Nowhere, context: DurableContext, model: ModelProvider) -> str:  # type: ignore[name-defined]  # noqa: F821
    return ""


def of_what_types_alone_know(event: Fraction, context: DurableContext, model: ModelProvider) -> str:
    return ""


def of_no_expression(event: "not a type", context: DurableContext, model: ModelProvider) -> str:  # type: ignore[valid-type]  # noqa: F722
    return ""


def of_what_no_json_is(event: Unknown, context: DurableContext, model: ModelProvider) -> str:
    return ""


def of_what_is_unfinished(event: Unfinished, context: DurableContext, model: ModelProvider) -> str:
    return ""


def returns_nothing_known(event: Order, context: DurableContext, model: ModelProvider) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821
    return ""


def returns_what_no_json_is(event: Order, context: DurableContext, model: ModelProvider) -> Unknown:
    return Unknown()


@durable_execution
def a_handler(event: Any, context: DurableContext) -> str:
    return ""


@durable_execution  # type: ignore[arg-type]
def a_handler_of_three(event: Any, context: DurableContext, model: ModelProvider) -> str:
    return ""


THREE = "(event, context, model)"


@pytest.mark.parametrize(
    ("workflow", "what", "to_do"),
    [
        (no_parameters, "no parameters", THREE),
        (two_parameters, "2 parameters, event and context", THREE),
        (four_parameters, "4 parameters without a default, event, context, model and tier", "a default"),
        (any_number, "*parts", THREE),
        (any_more, "*more", THREE),
        (any_keyword, "**more", THREE),
        (keyword_only, "model can be given by keyword only", "the *"),
        (asynchronous, "async", "`def`"),
        (asynchronous_generator, "async", "`def`"),
        (generator, "yields", "return"),
        (of_nothing, "'event' is annotated with 'Nowhere', which names nothing", "top level"),
        (of_what_types_alone_know, "'event' is annotated with 'Fraction', which names nothing", "TYPE_CHECKING"),
        (of_no_expression, "'event' is annotated with ", "top level"),
        (of_what_no_json_is, "'event' is annotated with Unknown, which JSON cannot become", "a dataclass"),
        (of_what_is_unfinished, "'event' is annotated with Unfinished, in which 'Fraction' names nothing", "first"),
        (returns_nothing_known, "its result is annotated with 'Nowhere', which names nothing", "top level"),
        (returns_what_no_json_is, "its result is annotated with Unknown, which cannot become JSON", "a dataclass"),
        (a_handler, "2 parameters, event and context", "`durable_execution`"),
        (a_handler_of_three, "a decorator has made a function of it that takes no model", "without the decorator"),
    ],
)
def test_a_function_that_no_handler_can_be_made_of_is_refused_when_it_is_decorated(
    workflow: Callable[..., Any], what: str, to_do: str
) -> None:
    with pytest.raises(InvalidWorkflowError) as refused:
        durable_handler(workflow)
    told = str(refused.value)
    assert f"{workflow.__name__!r} of module {__name__}" in told
    assert what in told
    assert to_do in told


@pytest.mark.parametrize(
    ("thing", "what"),
    [
        (Order, f"the class 'Order' of module {__name__}"),
        (Shop, f"the class 'Shop' of module {__name__}"),
        (functools.partial(of_model), "not a partial"),
        ("of_model", "not a str"),
        (None, "not a NoneType"),
        (durable_handler(of_model), "not a DurableHandler"),
        (len, "not a builtin_function_or_method"),
    ],
)
def test_what_is_no_function_is_refused_by_its_kind(thing: Any, what: str) -> None:
    with pytest.raises(InvalidWorkflowError) as refused:
        durable_handler(thing)
    assert what in str(refused.value)
    assert THREE in str(refused.value)


def test_a_class_of_a_functions_own_scope_cannot_be_found_by_its_name() -> None:
    class Local(Event):
        item: str

    def workflow(event: Local, context: DurableContext, model: ModelProvider) -> str:
        return ""

    with pytest.raises(InvalidWorkflowError, match="'Local', which names nothing"):
        durable_handler(workflow)
