"""The time that the offline suite takes: what `tox -e py313` runs."""

from __future__ import annotations

import configparser
import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.comparison import Row, Spread, shown
from benchmarks.targets import ROOT, SUITE, SUITE_SECONDS

CORES = 2


def left_out() -> Row:
    """The line of a table that was made without it."""
    return Row(SUITE, note="not measured; --suite does, in a minute or two")


def measured(run: Sequence[str]) -> Row:
    """Time `run`, the suite's command, once, on as many cores as the target names."""
    with few_cores(CORES) as cores:
        began = time.monotonic()
        ended = subprocess.run(run, cwd=ROOT, check=False)
        took = time.monotonic() - began
    if ended.returncode:
        return Row(SUITE, note=f"not measured: after {shown(took)} it ended with exit code {ended.returncode}")
    ratio = took / SUITE_SECONDS
    return Row(
        SUITE,
        Spread(ratio, ratio, ratio),
        shown(took),
        shown(SUITE_SECONDS),
        f"once, on {cores} cores; the target was set for all tests, and those of `tox -e engine` are not in it",
    )


@contextlib.contextmanager
def few_cores(most: int) -> Iterator[int]:
    """Keep this process and its children to `most` cores, where a process can choose: on Linux.

    Yields:
        How many cores that leaves.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield os.cpu_count() or 1
        return
    before = os.sched_getaffinity(0)
    chosen = sorted(before)[:most]
    os.sched_setaffinity(0, chosen)
    try:
        yield len(chosen)
    finally:
        os.sched_setaffinity(0, before)


def command() -> list[str]:
    """The suite's command as `tox.ini` has it, for this environment."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini", encoding="utf-8")
    program, *arguments = shlex.split(settings["testenv"]["commands"])
    return [str(Path(sys.executable).parent / program), *(one for one in arguments if one != "{posargs}")]
