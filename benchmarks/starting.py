"""What `durable-ai --help` costs beside the help of a typer program that does nothing: CPU time of whole processes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.comparison import Row, compared
from benchmarks.targets import HELP, ROOT

ROUNDS = 15
BARE = """
import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def one() -> None:
    \"\"\"The one.\"\"\"


@app.command()
def other() -> None:
    \"\"\"The other.\"\"\"


if __name__ == "__main__":
    app()
"""


def help_() -> Row:
    """CPU time of both, the interpreter's own start in each; bytecode is there for both."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bare.py").write_text(BARE)
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([folder, str(ROOT)])}
        return compared(
            HELP,
            lambda: cpu_seconds(environment, "-m", "durable_conformance", "--help"),
            lambda: cpu_seconds(environment, "-c", "import bare; bare.app()", "--help"),
            rounds=ROUNDS,
        )


def cpu_seconds(environment: dict[str, str], *arguments: str) -> float:
    """What a process of this interpreter takes of a core."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
