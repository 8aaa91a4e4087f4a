"""Install the second service: `python -m tests.second_service FOLDER`. Without Node it says so, and that is all."""

import sys
from pathlib import Path

from tests.second_service.peer import NO_NODE, install, node

if __name__ == "__main__":
    if node() is None:
        sys.stderr.write(f"skipped: {NO_NODE}\n")
    else:
        install(Path(sys.argv[1]))
