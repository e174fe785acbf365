"""Documents, point in time: a run sees what was known then, and a second fetch of the same adds nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from daycast.storage.lake.documents import AddedDocuments, DocumentStore
from daycast.storage.lake.folder import Folder

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore(Folder(tmp_path), "reviews")


def _documents(**rows: tuple[Any, ...]) -> pd.DataFrame:
    """``key=(text, label, day)``."""
    frame = pd.DataFrame(
        [(key, text, START + day * DAY, label) for key, (text, label, day) in rows.items()],
        columns=["document_id", "text", "published_at", "label"],
    )
    return frame.astype({"published_at": "datetime64[us, UTC]", "label": object})


def _add(store: DocumentStore, day: int, **rows: tuple[Any, ...]) -> AddedDocuments:
    at = START + day * DAY
    return store.add(_documents(**rows), fetched_at=at, known_at=at)


def _known(store: DocumentStore, day: float) -> dict[str, tuple[str, Any]]:
    rows = store.known(START + day * DAY)
    labels = rows["label"].astype(object).where(rows["label"].notna(), None)
    return dict(zip(rows["document_id"], zip(rows["text"], labels, strict=True), strict=True))


def test_a_label_is_known_from_when_it_came(store: DocumentStore) -> None:
    assert _add(store, 1, a=("good film", None, 0), b=("bad film", "0", 1)) == AddedDocuments(
        new=2, revised=0, labelled=0
    )
    assert _add(store, 3, a=("good film", "1", 0)) == AddedDocuments(new=0, revised=0, labelled=1)
    assert _known(store, 0.5) == {"a": ("good film", None)}
    assert _known(store, 2) == {"a": ("good film", None), "b": ("bad film", "0")}
    assert _known(store, 3) == {"a": ("good film", "1"), "b": ("bad film", "0")}


def test_the_same_again_adds_nothing(store: DocumentStore) -> None:
    rows = {"a": ("天气 😀", None, 0), "b": ("", "0", 1)}
    _add(store, 2, **rows)
    files = store.folder.names()
    assert _add(store, 3, **rows) == AddedDocuments(new=0, revised=0, labelled=0)
    assert store.folder.names() == files


def test_another_text_counts_from_when_it_came_and_keeps_the_label(store: DocumentStore) -> None:
    _add(store, 1, a=("first", "1", 0))
    assert _add(store, 2, a=("second", None, 0)) == AddedDocuments(new=0, revised=1, labelled=0)
    assert _known(store, 1.5) == {"a": ("first", "1")}
    assert _known(store, 2) == {"a": ("second", "1")}


def test_what_comes_later_changes_nothing_that_was_known_before(store: DocumentStore) -> None:
    _add(store, 1, a=("one", None, 0), b=("two", "0", 0))
    before = store.known(START + 1.5 * DAY)
    _add(store, 2, a=("changed", "1", 0), b=("two", "1", 0), c=("three", "1", 2))
    pd.testing.assert_frame_equal(store.known(START + 1.5 * DAY), before)


def test_nothing_is_known_of_no_documents(store: DocumentStore) -> None:
    assert _known(store, 9) == {}
    _add(store, 1)
    assert store.folder.names() == []


def test_what_could_not_be_used_is_kept_with_its_reason(store: DocumentStore, tmp_path: Path) -> None:
    store.set_aside(pd.DataFrame({"document_id": ["a"], "reason": ["no text"]}), fetched_at=START)
    (file,) = (tmp_path / "set_aside" / "reviews").iterdir()
    assert pd.read_parquet(file).to_dict("records") == [{"document_id": "a", "reason": "no text"}]


def test_a_label_with_a_time_of_its_own_is_known_from_then_on(store: DocumentStore) -> None:
    frame = _documents(a=("warm", "good", 0), b=("cold", "bad", 0))
    later = pd.Series([START + 3 * DAY, START - DAY]).astype("datetime64[us, UTC]")
    store.add(frame.assign(labelled_at=later), fetched_at=START + 5 * DAY, known_at=START + 5 * DAY)
    assert _known(store, 1) == {"a": ("warm", None), "b": ("cold", "bad")}
    assert _known(store, 3) == {"a": ("warm", "good"), "b": ("cold", "bad")}
    labels = store.labels(START + 9 * DAY).set_index("document_id")
    assert labels["available_at"].to_dict() == {"a": START + 3 * DAY, "b": START}
    assert store.labels(START + DAY)["document_id"].tolist() == ["b"]


def test_a_label_that_comes_later_counts_from_when_it_came_whatever_its_own_time_says(store: DocumentStore) -> None:
    _add(store, 0, a=("warm", None, 0))
    said = pd.Series([START + DAY]).astype("datetime64[us, UTC]")
    came = START + 4 * DAY
    store.add(_documents(a=("warm", "good", 0)).assign(labelled_at=said), fetched_at=came, known_at=came)
    assert _known(store, 3) == {"a": ("warm", None)}
    assert _known(store, 4) == {"a": ("warm", "good")}


def test_a_text_that_changes_leaves_the_time_of_its_label(store: DocumentStore) -> None:
    _add(store, 0, a=("warm", "good", 0))
    _add(store, 5, a=("warm indeed", "good", 0))
    (row,) = store.labels(START + 9 * DAY).to_dict("records")
    assert (row["label"], row["available_at"]) == ("good", START)


def test_what_is_damaged_is_put_aside_and_a_label_that_comes_again_counts_from_then(
    store: DocumentStore, tmp_path: Path
) -> None:
    _add(store, 1, a=("good film", "1", 0))
    _add(store, 2, b=("bad film", "0", 1))
    (tmp_path / "documents" / "reviews" / store.folder.names()[0]).write_bytes(b"PAR1 no more")
    (moved,) = store.put_damaged_aside()
    assert "damaged/reviews/documents" in moved
    assert store.put_damaged_aside() == []
    at = START + 3 * DAY
    again = store.add(
        _documents(a=("good film", "1", 0), b=("bad film", "0", 1)), fetched_at=at, known_at=at, again=True
    )
    assert again == AddedDocuments(new=1, revised=0, labelled=0)
    assert _known(store, 2.5) == {"a": ("good film", None), "b": ("bad film", "0")}
    assert _known(store, 3) == {"a": ("good film", "1"), "b": ("bad film", "0")}
