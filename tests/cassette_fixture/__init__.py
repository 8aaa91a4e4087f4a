"""A pytest plugin: the fixture `recorded_model`, a model that answers from a cassette, or is recorded into one.

pytest-recording's option `--record-mode` decides which:

| mode | what happens |
|---|---|
| `none`, the default | the cassette is replayed; a miss, or a recording that was not asked for, fails the test |
| `rewrite`, `all` | everything is asked and recorded anew |
| `once` | a cassette that exists is replayed as in `none`; one that is missing is recorded |
| `new_episodes` | what the cassette holds is played, the rest is asked and added, what is not asked for is left out |

Recording asks Bedrock as the environment configures it (`MODEL_*`, and boto3's own sources). A cassette is written when
its test has passed, and not before: a failed test leaves the old one as it was.

The cassette is `cassettes/<name>.yaml` for `@pytest.mark.cassette("<pattern>/<name>")`; without the marker, the test
module and the test give the name: `test_prompt_chaining.py::test_default` has `prompt_chaining/default`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from providers import ModelProvider
from providers.cassette import CassetteProvider, CassetteRecorder

_PASSED = pytest.StashKey[bool]()
_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cassette(name): the cassette of `recorded_model`, as <pattern>/<name>.")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture
def cassette_folder(pytestconfig: pytest.Config) -> Path:
    """Where cassettes are: override it to have them elsewhere."""
    return pytestconfig.rootpath / "cassettes"


@pytest.fixture
def recorded_model(request: pytest.FixtureRequest, record_mode: str, cassette_folder: Path) -> Iterator[ModelProvider]:
    """The model of this test's cassette; see the module for what `--record-mode` makes of it."""
    path = cassette_folder / f"{_cassette_name(request.node)}.yaml"
    if record_mode == "none" or (record_mode == "once" and path.exists()):
        replay = CassetteProvider(path)
        yield replay
        if replay.misses or _passed(request):  # after another failure, what was not asked for says nothing
            replay.verify()
        return
    _refuse_what_interferes(request)
    recorder = CassetteRecorder(path, keep=record_mode == "new_episodes")
    yield recorder.provider(os.environ)
    if _passed(request):
        recorder.save()


def _passed(request: pytest.FixtureRequest) -> bool:
    return bool(request.node.stash.get(_PASSED, False))


def _cassette_name(node: pytest.Item) -> str:
    marker = node.get_closest_marker("cassette")
    if marker is None:
        test = re.sub(r"[^\w.-]+", "-", node.name.removeprefix("test_")).strip("-.")
        return f"{node.path.stem.removeprefix('test_')}/{test}"
    if len(marker.args) != 1 or marker.kwargs or not _NAME.fullmatch(str(marker.args[0])):
        given = ", ".join(map(repr, marker.args))
        pytest.fail(f"@pytest.mark.cassette({given}) must name one cassette as <pattern>/<name>.", pytrace=False)
    return str(marker.args[0])


def _refuse_what_interferes(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("vcr"):
        pytest.fail(
            "A test with @pytest.mark.vcr cannot record `recorded_model`: vcrpy would write the same calls, with their "
            "signed headers, to a cassette of its own. Remove the marker.",
            pytrace=False,
        )
    blocked = request.config.getoption("--block-network") or request.node.get_closest_marker("block_network")
    if blocked and not request.getfixturevalue("allowed_hosts"):
        pytest.fail(
            "Recording needs the network: leave out --block-network (or the marker), or let the endpoint through with "
            "--allowed-hosts.",
            pytrace=False,
        )
