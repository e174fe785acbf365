"""Champions that an earlier daycast stored load, and serve what they served then."""

import math
import shutil
import sys
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.observations import Observations
from daycast.tasks.answers import queries
from tests.places import Place

STORED = Path(__file__).parents[1] / "stored" / "c41c6aa.tar.gz"
AS_OF = datetime(2024, 6, 8, 23, 59, 59, 999999, tzinfo=UTC)
PIPELINES = ("stored_gru", "stored_lstm", "stored_segments")
WORDS = ("version", "forecaster", "quality", "lead")
BOUNDS = ("lower_95", "lower_80", "mean", "upper_80", "upper_95")


@pytest.fixture
def stored(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The store as it was left, without what the networks predicted."""
    assert prefect_server
    with tarfile.open(STORED) as archive:
        archive.extractall(tmp_path, filter="data")
    shutil.rmtree(tmp_path / "data" / "lake" / "predictions")
    monkeypatch.chdir(tmp_path)  # the pipeline file names its series by paths from there
    return Place(root=tmp_path, database_url=f"sqlite:///{tmp_path / 'data' / 'daycast.sqlite'}")


def forecasts(place: Place, pipeline: str) -> dict[tuple[object, ...], dict[str, object]]:
    rows = [row for row in place.table("forecasts") if row["pipeline"] == pipeline]
    return {(row["series_id"], row["origin"], row["valid_at"]): row for row in rows}


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_they_serve_what_they_served(stored: Place, pipeline: str) -> None:
    before = forecasts(stored, pipeline)
    assert {row["forecaster"] for row in before.values()} == {"network"}
    later = AS_OF + timedelta(microseconds=1)  # the next midnight: it knows no more, but that there is a champion
    summary = stored.run(pipeline, as_of=later, training="reuse")
    assert (summary.status, summary.training) == ("succeeded", "reuse"), summary.message
    after = forecasts(stored, pipeline)
    assert list(after) == list(before)
    assert len(after) == 4
    for key, row in after.items():
        assert row["as_of"] == later
        assert [row[name] for name in WORDS] == [before[key][name] for name in WORDS]
        # To the last bit on the machine that made them; matrix products differ in their last bits on others.
        assert math.isclose(row["mean"], before[key]["mean"], rel_tol=1e-6), key  # type: ignore[arg-type]
        bounds = [row[name] for name in BOUNDS]  # of the newest residuals now, and not of the validation part alone
        assert bounds == sorted(bounds), key  # type: ignore[type-var]
    assert "models" not in sys.modules, "the module that the file names is not looked for"


def test_their_files_are_as_they_were(stored: Place) -> None:
    found = queries.verify(stored.settings, pipeline=None)
    assert {each.pipeline for each in found} == set(PIPELINES)
    assert [each for each in found if not each.ok] == []


def test_their_observations_are_put_into_shards_and_nothing_is_lost(stored: Place) -> None:
    lake = stored.root / "data" / "lake"
    before = {path.parent.name: pd.read_parquet(path) for path in (lake / "observations/stored_gru").rglob("*.parquet")}
    store = Observations(Folder(lake), "stored_gru")
    assert store.take_over() == len(before) == 2
    assert sorted(path.name for path in (lake / "observations/stored_gru").iterdir()) == ["_0000", "_shards.json"]
    for symbol, rows in before.items():
        kept = store.history("_0000").only([symbol]).frame
        pd.testing.assert_frame_equal(kept[list(rows.columns)], rows)


@pytest.mark.slow
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_next_day_goes_on_from_them(stored: Place, pipeline: str) -> None:
    (champion,) = [row["version"] for row in stored.table("model_versions") if row["pipeline"] == pipeline]
    following = AS_OF + timedelta(days=1)
    by_itself = stored.run(pipeline, as_of=following)
    assert (by_itself.status, by_itself.training, by_itself.version) == ("succeeded", "reuse", champion)
    asked = stored.run(pipeline, as_of=following, training="fine_tune")
    assert (asked.status, asked.training) == ("succeeded", "fine_tune")
    versions = {row["version"]: row for row in stored.table("model_versions") if row["pipeline"] == pipeline}
    (new,) = versions.keys() - {champion}
    assert versions[new]["parent_version"] == champion
