"""What is checked is found as a user's own process would find it, whatever the project's folders are called."""

from __future__ import annotations

import functools
import os
import py_compile
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_durable_execution_sdk_python import DurableContext, durable_execution

from durable_conformance import CannotRunError, Scenario, handler_factory
from durable_conformance.runtime import run_in_process
from durable_conformance.subject import Reference, import_file, reference_to

ROOT = Path(__file__).parents[2]
TAKEN = ("providers", "patterns", "conformance", "tests", "benchmarks")
"""Names of packages of ours that projects have, too."""

APP = """
from aws_durable_execution_sdk_python import durable_execution
from {name} import VALUE

@durable_execution
def handler(event, context):
    return context.step(lambda _: VALUE, "look")

def workflow(event, context, model):
    return context.step(lambda _: VALUE, "look")
"""


def project(folder: Path, name: str, *, package: bool) -> None:
    """A project with a package or module called `name` beside its handler."""
    if package:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("VALUE = 'the project has this'\n")
    else:
        (folder / f"{name}.py").write_text("VALUE = 'the project has this'\n")
    (folder / "app.py").write_text(APP.format(name=name))


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command, run in `folder`."""
    command = [sys.executable, "-c", "from durable_conformance.__main__ import main; main()", "check", *arguments]
    environment = os.environ | {"COLUMNS": "160", "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", TAKEN)
def test_a_project_with_a_package_of_our_name_is_checked_by_command(tmp_path: Path, name: str) -> None:
    project(tmp_path, name, package=True)
    done = check(tmp_path, "app.py:handler", "--no-other-sandboxes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "conforms: 6 crash points" in done.stdout


def test_and_in_other_sandboxes_and_as_a_workflow_that_takes_a_model(tmp_path: Path) -> None:
    project(tmp_path, "providers", package=False)
    done = check(tmp_path, "app.py:workflow")
    assert (done.returncode, done.stderr) == (0, "")
    assert "conforms: 6 crash points" in done.stdout
    assert "left out" not in done.stdout


pytest_plugins = ["pytester"]


def test_projects_with_packages_of_our_names_are_checked_by_fixture(pytester: pytest.Pytester) -> None:
    for name in TAKEN:
        folder = pytester.path / f"with_{name}"
        folder.mkdir()
        project(folder, name, package=name != "benchmarks")
        (folder / f"test_with_{name}.py").write_text(
            "from app import handler, workflow\n"
            "from durable_conformance import Exploration\n"
            "def test_it(durable_check):\n"
            "    durable_check(handler)\n"
            "def test_a_workflow(durable_check):\n"
            "    durable_check(workflow, other_sandboxes=False)\n"
        )
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", f"--rootdir={folder}", str(folder))
        result.assert_outcomes(passed=2)


def test_a_model_that_is_asked_where_our_package_is_hidden_says_which_one_hides_it(tmp_path: Path) -> None:
    project(tmp_path, "providers", package=True)
    (tmp_path / "asking.py").write_text(
        "import providers\n"
        "class Request:\n"
        "    model = 'small'\n"
        "def workflow(event, context, model):\n"
        "    return context.step(lambda _: model.converse(Request()), 'ask')\n"
    )
    done = check(tmp_path, "asking.py:workflow", "--no-other-sandboxes")
    told = " ".join(done.stdout.split())
    assert "the undisturbed execution FAILED, and nothing of it was checked" in told
    assert "`providers` of durable-ai-patterns, is hidden by" in told


def test_two_files_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app_of_one_name.py").write_text(f"WHOSE = {name!r}\n")
    one, other = (import_file(tmp_path / name / "app_of_one_name.py") for name in ("one", "other"))
    assert (one.WHOSE, other.WHOSE) == ("one", "other")
    assert sys.modules[one.__name__] is one
    assert sys.modules[other.__name__] is other
    assert import_file(tmp_path / "one" / "app_of_one_name.py") is one, "and is imported once"


def test_a_file_that_is_named_after_a_module_of_the_standard_library_does_not_replace_it(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("MINE = True\n")
    import json  # noqa: PLC0415  # what must stay

    assert import_file(tmp_path / "json.py").MINE
    assert sys.modules["json"] is json


RELATIVE = """
from aws_durable_execution_sdk_python import durable_execution
from .shared import VALUE
from .deeper import value

@durable_execution
def handler(event, context):
    return context.step(lambda _: VALUE + value(), "look")
"""


@pytest.mark.parametrize("marked", [True, False])
def test_a_file_with_relative_imports_is_a_module_of_its_package(tmp_path: Path, *, marked: bool) -> None:
    folder = tmp_path / ("marked_src" if marked else "plain_src")
    (folder / "deeper").mkdir(parents=True)
    if marked:
        (folder / "__init__.py").touch()
    (folder / "app.py").write_text(RELATIVE)
    (folder / "shared.py").write_text("VALUE = 'shared'\n")
    (folder / "deeper" / "__init__.py").write_text("from ..shared import VALUE\ndef value(): return VALUE\n")
    handler_for = Reference(f"{folder / 'app.py'}:handler").handler_factory()
    assert run_in_process(handler_for, Scenario({})).result == "sharedshared"


def test_a_file_beside_an_init_is_imported_as_lambda_does_unless_its_imports_are_relative(tmp_path: Path) -> None:
    folder = tmp_path / "hello_world"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "beside_it.py").write_text("VALUE = 1\n")
    (folder / "as_lambda_has_it.py").write_text("from beside_it import VALUE\n")
    module = import_file(folder / "as_lambda_has_it.py")
    assert (module.__name__, module.VALUE) == ("as_lambda_has_it", 1)


def test_another_module_of_the_same_name_is_not_taken_for_the_one_that_was_found(tmp_path: Path) -> None:
    (tmp_path / "hidden_module.py").write_text("WHO = 'mine'\n")
    target = Reference("hidden_module:WHO", file=str(tmp_path / "hidden_module.py"))
    assert target.target() == "mine"


SAVED = 1_700_000_000
"""A second of the machine's clock, in which a file is saved twice."""


@pytest.mark.parametrize("compiled_after", [0.4, 1.4], ids=["at once", "a moment later"])
@pytest.mark.parametrize("imported", ["itself", "by the handler", "of its package"])
def test_a_file_that_is_saved_twice_in_a_second_is_read_anew(
    tmp_path: Path, imported: str, compiled_after: float
) -> None:
    """Bytecode bears its source's second and size alone: a change of as many letters in that second leaves both."""
    name = f"twice_{imported.split(maxsplit=1)[0]}_{compiled_after:.0f}"
    changing = tmp_path / (f"{name}/__init__.py" if imported == "of its package" else f"{name}.py")
    changing.parent.mkdir(exist_ok=True)
    changing.write_text("STEP = 'price'\n")
    os.utime(changing, (SAVED, SAVED + 0.1))
    bytecode = Path(py_compile.compile(str(changing), doraise=True) or "")
    os.utime(bytecode, (SAVED, SAVED + compiled_after))
    changing.write_text("STEP = 'total'\n")
    os.utime(changing, (SAVED, SAVED + 0.7))
    (tmp_path / f"app_{name}.py").write_text(f"from {name} import STEP\n")
    file = changing if imported == "itself" else tmp_path / f"app_{name}.py"
    assert import_file(file).STEP == "total"


def test_bytecode_is_used_where_it_is_younger_than_its_source(tmp_path: Path) -> None:
    file = tmp_path / "once.py"
    file.write_text("STEP = 'price'\n")
    os.utime(file, (SAVED, SAVED))
    bytecode = Path(py_compile.compile(str(file), doraise=True) or "")
    os.utime(bytecode, (SAVED + 2, SAVED + 2))
    file.write_text("STEP = 'total'\n")
    os.utime(file, (SAVED, SAVED))  # as no editor leaves it
    assert import_file(file).STEP == "price"


def test_a_handler_in_a_module_is_found_again_by_its_name_and_file() -> None:
    reference = reference_to(project)
    assert reference == Reference(f"{__name__}:project", file=str(Path(__file__).resolve()))
    assert reference_to(lambda: None) is None


def test_an_annotation_that_names_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "unnamed.py").write_text("def workflow(event: 'Nothing', context, model):\n    return 1\n")
    with pytest.raises(
        CannotRunError, match=r"unnamed\.workflow name what is not there: name 'Nothing' is not defined"
    ):
        Reference(f"{tmp_path / 'unnamed.py'}:workflow").handler_factory()


def traced(handler: Any) -> Any:
    @functools.wraps(handler)
    def wrapped(event: Any, context: Any) -> Any:
        return handler(event, context)

    return wrapped


def logged(handler: Any) -> Any:
    """A decorator that hides what it decorates, and looks into the invocation's event."""

    def wrapped(event: Any, context: Any) -> Any:
        assert event["DurableExecutionArn"].startswith("arn:aws:lambda:")
        assert event.get("CheckpointToken")
        return handler(event, context)

    return wrapped


class Middleware:
    def __init__(self, handler: Any) -> None:
        self.handler = handler

    def __call__(self, event: Any, context: Any) -> Any:
        return self.handler(event, context)


def with_settings(settings: Any, event: Any, context: Any, *, handler: Any) -> Any:
    return handler(event, context)


class App:
    def __init__(self, handler: Any) -> None:
        self.routes = Middleware(handler)

    def handle(self, event: Any, context: Any) -> Any:
        return self.routes(event, context)


DECORATORS: dict[str, Callable[[Any], Any]] = {
    "one that is named after it": traced,
    "one that hides it": logged,
    "an object": Middleware,
    "a partial": functools.partial,
    "a partial's closure": lambda handler: functools.partial(logged(handler)),
    "a method": lambda handler: App(handler).handle,
    "several": lambda handler: traced(logged(Middleware(traced(handler)))),
}


@pytest.mark.parametrize("decorator", DECORATORS)
def test_a_handler_behind_decorators_of_others_is_the_same_handler(decorator: str) -> None:
    @durable_execution
    def handler(event: Any, context: DurableContext) -> Any:
        return context.step(lambda _: f"hello {event['name']}", "greet")

    decorated = handler_factory(DECORATORS[decorator](handler))
    for _ in range(2):  # one worker makes many executions
        run = run_in_process(decorated, Scenario({"name": "Ada"}))
        assert (run.status, run.result) == ("SUCCEEDED", "hello Ada")
        assert [str(update) for update in run.updates] == ["/1:greet START", "/1:greet SUCCEED"]


def test_what_only_looks_like_a_handler_is_none() -> None:
    for target in (traced(len), Middleware(len), functools.partial(len), "text", None):
        with pytest.raises(CannotRunError, match="neither a durable handler"):
            handler_factory(target)
