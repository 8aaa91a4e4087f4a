"""Finds patterns by name, at run time: the engine depends on no pattern."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from durable_conformance.errors import CannotRunError
from durable_conformance.subject.scenario import Handler

if TYPE_CHECKING:
    from providers import ModelProvider

PACKAGE = "patterns"


@runtime_checkable
class ModelledHandler(Protocol):
    """A durable handler that can be given another provider: what `durable_handler` makes."""

    def with_model(self, model: ModelProvider) -> Handler:
        """The same handler, asking `model`."""


def pattern_names() -> list[str]:
    """The modules of the package `patterns`, in alphabetical order.

    Raises:
        CannotRunError: There is no such package.
    """
    try:
        package = importlib.import_module(PACKAGE)
    except ImportError as error:
        raise CannotRunError(f"There is no package {PACKAGE!r} here; run this where it can be imported.") from error
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg)


def find_pattern(name: str) -> ModelledHandler:
    """The handler of the pattern named `name`.

    Raises:
        CannotRunError: There is none, it has no handler, or what it needs is not installed.
    """
    names = pattern_names()
    if name not in names:
        raise CannotRunError(f"There is no pattern {name!r}. There are: {', '.join(names)}.")
    try:
        module = importlib.import_module(f"{PACKAGE}.{name}")
    except ModuleNotFoundError as error:
        raise CannotRunError(
            f"Pattern {name!r} needs {error.name!r}, which is not installed; install durable-ai-patterns[strands]."
        ) from error
    handler = getattr(module, "handler", None)
    if not isinstance(handler, ModelledHandler):
        raise CannotRunError(f"Module {PACKAGE}.{name} has no handler made by durable_handler.")
    return handler
