"""A damaged file of the lake costs no series its forecast: what it held is made or fetched anew, which is told."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.places import AS_OF, EARLIER, Place, make_place, walk

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
    path = min(Path(place.root / "data" / "lake").glob(pattern))
    path.write_bytes(os.urandom(path.stat().st_size))
    return path.name


def _forecasts(place: Place) -> list[tuple[object, ...]]:
    rows = (row for row in place.table("forecasts") if row["as_of"] == AS_OF)
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
