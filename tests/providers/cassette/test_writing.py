"""A cassette is written whole or not at all, and never with something in it that must not be written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.cassette import CassetteError, Interaction, write_cassette
from tests.providers.cassette.interactions import ACCOUNT, PROVENANCE, cassette, interaction


@pytest.mark.parametrize(
    "unsafe",
    [
        interaction({"text": "AKIA" + "ABCDEFGH" * 2}),
        interaction(response={"text": "AKIA" + "ABCDEFGH" * 2}),
        interaction(uri=f"https://x/model/arn%3Aaws%3Abedrock%3A%3A{ACCOUNT}%3Ax/converse"),
        interaction(request_headers={"Content-Type": ["AWS4-HMAC-SHA256 " + "Credential=x"]}),
        interaction(body=b"\xff" + b"AKIA" + b"ABCDEFGH" * 2),
        interaction({"text": "known-to-be-secret"}),
    ],
)
def test_a_cassette_with_something_secret_is_not_written(tmp_path: Path, unsafe: Interaction) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("the old one")
    with pytest.raises(CassetteError, match=r"c\.yaml.*interaction 2: an?.*Take it out") as caught:
        write_cassette(path, cassette(interaction(), unsafe), secrets=["known-to-be-secret"])
    assert "ABCDEFGH" not in str(caught.value)
    assert "known-to-be" not in str(caught.value)
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_in_the_provenance_is_not_written_either(tmp_path: Path) -> None:
    unsafe = PROVENANCE.model_copy(update={"tiers": {"small": f"arn:aws:bedrock:us-east-1:{ACCOUNT}:x/y"}})
    with pytest.raises(CassetteError, match="provenance: an AWS account id"):
        write_cassette(tmp_path / "c.yaml", cassette(interaction(), provenance=unsafe))


@pytest.mark.parametrize(
    "unsafe",
    [
        interaction(request_headers={"Content-Type": ["application/json"], "X-Custom": ["1"]}),
        interaction(headers={"Content-Type": ["application/json"], "x-amzn-requestid": ["1"]}),
    ],
)
def test_a_header_that_is_not_on_the_list_is_not_written(tmp_path: Path, unsafe: Interaction) -> None:
    with pytest.raises(CassetteError, match=r"interaction 1.*(X-Custom|x-amzn-requestid)"):
        write_cassette(tmp_path / "c.yaml", cassette(unsafe))
    assert list(tmp_path.iterdir()) == []


def test_a_cassette_is_moved_into_place_whole(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("the old one")
    before = path.stat().st_ino
    write_cassette(path, cassette(interaction()))
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"
    assert path.stat().st_ino != before, "replaced, not overwritten: a reader sees the old one or the new one"


def test_a_cassette_that_cannot_be_moved_into_place_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.mkdir()
    with pytest.raises(CassetteError, match=r"Cannot write .*c\.yaml"):
        write_cassette(path, cassette(interaction()))
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CassetteError, match="Cannot write"):
        write_cassette(tmp_path / "file" / "c.yaml", cassette(interaction()))


def test_a_new_cassette_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    write_cassette(tmp_path / "c.yaml", cassette(interaction()))
    (tmp_path / "other").touch()
    assert (tmp_path / "c.yaml").stat().st_mode == (tmp_path / "other").stat().st_mode
