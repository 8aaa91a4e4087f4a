"""`python -m conformance`, and the console script `durable-ai`."""

from __future__ import annotations

import os
import sys

from durable_conformance.commands.exit_codes import CANNOT_RUN, INTERRUPTED


def main() -> None:
    """Run the command line, or say what is missing for it."""
    try:
        from durable_conformance.commands.cli import main as run  # noqa: PLC0415  # it needs what only the extra installs
    except ModuleNotFoundError as error:
        sys.stderr.write(f"durable-ai: {error.name!r} is not installed; install durable-ai-patterns[conformance].\n")
        sys.exit(CANNOT_RUN)
    except KeyboardInterrupt:  # once the command line runs, it takes care of that itself
        sys.exit(INTERRUPTED)
    try:
        run()
    except SystemExit as end:
        _end_with(end.code)


def _end_with(code: object) -> None:
    """Leave the process, though a handler may still be running in it: the interpreter would wait for that for ever."""
    from durable_conformance.workers.side_by_side import threads_left_behind  # noqa: PLC0415  # as above

    if threads_left_behind():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)
    sys.exit(code if isinstance(code, int | str) else None)


if __name__ == "__main__":
    main()
