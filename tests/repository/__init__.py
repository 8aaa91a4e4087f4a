"""What holds for the repository as a whole: its documents, its automation, its packages, its cassettes, its tests.

`python -m tests.repository.cassette_scan` looks for what no file may hold, and for what a cassette must be.
"""

from tests.repository.documents import blocks, changes, commands_in, text_of
from tests.repository.files import ROOT, files_of
from tests.repository.tooling import tox_ini

__all__ = ["ROOT", "blocks", "changes", "commands_in", "files_of", "text_of", "tox_ini"]
