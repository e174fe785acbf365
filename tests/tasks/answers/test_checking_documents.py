"""What ``daycast check`` finds in documents, before a run finds it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.terms.labels_pipeline import LabelsPipeline
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.tasks.answers.checking_labels import CheckedLabels, check_labels
from daycast.tasks.answers.checking_text import check_text
from tests.reviews import AS_OF, FIRST, Review, reviews, write_reviews

TABLE = {"predicts": "labels", "feed": "files", "labelled_at": "labelled_at"}


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., CheckedLabels]:
    """Checks reviews, altered, as of an instant."""

    def ask(change: Callable[[list[Review]], list[Review]] = list, *, at: datetime = AS_OF) -> CheckedLabels:
        write_reviews(tmp_path / "reviews.csv", change(reviews()))
        spec = parse_pipeline("mine", {**TABLE, "path": str(tmp_path / "reviews.csv")})
        assert isinstance(spec, LabelsPipeline)
        return check_labels(spec, at=at)

    return ask


def test_good_reviews_are_good(checked: Callable[..., CheckedLabels]) -> None:
    found = checked()
    assert (found.good, found.documents, found.waiting, set(found.labels)) == (True, 241, 6, {"good", "bad"})


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        (lambda rows: rows[:0], "no document that could be used"),
        (lambda rows: [{**row, "text": "Word!"} for row in rows], "2 different words are required. Received: 1"),
        (lambda rows: [{**row, "label": "good"} for row in rows], "at least two labels in the training part"),
        (lambda rows: [{**row, "label": row["document_id"]} for row in rows], "as 70 held-out documents bear labels"),
        (lambda rows: [{**row, "label": ""} for row in rows], "Received: 0 training documents of no label"),
    ],
    ids=["no row", "one word", "one class", "a label each", "no label"],
)  # fmt: skip
def test_what_would_fail_is_found(
    checked: Callable[..., CheckedLabels], change: Callable[[list[Review]], list[Review]], trouble: str
) -> None:
    assert trouble in checked(change).troubles[0]


def test_a_label_that_training_has_not_is_told_and_no_trouble(checked: Callable[..., CheckedLabels]) -> None:
    found = checked(lambda rows: [{**row, "label": "odd"} if row["document_id"] == "r0230" else row for row in rows])
    assert found.good
    assert found.notes == (
        "59 documents dated later than 2024-02-10 00:00 UTC wait till then, the last 2024-02-19",
        "1 held-out documents bear labels that training has not (odd), and are left out",
    )


def test_a_document_of_blanks_alone_is_none(checked: Callable[..., CheckedLabels]) -> None:
    found = checked(lambda rows: [{**row, "text": " \t"} if row["document_id"] == "r0200" else row for row in rows])
    assert (found.documents, found.set_aside) == (240, {"no text": 1})


def test_documents_that_are_all_of_later_are_told_with_the_first_of_them(
    checked: Callable[..., CheckedLabels], tmp_path: Path
) -> None:
    before, said = datetime(2020, 1, 1, tzinfo=UTC), f"are later than 2020-01-01 00:00 UTC, the first {FIRST:%Y-%m-%d}"
    assert f"all 300 documents {said}" in checked(at=before).troubles[0]
    spec = parse_pipeline("mine", {"predicts": "text", "feed": "files", "path": str(tmp_path / "reviews.csv")})
    assert isinstance(spec, TextPipeline)
    assert said in check_text(spec, at=before).troubles[0]
