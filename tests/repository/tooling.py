"""What the project's tools are told: tox's environments, how a person calls tox, and the pinned versions."""

from __future__ import annotations

import configparser
import re

from tests.repository.files import ROOT

TOX = "uvx -p 3.13 -c constraints/tox.txt --with tox-uv tox"
"""How tox is called on a machine that has uv."""
PYTEST = 'uvx -p 3.13 -c constraints/project.txt --with ".[conformance]" pytest'
"""How pytest is called there, with this project installed beside it."""


def tox_ini() -> configparser.ConfigParser:
    """The sections of tox.ini, as they stand there."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini")
    return parser


def environments() -> set[str]:
    """Every environment that tox knows."""
    ini = tox_ini()
    listed = {name.strip() for name in ini["tox"]["env_list"].split(",")}
    return listed | {section.removeprefix("testenv:") for section in ini.sections() if section.startswith("testenv:")}


def pinned(name: str) -> dict[str, str]:
    """Version by project name, as a constraint file pins them."""
    text = (ROOT / "constraints" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))
