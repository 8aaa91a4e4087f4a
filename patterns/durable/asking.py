"""The durable model call: one checkpointed step per request, retried by policy, checked for prompt drift on replay."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aws_durable_execution_sdk_python import DurableContext, StepContext, StepError
from aws_durable_execution_sdk_python.config import StepConfig
from aws_durable_execution_sdk_python.exceptions import NonDeterministicExecutionError
from aws_durable_execution_sdk_python.serdes import SerDes, SerDesContext
from pydantic import BaseModel, ConfigDict

from patterns.durable.budget import Asked, current
from patterns.durable.keys import wanted_keys
from patterns.durable.limits import CHECKPOINT, excess, shortened
from patterns.durable.recorded_errors import recordable, recorded_digest, recorded_model_error
from patterns.durable.retry import MODEL_RETRY, jittered
from providers import (
    Message,
    ModelOutputError,
    ModelProvider,
    ModelRequest,
    ModelResponse,
    OutputSchema,
    TextBlock,
)
from providers.stop_reasons import StopOutcome, outcome, unusable

MAX_REPAIRS = 2
"""How often an unusable reply is asked for again: enough for a slip, too few to spend much on a model that cannot."""

MAX_PROBLEM_CHARS = 500
"""How much of what a `check` says is told: it may repeat what a model sent."""


class PromptDriftError(NonDeterministicExecutionError):
    """On replay the code asks something else than the recorded answer was given to. Fatal: the execution fails."""


class TypedSerDes[T: BaseModel](SerDes[T]):
    """Checkpoints a pydantic value as plain JSON and reads it back as the same type."""

    def __init__(self, schema: type[T]) -> None:
        self._schema = schema

    def serialize(self, value: T, serdes_context: SerDesContext) -> str:  # noqa: ARG002  # the SDK's signature
        return value.model_dump_json()

    def deserialize(self, data: str, serdes_context: SerDesContext) -> T:  # noqa: ARG002  # the SDK's signature
        return self._schema.model_validate_json(data)


class Answer(BaseModel):
    """What a model step checkpoints: the response, and the digest of the request it answers."""

    model_config = ConfigDict(frozen=True)

    request_digest: str
    response: ModelResponse


def converse(context: DurableContext, model: ModelProvider, name: str, request: ModelRequest) -> ModelResponse:
    """Ask `request` in a step named `name`; on replay, return the recorded answer without asking.

    Raises:
        ModelError: The attempts ran out or the error is permanent; the type is the one the provider raised.
            `ModelOutputError` for a reply that no checkpoint holds, `ModelBudgetError` for a budget that is spent.
        PromptDriftError: The recorded answer belongs to another request.
    """
    digest = request.digest()
    spending = current()

    def call(step: StepContext) -> Answer:
        step.logger.info("Asking %s (%s, attempt %d)", request.model, name, step.attempt)
        with recordable(digest):
            if spending:
                spending.check()  # in the step: a checkpoint keeps what was decided, whoever spends what meanwhile
            return _checkpointable(Answer(request_digest=digest, response=model.converse(request)))

    seed = f"{context.execution_context.durable_execution_arn}/{digest}"
    config = StepConfig(retry_strategy=jittered(MODEL_RETRY, seed), serdes=TypedSerDes(Answer))
    try:
        answer = context.step(call, name, config)
    except StepError as error:
        _check_drift(name, recorded_digest(error.message), digest)
        raise recorded_model_error(error.error_type, error.message) or error from error
    _check_drift(name, answer.request_digest, digest)
    if spending:
        spending.add(Asked(name, request.model), answer.response.usage)
    return answer.response


def _checkpointable(answer: Answer) -> Answer:
    """`answer`, if it can be checkpointed and read back; its call would otherwise be made, and paid for, for ever."""
    model = answer.response.model
    try:
        text = answer.model_dump_json()
        Answer.model_validate_json(text)
    except ValueError as error:  # pydantic's, for JSON that is nested too deeply and for halves of characters
        raise ModelOutputError(f"{model} sent nothing that a checkpoint can hold: {type(error).__name__}.") from None
    if (why := excess(text, CHECKPOINT)) is not None:
        raise ModelOutputError(
            f"{model} sent a reply that is too long: it {why}. Ask for less: a lower max_tokens, or one part at a time."
        )
    return answer


def _check_drift(name: str, recorded: str | None, asked: str) -> None:
    if recorded is not None and recorded != asked:
        raise PromptDriftError(
            f"Operation {name!r}: the recorded answer is to request {recorded}, and the code now asks {asked}. "
            "Something between two steps changed (a clock, an id, an environment variable, the order of a set, the "
            "code): compute it inside a step, or deploy the change as a new version."
        )


def ask(
    context: DurableContext,
    model: ModelProvider,
    name: str,
    prompt: str,
    *,
    tier: str = "small",
    system: str | None = None,
    label: str | None = None,
) -> ModelResponse:
    """Ask for text, durably, in an operation whose `name` is static and unique in its context.

    `tier` is `small`, `medium`, `large`, or a model id. `label` tells this call from identical ones in other branches;
    it is the operation's name unless given.

    Raises:
        ModelError: See `converse`; `ModelOutputError` when no usable text came after `MAX_REPAIRS` repairs.
    """
    request = ModelRequest(messages=(Message.user(prompt),), model=tier, system=system, label=label or name)
    return _answer(context, model, name, request, _whole_text)


def ask_for[T: BaseModel](
    context: DurableContext,
    model: ModelProvider,
    name: str,
    prompt: str,
    schema: type[T],
    *,
    tier: str = "small",
    check: Callable[[T], None] = lambda _: None,
) -> T:
    """Ask for `schema`, durably; a reply that does not fit is asked for again with what was wrong with it.

    The first operation is named `name`, repairs of it `<name>-repair-<n>`. The schema's keys are added to the prompt,
    for models that take no output schema. `tier` is `small`, `medium`, `large`, or a model id. `check` raises
    ValueError, with text for the model, for a reply that parses and still makes no sense.

    Raises:
        ModelError: See `converse`; `ModelOutputError` when no reply fitted after `MAX_REPAIRS` repairs;
            `ModelRequestError` for a schema of which no model can be told.
    """
    output = OutputSchema.of(schema)
    keys = wanted_keys(schema, output)
    question = f"{prompt}\n\nReply with one JSON object with these keys and nothing else: {keys}."
    request = ModelRequest(messages=(Message.user(question),), model=tier, output_schema=output, label=name)

    def parsed(response: ModelResponse) -> T:
        value = _whole_text(response).parse(schema)
        try:
            check(value)
        except ValueError as error:
            why = shortened(str(error), MAX_PROBLEM_CHARS)
            raise ModelOutputError(f"{response.model} sent an unusable {schema.__name__}: {why}") from error
        return value

    return _answer(context, model, name, request, parsed)


@dataclass(frozen=True)
class Usable[T]:
    """What was made of a reply that can be used.

    Attributes:
        value: What was made of it.
        request: What it answers: the first request, and after it what was wrong with the replies before.
        repairs: How many more replies may be unusable.
    """

    value: T
    request: ModelRequest
    repairs: int


def until_usable[T](
    context: DurableContext,
    model: ModelProvider,
    names: Iterable[str],
    request: ModelRequest,
    accept: Callable[[ModelResponse], T],
    *,
    repairs: int = MAX_REPAIRS,
) -> Usable[T] | None:
    """What `accept` makes of the answer to `request`, which is asked again while it raises `ModelOutputError`.

    Each question, repairs included, is an operation named by the next of `names`, and labelled so unless the request
    has a label. None if there is no other name. `accept` raises with text for the model.

    Raises:
        ModelError: See `converse`; `ModelOutputError` when no repairs are left, or where another cannot help.
    """
    for name in names:
        asked = request if request.label else request.model_copy(update={"label": name})
        response = converse(context, model, name, asked)
        try:
            return Usable(accept(response), request, repairs)
        except ModelOutputError as error:
            if repairs == 0 or outcome(response) is StopOutcome.FINAL:
                raise
            request, repairs = with_feedback(request, response, error), repairs - 1
            if spending := current():
                spending.repair()
    return None


def with_repairs(name: str) -> tuple[str, ...]:
    """The names of an operation and of every repair of it."""
    return name, *(f"{name}-repair-{repair}" for repair in range(1, MAX_REPAIRS + 1))


def _answer[T](
    context: DurableContext,
    model: ModelProvider,
    name: str,
    request: ModelRequest,
    accept: Callable[[ModelResponse], T],
) -> T:
    usable = until_usable(context, model, with_repairs(name), request, accept)
    assert usable is not None, "every repair has a name"
    return usable.value


def _whole_text(response: ModelResponse) -> ModelResponse:
    if outcome(response) is not StopOutcome.COMPLETE or not response.text.strip():
        raise unusable(response)
    return response


def with_feedback(request: ModelRequest, response: ModelResponse, error: ModelOutputError) -> ModelRequest:
    """`request` continued by the unusable reply and what was wrong with it.

    Converse wants user and assistant turns to alternate, and takes neither an empty turn nor a tool use without its
    result: a reply that is not plain text is left out, and the feedback joins the last user turn.
    """
    feedback = f"Your reply cannot be used. {error} Answer again."
    *earlier, last = request.messages
    if response.text.strip() and not response.tool_uses:
        turns = (*request.messages, Message.assistant(response.text), Message.user(feedback))
    else:
        turns = (*earlier, last.model_copy(update={"content": (*last.content, TextBlock(text=feedback))}))
    return request.model_copy(update={"messages": turns})
