"""Whether a command that a document tells people to type is there: each kind is held against what defines it.

That is tox.ini, the command line's own parser, the modules, the files, pyproject.toml, template.yaml and AWS's
service models.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence

import botocore.session
import typer
import typer.main
from botocore import xform_name

from durable_conformance.commands import app
from tests.repository.documents import DOCUMENTS, blocks, text_of
from tests.repository.files import ROOT
from tests.repository.tooling import PYTEST, TOX, environments

GLOBAL_OPTIONS = {"cli-binary-format", "cli-read-timeout", "output", "query"}
"""Of AWS's command line, for every command."""


class UnknownError(AssertionError):
    """A document tells people to type something that is not there."""


def expect(true: object, problem: str) -> None:
    if not true:
        raise UnknownError(problem)


TAKE_WHAT_PYTEST_TAKES = frozenset(
    {"py313", "py314", "engine", "template", "e2e", "second-service", "stranger", "release", "cloud", "record"}
)
"""The environments that hand on what stands behind `--` to pytest."""


def tox(words: Sequence[str]) -> None:
    before, after = _split(words)
    options = list(before)
    expect(options[::2] in ([], ["-e"]), f"tox takes other options here: {options}")
    for name in options[1].split(",") if options else ():
        expect(name in environments(), f"tox.ini has no environment {name}")
        if name == "durable-ai" and after:
            durable_ai(after)
        elif name in {
            "py313",
            "py314",
            "engine",
            "template",
            "e2e",
            "second-service",
            "stranger",
            "release",
            "cloud",
            "record",
        }:
            pytest_arguments(after)


def durable_ai(words: Sequence[str]) -> None:
    """Has the command line itself parse them: it knows its commands, arguments, options and their types."""
    group = typer.main.get_command(app)
    context = group.make_context("durable-ai", [], resilient_parsing=True)
    name, command, rest = group.resolve_command(context, list(words))  # type: ignore[attr-defined]  # it is a group
    expect(command, f"durable-ai has no command {words[:1]}")
    known = ["scripted" if option == "--provider" and word == "NAME" else word for option, word in pairs(rest)]
    with contextlib.suppress(typer.Exit):  # an option such as --help has been found
        command.make_context(name, known, parent=context)


def python(words: Sequence[str]) -> None:
    expect(words[:1] == ["-m"], f"python runs modules here: {words}")
    before, after = _split(words[1:])
    expect(_is_program(before[0]), f"no module {before[0]} can be run")
    if after not in ([], ["COMMAND"]):
        look_up(after)


def pytest_arguments(words: Sequence[str]) -> None:
    for word in words:
        if "/" in word and not word.startswith("-") and "NAME" not in word:  # tests/guides gives it a name
            expect((ROOT / word.partition("::")[0]).exists(), f"there is no {word}")


def pytest_with_the_project(words: Sequence[str]) -> None:
    """Of files that a document has people write."""
    written = {block.splitlines()[0] for text in map(text_of, DOCUMENTS) for block in blocks(text, "python")}
    for word in words:
        expect(f"# {word}" in written, f"no document shows a {word}")


def uv(words: Sequence[str]) -> None:
    if words[:2] == ["run", "--no-sync"]:
        look_up(words[2:])
        return
    expect(words[:2] == ["pip", "install"], f"uv {' '.join(words[:2])} is not known")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for option, value in itertools.pairwise(words):
        if option == "-c":
            expect((ROOT / value).is_file(), f"there is no {value}")
        if option == "--group":
            expect(value in project["dependency-groups"], f"there is no dependency group {value}")
        if option == "-e":
            extras = set(value.removeprefix(".").strip("[]").split(","))
            expect(extras <= set(project["project"]["optional-dependencies"]), f"there is no extra among {value}")


def sam(words: Sequence[str]) -> None:
    expect(words[:2] == ["deploy", "--guided"], f"sam {' '.join(words)} is not known")
    overrides = words[words.index("--parameter-overrides") + 1 :]
    known = re.search(r"^Parameters:\n((?:(?: .*)?\n)+)", (ROOT / "template.yaml").read_text(), re.MULTILINE)
    assert known
    for override in overrides:
        name = override.partition("=")[0]
        expect(re.search(rf"^  {name}:$", known[1], re.MULTILINE), f"the template has no parameter {name}")


def aws(words: Sequence[str]) -> None:
    """Looks into the service's model, which AWS's command line is made from."""
    service = botocore.session.get_session().get_service_model(words[0])
    operations = {xform_name(name, "-"): name for name in service.operation_names}
    expect(words[1] in operations, f"{words[0]} has no operation {words[1]}")
    shape = service.operation_model(operations[words[1]]).input_shape
    assert shape is not None
    options = {xform_name(name, "-") for name in shape.members} | GLOBAL_OPTIONS
    for word in words:
        expect(not word.startswith("--") or word[2:] in options, f"{words[1]} has no option {word}")


KINDS: Mapping[str, Callable[[Sequence[str]], None]] = {
    TOX: tox,
    " ".join(shlex.split(PYTEST)): pytest_with_the_project,
    "tox": tox,
    "durable-ai": durable_ai,
    "python": python,
    "pytest": pytest_arguments,
    "uv": uv,
    "sam": sam,
    "aws": aws,
}


def look_up(words: Sequence[str]) -> None:
    """Look a command up.

    Raises:
        UnknownError: It is of no kind that is known, or names what is not there.
        typer.exceptions.TyperException: The command line does not take it.
    """
    for start, kind in KINDS.items():
        if list(words[: len(start.split())]) == start.split():
            kind(list(words[len(start.split()) :]))
            return
    raise UnknownError(f"no test covers `{' '.join(words)}`: add its kind here, or say why it cannot be looked up")


def pairs(words: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Each word, and the one before it."""
    return zip(["", *words], words, strict=False)


def named(command: str) -> None:
    """Look up a command or an option of `durable-ai` that is only named, without the arguments that it needs."""
    group = typer.main.get_command(app)
    context = group.make_context("durable-ai", [], resilient_parsing=True)
    options = {option for parameter in group.get_params(context) for option in parameter.opts}
    commands = group.list_commands(context)  # type: ignore[attr-defined]  # it is a group
    expect(command in {*commands, *options}, f"durable-ai has no {command}")


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands before `--`, and after it."""
    cut = list(words).index("--") if "--" in words else len(words)
    return list(words[:cut]), list(words[cut + 1 :])


def _is_program(module: str) -> bool:
    """Whether `python -m` can run a module of ours."""
    found = importlib.util.find_spec(module)
    if found is None or found.submodule_search_locations is None:
        return found is not None
    return importlib.util.find_spec(f"{module}.__main__") is not None
