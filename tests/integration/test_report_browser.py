"""The report in headless Chromium: it opens fast, sorts, filters, opens features, works by keyboard, and is escaped."""

import csv
import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_cases import many_items

from matchms_fingerprint import CandidateLibrary, load_model
from matchms_fingerprint.annotation.annotator import Annotator
from matchms_fingerprint.annotation.choose_ranker import choose_ranker
from matchms_fingerprint.annotation.results import annotate_to_folder
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.records import Annotation
from matchms_fingerprint.report.items import ReportItem, RunAbout
from matchms_fingerprint.report.of_run import report_writer
from matchms_fingerprint.report.write import write_report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

OpenPage = Callable[..., Any]
EVIL = '<script>document.title="hacked"</script><img src=x onerror="document.title=\'hacked\'">\u2028'


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium, or skip where there is none."""
    paths = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    path = next((path for path in paths if path), None)
    if path is None:
        pytest.skip("Chromium is not installed")
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=path, args=arguments, timeout=120_000)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[OpenPage]:
    """Open a report; whatever the console says, any error, and any request that leaves the file fails the test."""
    said: list[str] = []
    contexts = []

    def opened(path: Path, fragment: str = "", width: int = 1360, before: Callable[[Any], None] | None = None) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith("file:") else said.append(request.url))
        if before:
            before(page)
        page.goto(path.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 40 features."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, many_items(40), RunAbout("features.mgf", {"Model": "default"}))
    return path


def watch_processor(page: Any) -> None:
    """Count the processor time of the page's thread, which does not depend on what else the machine does."""
    page.processor = page.context.new_cdp_session(page)
    page.processor.send("Performance.enable", {"timeDomain": "threadTicks"})


def processor_seconds(page: Any) -> float:
    """Return the processor time since the page was opened."""
    metrics = page.processor.send("Performance.getMetrics")["metrics"]
    return {entry["name"]: entry["value"] for entry in metrics}["TaskDuration"]


def column(page: Any, key: str) -> list[str]:
    """Return what the table shows in a column."""
    place = [th.get_attribute("data-key") for th in page.query_selector_all("#table th")].index(key) + 1
    return page.eval_on_selector_all(f"#table tbody td:nth-child({place})", "cells => cells.map(c => c.textContent)")


def test_overview_and_table_are_there(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    assert page.locator("h1").inner_text() == "features.mgf"
    assert page.locator("#tiles strong").all_inner_texts()[:2] == ["40", "36"]  # one in ten has no candidate
    assert page.locator("#table tbody tr").count() == 40
    assert page.locator("#charts figure").count() == 4
    assert page.locator(".dots circle").count() == 40


def test_sorts_by_a_column_both_ways_and_back(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    button = page.locator("#table th[data-key=mz] button")
    button.click()
    ascending = [float(x) for x in column(page, "mz")]
    assert ascending == sorted(ascending)
    assert page.locator("#table th[data-key=mz]").get_attribute("aria-sort") == "ascending"
    button.click()
    assert [float(x) for x in column(page, "mz")] == ascending[::-1]
    button.click()
    assert column(page, "id") == [str(i) for i in range(1, 41)]


def test_what_has_no_value_comes_last_in_either_order(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    for _ in range(2):
        page.locator("#table th[data-key=p] button").click()
        assert column(page, "p")[-4:] == [""] * 4


def test_filters_by_text_probability_and_class(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    name = column(page, "name")[4]
    wanted = page.locator("#table tbody tr td.name").nth(4).evaluate("cell => cell.firstChild.textContent")
    page.locator("#search").fill(wanted.upper())
    assert name in column(page, "name")
    page.locator("#filters button[type=reset]").click()
    playwright.expect(page.locator("#table tbody tr")).to_have_count(40)
    page.locator("#filters .least input").fill("0.5")
    shown = [float(x.strip("<> ")) for x in column(page, "p")]
    assert shown
    assert min(shown) >= 0.5
    assert page.locator("#count").inner_text() == f"{len(shown)} of 40"
    page.locator("#filters button[type=reset]").click()
    playwright.expect(page.locator("#table tbody tr")).to_have_count(40)
    page.locator("#charts .bars button").first.click()
    assert 0 < page.locator("#table tbody tr").count() < 40
    page.locator("#search").fill("no such thing")
    assert page.locator("#more").inner_text() == "No feature fits these filters."


def test_opens_a_feature_and_closes_it(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    page.locator("#table tbody tr").nth(2).click()
    panel = page.locator("#panel")
    assert panel.locator(".brand").inner_text().lower() == "feature 3"
    assert panel.locator(".hit[role=tab]").count() == 5
    assert panel.locator(".structure svg line").count() > 10
    panel.locator(".spectrum").wait_for()
    assert panel.locator(".spectrum .peak").count() == 60
    assert panel.locator(".spectrum .peak.explained").count() == 12
    assert panel.locator(".evidence tbody tr").count() == 5
    assert panel.locator(".seen li").count() == 4
    assert page.evaluate("document.querySelector('main').inert")
    panel.locator("button[aria-label=Close]").click()
    assert panel.is_hidden()
    assert page.evaluate("document.activeElement.dataset.row") == "2"


def test_works_by_keyboard_alone(open_page: OpenPage, report: Path) -> None:
    page = open_page(report)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.locator("#table tbody tr[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    title = page.locator("#panel .brand")
    assert title.inner_text().lower() == "feature 2"
    page.keyboard.press("ArrowRight")
    assert title.inner_text().lower() == "feature 3"
    page.keyboard.press("ArrowLeft")
    assert title.inner_text().lower() == "feature 2"
    page.keyboard.press("3")
    assert page.locator("#hit2").get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowRight")  # among the candidates now
    assert page.locator("#hit3").get_attribute("aria-selected") == "true"
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()
    assert page.evaluate("document.activeElement.dataset.row") == "1"


def test_a_peak_shows_its_fragment_in_the_structure(open_page: OpenPage, report: Path) -> None:
    page = open_page(report, "#feature-0")
    page.locator(".spectrum").wait_for()
    assert page.locator(".structure .marks circle").count() == 0
    page.locator(".fragments button").first.focus()
    assert page.locator(".structure .marks circle").count() > 0


def test_no_label_of_a_peak_lies_on_a_higher_peak(open_page: OpenPage, report: Path) -> None:
    for width in (1360, 390):
        page = open_page(report, "#feature-0", width=width)
        page.locator(".spectrum").wait_for()
        labels = page.eval_on_selector_all(
            ".spectrum text.label", "all => all.map(t => t.getBoundingClientRect().toJSON())"
        )
        sticks = page.eval_on_selector_all(
            ".spectrum .peak line:last-child", "all => all.map(t => t.getBoundingClientRect().toJSON())"
        )
        assert labels
        for label in labels:
            for stick in sticks:
                is_beside = stick["right"] < label["left"] or stick["left"] > label["right"]
                assert is_beside or stick["top"] >= label["bottom"] - 6  # the peak that is meant begins just below


def test_a_library_spectrum_is_mirrored(open_page: OpenPage, report: Path) -> None:
    page = open_page(report, "#feature-0")
    page.locator(".spectrum").wait_for()
    assert page.locator(".spectrum .mirrored").count() == 30


def test_nothing_is_wider_than_a_phone(open_page: OpenPage, report: Path) -> None:
    for fragment in ("", "#feature-0"):
        page = open_page(report, fragment, width=390)
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_all_rows_are_printed(open_page: OpenPage, tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", many_items(200, n_hits=1, n_peaks=5), RunAbout("many"))
    page = open_page(tmp_path / "report.html")
    assert page.locator("#table tbody tr").count() < 200
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#table tbody tr").count() == 200


def test_texts_are_never_read_as_html(open_page: OpenPage, tmp_path: Path) -> None:
    (item,) = many_items(1)
    annotation = item.annotation
    hits = tuple(
        dataclasses.replace(hit, candidate=dataclasses.replace(hit.candidate, names=(EVIL,)), evidence={EVIL: 1.0})
        for hit in annotation.hits
    )
    evil = dataclasses.replace(annotation, hits=hits, feature_id=EVIL, message=EVIL, mass_tolerance=EVIL)
    path = tmp_path / "evil.html"
    write_report(
        path, [dataclasses.replace(item, annotation=evil, quantities={EVIL: 1.0})], RunAbout(EVIL, {EVIL: EVIL})
    )
    page = open_page(path)
    page.locator("#table tbody tr").first.click()
    page.locator(".spectrum").wait_for()
    assert page.title().startswith("<script>")
    assert page.locator("#panel h2").text_content() == EVIL
    assert page.locator("img").count() == 0


def test_everything_optional_may_be_missing(open_page: OpenPage, tmp_path: Path) -> None:
    bare = Annotation("1", None, None, None, None, 0, "unreadable")
    path = tmp_path / "bare.html"
    write_report(path, [ReportItem(bare, np.empty(0), np.empty(0))], RunAbout("bare"))
    page = open_page(path)
    page.locator("#table tbody tr").click()
    assert page.locator("#panel h2").inner_text() == "unreadable"
    write_report(path, [], RunAbout("empty"))
    assert open_page(path).locator("#more").inner_text() == "No feature fits these filters."


def test_hits_without_a_posterior(open_page: OpenPage, tmp_path: Path) -> None:
    (item,) = many_items(1)
    hits = tuple(
        dataclasses.replace(hit, evidence={}, peaks=(), expected_similarity=None) for hit in item.annotation.hits
    )
    plain = dataclasses.replace(item.annotation, hits=hits, probability_none=None, classes=(), substructures=())
    path = tmp_path / "plain.html"
    write_report(path, [ReportItem(plain, item.mz, item.intensity)], RunAbout("plain"))
    page = open_page(path)
    assert "no posterior" in page.locator("#charts").inner_text()
    page.locator("#table tbody tr").click()
    page.locator(".spectrum").wait_for()
    assert page.locator(".hit.none").count() == 0


@pytest.fixture(scope="module")
def real_report(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the largest export of MZmine, with candidates of the starter library and all evidence."""
    path = max((shared / "mzmine").glob("*.mgf"), key=lambda path: path.stat().st_size)
    model, settings = load_model("default"), AnnotationSettings(ion_mode="positive")
    ranker = choose_ranker(model, settings.score)
    annotator = Annotator(CandidateLibrary.open("starter"), model, settings, ranker)
    folder = tmp_path_factory.mktemp("real") / "run"
    annotate_to_folder(path, annotator, folder, writers=[report_writer(RunAbout(path.name, {"Model": model.name}))])
    return folder / "report.html"


@pytest.mark.slow
def test_the_largest_export_of_mzmine(open_page: OpenPage, real_report: Path) -> None:
    seconds = processor_seconds(page := open_page(real_report, before=watch_processor))
    assert seconds < 3.0
    n = int(page.locator("#tiles strong").first.inner_text())
    with open(real_report.parent / "annotations.tsv", encoding="utf-8", newline="") as handle:
        rows = {row["feature_id"]: row for row in csv.DictReader(handle, delimiter="\t") if row["rank"] in ("", "1")}
    assert n == len(rows) == 139  # features of the file
    assert page.locator(".dots circle").count() == n
    page.locator("#table th[data-key=p] button").click()
    playwright.expect(page.locator("#table th[data-key=p]")).to_have_attribute("aria-sort", "descending")
    shown = [float(text.strip("<> ")) for text in column(page, "p") if text]
    assert shown == sorted(shown, reverse=True)
    best = column(page, "id")[0]
    name = rows[best]["name"] or rows[best]["formula"]
    assert float(rows[best]["probability"]) == max(float(row["probability"] or 0) for row in rows.values())
    page.locator("#search").fill(name)
    playwright.expect(page.locator("#count")).not_to_have_text(f"{n} in all")
    assert best in column(page, "id")
    page.locator("#filters button[type=reset]").click()
    playwright.expect(page.locator("#table tbody tr").first).to_contain_text(name)
    page.locator("#table tbody tr[tabindex='0']").focus()
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    assert panel.locator("h2").inner_text() == name
    panel.locator(".spectrum").wait_for()
    assert panel.locator(".structure svg line").count() > 3
    assert panel.locator(".spectrum .peak.explained").count() > 0
    assert panel.locator(".evidence tbody tr").count() > 3
    page.keyboard.press("ArrowRight")
    assert panel.locator("h2").inner_text() != name
    page.keyboard.press("Escape")
    assert panel.is_hidden()


@pytest.mark.slow
def test_features_of_a_real_file_fit_a_phone(open_page: OpenPage, real_report: Path) -> None:
    page = open_page(real_report, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#table tbody tr").first.click()
    for _ in range(30):
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("ArrowRight")
    assert page.locator("#panel .brand").inner_text().lower() == "feature 31"


@pytest.mark.slow
def test_two_thousand_features_open_in_three_seconds(open_page: OpenPage, tmp_path: Path) -> None:
    some = list(many_items(80))
    path = tmp_path / "large.html"
    write_report(path, (item for _ in range(25) for item in some), RunAbout("large"))
    assert path.stat().st_size < 20e6
    page = open_page(path, before=watch_processor)
    assert page.locator("#table tbody tr").count() > 50
    assert processor_seconds(page) < 3.0
