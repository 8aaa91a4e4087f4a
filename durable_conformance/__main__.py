"""`python -m durable_conformance`, and the console script `durable-ai`."""

from __future__ import annotations

import sys

from durable_conformance.errors import ExitCode


def main() -> None:
    """Run the command line, or say what is missing for it."""
    try:
        from durable_conformance.commands import main as run  # noqa: PLC0415  # it needs what only the extra installs
    except ModuleNotFoundError as error:
        sys.stderr.write(f"durable-ai: {error.name!r} is not installed; install durable-ai-patterns[conformance].\n")
        sys.exit(ExitCode.CANNOT_RUN)
    except KeyboardInterrupt:  # once the command line runs, it takes care of that itself
        sys.exit(ExitCode.INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
