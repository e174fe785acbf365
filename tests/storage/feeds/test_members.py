"""Every symbol that a file holds: whose rows were known by then, and whose name a series can have."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.feeds.members import members
from daycast.storage.terms.errors import ConfigError, FeedRefused, FeedUnavailable

TABLE = {
    "feed": "files",
    "symbol_column": "symbol",
    "target": "close",
    "features": ["close"],
    "calendar": "1D",
    "lookback": 8,
    "horizon": 2,
}
LATE = datetime(2024, 6, 1, tzinfo=UTC)
ROWS = [
    ("2024-01-02", "MSFT", 5.0),
    ("2024-01-01", "AMZN", 1.0),
    ("2024-01-02", "AMZN", 2.0),
    ("2024-03-01", "NEW", 3.0),
    ("2024-01-02", "", 4.0),
    ("2024-01-02", "../up", 4.0),
]


def _spec(path, **changes):
    return parse_pipeline("mine", {**TABLE, "path": str(path), **changes})


def _csv(path, rows=ROWS, header="date,symbol,close"):
    path.write_text("\n".join([header, *(f"{day},{symbol},{value}" for day, symbol, value in rows), ""]))
    return path


@pytest.mark.parametrize("symbols", [{}, {"symbols": "all"}])
def test_all_is_whatever_the_file_has(tmp_path, symbols):
    found = members(_spec(_csv(tmp_path / "all.csv"), **symbols), as_of=LATE)
    assert found.symbols == ("AMZN", "MSFT", "NEW")
    assert found.refused == ("../up",)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "text.parquet", "date.parquet", "folder"])
def test_a_symbol_whose_first_row_came_later_is_not_known_yet(tmp_path, suffix):
    frame = pd.DataFrame(ROWS[:4], columns=["date", "symbol", "close"])
    path = tmp_path / f"all.{suffix}"
    if suffix == "csv":
        _csv(path, ROWS[:4])
    elif suffix == "folder":
        path.mkdir()
        frame[:2].assign(date=pd.to_datetime(frame["date"])).to_parquet(path / "one.parquet", index=False)
        frame[2:].assign(date=pd.to_datetime(frame["date"])).to_parquet(path / "two.parquet", index=False)
    else:
        of = {
            "parquet": pd.to_datetime,
            "text.parquet": list,
            "date.parquet": lambda days: days.map(date.fromisoformat),
        }
        frame.assign(date=of[suffix](frame["date"])).to_parquet(path, index=False, row_group_size=2)
    spec = _spec(path)
    assert members(spec, as_of=LATE).symbols == ("AMZN", "MSFT", "NEW")
    assert members(spec, as_of=datetime(2024, 2, 29, tzinfo=UTC)).symbols == ("AMZN", "MSFT")
    assert members(spec, as_of=datetime(2024, 1, 1, tzinfo=UTC)).symbols in {(), ("AMZN",)}


def test_times_are_read_as_the_pipeline_says(tmp_path):
    path = _csv(tmp_path / "all.csv", [("02.01.2024", "B", 1), ("01.02.2024", "A", 1)], header="Tag,Kurs,close")
    spec = _spec(path, time="Tag", symbol_column="Kurs", time_format="%d.%m.%Y")
    assert members(spec, as_of=datetime(2024, 1, 15, tzinfo=UTC)).symbols == ("B",)


def test_what_is_no_such_file_is_one_message(tmp_path):
    with pytest.raises(FeedUnavailable, match=r"^files gave no usable data: there is no file .*none\.csv$"):
        members(_spec(tmp_path / "none.csv"), as_of=LATE)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(FeedRefused, match="no whole Parquet file"):
        members(_spec(tmp_path / "bad.parquet"), as_of=LATE)
    with pytest.raises(FeedRefused, match="symbol"):
        members(_spec(_csv(tmp_path / "other.csv", header="date,name,close")), as_of=LATE)


@pytest.mark.parametrize(
    "changes",
    [{"symbol_column": None}, {"path": "{symbol}.csv"}, {"symbols": []}, {"feed": "ett", "path": None}],
    ids=["no column", "a file a symbol", "an empty list", "another feed"],
)
def test_other_files_need_their_symbols_named(changes):
    table = {key: value for key, value in {**TABLE, "path": "all.csv", **changes}.items() if value is not None}
    if changes.get("feed"):
        del table["symbol_column"]
    with pytest.raises(ConfigError, match="symbol"):
        parse_pipeline("mine", table)
