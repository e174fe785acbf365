"""The report of a run that continues text: what was written is shown as text, in HTML and in Markdown."""

from datetime import UTC, datetime

import pytest

from daycast.storage.reports.pages import block, render_html, render_markdown
from daycast.storage.reports.text_report import TextReport
from daycast.storage.sql.runs import RunRow

AS_OF = datetime(2026, 8, 21, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\n# head\n| a | b |\n```\n[link](javascript:alert(1)) \u202e天 *stars* `tick`"


def _report(text: str = HOSTILE, *, count: int = 1, pipeline: str = "mine") -> TextReport:
    run = RunRow(
        run_id=f"{pipeline}@2026-08-21T00:00:00Z",
        pipeline=pipeline,
        as_of=AS_OF,
        started_at=AS_OF,
        finished_at=AS_OF,
        status="succeeded",
        training="retrain",
        version="v1",
        message="It serves.",
        prefect_flow_run_id=None,
    )
    row = {"as_of": AS_OF, "temperature": 0.8, "seed": 7, "forecaster": "network", "version": "v1", "prompt": "<b>"}
    texts = tuple({**row, "sample": number + 1, "text": text} for number in range(count))
    return TextReport(run=run, texts=texts, served="network", token="character")  # noqa: S106 — no secret


def test_html_in_a_text_is_text() -> None:
    page = render_html(_report())
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n# head" in page, "with its lines"
    assert "<b>&lt;b&gt;</b>" in page


def test_markdown_in_a_text_is_a_block_that_it_cannot_leave() -> None:
    lines = render_markdown(_report(), page="p").splitlines()
    begin = lines.index("    <b><script>alert(1)</script>")
    assert lines[begin - 1] == "", "without a line before it, it would be no block"
    assert all(not line or line.startswith("    ") for line in lines[begin : begin + 5])


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_every_line_of_a_block_is_indented(end: str) -> None:
    assert str(block(f"a{end}{end}# b")) == "    a\n\n    # b"


def test_a_page_has_room_for_some_of_many_long_texts() -> None:
    report = _report("x" * 100_000, count=1_000)
    assert len(report.shown) == 20
    assert "100,000 characters; all of them are in texts" in report.shown[0]["text"]
    assert len(render_html(report)) < 200_000


def test_generated_data_are_called_so_and_the_next_command_is_told() -> None:
    page = render_html(_report(pipeline="sample_diary"))
    assert "Generated sample data" in page
    assert "daycast generate sample_diary" in page
