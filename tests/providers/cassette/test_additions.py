"""Adding to a cassette: what it holds is played, the rest is asked and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers import ModelUnavailableError
from providers.cassette import CassetteError, CassetteMiss, CassetteProvider, read_cassette
from tests.providers.cassette.recording import RecordingOf
from tests.providers.contract import question
from tests.stand_in import (
    Behaviour,
    Drop,
    Fail,
    ReceivedRequest,
    Reply,
    Sequenced,
    plausible,
)


def test_kept_interactions_are_played_and_only_others_are_asked(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(
        Sequenced({"one": [Drop(), Reply(text="One.")], "gone": [Reply(text="x")]}, plausible)
    )
    with pytest.raises(ModelUnavailableError):
        model.converse(question(label="one"))
    model.converse(question(label="one"))
    model.converse(question(label="gone"))
    recorder.save()

    asked: list[str] = []

    def behave(request: ReceivedRequest) -> Behaviour:
        asked.append(request.label)
        return Reply(text="New.")

    model, recorder = recording_of(behave, keep=True)
    with pytest.raises(ModelUnavailableError):
        model.converse(question(label="one"))
    assert [model.converse(question(label=label)).text for label in ("one", "two", "one")] == ["One.", "New.", "New."]
    recorder.save()
    assert asked == ["two", "one"]
    with CassetteProvider(path) as replay:
        with pytest.raises(ModelUnavailableError):
            replay.converse(question(label="one"))
        assert [replay.converse(question(label=label)).text for label in ("one", "one", "two")] == [
            "One.",
            "New.",
            "New.",
        ]
    with pytest.raises(CassetteMiss):
        replay.converse(question(label="gone"))


def test_where_everything_was_kept_the_file_is_left_alone(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(Reply(text="One."))
    model.converse(question())
    recorder.save()
    path.write_text(path.read_text() + "# touched\n")
    model, recorder = recording_of(Fail("ThrottlingException"), keep=True)
    assert model.converse(question()).text == "One."
    recorder.save()
    assert path.read_text().endswith("# touched\n")


def test_keeping_without_an_old_file_records_everything(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(Reply(text="One."), keep=True)
    model.converse(question())
    recorder.save()
    assert len(read_cassette(path).interactions) == 1


def test_adding_to_a_recording_from_elsewhere_is_refused(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(Reply(text="One."))
    model.converse(question(label="one"))
    recorder.save()
    path.write_text(path.read_text().replace("source: stand-in", "source: bedrock"))
    before = path.read_bytes()
    model, recorder = recording_of(Reply(text="Two."), keep=True)
    for label in ("one", "two"):
        model.converse(question(label=label))
    with pytest.raises(CassetteError, match=r"bedrock and stand-in.*--record-mode=rewrite"):
        recorder.save()
    assert path.read_bytes() == before
