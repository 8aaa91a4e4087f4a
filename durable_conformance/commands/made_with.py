"""What a check is made with: what shards of it must have in common, so that their reports can be joined."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from durable_conformance.commands.options import Json
from durable_conformance.commands.settings import Settings
from durable_conformance.identity import short_digest

_ELSEWHERE = frozenset({"events", "events_file", "env_file"})
"""Settings that are read already: into the event, and the variables."""

_FILES = frozenset({"script", "aws_answers"})
_TOLD_AS_THEY_ARE = (bool, int, float)


def made_with(settings: Settings, event: Json, execution_timeout: int | None) -> Mapping[str, str]:
    """By name, what is said of a check; a digest stands for what is long, or may be a secret."""
    python = ".".join(platform.python_version_tuple()[:2])
    found = {
        "durable-ai": version("durable-ai-patterns"),
        "the durable SDK": version("aws-durable-execution-sdk-python"),
        "Python": python,
        "the event": _digest(event.value),
        "the ExecutionTimeout": "none" if execution_timeout is None else str(execution_timeout),
    }
    for name in sorted(settings.model_fields_set & Settings.model_fields.keys() - _ELSEWHERE):
        if (value := getattr(settings, name)) not in (None, {}, ()):
            found[name.replace("_", "-")] = _said(Path(value).read_bytes() if name in _FILES else value)
    return found


def _said(value: Any) -> str:
    return str(value) if isinstance(value, _TOLD_AS_THEY_ARE) else _digest(value)


def _digest(value: Any) -> str:
    return short_digest(value if isinstance(value, bytes) else json.dumps(value, sort_keys=True).encode())
