"""Labels, what they turned out to be, and texts: written twice they are the same rows, on SQLite and PostgreSQL."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from daycast.storage.sql.database import Database
from daycast.storage.sql.labels import (
    label_accuracy,
    latest_labels,
    latest_texts,
    write_actual_labels,
    write_labels,
    write_texts,
)
from daycast.storage.terms.errors import DatabaseError


def _label(as_of: datetime, document: str = "a", **changes: Any) -> dict[str, Any]:
    return {
        "pipeline": "reviews",
        "document_id": document,
        "as_of": as_of,
        "published_at": as_of - timedelta(hours=1),
        "issued_at": as_of,
        "label": "good",
        "probability": 0.75,
        "forecaster": "network",
        "version": "v1",
        "quality": "ok",
        "run_id": "reviews@1",
        **changes,
    }


def test_what_goes_in_comes_out_and_only_the_newest_is_asked_for(db: Database, as_of: datetime) -> None:
    later = as_of + timedelta(days=1)
    rows = [_label(later, document) for document in ("a", "天气", "it's")]
    assert write_labels(db, [_label(as_of), *rows]) == 4
    assert latest_labels(db, "reviews") == sorted(rows, key=lambda row: row["document_id"])
    assert latest_labels(db, "others") == []


def test_written_again_nothing_changes_but_what_differs(db: Database, as_of: datetime) -> None:
    write_labels(db, [_label(as_of, "a"), _label(as_of, "b")])
    later = as_of + timedelta(hours=1)
    again = [_label(as_of, "a", issued_at=later), _label(as_of, "b", issued_at=later, probability=0.5)]
    assert write_labels(db, again) == 1
    assert [row["issued_at"] for row in latest_labels(db, "reviews")] == [as_of, later]


@pytest.mark.parametrize("changes", [{"probability": 1.5}, {"quality": "fine"}])
def test_what_no_label_can_be_is_refused(db: Database, as_of: datetime, changes: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError):
        write_labels(db, [_label(as_of, **changes)])


def test_accuracy_stands_beside_the_labels_whose_actual_one_has_come(db: Database, as_of: datetime) -> None:
    write_labels(db, [_label(as_of, "a"), _label(as_of, "b"), _label(as_of, "c")])
    known = as_of + timedelta(days=2)
    actual = {"pipeline": "reviews", "available_at": known}
    write_actual_labels(
        db, [{**actual, "document_id": "a", "label": "good"}, {**actual, "document_id": "b", "label": "bad"}]
    )
    found = [(row["document_id"], row["actual"], row["correct"]) for row in label_accuracy(db, "reviews")]
    assert found == [("a", "good", 1), ("b", "bad", 0)]
    assert label_accuracy(db, "reviews", before=known - timedelta(seconds=1)) == []
    assert len(label_accuracy(db, "reviews", since=as_of, before=known)) == 2
    assert label_accuracy(db, "reviews", since=known) == []


def test_a_label_known_earlier_does_not_replace_a_later_one(db: Database, as_of: datetime) -> None:
    row = {"pipeline": "reviews", "document_id": "a", "label": "good", "available_at": as_of}
    earlier = {**row, "label": "bad", "available_at": as_of - timedelta(days=1)}
    assert (write_actual_labels(db, [row]), write_actual_labels(db, [earlier])) == (1, 0)


def test_texts_in_their_order(db: Database, as_of: datetime) -> None:
    rows = [
        {
            "pipeline": "plays",
            "as_of": as_of,
            "sample": sample,
            "prompt": "ROMEO:",
            "text": 'but soft,\n😀 "light"',
            "temperature": 0.8,
            "seed": 2**40,
            "forecaster": "ngram",
            "version": None,
            "bits_per_character": None,
            "run_id": "plays@1",
        }
        for sample in (2, 1)
    ]
    assert (write_texts(db, rows), write_texts(db, rows)) == (2, 0)
    assert latest_texts(db, "plays") == rows[::-1]
