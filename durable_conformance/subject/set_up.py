"""What a user has done around each execution: variables that are set, and a context manager that is entered."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from durable_conformance.errors import CannotRunError, in_words
from durable_conformance.subject.importing import users_traceback
from durable_conformance.subject.reference import Reference


def set_variables(environment: Mapping[str, str]) -> None:
    """Set the variables of this process that a function's configuration would.

    Raises:
        CannotRunError: The system takes no such name, or no such value.
    """
    for name, value in environment.items():
        try:
            os.environ[name] = value
        except (OSError, TypeError, ValueError) as error:
            raise CannotRunError(f"The variable {name!r} cannot be set: {in_words(error)}.") from error


@dataclass(frozen=True)
class SetUp:
    """A user's set-up."""

    name: str
    target: object  # a context manager, or what returns one, or a generator function

    @classmethod
    def found(cls, where: str | Reference | Callable[[], object]) -> SetUp:
        """The set-up that `where` is or names. Its module is imported here.

        Raises:
            CannotRunError: It is not there, or importing it fails.
        """
        if isinstance(where, str):
            where = Reference(where)
        if not isinstance(where, Reference):
            return cls(getattr(where, "__qualname__", repr(where)), where)
        if str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))  # where a command runs, `tests.doubles:aws` can be imported
        try:
            return cls(where.text, where.target())
        except CannotRunError as error:
            raise CannotRunError(f"the set-up {where.text}: {error}", error.detail) from error

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Enter it, and leave it. Exceptions pass through it, even if it would keep them.

        Raises:
            CannotRunError: It fails, or is no context manager.
        """
        with self._told():
            manager = self._manager()
            manager.__enter__()
        try:
            yield
        except BaseException as error:
            with self._told():
                manager.__exit__(type(error), error, error.__traceback__)
            raise
        with self._told():
            manager.__exit__(None, None, None)

    def _manager(self) -> AbstractContextManager[Any]:
        made = self.target
        if callable(made) and not _is_manager(made):
            made = contextlib.contextmanager(made)() if inspect.isgeneratorfunction(made) else made()
        if _is_manager(made):
            return cast("AbstractContextManager[Any]", made)
        if inspect.iscoroutine(made):
            made.close()
        if inspect.iscoroutine(made) or inspect.isasyncgen(made) or hasattr(type(made), "__aenter__"):
            raise CannotRunError(f"the set-up {self.name} is asynchronous; it must be an ordinary context manager.")
        raise CannotRunError(
            f"the set-up {self.name} returns {made!r}, which is no context manager; decorate a function that yields "
            f"once with @contextlib.contextmanager."
        )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (CannotRunError, KeyboardInterrupt):
            raise
        except BaseException as error:  # whatever a user's code raises, pytest's own failures too
            raise CannotRunError(f"the set-up {self.name}: {in_words(error)}", users_traceback(error)) from error


def _is_manager(one: object) -> bool:
    return hasattr(type(one), "__enter__") and hasattr(type(one), "__exit__")
