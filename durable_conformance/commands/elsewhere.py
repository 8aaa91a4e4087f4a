"""This program, run by another Python: `PYTHON elsewhere.py OWN_FOLDER PACKAGES_FOLDER [ARGUMENT]...`.

That Python's packages come first: its durable SDK, and whatever the handlers use. Before them stands only OWN_FOLDER,
where the engine is and the service that it simulates; and after them PACKAGES_FOLDER, for what the engine uses and that
Python lacks. Without an argument it prints which SDK that is, once the engine has tried that it can run on it.

It is run as a script, and imports nothing of this program before the paths are set.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import runpy
import site
import sys
import traceback
from importlib.metadata import PackageNotFoundError, version

SDK = "aws-durable-execution-sdk-python"
OLDEST = (3, 13)
"""The Python that the engine needs."""

TRIED = "2.0.0 and 3.0.0"
"""The versions of the SDK that the engine is known to run on."""


def main(own: str, packages: str, *arguments: str) -> None:
    """Run the command line with `arguments`, or print which SDK there is.

    Raises:
        SystemExit: The engine does not run here; its message says why, and what to do.
    """
    if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):  # noqa: PTH100, PTH120  # as Python has put it there
        del sys.path[0]
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    if sys.version_info < OLDEST:
        sys.exit(f"it is Python {platform.python_version()}, and the engine needs {OLDEST[0]}.{OLDEST[1]}")
    try:
        sdk = version(SDK)
    except PackageNotFoundError:
        sys.exit(f"it has no {SDK}: install there the version that the executions are to run on")
    sys.path.insert(0, own)
    site.addsitedir(packages)
    if arguments:
        sys.argv[1:] = arguments
        runpy.run_module("durable_conformance", run_name="__main__", alter_sys=True)
    else:
        _try(sdk)
        sys.stdout.write(json.dumps({"sdk": sdk, "python": platform.python_version()}))


def _try(sdk: str) -> None:
    advice = f"Known to work are {TRIED}; take one of these, or a release of durable-ai-patterns that knows {sdk}"
    try:
        importlib.import_module("durable_conformance.commands.replay")  # what it imports must be there
        from durable_conformance.runtime import trial  # noqa: PLC0415

        status = trial().status
    except Exception as error:  # noqa: BLE001  # an SDK that differs may fail in any way
        frames = [one for one in traceback.extract_tb(error.__traceback__) if "durable_conformance" in one.filename]
        _, _, place = frames[-1].filename.rpartition("durable_conformance") if frames else ("", "", "")
        at = f", at durable_conformance{place}:{frames[-1].lineno}" if frames else ""
        why = f"{type(error).__name__}: {error}{at}"
        if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith(SDK.replace("-", "_")):
            advice = "What it needs is not all there; install durable-ai-patterns[conformance] there"
    else:
        why = "" if status == "SUCCEEDED" else f"an execution of a step, a wait, a callback and a map ends as {status}"
    if why:
        sys.exit(f"the engine does not run on its {SDK} {sdk}: {' '.join(why.split())}. {advice}")


if __name__ == "__main__":
    main(*sys.argv[1:])
