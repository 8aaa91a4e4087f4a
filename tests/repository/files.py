"""The files of the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

_NOT_OURS = {
    "__pycache__",
    "build",
    ".aws-sam",
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".venv",
}


def files_of(root: Path) -> list[Path]:
    """Every file that is in the repository or would be added to it; in a copy without git, every file."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # no git, or no checkout
        paths = [path for path in root.rglob("*") if not _NOT_OURS & set(path.relative_to(root).parts)]
        return sorted(path for path in paths if path.is_file())
    return sorted(path for name in ran.stdout.split("\0") if name and (path := root / name).is_file())
