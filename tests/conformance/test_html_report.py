"""The page about a report, as a parser reads it: nothing is missing, and nothing that a handler wrote is markup."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Self

import pytest

from durable_conformance import Finding, Report
from durable_conformance.evidence import (
    NO_INTERRUPTION,
    Explored,
    InvocationTrace,
    Moment,
    Place,
    RetrySchedule,
    RunRecord,
    Section,
    Trace,
)
from durable_conformance.reporting.html import (
    MAX_BARS,
    MAX_BYTES,
    Causes,
    Kind,
    Part,
    by_lines,
    by_words,
    charts,
    excerpt,
    parts,
    rendered,
    write_html,
)
from durable_conformance.rules import EXECUTION, NAMES, RULES, Cause
from tests.conformance.made_up_reports import HOSTILE, record, sized, trace, wordy

RAW = frozenset({"script", "style"})
"""Elements whose content is no text of the page."""


@dataclass
class Page(HTMLParser):
    """What a browser would make of a page: elements, the contents of scripts and styles, and all other text.

    It reads the events of `HTMLParser`, and none of its state: patch releases of Python differ in what `cdata_elem` is
    set for.
    """

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    raw: dict[str, list[str]] = field(default_factory=lambda: {tag: [] for tag in RAW})
    words: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    within: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in RAW:
            self.within = tag
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.within:
            self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within:
            self.raw[self.within][-1] += data
        else:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.raw["script"][0])
        return data

    def openers(self, kind: str) -> list[int]:
        """The runs that buttons of a class open."""
        return [
            int(str(given["data-run"]))
            for tag, given in self.elements
            if tag == "button" and kind in str(given.get("class")).split()
        ]

    @classmethod
    def read(cls, html: str) -> Self:
        """The page that a text in HTML is."""
        parsed = cls()
        parsed.feed(html)
        parsed.close()
        return parsed


class TitleIsData(Page):
    """A page as newer releases of Python parse it: markup in a title is text."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "title":
            self.set_cdata_mode(tag)


class TitleIsMarkup(Page):
    """A page as older releases of Python parse it: a title is an element like any other."""

    def set_cdata_mode(self, elem: str, **options: Any) -> None:
        if elem in RAW:
            super().set_cdata_mode(elem, **options)


def page(*explorations: Explored, title: str = "A report") -> Page:
    return Page.read(rendered(title, explorations))


@pytest.mark.parametrize("reader", [TitleIsData, TitleIsMarkup])
def test_a_page_is_read_alike_by_every_release_of_python(reader: type[Page]) -> None:
    html = rendered("A report", [wordy(HOSTILE)])
    ours, theirs = Page.read(html), reader.read(html)
    assert (theirs.elements, theirs.raw, theirs.comments) == (ours.elements, ours.raw, ours.comments)
    assert theirs.text == ours.text
    assert theirs.text.startswith("A report: durable-ai")


def plain(*records: RunRecord, report: Report | None = None) -> Explored:
    return Explored("a handler", "a scenario", report or Report(1, len(records), NAMES, 1.0, ()), records)


def test_what_a_handler_wrote_never_becomes_markup() -> None:
    ours, theirs = page(wordy("harmless"), title="harmless"), page(wordy(HOSTILE), title=HOSTILE)
    assert [(tag, *given) for tag, given in theirs.elements] == [(tag, *given) for tag, given in ours.elements]
    assert len(theirs.raw["script"]) == len(ours.raw["script"]) == 2
    assert theirs.raw["script"][1] == ours.raw["script"][1]
    assert theirs.comments == []
    links = {str(given.get("href")) for tag, given in theirs.elements if tag in {"a", "link"}}
    assert {link for link in links if not link.startswith(("#", "data:,", "https://docs.aws.amazon.com/"))} == set()


def test_hostile_texts_are_all_there_as_text() -> None:
    parsed = page(wordy(HOSTILE), title=HOSTILE)
    assert f"never: {HOSTILE}" in parsed.data["texts"]
    assert HOSTILE in parsed.data["texts"]
    assert parsed.text.count(" ".join(HOSTILE.split())) > 10


def test_the_data_is_read_back() -> None:
    found = wordy(HOSTILE).report.findings
    run = record("a run", Place(Section.CRASHES, "/1:a", "SUCCEED", "lost"), found, ending="the end")
    data = page(plain(run)).data
    texts = data["texts"]
    name, exploration, could_not_run, status, ending, first, invocations, findings = data["runs"][0]
    assert [texts[n] for n in (name, exploration, could_not_run, status, ending)] == [
        "a run", "a handler", "", "SUCCEEDED", "the end",
    ]  # fmt: skip
    assert first == 1
    assert [data["invocations"][n][0] for n in invocations] == [1, 2]
    assert texts[data["invocations"][invocations[0]][6]] == "a run"
    rule, where, line, expected, actual, why, remedy = findings[0]
    assert [texts[n] for n in (rule, where, line, why, remedy)] == [found[0].rule, found[0].path, "", "", "Remedy"]
    assert [[(kind, texts[n]) for kind, n in pieces] for pieces in (expected, actual)] == [
        [(0, "these words "), (1, HOSTILE)],
        [(0, "these words "), (2, "only")],
    ]


def test_every_run_has_a_cell_and_every_finding_is_told() -> None:
    explorations = sized(600), wordy(HOSTILE)
    parsed = page(*explorations)
    assert sorted(parsed.openers("cell")) == list(range(600 + len(explorations[1].records)))
    for exploration in explorations:
        for finding in exploration.report.findings:
            told = " ".join(f"at {finding.path} shown by {finding.crash}".split())
            assert told in parsed.text
    assert set(parsed.openers("open")) <= set(parsed.openers("cell"))
    assert all(f"{rule.name}" in parsed.text for rule in RULES)


def test_a_rule_that_is_broken_says_why_that_matters_and_what_to_do() -> None:
    parsed = page(wordy(HOSTILE))
    (rule,) = [rule for rule in RULES if rule.name == "request-stability"]
    for text in (rule.breaks_it, rule.matters, "What to do Remedy", rule.source.removeprefix("https://")):
        assert text in parsed.text


def test_two_thousand_runs_stay_below_5_mb() -> None:
    size = len(rendered("A large one", [sized(2_000)]).encode())
    assert 1_000_000 < size < 5_000_000


def test_a_browser_is_told_to_run_what_is_in_the_page_and_to_ask_nobody() -> None:
    parsed = page(wordy(HOSTILE))
    (policy,) = [
        str(given["content"]) for _, given in parsed.elements if given.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    allowed = set(re.findall(r"'(sha256-[^']+)'", policy))
    texts = (parsed.raw["script"][1], "".join(parsed.raw["style"]))
    assert allowed == {"sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts}
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not [given for tag, given in parsed.elements if "src" in given]


def test_a_text_that_is_not_unicode_is_written_as_its_escape(tmp_path: Path) -> None:
    write_html(tmp_path / "page.html", "half a pair \ud83d", [plain()])
    assert r"half a pair \ud83d" in (tmp_path / "page.html").read_text("utf-8")


CLOCK = Cause(
    "today()",
    "app.py:3",
    "`today()` at app.py:3 reads the clock",
    remedy="read it in a step, `step(lambda _: today())`",
)
APP = "def handler(event, context):\n    # <b>when</b>\n    day = today()\n\n    return context.step(save, day)\n"


def caused(*paths: str, rule: str = "environment", cause: Cause | None = CLOCK) -> list[Finding]:
    return [
        Finding(rule, path, "a crash", "Monday", "Tuesday", "the rule's remedy", line="app.py:5", cause=cause)
        for path in paths
    ]


def explored_once(found: Sequence[Finding], *records: RunRecord) -> Explored:
    return Explored("app", "event", Report(1, 1, NAMES, 1.0, tuple(found)), records, file="app.py")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(APP)
    return tmp_path / "app.py"


@pytest.mark.usefixtures("app")
def test_findings_of_one_cause_are_one_card_with_its_line_first_and_one_remedy() -> None:
    found = [*caused("/1:save", EXECUTION), *caused("/1:save", rule="history-stability")]
    parsed = page(explored_once(found))
    assert len([tag for tag, given in parsed.elements if tag == "article"]) == 1
    headline = "1 today() at app.py:3 reads the clock What to do Read it in a step, step(lambda _: today()) app.py:3"
    meant = (
        "day = today() 1 def handler(event, context): 2 # <b>when</b> 3 day = today() 5 return context.step(save, day)"
    )
    assert f"{headline} {meant}" in re.sub(r"( 4)? 5 ", " 5 ", parsed.text)
    assert "the rule's remedy" not in parsed.text
    assert "environment in the result line app.py:5" in parsed.text
    assert "3 findings" in parsed.text


@pytest.mark.usefixtures("app")
def test_of_many_findings_of_a_cause_the_first_are_shown_and_all_are_told() -> None:
    parsed = page(explored_once(caused(*(f"/{n}:save" for n in range(1, 8)))))
    assert "4 more" in parsed.text
    assert all(f"at /{n}:save" in parsed.text for n in range(1, 8))


def test_an_excerpt_is_read_from_files_of_the_project_alone(
    app: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shown = excerpt("app.py:3", app)
    assert shown
    assert (shown.meant, [line.number for line in shown.around if line.marked]) == ("day = today()", [3])
    other = tmp_path_factory.mktemp("elsewhere") / "secret.py"
    other.write_text("TOKEN = 1\n")
    (app.parent / "link.py").symlink_to(other)
    (app.parent / "notes.txt").write_text("mine\n")
    (app.parent / "odd.py").write_bytes(b"# coding: utf-8\n\xff\xfe = 1\n")
    (app.parent / "large.py").write_text(f"x = 1\n# {'x' * MAX_BYTES}\n")
    os.mkfifo(app.parent / "pipe.py")
    places = f"{other}:1", "link.py:1", "notes.txt:1", "odd.py:2", "large.py:1", "pipe.py:1", "gone.py:1"
    assert [excerpt(place, app) for place in (*places, "app.py:0", "app.py:4", "app.py:99", "app.py", "")] == [
        None
    ] * 12
    assert excerpt("secret.py:1", other), "the handler's folder is the project's, too"


def test_an_excerpt_holds_nothing_that_turns_the_text_around(app: Path) -> None:
    app.write_text("if access == 'user\u202e':  # admin\x1b[31m\n    pass\n" + "y = " + "1" * 900, encoding="utf-8")
    turned, long = excerpt("app.py:1", app), excerpt("app.py:3", app)
    assert turned
    assert turned.meant == r"if access == 'user\u202e':  # admin\x1b[31m"
    assert long
    assert len(long.meant) < 300


def test_a_cell_names_the_causes_that_it_shows_and_the_one_that_a_card_tells_is_filled() -> None:
    both, one = caused("/1:ask", "/2:ask"), caused("/1:ask")
    other = replace(both[1], cause=Cause("x", "app.py:9", "`x` is changed"))
    records = [
        replace(crash("SUCCEED", "lost"), findings=tuple(both)),
        replace(crash("SUCCEED", "revoked"), findings=tuple(one)),
    ]
    parsed = page(explored_once([replace(one[0], crash="a crash"), replace(other, crash="a crash")], *records))
    labels = [str(given["aria-label"]) for _, given in parsed.elements if "cell" in str(given.get("class")).split()]
    assert labels == ["2 findings of cause 1, 2, told above", "1 finding of cause 1"]


def test_a_run_that_shows_what_the_undisturbed_one_shows_is_not_counted() -> None:
    known, new = caused("/1:ask"), caused("/2:ask")
    whole = RunRecord(
        "baseline", "x", Place(Section.WHOLE, NO_INTERRUPTION), trace=trace("/1:ask"), findings=tuple(known)
    )
    quiet = replace(crash("SUCCEED", "lost"), findings=tuple(known))
    loud = replace(crash("SUCCEED", "revoked"), findings=(*known, *new))
    parsed = page(explored_once([*known, *new], whole, quiet, loud))
    kinds = [str(given["class"]) for _, given in parsed.elements if "cell" in str(given.get("class")).split()]
    assert kinds == ["cell known", "cell breaks first", "cell breaks first"]
    assert "2 runs, 1 not as they should be: at all 1 points, only pure: revoked" in parsed.text
    assert "A run with = shows what the undisturbed one shows, and no more." in parsed.text


def grid(red: Container[str], *operations: str) -> Part:
    found = caused("/1:ask")[0]
    records = [
        RunRecord(
            f"{operation} {column}",
            "x",
            Place(Section.CRASHES, operation, "SUCCEED", column, "pure"),
            trace=trace(operation),
            findings=(found,) if operation in red else (),
        )
        for operation in operations
        for column in ("before", "lost")
    ]
    (part,) = parts(records, 0, Causes({found.told_as: 1}, frozenset()))
    return part


def test_where_all_is_red_it_is_said_once_and_folded() -> None:
    everywhere = [f"/{n}:ask" for n in range(1, 9)]
    part = grid(everywhere, *everywhere)
    assert part.said == "16 not as they should be: at all 8 points, in all 2 variants"
    assert [band.folded for band in part.bands] == [0, *[7] * 7]
    half = grid(everywhere[4:], *everywhere)
    assert half.said == "8 not as they should be: at 4 of 8 points, in all 2 variants"
    assert [band.folded for band in half.bands] == [0, 3, 3, 3, 0, 3, 3, 3]
    assert [band.folded for band in grid((), *everywhere[:2]).bands] == [0, 0], "two are shown"


def test_what_could_not_run_stands_in_the_matrix() -> None:
    parsed = page(wordy(HOSTILE))
    unknown = [given for tag, given in parsed.elements if tag == "button" and "unknown" in str(given.get("class"))]
    assert [given["aria-label"] for given in unknown] == [f"{HOSTILE}: could not run"]


def crash(moment: str, column: str, group: str = "pure") -> RunRecord:
    return record(f"{moment} {column} {group}", Place(Section.CRASHES, "/1:ask", moment, column, group))


def test_rows_come_in_the_order_in_which_things_happened() -> None:
    whole = RunRecord(
        "baseline", "undisturbed", Place(Section.WHOLE, "undisturbed", column="pure"), trace=trace("/1:ask")
    )
    grid, uninterrupted = parts([whole, crash("SUCCEED", "lost"), crash("CALL", "")], first=10)
    assert uninterrupted.groups == ()
    assert [row.moment for band in grid.bands for row in band.rows] == ["CALL", "SUCCEED"]
    assert [cell and cell.run for band in grid.bands for row in band.rows for cell in row.cells] == [12, 11]


def test_a_call_takes_all_columns_of_its_group_and_a_gap_stays_empty() -> None:
    (grid,) = parts(
        [crash("SUCCEED", "before"), crash("SUCCEED", "lost", "other"), crash("SUCCEED", "lost"), crash("CALL", "")], 0
    )
    assert [(group.name, group.columns) for group in grid.groups] == [
        ("pure", ("before", "lost")),
        ("other", ("lost",)),
    ]
    saved, called = grid.bands[0].rows
    assert [cell and cell.run for cell in saved.cells] == [0, 2, 1]
    assert [cell and (cell.run, cell.span) for cell in called.cells] == [(3, 2), None]


def waited(name: str, section: Section, *delays: int) -> RunRecord:
    invocation = InvocationTrace(1, 0.0, (), (), (Moment("RETRY", "/1:ask", delay_seconds=1),), "SUCCEEDED")
    made = Trace("SUCCEEDED", "", (invocation,), 1, (RetrySchedule("/1:ask", delays),) if delays else ())
    return RunRecord(name, name, Place(section, "/1:ask", column=name), trace=made)


def test_a_chart_shows_the_longest_schedule_that_no_crash_disturbed() -> None:
    records = [
        waited("undisturbed", Section.WHOLE),
        waited("every time", Section.FAULTS, 2, 4, 8),
        waited("throttled", Section.FAULTS, 1, 2),
        waited("crashed", Section.CRASHES, 2, 2, 4, 8),
    ]
    (chart,) = charts(records, first=5)
    assert (chart.run, chart.circumstance, chart.total) == (6, "every time", 14)
    assert chart.text == "4 attempts; seconds between them: 2, 4, 8"
    assert [bar.height for bar in chart.bars] == [16, 32, 64]
    assert chart.text in str([given.get("aria-label") for _, given in page(plain(*records)).elements])


def test_a_chart_of_a_schedule_without_end_says_that_it_is_cut() -> None:
    (chart,) = charts([waited("every time", Section.FAULTS, *([3] * 60))], first=0)
    assert len(chart.bars) == MAX_BARS
    assert chart.text.startswith("61 attempts")
    assert chart.text.endswith("…")


@pytest.mark.parametrize(
    ("expected", "actual", "removed", "added"),
    [
        ("Make a joke about tea", "Make a pun about tea", ["joke"], ["pun"]),
        ("one call", "6 attempts of a permanent error", [], []),
        (r"so far:\nclassify: late", r"so far:\n", ["classify: late"], []),
        ("a function that returns what it finds", "its function, which changes `log` outside", [], []),
        ("one two three end, and so on", "four five six end, and so on", ["one two three"], ["four five six"]),
        ("same", "same", [], []),
    ],
)
def test_words_that_differ_are_marked(expected: str, actual: str, removed: list[str], added: list[str]) -> None:
    theirs, mine = by_words(expected, actual)
    assert [piece.text for piece in theirs if piece.kind is Kind.REMOVED] == removed
    assert [piece.text for piece in mine if piece.kind is Kind.ADDED] == added
    assert "".join(piece.text for piece in theirs) == expected
    assert "".join(piece.text for piece in mine) == actual


def test_lines_that_are_alike_are_left_out_but_for_those_around_a_difference() -> None:
    lines = [f"operation {n}\n" for n in range(20)]
    pieces = by_lines("".join(lines), "".join([*lines[:10], "another\n", *lines[11:]]))
    shown = "".join(piece.text for piece in pieces)
    assert [piece.lines for piece in pieces if piece.kind is Kind.SKIPPED] == [8, 7]
    assert "operation 8\noperation 9\n" in shown
    assert "operation 7\n" not in shown
    assert [piece.text for piece in pieces if piece.kind is Kind.ADDED] == ["another"]
