"""Snapshots, which are files of the repository: none is written that holds a secret."""

from __future__ import annotations

from typing import Any

from syrupy.extensions.amber import AmberSnapshotExtension

from providers.scrub import findings


class ScannedSnapshots(AmberSnapshotExtension):
    """syrupy's own, but for that."""

    def serialize(self, *arguments: Any, **options: Any) -> str:
        text: str = super().serialize(*arguments, **options)
        found = findings(text)
        assert not found, f"A snapshot would hold secrets: {'; '.join(map(str, found))}."
        return text
