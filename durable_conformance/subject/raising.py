"""What an exception of the user's code says to people: the error, the line of theirs, and what to do about it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

import aws_durable_execution_sdk_python as sdk

from durable_conformance.errors import in_words
from durable_conformance.execution import Raised
from durable_conformance.users_code import is_users

_OURS = (str(Path(__file__).parents[1]), str(Path(sdk.__file__).parent), "<frozen ")

_ENVIRONMENT: CodeType = type(os.environ).__getitem__.__code__
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_CALLED = re.compile(r"(?:[\w.<>]*\.)?(\w+)\.(\w+)\(\) (.+)|(\w+)\(\) (.+)")
_ARGUMENTS = re.compile(r"(?:got (?:an unexpected|some positional|multiple)|missing \d|takes )")


def raised(error: BaseException) -> Raised:
    """What `error` says to people."""
    frames = list(_frames(error.__traceback__))
    users = [one for one in frames if not one[0].co_filename.startswith(_OURS)]
    own = [one for one in users if is_users(one[0].co_filename)] or users
    line = f"{Path(own[-1][0].co_filename).name}:{own[-1][1]}" if own else ""
    if isinstance(error, SyntaxError) and error.filename:
        line = f"{Path(error.filename).name}:{error.lineno}"
    in_environment = any(code is _ENVIRONMENT for code, _ in frames)
    return Raised(in_words(error), line, _other_major(error) or _advice(error, in_environment=in_environment))


def _frames(traceback: TracebackType | None) -> Iterator[tuple[CodeType, int]]:
    while traceback:
        yield traceback.tb_frame.f_code, traceback.tb_lineno
        traceback = traceback.tb_next


def _advice(error: BaseException, *, in_environment: bool) -> str:
    if isinstance(error, KeyError) and in_environment:
        return f"set it with --env {error.args[0]}=…"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install {error.name.partition('.')[0]}, or run the check where it can be imported"
    words = in_words(error)
    if type(error).__name__ == "NoRegionError":
        return "set one with --env AWS_DEFAULT_REGION=…"
    if re.search(r"environment|variable", words, re.IGNORECASE) and (name := _VARIABLE.search(words)):
        return f"set it with --env {name[0]}=…"
    return ""


def _other_major(error: BaseException) -> str:
    """What of the SDK `error` misses, if it misses something of the SDK."""
    missing = _missing(error)
    if not missing:
        return ""  # nobody asks for the version, which is read from files
    version = metadata.version("aws-durable-execution-sdk-python")
    return f"it was written for another major of the SDK: {missing} is missing in {version}"


def _missing(error: BaseException) -> str:
    if isinstance(error, ImportError) and _is_sdk(error.name):
        name = getattr(error, "name_from", None)
        return f"{error.name}.{name}" if name else str(error.name)
    if isinstance(error, AttributeError):
        holder = error.obj
        if isinstance(holder, ModuleType):
            return f"{holder.__name__}.{error.name}" if _is_sdk(holder.__name__) else ""
        kind = holder if isinstance(holder, type) else type(holder)
        return f"{kind.__name__}.{error.name}" if _is_sdk(kind.__module__) else ""
    if isinstance(error, TypeError) and (called := _CALLED.match(in_words(error).partition(": ")[2])):
        owner, method, said, function, told = called.groups()
        name, what = owner or function, said or told
        if _ARGUMENTS.match(what) and _of_sdk(name):
            argument = re.search(r"'(\w+)'", what)
            where = name if method in {None, "__init__"} else f"{name}.{method}"
            unexpected = "unexpected" in what and argument
            return f"the argument {argument[1]!r} of {where}" if unexpected and argument else f"this form of {where}"
    return ""


def _is_sdk(module: str | None) -> bool:
    return f"{module}.".startswith(f"{sdk.__name__}.")


def _of_sdk(name: str) -> bool:
    """Whether a class or function of the SDK is called `name`."""
    modules = [module for at, module in list(sys.modules.items()) if _is_sdk(at)]
    return any(_is_sdk(getattr(getattr(module, name, None), "__module__", None)) for module in modules)
