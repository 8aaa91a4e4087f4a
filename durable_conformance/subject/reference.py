"""Where a handler can be found again, in another process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_conformance.subject.handlers import find_target, handler_factory
from durable_conformance.subject.scenario import HandlerFactory


@dataclass(frozen=True)
class Reference:
    """The name of a handler.

    Attributes:
        text: `PATH.py:NAME` or `package.module:NAME`.
        makes: Whether NAME is a function that makes the handler, as if its module were imported anew.
    """

    text: str
    makes: bool = False

    def handler_factory(self) -> HandlerFactory:
        """Import it here.

        Raises:
            CannotRunError: It is not there, or is no handler.
        """
        target = find_target(self.text)
        if self.makes:
            make: Callable[[], object] = target  # type: ignore[assignment]
            target = make()
        return handler_factory(target, self.text)


def reference_to(target: Any) -> Reference | None:
    """How another process can find `target`; None if it is bound to no name of a module."""
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    if module is None:
        return None
    name = next((name for name, value in vars(module).items() if value is target), None)
    file = getattr(module, "__file__", None)
    if name is None or file is None:
        return None
    if module.__spec__ is None or module.__name__ == "__main__":
        return Reference(f"{Path(file)}:{name}")
    return Reference(f"{module.__name__}:{name}")
