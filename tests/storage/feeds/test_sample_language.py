"""The generated diary: the same again, and more of it later."""

from datetime import UTC, datetime, timedelta

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.feeds.catalog import open_documents

NOW = datetime(2026, 8, 21, 12, tzinfo=UTC)
SPEC = parse_pipeline("sample_diary", {"predicts": "text", "feed": "sample"})


def test_a_later_fetch_brings_the_same_pages_and_those_that_came_since():
    first, later = (open_documents(SPEC).read(at).good for at in (NOW, NOW + timedelta(days=3)))
    assert len(first) == len(later) == 90
    assert first.iloc[3:].reset_index(drop=True).equals(later.iloc[:-3].reset_index(drop=True))
    assert later["published_at"].max() == datetime(2026, 8, 24, tzinfo=UTC)


def test_who_sells_what_is_fixed():
    text = "".join(open_documents(SPEC).read(NOW).good["text"])
    assert "baker, who sold bread" in text
    assert "baker, who sold trout" not in text


def test_before_the_first_page_there_is_none():
    assert open_documents(SPEC).read(datetime(2019, 1, 1, tzinfo=UTC)).good.empty
