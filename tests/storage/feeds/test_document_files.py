"""Text of one file, of several in an order, and of tables."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.feeds.catalog import open_documents
from daycast.storage.terms.errors import ConfigError, FeedRefused, FeedUnavailable

NOW = datetime(2026, 8, 21, tzinfo=UTC)


def _read(path: Any, **keys: Any) -> Any:
    spec = parse_pipeline("mine", {"predicts": "text", "feed": "files", "path": path, **keys})
    return open_documents(spec).read(NOW)


def test_several_files_go_on_in_the_order_in_which_they_are_named(tmp_path: Path) -> None:
    for folder, name, text in (("b", "part", "first "), ("a", "part", "second "), ("a", "other", "third")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.txt").write_text(text)
    paths = [str(tmp_path / "b" / "part.txt"), str(tmp_path / "a" / "part.txt"), str(tmp_path / "a" / "other.txt")]
    good = _read(paths).good.sort_values("document_id")
    assert "".join(good["text"]) == "first second third"
    assert list(good["document_id"]) == ["0000/part", "0001/part", "0002/other"]
    assert list(_read([*paths[:1], str(tmp_path / "a")]).good["document_id"]) == [
        "0000/part",
        "0001/other",
        "0001/part",
    ]


def test_a_file_of_any_name_is_text_and_a_large_one_is_read_whole(tmp_path: Path) -> None:
    text = "天气 e\u0301 👩‍👧 <b>\n" * 800_000
    file = tmp_path / "book"
    file.write_text(text, encoding="utf-8")
    assert file.stat().st_size > 10_000_000
    os.utime(file, (1_700_000_000, 1_700_000_000))
    read = _read(str(file))
    assert read.good["text"].tolist() == [text]
    assert read.good["published_at"].tolist() == [datetime.fromtimestamp(1_700_000_000, UTC)]
    assert read.of_files


def test_another_encoding_is_declared_and_one_that_is_not_sets_the_file_aside(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_bytes("naïve, 50 €".encode("cp1252"))
    assert _read(str(tmp_path / "old.txt"), encoding="cp1252").good["text"].tolist() == ["naïve, 50 €"]
    read = _read(str(tmp_path / "old.txt"))
    assert read.good.empty
    assert read.set_aside["reason"].tolist() == ["a file that is no utf-8 text; set encoding"]


def test_tables_go_on_by_their_rows_times_and_a_key_stands_in_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("document_id,text,published_at\na,one,2024-01-02\n")
    (tmp_path / "two.csv").write_text("document_id,text,published_at\na,again,2024-01-01\nb,two,2024-01-01\n")
    read = _read([str(tmp_path / "one.csv"), str(tmp_path / "two.csv")])
    assert read.good["text"].tolist() == ["one", "two"]
    assert read.set_aside.to_dict("records") == [{"document_id": "a", "reason": "a key that stands in two files"}]
    assert not read.of_files


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FeedUnavailable, match="there is no file"):
        _read(str(tmp_path / "none.txt"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FeedRefused, match="no .txt, .text, .md file in"):
        _read(str(tmp_path / "empty"))


def test_texts_and_tables_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="not of both, are required"):
        parse_pipeline("mine", {"predicts": "text", "feed": "files", "path": ["a.txt", "b.csv"]})
