"""Nothing secret gets from a recorded conversation into the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from providers import Message, ModelAccessDeniedError, ModelRequest, ToolResultBlock, ToolUseBlock
from providers.bedrock import BedrockProvider, make_client
from providers.cassette import CassetteError, CassetteProvider, CassetteRecorder
from tests.providers.bedrock.stand_in import answering
from tests.providers.cassette.interactions import ACCOUNT
from tests.providers.cassette.recording import RecordingOf, isolated_keys
from tests.providers.contract import question
from tests.providers.test_scrub import FORMS
from tests.stand_in import Behaviour, Fail, ReceivedRequest, Reply, Sequenced, plausible

KEY_ID = "AKIA" + "ABCDEFGH" * 2
SECRET = "wJalrXUtnFEMI" + "/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
TOKEN = "not-a-known-prefix-" + "abcdefgh" * 8


def test_what_signs_a_request_never_reaches_the_file(recording_of: RecordingOf, path: Path) -> None:
    session = isolated_keys(KEY_ID, SECRET, TOKEN)
    seen: list[ReceivedRequest] = []

    def behave(request: ReceivedRequest) -> Behaviour:
        seen.append(request)
        return Reply(text="A cat.")

    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abc"
    model, recorder = recording_of(behave, session=session)
    model.converse(question(model=arn))
    recorder.save()
    sent = seen[0]
    assert KEY_ID in sent.headers["authorization"], "it was sent"
    assert sent.headers["x-amz-security-token"] == TOKEN
    assert sent.model_id == arn
    text = path.read_text()
    for secret in (KEY_ID, SECRET, TOKEN, ACCOUNT, "uthorization", "AWS4", "amz-", "127.0.0.1"):
        assert secret not in text
    decoded = [value for value in walk(yaml.safe_load(text)) if isinstance(value, bytes)]
    assert decoded == [], "nothing is hidden in base64"


def walk(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.items():
            yield from walk(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from walk(item)
    else:
        yield value


def test_account_ids_are_masked_in_prompts_answers_and_error_messages(recording_of: RecordingOf, path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/me"
    other = "9876" * 3
    behaviours: dict[str, Sequence[Behaviour]] = {
        "denied": [Fail("AccessDeniedException", f"{arn} may not; account {other} neither.")],
        "said": [Reply(text=f"You are {arn} of {ACCOUNT}, order {other}.")],
    }
    model, recorder = recording_of(Sequenced(behaviours, plausible))
    with pytest.raises(ModelAccessDeniedError, match=other):
        model.converse(question(label="denied"))
    assert ACCOUNT in model.converse(question(f"Who is {arn}?", "said")).text
    recorder.save()
    assert ACCOUNT not in path.read_text()
    with CassetteProvider(path) as replay:
        with pytest.raises(ModelAccessDeniedError, match="account 000000000000 neither"):
            replay.converse(question(label="denied"))
        said = replay.converse(question(f"Who is {arn}?", "said")).text
    assert said == f"You are arn:aws:iam::{'0' * 12}:role/me of {'0' * 12}, order {other}."


def test_the_accounts_id_in_a_prompt_is_refused_where_it_cannot_be_masked(
    recording_of: RecordingOf, path: Path
) -> None:
    """Masked there, the replay would not find the request."""
    model, recorder = recording_of(Reply(text=f"arn:aws:iam::{ACCOUNT}:role/me"))
    model.converse(question(f"Who owns account {ACCOUNT}?"))
    with pytest.raises(CassetteError, match="account id in use"):
        recorder.save()
    assert not path.exists()


@pytest.mark.parametrize("secret", [KEY_ID, SECRET, TOKEN, "-----BEGIN " + "PRIVATE KEY-----"], ids=range(4))
def test_a_secret_in_an_answer_or_a_prompt_refuses_the_recording_and_keeps_the_old_one(
    recording_of: RecordingOf, path: Path, secret: str
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"the old one")
    session = isolated_keys(KEY_ID, SECRET, TOKEN)
    for prompt, answer in ((f"It is {secret}.", "Thanks."), ("What is it?", f"It is {secret}.")):
        model, recorder = recording_of(Reply(text=answer), session=session)
        model.converse(question(prompt))
        with pytest.raises(CassetteError, match=r"interaction 1: (an AWS|a credential|a private)") as caught:
            recorder.save()
        assert secret not in str(caught.value)
    assert path.read_bytes() == b"the old one"
    assert list(path.parent.iterdir()) == [path]


def test_a_bedrock_api_key_in_use_is_a_secret_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", TOKEN)
    sent: list[Any] = []
    client = answering(make_client(session=isolated_keys()), f"It is {TOKEN}.")
    client.meta.events.register_last(
        "before-send.bedrock-runtime.Converse", lambda request, **_: sent.append(request.headers["Authorization"])
    )
    recorder = CassetteRecorder(path)
    BedrockProvider(client_factory=lambda: recorder.attach(client)).converse(question())
    assert [bytes(value).decode() for value in sent] == [f"Bearer {TOKEN}"]
    with pytest.raises(CassetteError, match="a credential or account id in use"):
        recorder.save()


def test_credentials_that_mean_nothing_do_not_refuse_their_own_words(recording_of: RecordingOf, path: Path) -> None:
    model, recorder = recording_of(Reply(text="This is a stand-in, for testing."))
    model.converse(question("Are you a stand-in?"))  # signed with the key id "stand-in"
    recorder.save()
    assert path.exists()


GITHUB = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", ["prompt", "tool result", "reply"])
def test_a_conversation_with_a_secret_in_it_is_not_written(
    recording_of: RecordingOf, path: Path, where: str, form: str
) -> None:
    hidden = FORMS[form](GITHUB)
    model, recorder = recording_of(lambda _: Reply(text=hidden if where == "reply" else "A cat."))
    turns = [Message.user(hidden if where == "prompt" else "Look.")]
    if where == "tool result":
        use = ToolUseBlock(tool_use_id="t-1", name="look", input={})
        turns += [Message.assistant(use), Message.user(ToolResultBlock.success("t-1", hidden))]
    model.converse(ModelRequest(messages=tuple(turns)))
    with pytest.raises(CassetteError, match=r"interaction 1: a GitHub token") as caught:
        recorder.save()
    assert GITHUB not in str(caught.value)
    assert not path.exists()
