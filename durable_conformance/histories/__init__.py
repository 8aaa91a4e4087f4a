"""Golden histories: recorded executions, and whether they go on, from every point, on today's code."""

from durable_conformance.histories.answers import HistorySource as HistorySource
from durable_conformance.histories.answers import NotInHistoryError as NotInHistoryError
from durable_conformance.histories.answers import recorded_scenario as recorded_scenario
from durable_conformance.histories.export import import_history as import_history
from durable_conformance.histories.file import FORMAT as FORMAT
from durable_conformance.histories.file import Change as Change
from durable_conformance.histories.file import History as History
from durable_conformance.histories.file import HistoryError as HistoryError
from durable_conformance.histories.file import RecordedError as RecordedError
from durable_conformance.histories.file import load_history as load_history
from durable_conformance.histories.file import save_history as save_history
from durable_conformance.histories.file import text_of as text_of
from durable_conformance.histories.golden import Golden as Golden
from durable_conformance.histories.payload import Payload as Payload
from durable_conformance.histories.recorder import alike as alike
from durable_conformance.histories.recorder import provenance as provenance
from durable_conformance.histories.recorder import record as record
from durable_conformance.histories.replay import Subject as Subject
from durable_conformance.histories.replay import UpgradeReport as UpgradeReport
from durable_conformance.histories.replay import confirm as confirm
from durable_conformance.histories.replay import replay as replay
from durable_conformance.histories.replay import subject_of as subject_of
from durable_conformance.histories.rule import UPGRADE as UPGRADE
from durable_conformance.histories.rule import Replayed as Replayed
from durable_conformance.histories.rule import upgrade as upgrade
