"""The ``sql`` feed on real databases: tables and queries, times of every type, and what is said where it cannot be."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from daycast.storage.feeds.catalog import open_feed
from daycast.storage.feeds.feed import Span
from daycast.storage.terms.errors import ConfigError, FeedRefused, FeedUnavailable

SPAN = Span(start=None, end=datetime(2030, 1, 1, tzinfo=UTC))
HOURS = pd.date_range("2023-12-30", periods=72, freq="h", tz="UTC")
DAYS = pd.bdate_range("2020-01-01", "2023-12-29")
KEYS = {"feed": "sql", "url_from": "WAREHOUSE_URL", "target": "close", "features": ["close"], "calendar": "B"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def warehouse(request, tmp_path, monkeypatch):
    """An engine of an empty database that WAREHOUSE_URL names."""
    url = f"sqlite:///{tmp_path / 'warehouse.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("migrated_postgresql_url")
    monkeypatch.setenv("WAREHOUSE_URL", url)
    engine = sa.create_engine(
        sa.make_url(url).set(drivername={"postgresql": "postgresql+psycopg"}.get(request.param, "sqlite"))
    )
    yield engine
    engine.dispose()


@pytest.fixture
def fetch(make_spec):
    def get(*, span=SPAN, **keys):
        spec = make_spec("mine", **{**KEYS, "symbols": ["AMZN"], **keys})
        return open_feed(spec).fetch(spec.symbols, span)

    return get


def fill(engine, frame, *, name="bars", **types):
    frame.to_sql(name, engine, index=False, dtype=types)


def daily(**columns):
    return pd.DataFrame({"date": DAYS, "close": np.arange(len(DAYS)) + 0.25, **columns})


@pytest.mark.parametrize("kind", [sa.Date(), sa.DateTime(), sa.Text()])
def test_days_of_every_type_over_several_years(warehouse, fetch, kind):
    frame = daily()
    if isinstance(kind, sa.Text):
        frame["date"] = frame["date"].dt.strftime("%Y-%m-%d")
    fill(warehouse, frame, date=kind)
    fetched = fetch(table="bars")
    assert not fetched.failures
    assert fetched.rejected.empty
    assert fetched.frame["observed_at"].tolist() == DAYS.tz_localize("UTC").tolist()
    assert fetched.frame["close"].tolist() == frame["close"].tolist()
    some = fetch(table="bars", span=Span(start=datetime(2021, 3, 1, tzinfo=UTC), end=datetime(2022, 3, 1, tzinfo=UTC)))
    assert some.frame["observed_at"].min() == pd.Timestamp("2021-03-01", tz="UTC")
    assert some.frame["observed_at"].max() == pd.Timestamp("2022-03-01", tz="UTC")


def test_hours_with_a_zone_and_without_one(warehouse, fetch):
    local = HOURS.tz_convert("Europe/Berlin").tz_localize(None)
    frame = pd.DataFrame({"at": HOURS, "local": local, "close": np.arange(72) / 4})
    fill(warehouse, frame, at=sa.DateTime(timezone=True), local=sa.DateTime())
    keys = {"table": "bars", "calendar": "1h"}
    for fetched in (fetch(time="at", **keys), fetch(time="local", timezone="Europe/Berlin", **keys)):
        assert fetched.frame["observed_at"].tolist() == HOURS.tolist()
        assert fetched.frame["close"].tolist() == frame["close"].tolist()


def test_a_query_with_symbols_other_names_and_decimals(warehouse, fetch):
    frames = [daily(ticker=name).assign(close=lambda rows, by=by: rows["close"] + by) for by, name in enumerate("AB")]
    fill(warehouse, pd.concat(frames).rename(columns={"close": "Schluss"}), Schluss=sa.Numeric(12, 2))
    keys = {"symbols": ["A", "B", "GONE"], "symbol_column": "ticker", "columns": {"close": "Schluss"}}
    query = """SELECT ticker, date, "Schluss" FROM bars WHERE ticker <> ':x' ;"""
    fetched = fetch(query=query, **keys)
    assert list(fetched.failures) == ["GONE"]
    rows = fetched.frame.groupby("symbol")["close"].agg(list)
    assert rows["A"] == [each + 0.25 for each in range(len(DAYS))]
    assert rows["B"] == [each + 1.25 for each in range(len(DAYS))]


def test_symbols_of_a_fixed_width(warehouse, fetch):
    """PostgreSQL gives them with the blanks that fill them up."""
    fill(warehouse, daily(ticker="AMZN"), ticker=sa.CHAR(12))
    fetched = fetch(table="bars", symbol_column="ticker")
    assert not fetched.failures
    assert fetched.frame["symbol"].unique().tolist() == ["AMZN"]
    assert len(fetched.frame) == len(DAYS)


def test_what_a_row_says_of_when_it_was_known(warehouse, fetch):
    known = DAYS + pd.Timedelta(days=1, hours=9)
    frame = daily(known_at=known)
    revised = frame.iloc[[5]].assign(close=99.5, known_at=known[5] + pd.Timedelta(days=30))
    unknown = frame.iloc[[7]].assign(close=-1.0, known_at=pd.NaT)
    fill(warehouse, pd.concat([revised, frame, unknown]), known_at=sa.DateTime())
    fetched = fetch(table="bars", available_at="known_at")
    assert len(fetched.frame) == len(DAYS)
    assert fetched.frame["close"].iloc[5] == 99.5
    assert fetched.frame["close"].iloc[7] == frame["close"].iloc[7]
    assert fetched.frame["available_at"].iloc[4] == known[4].tz_localize("UTC")
    assert fetched.frame["available_at"].iloc[5] == (known[5] + pd.Timedelta(days=30)).tz_localize("UTC")


def test_what_is_known_ahead_is_given_apart_with_all_its_vintages_and_beyond_the_span(warehouse, fetch):
    end, later = datetime(2023, 12, 27, tzinfo=UTC), pd.DatetimeIndex(["2023-12-28", "2023-12-28", "2024-01-09"])
    observed = daily(known_at=DAYS + pd.Timedelta(days=1), warmth=2.5)[DAYS <= "2023-12-27"]
    told = pd.DataFrame({"date": later, "known_at": pd.to_datetime(["2023-12-20", "2023-12-26", "2023-12-26"])})
    told = told.assign(close=np.nan, warmth=[3.0, 4.0, 5.0])
    fill(warehouse, pd.concat([observed, told]), known_at=sa.DateTime())
    fetched = fetch(table="bars", available_at="known_at", known=["warmth"], span=Span(start=None, end=end))
    assert len(fetched.frame) == len(observed) - 1, "the newest becomes known after the span"
    assert fetched.later == {"AMZN"}
    assert len(fetched.ahead) == len(observed) + len(told)
    ahead = fetched.ahead[fetched.ahead["valid_at"] > pd.Timestamp(end)]
    assert ahead["valid_at"].tolist() == list(later.tz_localize("UTC"))
    assert ahead["available_at"].dt.day.tolist() == [20, 26, 26]
    assert ahead["warmth"].tolist() == [3.0, 4.0, 5.0]


def test_nulls_are_missing_values_and_missing_times_are_set_aside(warehouse, fetch):
    frame = daily()
    frame.loc[3, "close"] = np.nan
    fill(warehouse, frame, date=sa.Date())
    assert fetch(table="bars").frame["close"].isna().sum() == 1


@pytest.mark.parametrize(
    ("keys", "error", "words"),
    [
        ({"table": "nothing"}, FeedRefused, "nothing"),
        ({"table": "bars", "time": "epoch"}, FeedRefused, "dates or times are required"),
        ({"table": "bars", "columns": {"close": "last"}}, FeedRefused, "last"),
        ({"query": "SELEC date FROM bars"}, FeedRefused, "the database says"),
        ({"table": "bars", "symbols": ["GONE"], "symbol_column": "ticker"}, FeedRefused, "no row of it"),
    ],
)
def test_what_the_database_does_not_have_is_a_failure_of_the_symbol(warehouse, fetch, keys, error, words):
    fill(warehouse, daily(epoch=range(len(DAYS)), ticker="AMZN"))
    (failure,) = fetch(**keys).failures.values()
    assert isinstance(failure, error | FeedUnavailable)
    assert words in str(failure)
    assert len(str(failure)) <= 400


def test_where_the_url_is_and_that_it_is_never_shown(fetch, monkeypatch, tmp_path):
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    with pytest.raises(ConfigError, match="WAREHOUSE_URL, which is not set"):
        fetch(table="bars")
    for wrong in ("no url with secret", "klingon://me:secret@host/db"):
        monkeypatch.setenv("WAREHOUSE_URL", wrong)
        with pytest.raises(ConfigError, match="one that is not shown") as caught:
            fetch(table="bars")
        assert "secret" not in str(caught.value)
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql+psycopg://me:secret@127.0.0.1:9/db?connect_timeout=2")
    (down,) = fetch(table="bars").failures.values()
    assert isinstance(down, FeedUnavailable)
    assert "secret" not in str(down)
    monkeypatch.setenv("WAREHOUSE_URL", f"sqlite:///{tmp_path / 'none.sqlite'}")
    (absent,) = fetch(table="bars").failures.values()
    assert "is not there" in str(absent)
    assert not (tmp_path / "none.sqlite").exists()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "needs table or query, and not both. Received: neither"),
        ({"table": "a", "query": "SELECT 1"}, "Received: both"),
        ({"table": "a", "url_from": "postgresql://me:secret@h/d"}, "the name of a variable"),
        ({"table": "a", "symbols": ["A", "B"]}, "more than one symbol needs symbol_column"),
    ],
)
def test_a_table_that_cannot_be_is_refused(fetch, keys, words):
    with pytest.raises(ConfigError, match=words) as caught:
        fetch(**keys)
    assert "secret" not in str(caught.value)


def test_what_was_known_before_is_told_beside_what_is_known_last(warehouse, fetch):
    """An estimate, the final value, and one that is told after now."""
    told = pd.to_datetime(["2020-01-03", "2020-01-20", "2031-01-01", "2020-01-07"], utc=True)
    days = ["2020-01-02", "2020-01-02", "2020-01-02", "2020-01-06"]
    fill(warehouse, pd.DataFrame({"date": days, "close": [1.0, 2.0, 3.0, 9.0], "loaded_at": told.astype(str)}))
    fetched = fetch(table="bars", available_at="loaded_at")
    assert fetched.frame["close"].tolist() == [2.0, 9.0]
    assert fetched.earlier is not None
    assert fetched.earlier["close"].tolist() == [1.0]
    assert fetched.earlier["available_at"].tolist() == [told[0]]
    assert fetched.later == {"AMZN"}
