"""Observations are point-in-time: what was known when, and never anything later."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.history import Added
from daycast.storage.lake.observations import Observations
from daycast.storage.terms.errors import DataError, FileDamaged

T0 = datetime(2026, 1, 5, tzinfo=UTC)


def frame(values: list[float], *, symbol: str = "A", start: datetime = T0) -> pd.DataFrame:
    observed = pd.date_range(start, periods=len(values), freq="D", unit="us")
    return pd.DataFrame(
        {"symbol": symbol, "observed_at": observed, "available_at": observed + pd.Timedelta(hours=21), "close": values}
    )


def day(number: float) -> datetime:
    return T0 + timedelta(days=number)


@pytest.fixture
def store(tmp_path: Path) -> Observations:
    return Observations(Folder(tmp_path), "prices")


def files(tmp_path: Path) -> list[str]:
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())


def test_a_second_fetch_adds_only_what_is_new(store: Observations, tmp_path: Path) -> None:
    assert store.add(frame([1, 2, 3]), fetched_at=day(3)) == Added(new=3)
    before = files(tmp_path)
    assert store.add(frame([1, 2, 3]), fetched_at=day(3.5)) == Added()
    assert files(tmp_path) == before
    assert store.add(frame([1, 2, 3, 4]), fetched_at=day(4)) == Added(new=1)
    rows = store.read("A")
    assert rows["close"].tolist() == [1, 2, 3, 4]


def test_what_the_source_knew_before_is_read_as_of_then(store: Observations) -> None:
    """Of three days an estimate was told each evening, and on the tenth day what they came to."""
    final, estimates = frame([1, 2, 3]).assign(available_at=day(10)), frame([1.5, 2.5, 3.5])
    assert store.add(final, fetched_at=day(12), earlier=estimates) == Added(new=3)
    assert store.read("A", as_of=day(3))["close"].tolist() == [1.5, 2.5, 3.5]
    assert store.read("A", as_of=day(1))["close"].tolist() == [1.5]
    assert store.read("A", as_of=day(10))["close"].tolist() == [1, 2, 3]
    assert store.add(final, fetched_at=day(13), earlier=estimates) == Added(), "each is kept once"
    assert len(store.vintages("A", column="close")) == 6


def test_what_a_former_fetch_could_have_brought_was_known_to_nobody(store: Observations) -> None:
    store.add(frame([1, 2]), fetched_at=day(5))
    later = frame([1, 2, 3, 4, 5, 6, 7])
    estimates = later.assign(close=later["close"] + 0.5)
    final = later.assign(available_at=later["available_at"] + timedelta(days=1))
    store.add(final, fetched_at=day(8), earlier=estimates)
    kept = store.vintages("A", column="close").query("value != value.round()")
    assert kept["observed_at"].min() == day(5), "days 2 to 4 could have come with the first fetch"
    assert kept["value"].tolist() == [6.5, 7.5]
    assert store.read("A", as_of=day(6))["close"].tolist() == [1, 2, 5, 6.5]


def test_a_revision_is_a_new_row_and_seen_only_from_then_on(store: Observations) -> None:
    store.add(frame([1, 2, 3]), fetched_at=day(3))
    assert store.add(frame([1, 2.5, 3]), fetched_at=day(5)) == Added(revised=1)
    assert store.read("A", as_of=day(4.9))["close"].tolist() == [1, 2, 3]
    assert store.read("A", as_of=day(5))["close"].tolist() == [1, 2.5, 3]


def test_a_row_is_seen_when_it_could_be_known(store: Observations) -> None:
    store.add(frame([1, 2, 3]), fetched_at=day(3))
    assert store.read("A", as_of=day(1.5))["close"].tolist() == [1]
    assert store.read("A", as_of=day(0.1)).empty


def test_a_hole_that_was_filled_late_was_not_known_before(store: Observations) -> None:
    first = frame([1, 2, 3, 4])
    store.add(first.drop(index=2), fetched_at=day(5))
    store.add(first, fetched_at=day(7))
    assert store.read("A", as_of=day(6))["close"].tolist() == [1, 2, 4]
    assert store.read("A", as_of=day(7))["close"].tolist() == [1, 2, 3, 4]


def test_an_older_beginning_is_history_and_no_news(store: Observations) -> None:
    store.add(frame([3, 4], start=day(2)), fetched_at=day(5))
    store.add(frame([1, 2, 3, 4]), fetched_at=day(7))
    assert store.read("A", as_of=day(4))["close"].tolist() == [1, 2, 3, 4]


def test_rounding_noise_is_no_revision(store: Observations) -> None:
    store.add(frame([100.0, 200.0]), fetched_at=day(3))
    noisy = frame([100.0 * (1 + 1e-9), 200.0])
    assert store.add(noisy, fetched_at=day(4)) == Added()
    cent = frame([100.01, 200.0])
    assert store.add(cent, fetched_at=day(4)) == Added(revised=1)


def test_symbols_do_not_mix(store: Observations) -> None:
    store.add(pd.concat([frame([1]), frame([9], symbol="^B")]), fetched_at=day(3))
    assert store.read("A")["close"].tolist() == [1]
    assert store.read("^B")["close"].tolist() == [9]
    assert store.read("C").empty
    assert store.first_available("C") is None


def test_rows_set_aside_are_kept_once(store: Observations) -> None:
    bad = pd.DataFrame(
        {"symbol": ["A"], "observed_at": [pd.Timestamp(T0)], "raw": ["close=-1"], "reason": ["price not positive"]}
    )
    assert store.set_aside(bad, fetched_at=day(1)) == 1
    assert store.set_aside(bad, fetched_at=day(2)) == 0
    assert store.read_set_aside()["reason"].tolist() == ["price not positive"]


def test_validators_come_back(store: Observations) -> None:
    assert store.validators() == {}
    store.keep_validators({"http://x": "etag"})
    assert store.validators() == {"http://x": "etag"}
    for damaged in ('{"http', "[1]"):
        store._feed.write("validators.json", damaged.encode())
        assert store.validators() == {}, "all is asked for"


def test_a_symbol_keeps_its_shard_when_others_come_and_go(store: Observations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daycast.storage.lake.observations.MOST_SERIES", 2)
    first = store.place(["B", "A", "C"])
    assert first.places == {"B": "_0000", "A": "_0000", "C": "_0001"}
    assert store.place(["D", "C", "E"]).places == {**first.places, "D": "_0001", "E": "_0002"}
    store.add(pd.concat([frame([1, 2], symbol=name) for name in "ABCE"]), fetched_at=day(3))
    assert store.shards().among("EA") == {"_0000": ("A",), "_0002": ("E",)}
    assert store.history("_0000").symbols == ("A", "B")
    assert store.lacking(["A", "D", "E"]) == ("D",)


def test_a_lost_note_of_the_shards_is_found_in_the_data(store: Observations, tmp_path: Path) -> None:
    store.add(pd.concat([frame([1, 2], symbol=name) for name in "AB"]), fetched_at=day(3))
    (note,) = tmp_path.rglob("_shards.json")
    note.unlink()
    assert store.shards().places == {"A": "_0000", "B": "_0000"}
    for damaged in ("{", "[1]", '{"A": 7}'):
        note.write_text(damaged)
        assert store.shards().places == {"A": "_0000", "B": "_0000"}
    assert store.place(["A", "B", "C"]).places == {"A": "_0000", "B": "_0000", "C": "_0000"}
    assert store.shards().places["C"] == "_0000"


def test_a_damaged_file_is_put_aside_and_what_it_held_can_be_kept_anew(store: Observations, tmp_path: Path) -> None:
    both = pd.concat([frame([1, 2], symbol=name) for name in "AB"])
    store.add(both, fetched_at=day(3))
    store.keep_validators({"https://x": "tag"})
    store.add(frame([3], start=day(2)), fetched_at=day(4))
    assert store.damaged() == {}
    (first, second) = sorted(tmp_path.rglob("_0000/*.parquet"))
    first.write_bytes(first.read_bytes()[:100])
    with pytest.raises(FileDamaged, match=first.name):
        store.history("_0000")
    assert store.damaged() == {"_0000": (first.name,)}
    (aside,) = store.put_aside(store.damaged())
    assert len(Path(aside).read_bytes()) == 100
    assert sorted(tmp_path.rglob("_0000/*.parquet")) == [Path(aside), second]
    assert store.validators() == {}
    assert store.read("A")["close"].tolist() == [3]
    assert store.add(both, fetched_at=day(5)) == Added(new=4, revised=0)
    assert store.read("A", as_of=day(1.9))["close"].tolist() == [1, 2]


def _former(store: Observations, tmp_path: Path) -> dict[str, pd.DataFrame]:
    """Move the rows of two fetches to where earlier releases kept them; gives all vintages by symbol."""
    both = pd.concat([frame([1, 2, 3]), frame([7, 8, 9], symbol="^B")])
    store.add(both, fetched_at=day(3))
    store.add(both.assign(close=both["close"] + 0.5), fetched_at=day(5))
    found = {name: store.vintages(name, column="close") for name in ("A", "^B")}
    (shard,) = tmp_path.rglob("_0000")
    for path in shard.glob("*.parquet"):
        rows = pd.read_parquet(path)
        for name in ("A", "^B"):
            (shard.parent / name).mkdir(exist_ok=True)
            rows[rows["symbol"] == name].to_parquet(shard.parent / name / path.name)
        path.unlink()
    (shard.parent / "_shards.json").unlink()
    return found


@pytest.mark.parametrize("killed", ["", "killed"])
def test_a_folder_a_symbol_is_taken_over_and_nothing_is_lost(
    store: Observations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    before = _former(store, tmp_path)

    def same() -> None:
        for name, rows in before.items():
            pd.testing.assert_frame_equal(store.vintages(name, column="close"), rows)

    same()
    if killed:  # between the shard's file and the folders that it replaces
        with monkeypatch.context() as patched:
            patched.setattr(Folder, "remove", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                store.take_over()
        same()
    assert store.take_over() == 2
    assert store.take_over() == 0
    same()
    assert [path.parent.name for path in tmp_path.rglob("*.parquet")] == ["_0000"]
    assert store.add(frame([1.5, 2.5, 3.5]), fetched_at=day(6)) == Added()


def test_rows_that_are_read_again_are_not_parsed_again(store: Observations, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(frame([1, 2, 3]), fetched_at=day(3))
    rows = store.read("A")
    monkeypatch.setattr("daycast.storage.lake.parquet.read_frames", lambda *_, **__: 1 / 0)
    pd.testing.assert_frame_equal(store.read("A"), rows)


def test_a_frame_that_breaks_its_contract_is_named_before_anything_is_written(
    store: Observations, tmp_path: Path
) -> None:
    good = frame([1, 2, 3])
    with pytest.raises(DataError, match="one for each"):
        store.add(pd.concat([good, good.tail(1)]), fetched_at=day(3))
    with pytest.raises(DataError, match="available_at not before observed_at"):
        store.add(good.assign(available_at=T0 - timedelta(days=1)), fetched_at=day(3))
    assert files(tmp_path) == []


def test_rows_that_somebody_spoiled_are_named_when_they_are_read(store: Observations, tmp_path: Path) -> None:
    store.add(frame([1, 2, 3]), fetched_at=day(3))
    (path,) = (path for path in tmp_path.rglob("*.parquet"))
    rows = pd.read_parquet(path)
    rows.assign(available_at=rows["observed_at"] - pd.Timedelta(days=1)).to_parquet(path)
    with pytest.raises(DataError, match="available_at not before observed_at"):
        store.read("A", as_of=day(5))


def test_the_newest_of_each_is_that_which_was_known_then(store: Observations, tmp_path: Path) -> None:
    """Of a damaged file nothing is known; the run that finds it so puts it aside."""
    store.add(frame([1, 2, 3]), fetched_at=day(3))
    store.add(frame([4, 5], symbol="B"), fetched_at=day(3))
    assert store.newest(["A", "B", "C"], as_of=day(1.5)) == {"A": day(0), "B": day(0)}
    assert store.newest(["A", "B"], as_of=day(9)) == {"A": day(2), "B": day(1)}
    assert store.newest(["B"], as_of=day(9)) == {"B": day(1)}
    assert store.newest(["A"], as_of=T0) == {}
    for path in tmp_path.rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-9])
    assert store.newest(["A", "B"], as_of=day(9)) == {}


def test_the_newest_of_a_symbol_in_a_folder_of_its_own_is_found(store: Observations, tmp_path: Path) -> None:
    store.add(frame([1, 2, 3]), fetched_at=day(3))
    (tmp_path / "observations/prices/_0000").rename(tmp_path / "observations/prices/A")
    assert store.newest(["A"], as_of=day(9)) == {"A": day(2)}
