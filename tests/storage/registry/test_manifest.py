"""The names of versions and their manifests."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from daycast.storage.registry.manifest import Manifest, version_name

AT = datetime(2026, 8, 21, 22, 30, tzinfo=UTC)


def test_names_are_the_same_for_the_same_identity_and_sort_by_as_of() -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    name = version_name(as_of=AT, identity={"a": 1, "b": {"c": [1, 2]}})
    assert name == version_name(as_of=tokyo, identity={"b": {"c": [1, 2]}, "a": 1})
    assert name != version_name(as_of=AT, identity={"a": 2, "b": {"c": [1, 2]}})
    assert name < version_name(as_of=AT + timedelta(seconds=1), identity={})


def test_a_manifest_comes_back_as_it_was_written() -> None:
    written = Manifest(
        pipeline="prices", version="v1", as_of=AT, created_at=AT, training="retrain", spec={"symbols": ["AMZN"]},
        state={"scale": [1.5, None, {"x": 0.1 + 0.2}]}, data_hash="d", metrics={"mae": 1.5, "mase": None},
        history={"loss": [0.5, 0.1 + 0.2, math.inf]}, parameters=3,
    )  # fmt: skip
    assert Manifest.model_validate_json(written.model_dump_json()) == written


def test_a_loss_that_is_no_number_can_be_kept() -> None:
    written = Manifest(
        pipeline="p", version="v", as_of=AT, created_at=AT, training="retrain", spec={}, state={}, data_hash="d",
        history={"loss": [math.nan]}, parameters=3,
    )  # fmt: skip
    assert "NaN" in written.model_dump_json()
    assert math.isnan(Manifest.model_validate_json(written.model_dump_json()).history["loss"][0])


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Manifest(
            pipeline="p", version="v", as_of=AT.replace(tzinfo=None), created_at=AT, training="retrain", spec={},
            state={}, data_hash="d", parameters=3,
        )  # fmt: skip
