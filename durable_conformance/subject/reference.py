"""Where a handler can be found again, in another process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_conformance.errors import CannotRunError
from durable_conformance.subject.handlers import handler_factory
from durable_conformance.subject.importing import first_on_path, import_file, import_module
from durable_conformance.subject.patterns import find_pattern
from durable_conformance.subject.scenario import HandlerFactory


@dataclass(frozen=True)
class Reference:
    """The name of a handler."""

    text: str  # `PATH.py:NAME`, `package.module:NAME`, or the name of a pattern
    makes: bool = False  # NAME is a function that makes the handler, as if its module were imported anew
    file: str | None = None  # where the module was found; None leaves that to the import system
    root: str | None = None  # the folder that modules are imported from first, as from Lambda's; None adds none

    def check(self) -> None:
        """See whether it can name something. Nothing is imported.

        Raises:
            CannotRunError: It cannot, or there is no such file.
        """
        if ":" in self.text:
            self.parts()

    def handler_factory(self) -> HandlerFactory:
        """Import it here.

        Raises:
            CannotRunError: It is not there, or is no handler.
        """
        if ":" not in self.text:
            return find_pattern(self.text).with_model
        target = self.target()
        if self.makes:
            make: Callable[[], object] = target  # type: ignore[assignment]
            target = make()
        return handler_factory(target, self.text)

    def target(self) -> object:
        """The object that it names.

        Raises:
            CannotRunError: There is no such file, module or name, or importing it fails.
        """
        place, name = self.parts()
        if self.root:
            first_on_path(Path(self.root))
        if place.endswith(".py"):
            module = import_file(Path(place))
        else:
            module = import_module(place, Path(self.file) if self.file else None)
        if not hasattr(module, name):
            raise CannotRunError(f"{place} has no {name!r}.")
        return getattr(module, name)

    def parts(self) -> tuple[str, str]:
        """The file or module, and the name in it. Nothing is imported.

        Raises:
            CannotRunError: It names neither, or there is no such file.
        """
        place, separator, name = self.text.rpartition(":")
        if not separator or not place or not name:
            raise CannotRunError(f"{self.text!r} names nothing; write PATH.py:FUNCTION or package.module:FUNCTION.")
        if place.endswith(".py") and not Path(place).is_file():
            raise CannotRunError(f"There is no file {place}.")
        return place, name


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
    return Reference(f"{module.__name__}:{name}", file=str(Path(file).resolve()))
