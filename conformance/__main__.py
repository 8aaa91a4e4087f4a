"""`python -m conformance`, and the console script `durable-ai`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or say what is missing for it."""
    try:
        from conformance.cli import main as run  # noqa: PLC0415  # it needs what only the extra installs
    except ModuleNotFoundError as error:
        sys.stderr.write(f"durable-ai: {error.name!r} is not installed; install durable-ai-patterns[conformance].\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
