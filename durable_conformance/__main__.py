"""`python -m durable_conformance`, and the console script `durable-ai`."""

from __future__ import annotations

import sys

from durable_conformance.errors import ExitCode

EXTRA = (
    "aws_durable_execution_sdk_python_testing",
    "detect_secrets",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "rich",
    "time_machine",
    "typer",
    "yaml",
)
"""The modules that only the extra installs."""


def main() -> None:
    """Run the command line, or say what is missing for it."""
    try:
        from durable_conformance.commands import main as run  # noqa: PLC0415  # it needs what only the extra installs

        run()
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        sys.stderr.write(f"durable-ai: {error.name!r} is not installed; install durable-ai-patterns[conformance].\n")
        sys.exit(ExitCode.CANNOT_RUN)
    except KeyboardInterrupt:  # while typer is imported; afterwards typer takes care of it
        sys.exit(ExitCode.INTERRUPTED)


if __name__ == "__main__":
    main()
