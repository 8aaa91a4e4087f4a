"""The report as SARIF 2.1.0, as GitHub's code scanning takes it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from durable_conformance.reporting.checked import Checked, Location, Outcome, described, located, repository, shown
from durable_conformance.reporting.document import dumped
from durable_conformance.reporting.text import about_a_shard
from durable_conformance.rules import NAMES, RULES, Finding, Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "durableAi/v1"
_NUMBER = re.compile(r"\d+")
"""In a path: an operation's position, which another one before it moves, or a part of its name that changes."""


def sarif(outcome: Outcome) -> str:
    """One run of the tool, with the findings of all checks."""
    failed = [why for checked in outcome.checks for why in _failures(checked)]
    unused = [
        _notification("warning", f"unused ignore[{one.rule}]", located(one.line, Path.cwd()))
        for one in outcome.unused_ignores
    ]
    alone = [
        _notification("note", f"{one.check}: {about_a_shard(one.report.shard)}", one.handler)
        for one in outcome.checks
        if one.report.shard
    ]
    shard = next((one.report.shard for one in outcome.checks if one.report.shard), None)
    ended = not any(checked.report.interrupted for checked in outcome.checks)
    run = {
        "tool": {"driver": {"name": "durable-ai", "rules": [_descriptor(rule) for rule in RULES]}},
        "invocations": [
            {"executionSuccessful": ended and not failed, "toolExecutionNotifications": [*alone, *failed, *unused]}
        ],
        "results": list(_results(outcome)),
        # What shards upload stands side by side: of the same category, one would close the alerts of another.
        **({"automationDetails": {"id": f"durable-ai/shard-{shard.number}-of-{shard.of}/"}} if shard else {}),
    }
    return dumped({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _descriptor(rule: Rule) -> dict[str, Any]:
    breaks, matters, remedy = map(_sentence, (rule.breaks_it, rule.matters, rule.remedy))
    source = {"helpUri": rule.source} if rule.source else {}
    more = f"\n\n[What the guidance on durable functions says]({rule.source})" if rule.source else ""
    return {
        "id": rule.name,
        "shortDescription": {"text": breaks},
        "fullDescription": {"text": f"{breaks} {matters}"},
        "help": {
            "text": f"{breaks}\n\nWhy it matters: {matters}\n\nWhat to do: {remedy}",
            "markdown": f"{breaks}\n\n**Why it matters.** {matters}\n\n**What to do.** {remedy}{more}",
        },
        **source,
        "defaultConfiguration": {"level": str(rule.severity)},
        "properties": {"problem.severity": str(rule.severity), "tags": ["reliability", "durable-functions"]},
    }


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def _results(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """The findings; what two checks show alike is one."""
    known: set[str] = set()
    for checked in outcome.checks:
        times: Counter[tuple[str, ...]] = Counter()  # a rule may be broken twice on a line
        for one in checked.report.findings:
            place = checked.location(one)
            same = one.rule, _NUMBER.sub("#", one.path), shown(place.file, repository()), place.text()
            times[same] += 1
            print_ = hashlib.sha256("\0".join((*same, str(times[same]))).encode(errors="replace")).hexdigest()
            if print_ not in known:
                known.add(print_)
                yield _result(one, place, print_)


def _result(one: Finding, place: Location, print_: str) -> dict[str, Any]:
    told = {"operation": one.path, "shownBy": one.crash, "expected": one.expected, "actual": one.actual}
    return {
        "ruleId": one.rule,
        "ruleIndex": NAMES.index(one.rule),
        "level": str(one.severity),
        "message": {"text": described(one)},
        "locations": [_location(place)],
        "partialFingerprints": {FINGERPRINT: print_},
        "properties": {**told, **({"case": one.case} if one.case else {})},
    }


def _location(place: Location) -> dict[str, Any]:
    inside = place.file.is_relative_to(repository())
    uri = quote(shown(place.file, repository()), errors="replace") if inside else place.file.absolute().as_uri()
    region = {} if place.number is None else {"region": {"startLine": place.number}}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, **region}}


def _failures(checked: Checked) -> Iterator[dict[str, Any]]:
    for why in checked.report.could_not_run:
        yield _notification("error", f"{checked.check} could not run: {why}", checked.handler)


def _notification(level: str, text: str, place: Location) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}, "locations": [_location(place)]}
