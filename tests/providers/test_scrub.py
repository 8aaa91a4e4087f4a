"""What is masked in a recording, and what a cassette is refused for.

Everything that looks like a secret is put together at run time: the repository is scanned with the same patterns.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import quote

import pytest

from providers.scrub import NO_ACCOUNT, Finding, account_ids, findings, masked, masked_numbers
from tests.repository.files import ROOT

ACCOUNT = "1234" * 3
KEY_ID = "AKIA" + "ABCDEFGH" * 2
SECRET = "wJalrXUtnFEMI" + "/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2lu" + "X2Vj" * 20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/x",
            "arn:aws:bedrock:us-east-1:{}:inference-profile/x",
        ),
        (f"arn%3Aaws%3Abedrock%3Aus-east-1%3A{ACCOUNT}%3Ax%2Fy", "arn%3Aaws%3Abedrock%3Aus-east-1%3A{}%3Ax%2Fy"),
        (f"arn%3aaws%3abedrock%3a%3a{ACCOUNT}%3ax", "arn%3aaws%3abedrock%3a%3a{}%3ax"),
        (f"arn%253Aaws%253Asts%253A%253A{ACCOUNT}%253Ax", "arn%253Aaws%253Asts%253A%253A{}%253Ax"),
        (
            f"two: arn:aws:sts::{ACCOUNT}:a and arn:aws-us-gov:iam::{ACCOUNT}:b",
            "two: arn:aws:sts::{0}:a and arn:aws-us-gov:iam::{0}:b",
        ),
        (f"a part of one, us-east-1:{ACCOUNT}:x", "a part of one, us-east-1:{}:x"),
    ],
)
def test_an_account_id_is_masked_where_an_arn_has_one_however_it_is_quoted(text: str, expected: str) -> None:
    assert masked(text) == expected.format(NO_ACCOUNT)
    assert account_ids(text) == {ACCOUNT}
    assert account_ids(masked(text)) == set()


@pytest.mark.parametrize("text", [f"order {ACCOUNT}", f":{ACCOUNT}0:", f"1{ACCOUNT}:", "12:30:59", f"({ACCOUNT})"])
def test_a_number_that_stands_elsewhere_is_left_alone(text: str) -> None:
    assert masked(text) == text
    assert account_ids(text) == set()


def test_in_an_error_message_every_number_of_that_length_is_masked() -> None:
    text = f"Account {ACCOUNT} has no access; ({ACCOUNT}). Ask again in 12345 s, request {ACCOUNT}9."
    assert (
        masked_numbers(text)
        == f"Account {NO_ACCOUNT} has no access; ({NO_ACCOUNT}). Ask again in 12345 s, request {ACCOUNT}9."
    )


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        (KEY_ID, "access key id"),
        ("ASIA" + KEY_ID[4:], "access key id"),
        (SECRET, "secret access key"),
        ("aws_secret_access_key" + " = " + "anything-but-short", "secret access key"),
        ('"SecretAccessKey"' + ': "' + 'anything-but-short"', "secret access key"),
        (TOKEN, "session token"),
        ("x-amz-security-token" + ": " + "abcdefgh" * 3, "session token"),
        ("aws_session_token" + "=" + "abcdefgh" * 3, "session token"),
        ("AWS4-HMAC-SHA256 " + "Credential=abc", "signature"),
        ("Authorization" + ": Bearer " + "abcdefgh" * 3, "bearer token"),
        ("ABSK" + "QmVkcm9j" * 6, "Bedrock API key"),
        ("bedrock-api-key-" + "YmVkcm9j" * 6, "Bedrock API key"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "private key"),
        (f"arn:aws:iam::{ACCOUNT}:role/x", "account id"),
        (f"arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Arole", "account id"),
    ],
)
def test_what_looks_like_a_secret_is_found_by_line_and_never_repeated(secret: str, what: str) -> None:
    (finding,) = findings(f"first line\n  before {secret} after\nthird line")
    assert finding.line == 2
    assert what in finding.what
    assert secret not in str(finding)
    assert str(finding).startswith("line 2: ")


def test_values_named_as_secret_are_found_too() -> None:
    assert findings("one\ntwo hush-hush-hush", secrets=("hush-hush-hush",)) == (
        Finding(2, "a credential or account id in use"),
    )


@pytest.mark.parametrize(
    "harmless",
    [
        "",
        "sha1 " + "da39a3ee5e6b4b0d" * 2 + "da39a3ee",
        "sha256 " + "da39a3ee5e6b4b0D" * 4,
        f"arn:aws:iam::{NO_ACCOUNT}:role/x",
        "AWS_SECRET_ACCESS_KEY=stand-in",
        "AWS_SESSION_TOKEN is unset",
        "tooluse_0123456789abcdefghij_0",
        "Authorization: Bearer of news",
        "AKIA is how an access key id starts",
        "A" * 40,
    ],
)
def test_what_only_resembles_a_secret_is_left_alone(harmless: str) -> None:
    assert findings(harmless) == ()


MADE_UP = "a1B2c3D4"
KINDS = {
    "ghp_" + MADE_UP * 5: "a GitHub token",
    "github_pat_" + MADE_UP * 3: "a GitHub token",
    "xoxb-" + "1" * 12 + "-" + MADE_UP * 3: "a Slack token",
    "sk-" + "proj-" + MADE_UP * 6: "an OpenAI API key",
    "sk-" + "ant-api03-" + MADE_UP * 12 + "AA": "an Anthropic API key",
    "eyJhbGciOiJIUzI1NiJ9" + ".eyJ" + MADE_UP * 5 + "." + MADE_UP * 5: "a JSON web token",
    "Authorization: " + "Basic " + "dXNlcjpo" * 3 + "==": "a user's password",
    "postgres://" + "app:" + MADE_UP + "@db.example.org/orders": "a password in a URL",
    "Authorization: " + "Bearer " + MADE_UP * 4: "a bearer token",
    KEY_ID: "an AWS access key id",
    SECRET: "an AWS secret access key",
    TOKEN: "an AWS session token",
    "ABSK" + MADE_UP * 6: "a Bedrock API key",
    "-----BEGIN " + "RSA PRIVATE KEY-----": "a private key",
    f"arn:aws:iam::{ACCOUNT}:role/x": "an AWS account id",
}
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "quoted": lambda secret: json.dumps({"said": secret}),
    "JSON in JSON": lambda secret: json.dumps({"body": json.dumps({"said": secret})}),
    "an object in JSON in JSON": lambda secret: json.dumps(json.dumps(json.dumps(dict([secret.partition(": ")[::2]])))),
    "escaped": lambda secret: "".join(f"\\u{ord(char):04x}" for char in secret),
    "in a URL": lambda secret: quote(secret, safe=""),
    "base64": lambda secret: base64.b64encode(f"it is {secret}.".encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"it is {secret}?".encode()).decode(),
    "gzip": lambda secret: base64.b64encode(gzip.compress(secret.encode())).decode(),
    "base64 in base64": lambda secret: base64.b64encode(base64.b64encode(secret.encode())).decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", KINDS, ids=KINDS.values())
def test_every_kind_of_secret_is_found_in_every_form(secret: str, form: str) -> None:
    text = f"fine\n{FORMS[form](secret)}\nfine"
    assert KINDS[secret] in {finding.what for finding in findings(text)}
    assert {finding.line for finding in findings(text)} == {2}


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn is a library, and so is sk-image",
        "https://example.org:8080/a@b",
        "see https://user@example.org/",
        "eyJust a word",
        hashlib.sha256(b"x").hexdigest(),
        base64.b64encode(bytes(range(256))).decode(),
        base64.b64encode(b"\x1f\x8b no gzip at all").decode(),
        "100% of \\ and \\u00e",
    ],
)
def test_what_only_looks_a_little_like_one_is_left_alone(text: str) -> None:
    assert findings(text) == ()


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        ("sk_" + "live_" + MADE_UP * 3, "a Stripe key"),
        ("SG." + MADE_UP * 2 + "a1B2c3" + "." + MADE_UP * 5 + "a1B", "a SendGrid API key"),
        ("glpat-" + MADE_UP * 3, "a GitLab token"),
        ("pypi-AgEIcHlwaS5vcmc" + MADE_UP * 10, "a PyPI token"),
        ("AccountKey=" + MADE_UP * 11, "an Azure storage key"),
        ("a1b2c3d4" * 4 + "-us12", "a Mailchimp key"),
        ("sq0csp-" + MADE_UP * 5 + "a1B", "a Square OAuth secret"),
        ("SK" + "a1b2c3d4" * 4, "a Twilio key"),
        ("//registry.example.org/:_authToken=" + "npm_" + MADE_UP * 4, "an npm token"),
        ("https://hooks.slack.com/services/" + "T0A1B2C3D/B0A1B2C3D/" + MADE_UP * 3, "a Slack token"),
        ("aws_key: '" + MADE_UP * 5 + "'", "an AWS secret access key"),
        ("AIza" + MADE_UP * 4 + "a1B", "a Google API key"),
        ("hf_" + MADE_UP * 4 + "a1", "a Hugging Face token"),
        ("npm_" + MADE_UP * 4 + "a1B2", "an npm token"),
        ("12345678" + ":AA" + MADE_UP * 4 + "a", "a Telegram bot token"),
        ("M" + MADE_UP * 3 + ".a1B2c3." + MADE_UP * 3 + "a1B", "a Discord bot token"),
    ],
)
def test_what_detect_secrets_knows_is_found_too(secret: str, what: str) -> None:
    assert what in {finding.what for finding in findings(secret)}
    assert all(findings(form(secret)) for form in FORMS.values()), "of base64 that looks like a secret, that is told"


@pytest.mark.parametrize(
    "harmless",
    [
        f"arn:aws:sqs:us-east-1:{NO_ACCOUNT}:a-queue-with-a-name-of-more-than-thirty-five-characters",
        "Notifications_of_persons.models.SomethingWithAVeryLongNameIndeed",
        '"token": "' + "abcdefghijk" * 4 + '"',
        "APPROACHES and APACHEHTTPD99",
        "https://u:p@h/db of an example",
        "10.0.0.1 and 93.184.216.34",
        "password = whatever-stands-in-a-test",
        hashlib.sha256(b"x").hexdigest() + " " + base64.b64encode(hashlib.sha256(b"x").digest()).decode(),
    ],
)
def test_what_goes_by_a_name_or_by_chance_is_left_alone(harmless: str) -> None:
    assert findings(harmless) == ()


def test_base64_over_several_lines_as_in_mail_is_read_through() -> None:
    text = base64.encodebytes(b"A letter of some length, which stands before it: " + KEY_ID.encode() + b" and after")
    assert {finding.what for finding in findings(text.decode())} == {"an AWS access key id"}
    assert {finding.what for finding in findings(json.dumps(text.decode()))} == {"an AWS access key id"}


def test_the_detectors_are_loaded_when_something_is_looked_at() -> None:
    code = (
        "import sys, providers.scrub, providers.cassette\nassert not {'detect_secrets', 'requests'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
