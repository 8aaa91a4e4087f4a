"""What no file of the repository may hold, and what a cassette must be.

`python -m tests.repository.cassette_scan [FILE …]` looks at the files that are named, or at all of the repository. It
prints what is wrong with them by line, never the secret itself. The tests and the hook of `.pre-commit-config.yaml`
look with the same functions.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from providers.cassette import ENDPOINT, CassetteError, read_cassette, read_provenance
from providers.scrub import NO_ACCOUNT, REQUEST_HEADERS, RESPONSE_HEADERS, Finding, findings
from tests.repository.files import ROOT, files_of

PATTERNS = sorted(path.stem for path in (ROOT / "patterns").glob("*.py") if path.stem != "__init__")

_TWELVE_DIGITS = re.compile(rf"(?<![\w.])(?!{NO_ACCOUNT})\d{{12}}(?!\w)")


def secrets_in(path: Path) -> list[str]:
    """What in a file looks like a credential or an account id, by line."""
    text = path.read_bytes().decode("utf-8", "replace")
    numbered = enumerate(text.splitlines(), start=1)
    digits = [number for number, line in numbered if _TWELVE_DIGITS.search(line)]
    found = [*findings(text), *(Finding(number, "twelve digits, as an account id has") for number in digits)]
    return [f"{path}, {finding}" for finding in found]


def faults_of(path: Path) -> list[str]:
    """What is wrong with a cassette, beside its secrets."""
    try:
        cassette, _ = read_cassette(path), read_provenance(path)
    except CassetteError as error:
        return [str(error)]
    wrong = [] if path.parent.name in PATTERNS else [f"{path}: no pattern is called {path.parent.name}"]
    for number, item in enumerate(cassette.interactions, start=1):
        for allowed, given in ((REQUEST_HEADERS, item.request_headers), (RESPONSE_HEADERS, item.headers)):
            wrong += [f"{path}, interaction {number}: header {name}" for name in given if name.lower() not in allowed]
        if not item.uri.startswith(f"{ENDPOINT}/model/"):
            wrong.append(f"{path}, interaction {number}: {item.uri} is no model call to the example endpoint")
    return wrong


def scanned(path: Path, root: Path = ROOT) -> list[str]:
    """What is wrong with a file of the repository at `root`: its secrets and, in `cassettes`, its faults."""
    recording = path.suffix in {".yaml", ".yml"} and path.resolve().is_relative_to((root / "cassettes").resolve())
    return [*secrets_in(path), *(faults_of(path) if recording else ())]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Scan what the command line names, and print what is wrong.

    Args:
        arguments: The command line without the program's name; None takes the process's own.
        root: The repository.

    Returns:
        The exit code: 0 if nothing is wrong, 1 if something is.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.repository.cassette_scan", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="all files of the repository if left out")
    files: list[Path] = parser.parse_args(arguments).files or files_of(root)
    if missing := [str(path) for path in files if not path.is_file()]:
        parser.error(f"no such file: {', '.join(missing)}")
    wrong = [line for path in files for line in scanned(path, root)]
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
