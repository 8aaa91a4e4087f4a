"""How far one run gets you: `python -m tests.conformance.one_run` (`tox -e one-run`).

Each broken handler of the corpus runs once on the testing SDK's local runner, with the answers that its check is given.
A test that does the same finds those whose execution fails; an exploration reports each of them (`test_corpus`).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from durable_conformance import handler_factory
from durable_conformance.runtime import quiet_sdk_logs
from tests.conformance.corpus import BROKEN
from tests.conformance.corpus.entry import Entry
from tests.oracle.public_runner import run_on_public_runner

SIDE_BY_SIDE = 8
"""Executions at the same time: each mostly waits."""


BY_LUCK = frozenset({"branches_on_a_coin"})
"""Handlers whose one run fails now and then: they are not counted as found, and mentioned."""


def fails(entry: Entry) -> bool:
    """Whether the handler's execution, undisturbed, does not succeed, whatever the day."""
    if entry.name in BY_LUCK:
        return False
    return run_on_public_runner(handler_factory(entry.module(), entry.name), entry.scenario).status != "SUCCEEDED"


def lines() -> Iterator[str]:
    """A line for each shelf, and one for all of them."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        runs = {name: [pool.submit(fails, entry) for entry in shelf.entries.values()] for name, shelf in BROKEN.items()}
        failed = {name: [run.result() for run in started] for name, started in runs.items()}
    for name, outcomes in failed.items():
        yield f"{name:<12} {sum(outcomes):>2} of {len(outcomes):>2}"
    everything = [outcome for outcomes in failed.values() for outcome in outcomes]
    yield f"one run finds {sum(everything)} of {len(everything)} broken handlers, and at times {len(BY_LUCK)} more"


def main() -> None:
    """Run them all, and print what came of it."""
    quiet_sdk_logs()
    for line in lines():
        print(line)  # noqa: T201  # the command's output


if __name__ == "__main__":
    main()
