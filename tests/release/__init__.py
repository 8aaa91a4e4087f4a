"""The distribution as it is published: built as a release is, installed where nothing of this repository is.

    python -m tests.release TAG

says what is wrong with releasing this tree as `TAG`. `tox -e release` builds it, and uses the wheel in a project of its
own.
"""

from __future__ import annotations


def faults(tag: str, version: str, changelog: str) -> list[str]:
    """What is wrong with publishing this version under this tag.

    Args:
        tag: The git tag, such as `v1.2.3`.
        version: The version that pyproject.toml states.
        changelog: The text of CHANGELOG.md.
    """
    found = [] if tag == f"v{version}" else [f"the tag is {tag}, and pyproject.toml says {version}: tag v{version}"]
    if not any(line.startswith(f"## [{version}] - ") for line in changelog.splitlines()):
        found.append(f"CHANGELOG.md has no section `## [{version}] - DATE`: rename [Unreleased], and begin a new one")
    return found
