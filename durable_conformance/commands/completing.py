"""What a shell completes, without importing what it names."""

from __future__ import annotations

import ast
from pathlib import Path

_DURABLE = "durable"


def rules(typed: str) -> list[str]:
    """The names of rules that begin so."""
    from durable_conformance.rules import NAMES  # noqa: PLC0415  # only where one is typed

    return [name for name in NAMES if name.startswith(typed)]


def targets(typed: str) -> list[str]:
    """The Python files and folders whose paths begin so; after `PATH.py:`, the durable functions in the file."""
    file, colon, _ = typed.partition(".py:")
    if colon:
        path = f"{file}.py"
        return [one for name in _durable_functions(Path(path)) if (one := f"{path}:{name}").startswith(typed)]
    folder, slash, _ = typed.rpartition("/")
    try:
        there = sorted(Path(folder or slash or ".").iterdir())
    except OSError:
        return []
    shown = [f"{folder}{slash}{one.name}{'/' if one.is_dir() else ':'}" for one in there if _may_lead(one)]
    return [one for one in shown if one.startswith(typed)]


def _may_lead(path: Path) -> bool:
    return not path.name.startswith((".", "__")) and (path.suffix == ".py" or path.is_dir())


def _durable_functions(file: Path) -> list[str]:
    """The names that a decorator or a call makes durable, as far as reading the file tells."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return []
    found: list[str] = []
    for one in tree.body:
        if isinstance(one, ast.FunctionDef) and any(_DURABLE in ast.unparse(each) for each in one.decorator_list):
            found.append(one.name)
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Call) and _DURABLE in ast.unparse(one.value.func):
            found += [name.id for name in one.targets if isinstance(name, ast.Name)]
    return found
