"""A plugin that tox loads from here: its last lines name the environments that did not run, as their Python is missing.

By itself it says so where it skips one, above all that the others print, and in the end no more than SKIP.
"""

from __future__ import annotations

import atexit
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tox.plugin import impl
from tox.tox_env.python.api import Python

if TYPE_CHECKING:
    from tox.tox_env.api import ToxEnv

_missing: dict[str, str] = {}
"""Which interpreters an environment wanted, by its name."""


@impl
def tox_env_teardown(tox_env: ToxEnv) -> None:
    """An environment is over. One without an interpreter never had a Python of its own."""
    if isinstance(tox_env, Python) and not Path(tox_env.conf["env_python"]).exists():
        _missing[tox_env.conf.name] = ", ".join(tox_env.conf["base_python"])


@atexit.register
def _tell() -> None:
    """The last that tox does, after its summary."""
    for name, interpreters in sorted(_missing.items()):
        sys.stdout.write(f"  {name} ran NOTHING: there is no {interpreters} on this machine\n")
