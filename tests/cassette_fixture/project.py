"""A folder with tests of its own, and pytest runs in it, each a process with an environment of its own."""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stand_in import ConverseStandIn, environment_for

ROOT = Path(__file__).parents[2]
KEY_ID = "AKIA" + "ABCDEFGH" * 2
SECRET = "wJalrXUtnFEMI" + "/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2lu" + "X2Vj" * 20

HEAD = """
import contextlib, os
import pytest
from providers import Message, ModelError, ModelRequest

def ask(model, prompt="What?", label="ask", tier="small"):
    return model.converse(ModelRequest(messages=(Message.user(prompt),), label=label, model=tier)).text
"""


PLUGINS = ("-p", "pytest_recording.plugin", "-p", "tests.cassette_fixture", "-p", "no:cacheprovider")

_FORK_SERVER = multiprocessing.get_context("forkserver")
# A fresh process that has only imported what every run imports; each run is forked from it, half a second sooner.
_FORK_SERVER.set_forkserver_preload(["pytest", "vcr", "providers.cassette"])


def _pytest(folder: Path, arguments: Sequence[str], environment: Mapping[str, str], printed: Path) -> None:
    """In a process of its own: run pytest in `folder`, with nothing in the environment but what is given."""
    keep = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # a second saved per run
    }
    os.environ.clear()
    os.environ.update({**keep, **environment})
    os.chdir(folder)
    with printed.open("w") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.path.insert(0, str(ROOT))
    status = pytest.main([*PLUGINS, "--strict-markers", *arguments])
    sys.stdout.flush()
    os._exit(status)


@dataclass(frozen=True)
class Ran:
    """How a pytest run ended: its closing counts, and everything it printed."""

    outcome: str
    output: str


@dataclass(frozen=True)
class Project:
    """A folder with tests."""

    folder: Path

    def add(self, tests: str, module: str = "test_prompt_chaining") -> None:
        """Add a test module; it need not import what tests of a recorded model import."""
        (self.folder / f"{module}.py").write_text(HEAD + textwrap.dedent(tests))

    @property
    def cassettes(self) -> Path:
        return self.folder / "cassettes"

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Run pytest here, with nothing in the environment but what is given."""
        printed = self.folder / "printed"
        process = _FORK_SERVER.Process(target=_pytest, args=(self.folder, arguments, environment, printed))
        process.start()
        process.join()
        output = printed.read_text()
        counts = re.findall(r"(\d+) (passed|failed|errors?|skipped)", output.splitlines()[-1])
        return Ran(", ".join(" ".join(count) for count in counts), output)

    def record(self, stand_in: ConverseStandIn, *arguments: str, mode: str = "rewrite", **environment: str) -> Ran:
        """Run pytest in a recording mode, boto3 talking to the stand-in with credentials that look real."""
        credentials = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
        return self.run(
            f"--record-mode={mode}", *arguments, **environment_for(stand_in.url, {}) | credentials | environment
        )
