"""No series stops another: each gets the best that can serve it, and the table remarks says what it did not get."""

from datetime import timedelta

import pytest

from daycast.flows.running import retrying
from daycast.storage.sql.database import Database
from daycast.storage.sql.runs import list_remarks
from tests.places import AS_OF, DAYS, FIRST, Place, make_place, walk

pytestmark = pytest.mark.usefixtures("prefect_server")

SYMBOLS = ["A", "B", "SHORT", "NEW", "LOST", "DEAD", "GAP", "TEXT", "ONE", "YOUNG"]


def _lines(days: list[int], seed: int) -> str:
    values = walk(seed).tolist()
    rows = [f"{(FIRST + timedelta(days=day)).date()},{values[day]!r}" for day in days]
    return "\n".join(["date,close", *rows, ""])


def write(place: Place) -> None:
    """Two good series, and one of every kind that is not."""
    whole = list(range(DAYS))
    days = {
        "SHORT": whole[-6:],
        "NEW": whole[-30:],
        "DEAD": whole[:-60],
        "GAP": [day for day in whole if day not in {DAYS - 5, DAYS - 4, DAYS - 3}],
        "TEXT": whole,
        "ONE": whole[-1:],
        "YOUNG": whole[-40:],  # with windows in the validation part, and none in training
    }
    for seed, (symbol, chosen) in enumerate(days.items(), start=2):
        (place.root / f"{symbol}.csv").write_text(_lines(chosen, seed))
    text = (place.root / "TEXT.csv").read_text().splitlines()
    text[50] = text[50].split(",")[0] + ",none of it"
    (place.root / "TEXT.csv").write_text("\n".join([*text, ""]))


@pytest.fixture(scope="module")
def mixed(prefect_server, tmp_path_factory):  # noqa: ARG001 — the flow needs the server
    """A place whose first run had all of them, and what it came to."""
    place = make_place(tmp_path_factory.mktemp("mixed") / "place")
    write(place)
    place.define(symbols=SYMBOLS)
    return place, place.run()


def _served(place: Place) -> dict[str, tuple[str, str, int]]:
    """By symbol: who forecast, how good that is, and how many rows."""
    found: dict[str, tuple[str, str, int]] = {}
    for row in place.table("forecasts"):
        symbol = row["series_id"].split("/")[1]
        found[symbol] = (row["forecaster"], row["quality"], found.get(symbol, ("", "", 0))[2] + 1)
    return found


def test_the_good_ones_get_what_they_would_get_alone(mixed):
    place, summary = mixed
    assert summary.status == "degraded"
    assert summary.forecaster == "network"
    served = _served(place)
    assert served["A"] == served["B"] == served["TEXT"] == ("network", "ok", 2)


def test_each_of_the_others_gets_the_best_that_can_serve_it(mixed):
    place, _ = mixed
    served = _served(place)
    assert "LOST" not in served
    assert served["SHORT"][1:] == ("baseline", 2)
    assert served["ONE"] == ("naive", "baseline", 2)
    assert served["GAP"][1:] == ("baseline", 2)
    assert served["DEAD"][1:] == ("stale", 2)
    assert served["NEW"][2] == 2
    for symbol in ("NEW", "YOUNG"):
        assert served[symbol][0] in {"network", "seasonal_naive", "naive", "drift"}


def test_a_dead_series_is_forecast_for_what_comes_and_not_for_what_was(mixed):
    place, _ = mixed
    rows = [row for row in place.table("forecasts") if row["series_id"] == "mine/DEAD"]
    assert [row["valid_at"] for row in rows] == [AS_OF + timedelta(days=1), AS_OF + timedelta(days=2)]
    assert [row["lead"] for row in rows] == [61, 62]
    assert {row["origin"] for row in rows} == {AS_OF - timedelta(days=60)}
    assert {row["lower_80"] for row in rows} == {None}, "nothing is known of how far off so late a forecast is"


def test_a_remark_says_of_each_what_it_did_not_get(mixed):
    place, summary = mixed
    with Database.open(place.database_url) as db:
        remarks = {row["series_id"].split("/")[1]: row for row in list_remarks(db, summary.run_id)}
    kinds = {symbol: row["kind"] for symbol, row in remarks.items()}
    assert kinds == {
        "LOST": "no_data", "SHORT": "short", "ONE": "short", "DEAD": "stale", "GAP": "gap", "NEW": "new", "YOUNG": "new"
    }  # fmt: skip
    assert "LOST.csv" in remarks["LOST"]["message"]
    assert "3 of the last 8 instants" in remarks["GAP"]["message"]
    assert "2024-04-09" in remarks["DEAD"]["message"]


def test_the_message_counts_and_names_the_first(mixed):
    _, summary = mixed
    assert "Without data: 1 series (mine/LOST)" in summary.message
    assert "Too short: 2 series (mine/SHORT, mine/ONE)" in summary.message


def test_the_page_lists_the_remarks(mixed):
    place, _ = mixed
    page = (place.root / "data" / "reports" / "mine.html").read_text()
    for symbol in ("LOST", "SHORT", "DEAD", "GAP", "NEW"):
        assert f"<td>mine/{symbol}</td>" in page


def test_a_second_run_leaves_the_same_rows(mixed):
    place, _ = mixed
    leave = {"runs": {"started_at", "finished_at", "prefect_flow_run_id"}}
    before = place.tables(leave=leave)
    place.run()
    assert place.tables(leave=leave) == before


@pytest.mark.slow
def test_series_in_shards_of_two_are_served_as_in_one(mixed, tmp_path, monkeypatch):
    place, summary = mixed
    monkeypatch.setattr("daycast.storage.lake.observations.MOST_SERIES", 2)
    other = make_place(tmp_path / "other")
    write(other)
    other.define(symbols=SYMBOLS)
    again = other.run()
    assert len(list((other.root / "data" / "lake" / "observations" / "mine").glob("_0*"))) == 5
    assert (again.status, again.rows) == (summary.status, summary.rows)
    ours, theirs = _served(place), _served(other)
    assert {name: each for name, each in ours.items() if name != "NEW"} == {
        name: each for name, each in theirs.items() if name != "NEW"
    }


def test_a_pipeline_whose_window_is_longer_than_its_data_is_served_by_a_baseline(tmp_path):
    place = make_place(tmp_path / "long")
    place.define(lookback=500)
    summary = place.run()
    assert (summary.status, summary.quality, summary.version) == ("degraded", "baseline", None)
    assert "no network can be trained" in summary.message
    assert {row["forecaster"] for row in place.table("forecasts")} <= {"naive", "seasonal_naive", "drift"}
    assert {row["kind"] for row in place.table("remarks")} == {"short"}


def test_a_pipeline_of_which_nothing_is_there_fails_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(retrying, "_PAUSES", [0.01])
    place = make_place(tmp_path / "none")
    place.define(symbols=["X", "Y"])
    summary = place.run()
    assert summary.status == "failed"
    assert "X.csv" in summary.message
    assert not place.table("forecasts")
