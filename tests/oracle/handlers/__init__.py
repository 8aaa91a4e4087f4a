"""The handlers that the official requirements describe, in Python, by the requirement's id: a module for each suite."""

import importlib
import pkgutil

from tests.oracle.handlers.registry import HANDLERS as HANDLERS
from tests.oracle.handlers.registry import Described as Described

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
