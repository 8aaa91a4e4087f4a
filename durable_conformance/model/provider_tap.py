"""The tap of the project's own model layer: what a handler asks its `ModelProvider`.

`providers` is imported when the first question is asked, and not before: a user's project may have a package of that
name.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from aws_durable_execution_sdk_python import ExecutionError

from durable_conformance.errors import CannotRunError
from durable_conformance.identity import alike
from durable_conformance.model.bedrock import CODES, Asked, Reply, ToolUse
from durable_conformance.model.call import Answer, Failure, FaultKind, ModelCall, Request, untagged
from durable_conformance.model.tap import Asking, Gate, Question

if TYPE_CHECKING:
    from providers import ModelError, ModelProvider, ModelRequest, ModelResponse
    from providers.scripted import Script, ScriptedProvider


@dataclass(frozen=True)
class ProviderQuestion:
    """What was asked of a `ModelProvider`."""

    asked: ModelRequest

    @cached_property
    def request(self) -> Request:
        text = json.dumps(self.asked.model_dump(mode="json", exclude_defaults=True), sort_keys=True, ensure_ascii=False)
        whole = json.dumps(self.asked.model_dump(mode="json"))
        return Request(text, self.asked.digest(), self.asked.model, whole)

    @property
    def resent(self) -> int:
        """A provider sends what it is asked once."""
        return 0

    def varied(self, answer: Answer, unique: str) -> Answer:
        """Texts and tool use ids bear `unique`; tool input stays, and what the schema enumerates."""
        from providers import Message, ModelResponse, TextBlock, ToolUseBlock  # noqa: PLC0415  # see the module
        from providers.scripted import varied_text  # noqa: PLC0415

        response = ModelResponse.model_validate(json.loads(answer.text))
        content = tuple(
            TextBlock(text=varied_text(block.text, self.asked.output_schema, unique))
            if isinstance(block, TextBlock)
            else block.model_copy(update={"tool_use_id": f"tooluse-{position}~{unique}"})
            if isinstance(block, ToolUseBlock)
            else block
            for position, block in enumerate(response.message.content)
        )
        message = Message(role=response.message.role, content=content)
        return _answer(response.model_copy(update={"message": message}))

    def failure(self, kind: FaultKind, message: str) -> Failure:
        from providers import errors  # noqa: PLC0415  # see the module

        return _failure(getattr(errors, kind.value)(message))


class ProviderTap:
    """The `ModelProvider` that a handler under test is given: its calls pass `gate`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def converse(self, request: ModelRequest) -> ModelResponse:
        try:
            from providers.errors import FatalModelError  # noqa: PLC0415  # see the module
        except ImportError as error:
            raise ExecutionError(_hidden()) from error
        try:
            outcome = self._gate.answer(ProviderQuestion(request))
        except FatalModelError as error:  # also where the handler under test asks in a step of its own
            raise ExecutionError(str(error)) from error
        if isinstance(outcome, Failure):
            raise _error(outcome)
        return _response(outcome)


class ProviderSource:
    """Has a `ModelProvider` answer, which `make` makes when the first question comes."""

    def __init__(self, make: Callable[[], ModelProvider]) -> None:
        self._make = make
        self._lock = threading.Lock()  # branches ask at once
        self._made: ModelProvider | None = None

    @property
    def _provider(self) -> ModelProvider:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def answer(self, question: Question, asking: Asking) -> Answer | Failure:
        from providers import ModelError, ModelRequest  # noqa: PLC0415  # see the module

        assert isinstance(question, ProviderQuestion)
        asked = question.asked
        text = question.request.text
        if asking.untagged or alike(text) != text:  # what answers by the request answers alike in each execution
            plain = alike(json.dumps(asked.model_dump(mode="json")))
            asked = ModelRequest.model_validate(json.loads(untagged(plain) if asking.untagged else plain))
        try:
            return _answer(self._provider.converse(asked))
        except ModelError as error:
            return _failure(error)

    def question(self, call: ModelCall) -> Question:
        return ProviderQuestion(request_of(call))

    def bedrock_answer(self, asked: Asked, asking: Asking) -> Answer | Failure:
        """What the provider says to a request of Bedrock's, labelled with the operation's name."""
        from providers import Message, ModelError, ModelRequest, TextBlock  # noqa: PLC0415  # see the module

        messages = tuple(
            Message(role="assistant" if role == "assistant" else "user", content=(TextBlock(text=text),))
            for role, text in asked.turns
        )
        request = ModelRequest(messages=messages, model=asked.model)
        request = request.model_copy(update={"label": asking.operation})  # whatever it holds: Bedrock never sees it
        try:
            response = self._provider.converse(request)
        except ModelError as error:
            return Failure(CODES[fault_kind(error)], str(error))
        uses = tuple(ToolUse(one.tool_use_id, one.name, one.input) for one in response.tool_uses)
        usage = response.usage
        return Reply(response.text, uses, response.stop_reason, usage.input_tokens, usage.output_tokens).answer


def fault_kind(error: ModelError) -> FaultKind:
    """How an error of the model layer looks to whoever asks Bedrock."""
    from providers import RetryableModelError  # noqa: PLC0415  # see the module

    kinds = {kind.value: kind for kind in FaultKind}
    for class_ in type(error).__mro__:
        if kind := kinds.get(class_.__name__):
            return kind
    return FaultKind.UNAVAILABLE if isinstance(error, RetryableModelError) else FaultKind.PERMANENT


def scripted() -> ModelProvider:
    """A model that answers whatever it is asked, in a way that fits the request."""
    return _scripted_provider()()


@dataclass(frozen=True)
class from_script:  # noqa: N801  # used as a function that can be pickled
    """Makes a model that follows the JSON script in `file`."""

    file: Path

    def __call__(self) -> ModelProvider:
        """The model.

        Raises:
            CannotRunError: The file is missing or is no script.
        """
        provider = _scripted_provider()
        from providers.scripted import ScriptError  # noqa: PLC0415  # see the module

        try:
            return provider.from_file(self.file)
        except ScriptError as error:
            raise CannotRunError(str(error)) from error


def from_script_value(script: Script) -> ModelProvider:
    """A model that follows `script`."""
    return _scripted_provider()(script)


def _scripted_provider() -> type[ScriptedProvider]:
    try:
        from providers.scripted import ScriptedProvider  # noqa: PLC0415  # see the module
    except ImportError as error:
        raise CannotRunError(_hidden()) from error
    return ScriptedProvider


def _hidden() -> str:
    """Why there is no model layer to ask with."""
    import providers  # noqa: PLC0415  # somebody else's

    where = getattr(providers, "__file__", None) or ", ".join(providers.__path__)
    return (
        "A model is asked, and the package that stands in for it, `providers` of durable-ai-patterns, is hidden by "
        f"{where}: rename that."
    )


def failure_of(type_: str | None, message: str, otherwise: FaultKind) -> Failure:
    """A failure as a checkpoint recorded it; one of the kind `otherwise` if its type is no model error."""
    from providers import errors  # noqa: PLC0415  # see the module

    if errors.restored(type_, message):
        return Failure(type_ or "", message)
    return _failure(getattr(errors, otherwise.value)(f"{type_}: {message}"))


def whole_answer(value: object) -> Answer | None:
    """The answer that `value` is as JSON; None if it is none."""
    from providers import ModelResponse  # noqa: PLC0415  # see the module

    with contextlib.suppress(ValueError):  # it is some other value
        return _answer(ModelResponse.model_validate(value))
    return None


def text_answer(text: str) -> Answer:
    """The answer of a model that says `text`."""
    from providers import Message, ModelResponse, StopReason  # noqa: PLC0415  # see the module

    return _answer(ModelResponse(message=Message.assistant(text), stop_reason=StopReason.END_TURN, model="recorded"))


def request_of(call: ModelCall) -> ModelRequest:
    """What `call` asked, as the model layer has it."""
    from providers import ModelRequest  # noqa: PLC0415  # see the module

    return ModelRequest.model_validate(json.loads(call.request.whole))


def response_of(call: ModelCall) -> ModelResponse | None:
    """What `call` was answered, as the model layer has it; None if it was not."""
    return _response(call.answer) if call.answer else None


def _response(answer: Answer) -> ModelResponse:
    from providers import ModelResponse  # noqa: PLC0415  # see the module

    return ModelResponse.model_validate(json.loads(answer.text))


def _answer(response: ModelResponse) -> Answer:
    usage = response.usage
    return Answer(
        json.dumps(response.model_dump(mode="json", exclude_none=True)), usage.input_tokens, usage.output_tokens
    )


def _failure(error: ModelError) -> Failure:
    return Failure(f"{type(error).__module__}.{type(error).__qualname__}", str(error))


def _error(failure: Failure) -> ModelError:
    from providers import ModelError  # noqa: PLC0415  # see the module
    from providers.errors import restored  # noqa: PLC0415

    return restored(failure.type, failure.message) or ModelError(f"{failure.name}: {failure.message}")
