"""Doors that import what they hand on when it is first used."""

from __future__ import annotations

import importlib
import importlib.util
import sys
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


def behind_its_door(package: str) -> None:
    """Have modules of `package` be imported without what its `__init__` imports, until somebody asks that for a name.

    What was imported before stays as it is.
    """
    spec = importlib.util.find_spec(package) if package not in sys.modules else None
    if spec is None or spec.loader is None:
        return
    module, load = importlib.util.module_from_spec(spec), spec.loader.exec_module

    def opened(name: str) -> Any:
        if vars(module).pop("__getattr__", None) is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        load(module)
        return getattr(module, name)

    module.__getattr__ = opened  # type: ignore[method-assign]
    sys.modules[package] = module
