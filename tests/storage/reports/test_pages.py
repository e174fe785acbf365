"""Reports as Markdown and HTML: everything said, nothing from outside but text, small enough, whole in themselves."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from daycast.storage.lake.folder import Folder
from daycast.storage.reports.any_report import Aside, Picture, Score
from daycast.storage.reports.pages import ARTIFACT_BYTES, Line, Pages, render_html, render_markdown
from daycast.storage.reports.report import RunReport
from daycast.storage.sql.changes import Change
from daycast.storage.sql.runs import RunRow
from daycast.storage.sql.versions import Version
from daycast.storage.terms.live import LiveAccuracy

AS_OF = datetime(2026, 8, 21, 22, 30, tzinfo=UTC)
HOSTILE = '<script>alert("1")</script>|x|\n\n# *h* [a](javascript:alert(1)) `code` <img src=//evil.example/x>'


def _report(*, message="retrain: there is no champion yet. It serves: it won.", **changes):
    run = RunRow(
        run_id="prices@2026-08-21T22:30:00Z",
        pipeline="prices",
        as_of=AS_OF,
        started_at=AS_OF,
        finished_at=AS_OF,
        status="succeeded",
        training="retrain",
        version="20260821T223000Z-0123456789",
        message=message,
        prefect_flow_run_id=None,
    )
    version = Version(
        pipeline="prices",
        version="20260821T223000Z-0123456789",
        stage="champion",
        created_at=AS_OF,
        as_of=AS_OF,
        training="fine_tune",
        parent_version="20260820T223000Z-9876543210",
        cell="lstm",
        parameters=17221,
        data_hash="1d43207a68ed696a",
        uri="/data/models/prices/20260821T223000Z-0123456789",
        sha256="0" * 64,
        promoted_at=AS_OF,
    )
    values = {"mae": 1.5, "rmse": 2.25, "skill": 0.125, "coverage_80": 0.8125, "directional_accuracy": 0.51}
    forecast = {
        "series_id": "prices/AMZN",
        "valid_at": AS_OF + timedelta(days=1),
        "as_of": AS_OF,
        "lead": 1,
        "mean": 101.5,
        "lower_80": 100.0,
        "upper_80": 103.0,
        "lower_95": 99.0,
        "upper_95": 104.0,
        "forecaster": "network",
        "quality": "ok",
    }
    facts = {
        "run": run,
        "series": ({"series_id": "prices/AMZN", "feed": "yahoo", "unit": "USD", "calendar": "XNYS"},),
        "forecasts": (forecast,),
        "version": version,
        "scores": (
            Score(name="network", values=values, served=True),
            Score(name="naive", values={"mae": 1.75, "skill": 0.0}),
        ),
        "leads": (Score(name="1", values={"mae": 1.25}), Score(name="2", values={"mae": 1.75})),
        "live": {
            7: LiveAccuracy(n=0, mae=None, naive_mae=None, skill=None, coverage_80=None, coverage_95=None),
            30: LiveAccuracy(n=40, mae=1.6, naive_mae=1.7, skill=0.0588, coverage_80=0.775, coverage_95=0.95),
        },
        "aside": (Aside(symbol="AMZN", reason="close is not positive", count=3),),
        "pictures": (Picture(of="forecasts", alt="Forecast of prices/AMZN", svg=b"<svg/>"),),
    }
    return RunReport(**{**facts, **changes})


class _Page(HTMLParser):
    """What a page holds: its elements with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def tags(self):
        return {tag for tag, _ in self.elements}


FACTS = ["prices", "succeeded", "2026-08-21 22:30", "network", "naive", "1.5", "1.75", "+0.125", "81.2%", "51.0%"]
MORE = ["direction", "20260820T223000Z-9876543210", "lstm, 17,221 parameters", "fine_tune", "close is not positive"]
LIVE = ["last 30 days", "40", "+0.059", "77.5%", "retrain: there is no champion yet.", "daycast forecasts prices"]


def test_both_forms_say_the_same():
    page, text = _Page(render_html(_report())), render_markdown(_report(), page="/data/reports/prices.html")
    for fact in [*FACTS, *MORE, *LIVE]:
        assert fact in page.text.replace("\n", " "), fact
        assert fact in text.replace("\\_", "_"), fact
    assert "| its files | /data/models/prices/20260821T223000Z-0123456789 |" in text
    assert "| report | /data/reports/prices.html |" in text


def test_a_page_is_whole_in_itself():
    page = _Page(render_html(_report(), history=["prices/20260820T223000Z.html"]))
    assert "script" not in page.tags()
    assert not page.tags() & {"link", "iframe", "object", "embed", "form", "base"}
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:").startswith("data:image/svg+xml;base64,") or "src" not in attributes
        assert not re.match(r"\w+:|//", attributes.get("href", ""))
    policy = next(found["content"] for _, found in page.elements if "http-equiv" in found)
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"url\(|@import|https?://", render_html(_report(pictures=())))


@pytest.mark.parametrize("where", ["message", "aside", "trouble", "score", "symbol", "alt", "unit", "version"])
def test_what_comes_from_outside_is_text(where):
    changes = {
        "message": {"message": HOSTILE},
        "aside": {"aside": (Aside(symbol=HOSTILE, reason=HOSTILE, count=1),)},
        "trouble": {"trouble": HOSTILE},
        "score": {"scores": (Score(name=HOSTILE, values={"mae": 1.0}),)},
        "symbol": {"forecasts": ({**_report().forecasts[0], "series_id": HOSTILE, "forecaster": HOSTILE},)},
        "alt": {"pictures": (Picture(of="forecasts", alt=HOSTILE, svg=b"<svg/>"),)},
        "unit": {"series": ({**_report().series[0], "unit": HOSTILE},)},
        "version": {"version": replace(_report().version, uri=HOSTILE, version=HOSTILE)},
    }[where]
    report = _report(**changes)
    page = _Page(render_html(report))
    assert page.tags() == _Page(render_html(_report(aside=_report().aside, trouble="x"))).tags()
    assert all("evil" not in str(found.get("src", "")) for _, found in page.elements)
    if where != "alt":
        assert '<script>alert("1")</script>' in page.text
    text = render_markdown(report, page="/p.html")
    assert not re.search(r"<\w", re.sub(r"`[^`]*`", "", text)), "no HTML outside a code span"
    plain = render_markdown(_report(**{**changes, **_harmless(changes)}), page="/p.html")
    assert _shape(text) == _shape(plain), "no row, heading or cell more than with harmless text"


def _harmless(changes):
    """The same changes with a plain word for the hostile text."""

    def clean(value):
        if isinstance(value, str):
            return "word" if value == HOSTILE else value
        if isinstance(value, tuple):
            return tuple(clean(item) for item in value)
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items()}
        if hasattr(value, "__dataclass_fields__"):
            return replace(value, **{name: clean(getattr(value, name)) for name in value.__dataclass_fields__})
        return value

    return {key: clean(value) for key, value in changes.items()}


def _shape(markdown):
    """How many cells, headings and list items each line has, escapes and code spans left out."""
    bare = re.sub(r"\\.", "", re.sub(r"`[^`\n]*`", "", markdown))
    return [(line.count("|"), line.startswith("#"), line.startswith("- "), "](" in line) for line in bare.splitlines()]


def test_a_forecast_without_bounds_has_one_dash_an_interval():
    row = {**_report().forecasts[0], "lead": 31, "lower_95": None, "lower_80": None, "upper_80": None, "upper_95": None}
    page = render_html(_report(forecasts=(row,)))
    assert "<td>31</td><td>101.5</td><td>—</td><td>—</td>" in page
    assert "<td>100 to 103</td><td>99 to 104</td>" in render_html(_report())


def test_sample_data_and_lost_files_are_named():
    report = _report(run=replace(_report().run, pipeline="sample_prices"), trouble="model.keras is gone")
    for text in (render_html(report), render_markdown(report, page="p")):
        assert "Generated sample data, not real ones" in text
        assert "model.keras is gone" in text
    assert "Generated sample data" not in render_html(_report())


def test_a_failed_run_says_whose_forecasts_are_shown():
    run = replace(
        _report().run, status="failed", as_of=AS_OF + timedelta(days=1), version=None, message="The feed failed."
    )
    for text in (render_html(_report(run=run)), render_markdown(_report(run=run), page="p")):
        assert "made no forecasts" in text
        assert "2026-08-21 22:30" in text
        assert "daycast run prices" in text


def test_a_run_without_anything_is_a_page_all_the_same():
    report = RunReport(run=replace(_report().run, status="failed", version=None, training=None, message=None))
    assert "failed" in _Page(render_html(report)).text
    assert "# prices as of 2026-08-21 22:30 UTC: failed" in render_markdown(report, page="p")


def test_an_artifact_keeps_to_its_size():
    picture = _report().pictures[0]
    large = tuple(replace(picture, svg=bytes([n]) * 40_000) for n in range(12))
    report = _report(pictures=large, message="A sentence of some length. " * 5000)
    text = render_markdown(report, page="p")
    assert ARTIFACT_BYTES - 60_000 < len(text.encode()) <= ARTIFACT_BYTES
    assert large[0].uri in text
    assert large[-1].uri not in text
    assert "the whole message stands in the table runs" in text


def test_pages_are_kept_shown_and_listed(tmp_path):
    pages = Pages(Folder(tmp_path / "reports"))
    day = timedelta(days=1)
    for run in (replace(_report().run, as_of=AS_OF + n * day) for n in range(3)):
        kept = pages.keep(_report(run=run))
        shown = pages.show(_report(run=run))
    assert kept.endswith("reports/prices/20260823T223000Z.html")
    assert shown == pages.place("prices") == str(tmp_path / "reports" / "prices.html")
    page = _Page((tmp_path / "reports" / "prices.html").read_text())
    links = [found["href"] for tag, found in page.elements if tag == "a"]
    assert links == ["index.html", *(f"prices/202608{n}T223000Z.html" for n in (23, 22, 21))]
    assert all((tmp_path / "reports" / link).exists() for link in links[1:])
    line = Line(pipeline="prices", status="succeeded", as_of=AS_OF, version=None, message=HOSTILE)
    index = _Page((tmp_path / pages.index([line, replace(line, pipeline="other")])).read_text())
    assert [found["href"] for tag, found in index.elements if tag == "a"] == ["prices.html"]
    assert '<script>alert("1")</script>' in index.text
    assert "script" not in index.tags()


def test_what_needs_a_person_comes_first_with_its_whole_sentence(tmp_path):
    line = Line(
        pipeline="a", status="succeeded", as_of=datetime(2026, 8, 21, tzinfo=UTC), version=None, message="Well."
    )
    reason = "The feed said no. " * 40
    lines = [
        line,
        replace(line, pipeline="b", status="degraded"),
        replace(line, pipeline="c", status="running"),
        replace(line, pipeline="d", status="failed", message=reason),
    ]
    page = (tmp_path / Pages(Folder(tmp_path)).index(lines)).read_text()
    body = page.split("<tbody>")[1]
    assert [body.index(f">{name}<") for name in "dbca"] == sorted(body.index(f">{name}<") for name in "dbca")
    assert reason.strip() in body


def test_a_pipeline_called_index_has_a_page_of_its_own(tmp_path):
    pages = Pages(Folder(tmp_path))
    pages.show(_report(run=replace(_report().run, pipeline="index")))
    pages.index([])
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "index-pipeline.html"}


def test_weeks_and_changes_are_told_in_both():
    week = LiveAccuracy(n=28, mae=1.5, naive_mae=2.0, skill=0.25, coverage_80=0.8125, coverage_95=0.95)
    change = Change(
        series_id="prices/AMZN", valid_at=AS_OF, previous_origin=AS_OF, previous=101.0, mean=103.5, width=5.0
    )
    history = Picture(of="history", alt="live by week", svg=b"<svg/>")
    report = _report(weeks=((AS_OF - timedelta(days=7), week), (AS_OF, week)), changes=(change,), pictures=(history,))
    page = render_html(report)
    for words in ("By week", "live by week", "+0.250", "81.2%", "What changed", "+2.5", "50.0%"):
        assert words in page, words
    text = render_markdown(report, page="p.html")
    assert "| prices/AMZN | 2026-08-21 22:30 | 101 | 103.5 | +2.5 | 50.0% |" in text
    assert "By week" not in render_html(_report())


def test_who_would_serve_without_the_network_stands_with_its_error():
    told = _report(message="It serves: it won. Without the network naive would serve.")
    assert told.standby == told.scores[1]
    words = re.sub(r"<[^>]+>", "", render_html(told))
    assert "Without the network naive would serve: its MAE is 1.75 USD, and 1.5 USD is that of what serves." in words
    assert "naive` would serve: its MAE is 1.75 USD" in render_markdown(told, page="page.html")
    before = _report()  # of a run that did not say so
    assert before.standby is None
    assert "Without the network" not in render_html(before)
    forecast = {**before.forecasts[0], "forecaster": "naive"}
    assert "nothing would change: naive serves already" in render_html(_report(forecasts=(forecast,)))
