"""What the code says about its deployment: seen by running the patterns, never written down a second time."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import itertools
import pkgutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType

from aws_durable_execution_sdk_python.plugin_discovery import PLUGIN_ENTRY_POINT_GROUP, PLUGIN_ENVIRONMENT_VARIABLE
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

import patterns
from durable_conformance.execution import Run
from durable_conformance.runtime import run_in_process
from patterns.durable import durable_handler
from patterns.durable.budget import budget_from_environment
from patterns.durable.handler import DurableHandler
from patterns.durable.notifier_selection import notifier_from_environment
from patterns.durable.retry import MODEL_RETRY, NOTIFY_RETRY
from providers import ModelThrottledError
from providers.bedrock import BedrockProvider
from tests.template.deployment import ROOT
from tests.template.worst_cases import WORST_CASES


@dataclass(frozen=True)
class Pattern:
    """What one pattern needs.

    Attributes:
        name: Its module in `patterns`.
        tiers: The models that it asks.
        steps_in_a_row: Most model calls, each a step of its own, that wait for one another.
        callback_timeouts: For each callback of the longest execution, how many seconds it waits for an answer.
        needs_strands: Whether it imports the plumbing that loads Strands.
    """

    name: str
    tiers: frozenset[str]
    steps_in_a_row: int
    callback_timeouts: tuple[int, ...]
    needs_strands: bool

    @property
    def asks_people(self) -> bool:
        return bool(self.callback_timeouts)

    @property
    def longest_wait(self) -> int:
        """Seconds that the longest execution is suspended for at most: between attempts, and for people."""
        between_calls = self.steps_in_a_row * delays(MODEL_RETRY, ModelThrottledError("later"))
        between_notifications = len(self.callback_timeouts) * delays(NOTIFY_RETRY, ConnectionError("later"))
        return between_calls + between_notifications + sum(self.callback_timeouts)


def delays(policy: RetryStrategyConfig, error: Exception) -> int:
    """Seconds between the attempts of `policy`, together, if all fail with `error`. Jitter only shortens them."""
    decide = create_retry_strategy(policy)
    decisions = (decide(error, attempts) for attempts in itertools.count(1))
    return sum(retry.delay_seconds for retry in itertools.takewhile(lambda made: made.should_retry, decisions))


def pattern_names() -> tuple[str, ...]:
    """The modules in `patterns`; its packages are plumbing."""
    return tuple(module.name for module in pkgutil.iter_modules(patterns.__path__) if not module.ispkg)


@functools.cache
def code() -> Mapping[str, Pattern]:
    """Every pattern, by name, as its longest execution shows it.

    Raises:
        LookupError: A pattern has no such execution in `WORST_CASES`.
    """
    with ThreadPoolExecutor() as pool:
        return {pattern.name: pattern for pattern in pool.map(_seen, pattern_names())}


def _seen(name: str) -> Pattern:
    if name not in WORST_CASES:
        raise LookupError(f"tests/template/worst_cases.py has no execution of patterns/{name}.py: add one.")
    module = importlib.import_module(f"patterns.{name}")
    workflow = getattr(module, name)
    run = run_in_process(lambda model: durable_handler(workflow, model=model), WORST_CASES[name])
    return Pattern(
        name,
        tiers=frozenset(call.request.model for call in run.calls),
        steps_in_a_row=steps_in_a_row(run),
        callback_timeouts=tuple(u.timeout_seconds for u in run.updates if u.timeout_seconds is not None),
        needs_strands=any("strands" in imported for imported in imports(module)),
    )


def imports(module: ModuleType) -> Iterator[str]:
    """The modules that `module` imports from."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def steps_in_a_row(run: Run) -> int:
    """The most operations of `run` that called the model one after another: of a map's branches, the longest counts."""
    calling = {call.path for call in run.calls}
    maps = {operation.path for operation in run.operations if operation.sub_type == "Map"}
    paths = [operation.path for operation in run.operations]

    def below(parent: str) -> int:
        children = [path for path in paths if path.rpartition("/")[0] == parent]
        steps = [(path in calling) + below(path) for path in children]
        return max(steps, default=0) if parent in maps else sum(steps)

    return below("")


def is_handler(path: str) -> bool:
    """Whether `module.name` imports and is a durable handler."""
    module, _, name = path.rpartition(".")
    try:
        return isinstance(getattr(importlib.import_module(module), name, None), DurableHandler)
    except ImportError:
        return False


class _Noted(dict[str, str]):
    """An environment that notes which of its variables are asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.asked_for: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked_for.add(key)
        return super().get(key, default)


@functools.cache
def settings() -> frozenset[str]:
    """The environment variables that a deployed function reads."""
    environment = _Noted({})
    BedrockProvider.from_environment(environment)
    notifier_from_environment(environment)
    budget_from_environment(environment)
    # The last is what Lambda's runtime reads: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html
    return frozenset(environment.asked_for) | {PLUGIN_ENVIRONMENT_VARIABLE, "AWS_LAMBDA_EXEC_WRAPPER"}


@functools.cache
def tracing_plugins() -> frozenset[str]:
    """The names of the SDK's plugins that are deployed."""
    return frozenset(metadata.entry_points(group=PLUGIN_ENTRY_POINT_GROUP).names)


@functools.cache
def artifact(logical_id: str) -> str:
    """Which artifact `sam build` has the Makefile build for a function: `artifact-core` or `artifact-strands`."""
    command = ["make", "--dry-run", "--always-make", f"build-{logical_id}", "ARTIFACTS_DIR=anywhere"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (built,) = {kind for kind in ("artifact-core", "artifact-strands") if f"/{kind}/." in printed}
    return built


def makefile_variable(name: str) -> str:
    """The default of one of the Makefile's variables."""
    lines = (ROOT / "Makefile").read_text().splitlines()
    (value,) = (line.partition("?=")[2].strip() for line in lines if line.startswith(f"{name} ?="))
    return value
