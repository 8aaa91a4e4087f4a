"""Tags: what makes each answer of a model unique that never answers twice the same."""

from __future__ import annotations

import re

TAG = re.compile(r" ?~a(\d+)z")
"""A tag as it stands in a text: a space stands before it where the text is no JSON."""


def tag(serial: int) -> str:
    """What makes the `serial`-th answer of a run unique. As long as any other: an interruption shifts the numbers."""
    return f"a{serial:06}z"


def untagged(text: str) -> str:
    """`text` without tags."""
    return TAG.sub("", text)
