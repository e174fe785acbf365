"""A damaged file of the lake costs no series its forecast: what it held is made or fetched anew, which is told."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.places import AS_OF, DAYS, EARLIER, FIRST, Place, make_place, walk
from tests.reviews import AS_OF as REVIEWED
from tests.reviews import LATER as REVIEWED_LATER
from tests.reviews import review_place
from tests.stories import LATER as TOLD_LATER

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.slow]

SYMBOLS = ["A", "B", "C", "D", "E"]


@pytest.fixture(scope="module")
def sound(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Place:  # noqa: ARG001 — the flow needs it
    """A place with shards of two series, which two nights were run for."""
    place = make_place(tmp_path_factory.mktemp("sound") / "place")
    for seed, symbol in enumerate(SYMBOLS):
        place.write(symbol, walk(seed))
    place.define(symbols=SYMBOLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("daycast.storage.lake.observations.MOST_SERIES", 2)
        assert place.run(as_of=EARLIER).status == "succeeded"
        assert place.run(as_of=EARLIER + timedelta(days=1), training="reuse").status == "succeeded"
    return place


def _overwrite(place: Place, pattern: str) -> str:
    """Damage the first file that matches; gives its name."""
    path = min(path for path in Path(place.root / "data" / "lake").glob(pattern) if path.is_file())
    path.write_bytes(os.urandom(path.stat().st_size))
    return path.name


def _forecasts(place: Place, as_of: datetime = AS_OF) -> list[tuple[object, ...]]:
    rows = [row for row in place.table("forecasts") if row["as_of"] == as_of]
    assert rows
    return sorted(tuple(value for key, value in row.items() if key != "issued_at") for row in rows)


def test_every_series_is_served_as_if_nothing_were_damaged(sound: Place, tmp_path: Path) -> None:
    twin, hurt = sound.copied(tmp_path / "twin"), sound.copied(tmp_path / "hurt")
    assert twin.run(training="reuse").status == "succeeded"
    name = _overwrite(hurt, "observations/mine/_0000/*.parquet")
    _overwrite(hurt, "windows/mine/*/_0001/*.parquet")
    _overwrite(hurt, "predictions/mine/*/_0001/*.parquet")
    (hurt.root / "data" / "lake" / "observations" / "mine" / "_shards.json").write_text('{"A"')

    summary = hurt.run(training="reuse")
    assert summary.status == "degraded"
    assert f"lake/damaged/mine/_0000/{name}" in summary.message
    (remark,) = hurt.table("remarks")
    assert (remark["series_id"], remark["kind"]) == ("*", "damaged")
    assert _forecasts(hurt) == _forecasts(twin)
    assert not list(hurt.root.rglob(".partial*"))

    assert hurt.run(training="reuse").status == "succeeded"
    assert _forecasts(hurt) == _forecasts(twin)


def _damage(place: Place, *patterns: str) -> list[str]:
    return [_overwrite(place, pattern) for pattern in patterns]


def test_what_was_known_ahead_is_asked_for_again(new_place: Callable[[str], Place]) -> None:
    load = new_place("load")
    for seed, symbol in enumerate("AB"):
        close = 100 + np.cumsum(np.random.default_rng(seed).normal(size=DAYS))
        days = pd.date_range(FIRST, periods=DAYS, freq="D")
        told = [
            pd.DataFrame({"date": days, "told_at": days - pd.Timedelta(days=lead), "warmth": close}) for lead in (1, 2)
        ]
        rows = pd.concat([pd.DataFrame({"date": days, "told_at": days, "close": close, "warmth": close}), *told])
        rows.sort_values(["told_at", "date"]).to_csv(load.root / f"{symbol}.csv", index=False)
    load.define("load", known=["warmth"], available_at="told_at", lookback=2, difference="none")
    assert load.run("load", as_of=EARLIER).status == "succeeded"
    twin = load.copied(load.root.parent / "twin")
    (name,) = _damage(load, "ahead/load/*/*.parquet")

    summary = load.run("load", as_of=EARLIER)
    assert f"lake/damaged/load/ahead/_0000/{name}" in summary.message
    assert (summary.status, [row["kind"] for row in load.table("remarks")]) == ("degraded", ["damaged"])
    twin.run("load", as_of=EARLIER)
    assert _forecasts(load, EARLIER) == _forecasts(twin, EARLIER)
    assert load.run("load", as_of=EARLIER).status == "succeeded"


def test_documents_are_read_again_and_what_was_told_of_them_is_told_again(prefect_server: str, tmp_path: Path) -> None:
    assert prefect_server
    sound = review_place(tmp_path / "sound")
    sound.run(as_of=REVIEWED)
    hurt = sound.copied(tmp_path / "hurt")
    name, *_ = _damage(hurt, "documents/mine/*.parquet", "predictions/mine/*/told/*", "predictions/mine/*/mistakes/*")

    summary = hurt.run(as_of=REVIEWED_LATER, training="reuse")
    assert f"lake/damaged/mine/documents/{name}" in summary.message
    assert (summary.status, [row["kind"] for row in hurt.table("remarks")]) == ("degraded", ["damaged"])
    sound.run(as_of=REVIEWED_LATER, training="reuse")
    told = [
        sorted((row["document_id"], row["as_of"], row["label"], row["probability"]) for row in place.table("labels"))
        for place in (hurt, sound)
    ]
    assert told[0] == told[1]
    assert hurt.run(as_of=REVIEWED_LATER, training="reuse").status == "succeeded"


def test_a_text_is_read_and_written_again(written: Place) -> None:
    twin = written.copied(written.root.parent / "twin")
    twin.run(as_of=TOLD_LATER, training="reuse")
    written.run(as_of=TOLD_LATER, training="reuse")
    _damage(
        written,
        "documents/mine/*.parquet",
        "sequences/mine/*.parquet",
        "predictions/mine/*/scores/*",
        "predictions/mine/*/texts/*",
    )
    summary = written.run(as_of=TOLD_LATER, training="reuse")
    assert summary.status == "degraded"
    assert "lake/damaged/mine/documents/" in summary.message
    assert [row["text"] for row in written.table("texts")] == [row["text"] for row in twin.table("texts")]
    assert written.run(as_of=TOLD_LATER, training="reuse").status == "succeeded"
