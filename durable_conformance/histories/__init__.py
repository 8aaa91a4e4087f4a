"""Golden histories: recorded executions, and whether they go on, from every point, on today's code."""

from durable_conformance.histories.answers import HistorySource, NotInHistoryError, recorded_scenario
from durable_conformance.histories.export import import_history
from durable_conformance.histories.file import (
    FORMAT,
    Call,
    Change,
    History,
    HistoryError,
    HistoryOperation,
    Provenance,
    RecordedError,
    load_history,
    save_history,
    text_of,
)
from durable_conformance.histories.golden import Golden
from durable_conformance.histories.payload import Payload
from durable_conformance.histories.recorder import alike, history_of, provenance, record
from durable_conformance.histories.replay import Subject, UpgradeReport, confirm, replay, subject_of
from durable_conformance.histories.rule import UPGRADE, Replayed, upgrade

__all__ = [
    "FORMAT",
    "UPGRADE",
    "Call",
    "Change",
    "Golden",
    "History",
    "HistoryError",
    "HistoryOperation",
    "HistorySource",
    "NotInHistoryError",
    "Payload",
    "Provenance",
    "RecordedError",
    "Replayed",
    "Subject",
    "UpgradeReport",
    "alike",
    "confirm",
    "history_of",
    "import_history",
    "load_history",
    "provenance",
    "record",
    "recorded_scenario",
    "replay",
    "save_history",
    "subject_of",
    "text_of",
    "upgrade",
]
