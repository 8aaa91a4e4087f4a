"""A provider that answers from a script: the double for tests, and a way to run a workflow without a model."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from providers.errors import FatalModelError
from providers.model import TIERS, ContentBlock, Message, ModelRequest, ModelResponse, TextBlock, ToolUseBlock, Usage
from providers.scripted.sample_answers import sample_text, varied_text
from providers.scripted.script import Entry, Failure, Reply, Script, entry_for, read_script, reply

CHARS_PER_TOKEN = 4
"""Rule of thumb for English text, for the usage that scripted responses report."""


class ScriptExhaustedError(FatalModelError):
    """More was asked than the script answers."""


class ScriptedProvider:
    """Answers by position, by label or by function; without a script, whatever fits the request.

    Safe from any number of threads. By position, concurrent calls take entries in the order in which they arrive: give
    branches that run at the same time a script by label.

    Args:
        script: See `providers.scripted`. None answers every request, the same way each time.
        never_twice: Make every answer unique, even to the same request, as a real model's would be. What must stay as
            scripted stays: tool input, numbers, and what an output schema enumerates.

    Attributes:
        requests: Every request, in the order of arrival.
    """

    def __init__(self, script: Script | None = None, *, never_twice: bool = False) -> None:
        self._script = script
        self._never_twice = never_twice
        self._lock = threading.Lock()
        self._answered: Counter[str] = Counter()
        self.requests: list[ModelRequest] = []

    @classmethod
    def from_file(cls, path: str | Path) -> ScriptedProvider:
        """A provider that answers from a JSON script file.

        Raises:
            ScriptError: The file cannot be read as a script.
        """
        return cls(read_script(Path(path)))

    def converse(self, request: ModelRequest) -> ModelResponse:
        """Answer with the script's next entry.

        Raises:
            ModelError: The entry is a failure.
            ScriptExhaustedError: There is no next entry.
        """
        counted = request.label if isinstance(self._script, Mapping) else ""
        with self._lock:
            self.requests.append(request)
            position, serial = self._answered[counted], len(self.requests)
            self._answered[counted] += 1
        entry = self._entry(request, position)
        if isinstance(entry, Failure):
            raise entry.error(entry.message)
        return respond(request, entry, unique=f"{serial}" if self._never_twice else None)

    def _entry(self, request: ModelRequest, position: int) -> Entry:
        if self._script is None:
            return reply(sample_text(request, request.digest()[:8]))
        entry = entry_for(self._script, request, position)
        if entry is None:
            raise ScriptExhaustedError(
                f"The script has no answer number {position + 1} for label {request.label!r}, which asks "
                f"{request.messages[-1].text[:200]!r}. Add an entry, or end the list with always(...)."
            )
        return entry


def respond(request: ModelRequest, entry: Reply, *, unique: str | None = None) -> ModelResponse:
    """The response that a scripted reply stands for.

    `unique` makes texts and tool use ids differ from those of any other call; None leaves texts as scripted.
    """
    digest = request.digest()[:8]

    def finished(position: int, block: ContentBlock) -> ContentBlock:
        if isinstance(block, TextBlock) and unique is not None:
            return TextBlock(text=varied_text(block.text, request.output_schema, unique))
        if isinstance(block, ToolUseBlock) and not block.tool_use_id:
            tool_use_id = "-".join(("tooluse", digest, str(position), *([unique] if unique else [])))
            return block.model_copy(update={"tool_use_id": tool_use_id})
        return block

    message = Message(
        role="assistant", content=tuple(finished(position, block) for position, block in enumerate(entry.content))
    )
    asked = sum(len(turn.text) for turn in request.messages) + len(request.system or "")
    usage = Usage(input_tokens=asked // CHARS_PER_TOKEN + 1, output_tokens=len(message.text) // CHARS_PER_TOKEN + 1)
    model = f"scripted:{request.model}" if request.model in TIERS else request.model
    return ModelResponse(message=message, stop_reason=entry.stop_reason, usage=usage, model=model)
