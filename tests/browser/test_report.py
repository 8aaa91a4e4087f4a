"""The report as a person meets it: read, walked through with the keyboard, light and dark, and large."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import Scheme, Tab, tab
from tests.browser.conftest import MANY
from tests.conformance.made_up_reports import HOSTILE

OPENS_WITHIN_MS = 2_000
"""What the report promises of 2,000 runs."""

_BACKGROUND = "getComputedStyle(document.body).backgroundColor"
_FOCUSED = "document.activeElement"


def cells(page: Page) -> int:
    return page.locator(".cell").count()


def brightness(page: Page) -> float:
    """Of the page's ground, from 0 to 255."""
    parts = [float(part) for part in re.findall(r"[\d.]+", str(page.evaluate(_BACKGROUND)))[:3]]
    return sum(parts) / len(parts)


def test_the_findings_come_first_and_say_what_differs(opened: Tab, broken: Path) -> None:
    opened.open(broken)
    page = opened.page
    expect(page.locator(".verdict").first).to_have_text("1 finding, 3 warnings")
    assert page.locator("main > :first-child h2").text_content() == "Findings"
    expect(page.locator(".finding del").first).to_contain_text("classify: A delivery that is late.")
    expect(page.locator(".source .meant").first).to_contain_text('notes.append(f"{name}: {answer}")')
    finding, matrix = page.locator(".finding").first.bounding_box(), page.locator(".grid").first.bounding_box()
    assert finding is not None
    assert matrix is not None
    assert finding["y"] < matrix["y"]


def test_the_keyboard_reaches_a_run_opens_it_and_comes_back(opened: Tab, broken: Path) -> None:
    opened.open(broken)
    page = opened.page
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(f"{_FOCUSED}.matches('.grid .cell')"):
            break
    first = page.evaluate(f"{_FOCUSED}.dataset.run")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    there = page.evaluate(f"{_FOCUSED}.dataset.run")
    assert there != first
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("Invocation 1")
    name = panel.get_by_role("heading", level=2).text_content()
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_role("heading", level=2)).not_to_have_text(name or "")
    page.keyboard.press("ArrowLeft")
    expect(panel.get_by_role("heading", level=2)).to_have_text(name or "")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.evaluate(f"{_FOCUSED}.dataset.run") == there


def test_each_table_of_runs_is_one_stop_for_the_tab_key(opened: Tab, broken: Path) -> None:
    opened.open(broken)
    page = opened.page
    assert page.locator('.cell[tabindex="0"]').count() == page.locator("[data-cells]").count() < cells(page)


def test_arrow_keys_come_to_every_cell_of_the_matrix(opened: Tab, broken: Path) -> None:
    opened.open(broken)
    page = opened.page
    grid = page.locator(".grid").first
    reached: set[str] = set()
    grid.locator(".cell").first.focus()
    for _ in range(grid.locator("tbody tr").count()):
        page.keyboard.press("Home")
        for _ in range(grid.locator("thead tr:last-child th").count()):
            reached.add(str(page.evaluate(f"{_FOCUSED}.dataset.run")))
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowDown")
    assert reached == {str(one.get_attribute("data-run")) for one in grid.locator(".cell").all()}


def test_a_run_shows_what_was_replayed_and_what_was_called_again(opened: Tab, broken: Path) -> None:
    opened.open(broken)
    opened.page.get_by_role("button", name="Open the run").first.click()
    panel = opened.page.get_by_role("dialog")
    expect(panel).to_contain_text("/1:classify replayed from its checkpoint")
    expect(panel).to_contain_text("died: after /1:classify SUCCEED persisted")
    expect(panel).to_contain_text("/3:sleep-on-it WAIT SUCCEEDED while nobody ran")
    expect(panel.locator("article del")).to_have_text("classify: A delivery that is late.")
    panel.get_by_role("button", name="Close").click()
    opened.page.locator('tr:has-text("CALL") .cell').nth(2).click()
    expect(panel.locator(".again")).to_have_text("made again")


def test_a_runs_differences_mark_what_changed_and_nothing_else(opened: Tab, broken: Path) -> None:
    opened.open(broken)
    opened.page.get_by_role("button", name="Open the run").first.click()
    panel = opened.page.get_by_role("dialog")
    assert panel.locator("article del").all_text_contents() == ["classify: A delivery that is late."]
    expect(panel.locator("article ins")).to_have_count(0)
    expect(panel.locator(".timeline")).to_contain_text("tests/browser/support_desk.py:")


def test_operations_whose_runs_are_alike_are_folded_until_somebody_asks(opened: Tab, alike: Path) -> None:
    opened.open(alike)
    page = opened.page
    folded = page.locator("tbody[data-folded] .cell")
    assert folded.count() > 2
    expect(folded.first).to_be_hidden()
    page.locator(".grid .cell").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"{_FOCUSED}.closest('[data-folded]')") is None, "keys go past what is folded"
    page.get_by_role("button", name="more operations, alike in every run").click()
    expect(folded.first).to_be_visible()
    expect(folded.first).to_be_focused()


def test_a_run_that_is_folded_is_there_when_its_panel_closes(opened: Tab, alike: Path) -> None:
    opened.open(alike)
    folded = opened.page.locator("tbody[data-folded] .cell").first
    number = int(str(folded.get_attribute("data-run")))
    opened.page.evaluate(f"location.hash = 'run-{number + 1}'")
    expect(opened.page.get_by_role("dialog")).to_be_visible()
    opened.page.keyboard.press("Escape")
    expect(folded).to_be_focused()


def test_every_run_opens(opened: Tab, broken: Path) -> None:
    opened.open(broken)
    page, names = opened.page, set()
    for run in range(cells(page)):
        page.evaluate(f"location.hash = 'run-{run + 1}'")
        expect(page.locator("#run-where")).to_contain_text(f"run {run + 1} of ")
        names.add(page.locator("#run-name").text_content())
    assert len(names) == cells(page) > 40


def test_it_follows_the_system_until_the_reader_chooses(window: Browser, broken: Path) -> None:
    found = {}
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        with tab(window, scheme) as shown:
            shown.open(broken)
            found[scheme] = brightness(shown.page)
            toggle = shown.page.locator("#theme")
            for theme in ("light", "dark"):
                toggle.click()
                expect(toggle).to_have_text(f"Theme: {theme}")
                assert (brightness(shown.page) > 128) == (theme == "light")
            shown.page.reload()
            expect(toggle).to_have_text("Theme: dark")
            assert shown.said == []
    assert found["dark"] < 64
    assert found["light"] > 192


def test_what_a_handler_wrote_stays_text(opened: Tab, hostile: Path) -> None:
    opened.page.on("dialog", lambda dialog: opened.said.append(f"alert: {dialog.message}"))
    opened.open(hostile)
    for run in range(cells(opened.page)):
        opened.page.evaluate(f"location.hash = 'run-{run + 1}'")
        expect(opened.page.locator("#run-where")).to_contain_text(f"run {run + 1} of ")
        expect(opened.page.locator("#run-name")).to_contain_text(HOSTILE)
    assert opened.page.locator("img").count() == 0
    assert opened.page.locator("script").count() == 2


def test_without_javascript_the_summary_and_the_findings_are_there(window: Browser, broken: Path) -> None:
    with tab(window, script=False) as shown:
        shown.open(broken)
        expect(shown.page.locator(".finding").first).to_contain_text("/2:draft-reply")
        expect(shown.page.locator("#without-script")).to_contain_text("Without JavaScript")
        expect(shown.page.locator("#theme")).to_be_hidden()


@pytest.mark.parametrize("width", [1_280, 600])
@pytest.mark.parametrize("name", ["broken", "hostile", "many", "alike"])
def test_nothing_is_wider_than_the_window(name: str, width: int, opened: Tab, request: pytest.FixtureRequest) -> None:
    opened.page.set_viewport_size({"width": width, "height": 800})
    opened.open(request.getfixturevalue(name))
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_two_thousand_runs_open_in_two_seconds(opened: Tab, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened.open(many)
    expect(opened.page.locator("#theme")).to_be_visible()
    took = float(opened.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
    painted = float(opened.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"))
    assert cells(opened.page) == MANY
    with capsys.disabled():
        size = many.stat().st_size / 1_000_000
        print(f"\n{MANY} runs, {size:.1f} MB: painted after {painted:.0f} ms, loaded after {took:.0f} ms")  # noqa: T201  # the measurement
    assert took < OPENS_WITHIN_MS
    opened.page.locator(".cell").last.click()
    expect(opened.page.get_by_role("dialog")).to_contain_text(f"of {MANY}")
