"""One file with a symbol column: what is set aside of it is told once, by the symbol that its row bears."""

from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span

SPAN = Span(start=None, end=datetime(2030, 1, 1, tzinfo=UTC))
SYMBOLS = ["A", "B", "C"]
ROWS = [(f"2020-01-{day:02d}", symbol, f"{day + place}.5") for day in (2, 3, 6) for place, symbol in enumerate(SYMBOLS)]


def _csv(rows) -> str:
    return "\n".join(["date,symbol,close", *(",".join(row) for row in rows), ""])


@pytest.fixture
def feed(tmp_path, make_spec):
    def opened(content, *, symbols=SYMBOLS):
        path = tmp_path / ("panel.csv" if isinstance(content, str) else "panel.parquet")
        content.to_parquet(path) if isinstance(content, pd.DataFrame) else path.write_text(content)
        spec = make_spec("mine", feed="files", path=str(path), symbol_column="symbol", symbols=symbols)
        return open_feed(spec)

    return opened


def test_what_is_set_aside_is_told_once_and_of_its_own_symbol(feed):
    rows = [("2020-01-02", "B", "12x"), *ROWS, ("soon", "C", "1.5"), ("2020-01-07", "A", "1.5", "too", "many")]
    rejected = feed(_csv(rows)).fetch(SYMBOLS, SPAN).rejected
    assert rejected["symbol"].tolist() == ["*", "B", "C"]
    assert rejected["raw"].tolist() == ["2020-01-07,A,1.5,too,many", "2020-01-02,B,12x", "soon,C,1.5"]


def test_a_row_without_a_symbol_is_set_aside_once(feed):
    fetched = feed(_csv([*ROWS, ("2020-01-07", "", "1.5"), ("2020-01-07", " ", "2.5")])).fetch(SYMBOLS, SPAN)
    assert fetched.rejected["symbol"].tolist() == ["*", "*"]
    assert set(fetched.rejected["reason"]) == {"the row bears no symbol"}
    assert len(fetched.frame) == len(ROWS)


def _frame(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["date", "symbol", "close"]).astype({"close": float})


@pytest.mark.parametrize("symbols", [SYMBOLS, ["C", "GONE", "A", "B"]])
def test_a_parquet_file_with_blanks_is_read_alike(feed, symbols):
    fetched = feed(_frame([*ROWS, ("2020-01-07", None, "1.5")]), symbols=symbols).fetch(symbols, SPAN)
    assert len(fetched.frame) == len(ROWS)
    assert fetched.rejected["symbol"].tolist() == ["*"]
    assert fetched.rejected["reason"].tolist() == ["the row bears no symbol"]


@pytest.mark.parametrize("of_a_group", [1, 2, 100])
def test_blanks_around_a_symbol_are_none_of_it(feed, tmp_path, of_a_group):
    padded = [(day, f"{symbol}  " if symbol == "B" else f" {symbol}" if day[-1] == "3" else symbol, close)
              for day, symbol, close in ROWS]  # fmt: skip
    frame = _frame(sorted(padded, key=lambda row: row[1]))
    of_parquet, of_text = feed(frame), feed(_csv(padded))
    frame.to_parquet(tmp_path / "panel.parquet", row_group_size=of_a_group)
    for opened in (of_parquet, of_text):
        for symbol in SYMBOLS:
            fetched = opened.fetch([symbol], SPAN)
            assert fetched.frame["symbol"].tolist() == [symbol] * 3
            assert fetched.rejected.empty


def _twice(names) -> pa.Table:
    days = pd.DatetimeIndex(sorted({day for day, *_ in ROWS}))
    return pa.Table.from_arrays([pa.array(days), *(pa.array([1.5, 2.5, 3.5]) for _ in names)], names=["date", *names])


def test_a_symbol_that_two_columns_of_a_parquet_file_bear_spoils_no_other(tmp_path, make_spec):
    pq.write_table(_twice("ABA"), tmp_path / "wide.parquet")
    keys = {"feed": "files", "path": str(tmp_path / "wide.parquet"), "symbols_as": "columns", "symbols": ["A", "B"]}
    fetched = open_feed(make_spec("mine", **keys)).fetch(["A", "B"], SPAN)
    assert fetched.frame["symbol"].tolist() == ["B"] * 3
    assert "more than one column 'A'" in fetched.failures["A"].reason


def test_a_column_that_a_parquet_file_has_twice_is_refused(tmp_path, make_spec):
    pq.write_table(_twice(["close", "close"]), tmp_path / "A.parquet")
    spec = make_spec("mine", feed="files", path=str(tmp_path / "{symbol}.parquet"), symbols=["A"])
    assert "there twice: 'close'" in open_feed(spec).fetch(["A"], SPAN).failures["A"].reason


@pytest.mark.parametrize("of_a_group", [1, 2, 100])
def test_row_groups_of_others_are_left_alone(feed, tmp_path, of_a_group):
    frame = _frame(sorted(ROWS, key=lambda row: row[1]))
    opened = feed(frame)
    frame.to_parquet(tmp_path / "panel.parquet", row_group_size=of_a_group)
    fetched = opened.fetch(["B"], SPAN)
    assert fetched.frame["symbol"].tolist() == ["B"] * 3
    assert fetched.frame["close"].tolist() == [3.5, 4.5, 7.5]
    assert "no row of" in opened.fetch(["GONE"], SPAN).failures["GONE"].reason


def test_shards_of_one_file_tell_together_what_one_fetch_would(feed):
    rows = [*ROWS, ("soon", "C", "1.5"), ("2020-01-07", "", "1.5")]
    whole, shards = feed(_csv(rows)), feed(_csv(rows))
    at_once = whole.fetch(SYMBOLS, SPAN)
    parts = [shards.fetch(symbols, SPAN) for symbols in (["B"], ["A", "C"])]
    for name in ("frame", "rejected"):
        joined = pd.concat([getattr(part, name) for part in parts]).sort_values(["symbol", "observed_at"])
        expected = getattr(at_once, name).sort_values(["symbol", "observed_at"])
        pd.testing.assert_frame_equal(joined.reset_index(drop=True), expected.reset_index(drop=True))


def test_a_text_is_read_once_for_all_shards(feed, tmp_path):
    opened = feed(_csv(ROWS))
    opened.fetch(["A"], SPAN)
    (tmp_path / "panel.csv").unlink()
    assert opened.fetch(["B"], SPAN).frame["symbol"].tolist() == ["B"] * 3


def test_rows_of_symbols_that_nobody_asked_for_are_not_told(feed):
    rejected = feed(_csv([*ROWS, ("2020-01-02", "B", "12x")]), symbols=["A"]).fetch(["A"], SPAN).rejected
    assert rejected.empty
