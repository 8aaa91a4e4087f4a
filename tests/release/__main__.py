"""Say what is wrong with a release: see the package."""

from __future__ import annotations

import sys
import tomllib

from tests.release import faults
from tests.repository.files import ROOT

if __name__ == "__main__":
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    found = faults(sys.argv[1], version, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    sys.exit("\n".join(found) or None)
