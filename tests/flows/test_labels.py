"""A pipeline that predicts labels, through the daily flow: point in time, twice the same, live, and what goes wrong."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.places import WALL_CLOCK, Place
from tests.postgres import new_database
from tests.reviews import AS_OF, COUNT, LATER, Review, review_place, write_reviews

pytestmark = pytest.mark.usefixtures("prefect_server")

WAITING = 6
"""Documents without a label as of :data:`AS_OF`: those of its last day."""


@pytest.fixture(scope="session")
def _told(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    assert prefect_server
    place = review_place(tmp_path_factory.mktemp("told") / "place")
    summary = place.run(as_of=AS_OF)
    assert summary.status == "succeeded", summary
    return place


@pytest.fixture
def told(_told: Place, tmp_path: Path) -> Place:
    """A place of the test's own where ``mine`` was run as of :data:`AS_OF`."""
    return _told.copied(tmp_path / "told")


def change(place: Place, how: Callable[[list[Review]], list[Review]]) -> None:
    """Write the file anew."""
    from tests.reviews import reviews

    write_reviews(place.root / "reviews.csv", how(reviews()))


def test_every_document_without_a_label_has_a_probability_and_a_row_says_who_told_it(told: Place) -> None:
    (run,) = told.table("runs")
    (version,) = told.table("model_versions")
    assert (run["status"], run["training"], version["stage"]) == ("succeeded", "retrain", "champion")
    rows = told.table("labels")
    assert len(rows) == WAITING
    assert {row["document_id"] for row in rows} == {f"r{number:04d}" for number in range(235, 241)}
    assert all(0.5 <= row["probability"] <= 1 and row["version"] == version["version"] for row in rows)
    assert {row["forecaster"] for row in rows} <= {"network", "linear", "blend"}
    right = sum((row["label"] == "good") == any(word in _text(row) for word in ("warm", "clever", "fresh", "moving"))
                for row in rows)  # fmt: skip
    assert right >= WAITING - 1
    actual = told.table("actual_labels")
    assert len(actual) == 241 - WAITING
    assert all(row["available_at"] <= AS_OF for row in actual)


def _text(row: dict[str, object]) -> str:
    from tests.reviews import reviews

    return next(each["text"] for each in reviews() if each["document_id"] == row["document_id"])


def test_everybody_is_scored_on_both_held_out_parts(told: Place) -> None:
    rows = told.table("evaluations")
    assert {(row["forecaster"], row["split"]) for row in rows} == {
        (name, part) for name in ("majority", "linear", "network", "blend") for part in ("validation", "test")
    }
    assert {row["metric"] for row in rows} == {"accuracy", "log_loss", "auc", "calibration_error", "skill"}
    assert {row["version"] == "*" for row in rows if row["forecaster"] == "majority"} == {True}
    best = max(row["value"] for row in rows if row["metric"] == "accuracy" and row["split"] == "test")
    assert 0.8 < best <= 1


def test_the_page_shows_documents_as_text_and_the_runs_row_holds_none(told: Place) -> None:
    page = (told.root / "data" / "reports" / "mine.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page, "a mistake's text is shown"
    assert "What was told of what" in page
    assert page.count("<img") == 3, "reliability, loss and accuracy"
    assert "alert" not in "".join(str(row["message"]) for row in told.table("runs"))


def test_the_same_run_again_leaves_the_same_rows_and_no_more(told: Place) -> None:
    before, files = told.tables(leave=WALL_CLOCK), _lasting(told)
    assert told.run(as_of=AS_OF).training == "retrain"
    assert told.tables(leave=WALL_CLOCK) == before
    assert _lasting(told) == files


def _lasting(place: Place) -> dict[str, str]:
    return {name: digest for name, digest in place.files().items() if name.startswith("lake/predictions")}


@pytest.mark.slow
def test_nothing_that_came_after_as_of_changes_a_bit(told: Place, tmp_path: Path) -> None:
    def altered(rows: list[Review]) -> list[Review]:
        first, later = rows[: COUNT - 59], rows[COUNT - 59 :]
        assert later[0]["published_at"] > AS_OF.isoformat()
        for row in first:
            if row["labelled_at"] > AS_OF.isoformat():
                row |= {"label": "bad" if row["label"] == "good" else "good"}
        return [*first, *({**row, "text": "Something else entirely.", "label": "odd"} for row in later)]

    other = review_place(tmp_path / "other", change=altered)
    other.run(as_of=AS_OF)
    leave = {**WALL_CLOCK, "runs": {*WALL_CLOCK["runs"]}}
    assert other.tables(leave=leave) == told.tables(leave=leave)


def test_labels_that_come_are_held_against_those_that_were_told(told: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        summary = told.run(as_of=LATER)
    assert "prepared: 271 documents" in caplog.text
    assert "alert(1)" not in caplog.text, "no text is in any log"
    assert summary.training == "reuse", summary
    live = [row for row in told.table("evaluations") if row["split"] == "live"]
    assert {row["n"] for row in live} == {WAITING}
    assert {"accuracy", "log_loss", "skill"} <= {row["metric"] for row in live}
    week = next(row for row in told.table("live_accuracy") if row["as_of"] == LATER and row["days"] == 7)
    accuracy = next(row["value"] for row in live if row["metric"] == "accuracy")
    assert (week["n"], week["accuracy"], week["mae"]) == (WAITING, accuracy, None)
    assert summary.rows == WAITING, "each document is told of on the night that it comes"
    assert "last 7 days" in (told.root / "data" / "reports" / "mine.html").read_text()


def opposite(rows: list[Review]) -> list[Review]:
    """The labels that come after :data:`AS_OF` are the opposite of what the text says."""
    return [
        {**row, "label": "bad" if row["label"] == "good" else "good"} if row["labelled_at"] > AS_OF.isoformat() else row
        for row in rows
    ]


@pytest.mark.slow
def test_live_accuracy_below_the_rule_retrains_and_says_why(tmp_path: Path) -> None:
    place = review_place(tmp_path / "place", change=opposite, training={"min_accuracy": 0.5, "live_forecasts": 3})
    place.run(as_of=AS_OF)
    summary = place.run(as_of=LATER)
    assert summary.training == "retrain"
    assert "live accuracy over the last 30 days is 0." in summary.message
    assert "over 6 forecasts (min_accuracy = 0.5)" in summary.message


def test_a_file_that_is_gone_degrades_the_run_and_what_is_told_is_stale(told: Place) -> None:
    (told.root / "reviews.csv").unlink()
    summary = told.run(as_of=LATER)
    assert (summary.status, summary.quality) == ("degraded", "stale")
    assert "there is no file" in summary.message
    assert "The documents that came before serve." in summary.message


@pytest.mark.slow
def test_labels_that_training_has_not_are_left_out_and_told(tmp_path: Path) -> None:
    def odd(rows: list[Review]) -> list[Review]:
        return [{**row, "label": "odd"} if row["document_id"] == "r0230" else row for row in rows]

    place = review_place(tmp_path / "place", change=odd)
    summary = place.run(as_of=AS_OF)
    assert summary.status == "succeeded"
    (remark,) = place.table("remarks")
    assert (remark["kind"], remark["series_id"]) == ("label", "*")
    assert "1 held-out documents bear labels that training has not (odd)" in remark["message"]
    assert {row["label"] for row in place.table("labels")} <= {"good", "bad"}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda rows: [{**row, "label": "good"} for row in rows], "at least two labels.*Received: .* 'good'"),
        (lambda rows: [{**row, "label": "", "labelled_at": ""} for row in rows], "Received: 0 training documents"),
        (
            lambda rows: [{**row, "text": "word"} for row in rows],
            "at least 2 different words are required. Received: 1",
        ),
        (lambda rows: [{**row, "published_at": "never"} for row in rows], "At least one usable document is required"),
    ],
    ids=["one class", "no label", "one word", "no time"],
)
def test_what_cannot_be_learned_fails_in_a_line(
    tmp_path: Path, how: Callable[[list[Review]], list[Review]], message: str
) -> None:
    place = review_place(tmp_path / "place", change=how)
    summary = place.run(as_of=AS_OF)
    assert summary.status == "failed"
    assert re.search(message, summary.message), summary.message
    assert len(summary.message) <= 400
    assert not place.table("labels")


def test_what_cannot_be_used_is_set_aside_and_counted(told: Place) -> None:
    def damaged(rows: list[Review]) -> list[Review]:
        again = {**rows[3], "text": "Another text."}
        return [*rows, again, {**rows[5], "document_id": ""}, {**rows[6], "document_id": "x", "labelled_at": "soon"}]

    change(told, damaged)
    summary = told.run(as_of=LATER)
    assert "3 rows set aside" in summary.message
    assert "a key that stands twice, with another text" in summary.message
    assert "a label without a time that can be read" in summary.message


@pytest.mark.slow
def test_the_rows_are_the_same_on_postgresql(told: Place, tmp_path: Path, postgresql_server: str) -> None:
    with new_database(postgresql_server) as url:
        place = review_place(tmp_path / "twin", url)
        place.run(as_of=AS_OF)
        place.run(as_of=LATER)
        told.run(as_of=LATER)
        assert place.tables(leave=WALL_CLOCK) == told.tables(leave=WALL_CLOCK)


@pytest.mark.slow
def test_a_backfill_makes_up_the_days_and_commands_answer(told: Place) -> None:
    done = told.daycast("backfill", "mine", "--from", "2024-02-11", "--to", "2024-02-13")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 days done" in done.stdout
    shown = told.daycast("forecasts", "mine", "--format", "csv")
    assert shown.stdout.startswith("pipeline,document_id,as_of")
    assert "probability" in told.daycast("forecasts", "mine").stdout
    assert "log_loss" in told.daycast("models", "show", "mine").stdout
    checked = told.daycast("check", "mine")
    assert "a run would go well" in checked.stdout
    assert "without a label" in checked.stdout
    assert told.daycast("models", "verify", "mine").returncode == 0
    refused = told.daycast("forecasts", "mine", "--series", "mine/A")
    assert refused.returncode == 2 or "required" in refused.stderr


def test_a_fine_tune_is_refused_in_a_line(told: Place) -> None:
    summary = told.run(as_of=LATER + timedelta(hours=1), training="fine_tune")
    assert summary.status == "failed"
    assert "fine_tune is for pipelines that predict values" in summary.message
