"""The report as JUnit XML, which most CI services show: a suite for each check, a case for each rule.

https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from durable_conformance.reporting.checked import Checked, Outcome, described, headline
from durable_conformance.reporting.text import about_a_shard
from durable_conformance.rules import NAMES, Finding

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold: https://www.w3.org/TR/xml/#charsets."""


def junit(outcome: Outcome) -> str:
    """A rule that had nothing to look at is skipped, and what could not be run is an error."""
    suites = ET.Element("testsuites", name="durable-ai check")
    suites.extend(_suite(checked) for checked in outcome.checks)
    for one in outcome.unused_ignores:
        ET.SubElement(suites, "system-out").text = _legal(f"{one.line}: unused ignore[{one.rule}]")
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suites, encoding="unicode")}'


def _suite(checked: Checked) -> ET.Element:
    report = checked.report
    cases = [_rule(checked, name) for name in NAMES]
    stopped = (*report.could_not_run, *(["interrupted"] if report.interrupted else []))
    for why in stopped:
        error = _within(case := _case(checked, "could not run"), "error", message=why)
        error.text = _legal("\n".join(report.tracebacks))
        cases.append(case)
    if report.shard:
        _within(case := _case(checked, "the other shards"), "skipped", message=about_a_shard(report.shard))
        cases.append(case)
    suite = ET.Element("testsuite", name=_legal(checked.title), tests=str(len(cases)), time=f"{report.seconds:.3f}")
    for count, tag in ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)
    return suite


def _rule(checked: Checked, name: str) -> ET.Element:
    report, case = checked.report, _case(checked, name)
    told = [one for one in report.findings if one.rule == name]
    if failing := [one for one in checked.failing() if one.rule == name]:
        first = failing[0]
        _within(case, "failure", message=headline(first), type=first.severity).text = _legal(_listed(checked, told))
    elif told:
        _within(case, "system-out").text = _legal(_listed(checked, told))
    elif any(one.rule == name for one in report.ignored):
        _within(case, "skipped", message="ignored")
    elif name not in report.rules:
        why = next((one.why for one in report.unused if one.rule == name), "not checked")
        _within(case, "skipped", message=why)
    return case


def _listed(checked: Checked, findings: Sequence[Finding]) -> str:
    return "\n\n".join(
        f"{checked.location(one).seen_from(Path.cwd())}: {one.severity}: {described(one)}" for one in findings
    )


def _case(checked: Checked, name: str) -> ET.Element:
    return ET.Element("testcase", classname=_legal(checked.title), name=name, file=_legal(checked.file))


def _within(case: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(case, tag, {name: _legal(value) for name, value in attributes.items()})


def _legal(text: str) -> str:
    return _ILLEGAL.sub(lambda found: ascii(found[0])[1:-1], text)
