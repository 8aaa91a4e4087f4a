"""Doors that import what they hand on when it is first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Sequence
from typing import Any


def handed_on(package: str, modules: Sequence[str], names: Collection[str]) -> Callable[[str], Any]:
    """The `__getattr__` of `package`: it looks for `names` in its `modules`, in their order."""

    def first(name: str) -> Any:
        for own in modules if name in names else ():
            module = importlib.import_module(f"{package}.{own}")
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return first
