"""A pipeline that knows what day a forecast is for: it serves by it, twice the same, and reads nothing of later."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.places import AS_OF, DAYS, EARLIER, Place

WORDS = ("series_id", "origin", "valid_at", "mean", "lower_80", "upper_95", "forecaster", "version")
KEYS = {
    "known": ["weekday", "session_of_week", "days_to_month_end"],
    "lookback": 2,
    "season": 2,  # seasonal naive knows nothing of weeks
    "difference": "none",
}


def _values(seed: int, *, later: float = 0.0) -> np.ndarray:
    """A week that comes again, and noise; from the day after ``EARLIER`` on moved by some amount."""
    day = np.arange(DAYS)
    values = 100 + 5.0 * np.isin(day % 7, (2, 5)) + np.random.default_rng(seed).normal(scale=0.3, size=DAYS)
    return values + later * (day > DAYS - 1 - (AS_OF - EARLIER).days)


def _made(place: Place, *, later: float = 0.0) -> Place:
    for seed, symbol in enumerate("AB"):
        place.write(symbol, _values(seed, later=later))
    place.define("weekly", **KEYS)
    return place


def _rows(place: Place) -> list[tuple[object, ...]]:
    return sorted(tuple(row[name] for name in WORDS) for row in place.table("forecasts") if row["as_of"] == EARLIER)


@pytest.fixture
def weekly(new_place: Callable[[str], Place], prefect_server: str) -> Place:
    assert prefect_server
    return _made(new_place("one"))


@pytest.mark.slow
def test_what_is_known_serves_and_a_later_value_changes_no_bit(
    weekly: Place, new_place: Callable[[str], Place]
) -> None:
    summary = weekly.run("weekly", as_of=EARLIER)
    assert summary.status == "succeeded"
    assert summary.forecaster in {"network", "ridge", "blend"}, summary.message
    rows = _rows(weekly)
    assert len(rows) == 4
    for name in ("weekly/A", "weekly/B"):  # whoever of the three serves, it is told what moved it
        moved = [row for row in weekly.table("explanations") if row["series_id"] == name]
        whole = np.mean([row[3] for row in rows if row[0] == name])
        assert sum(row["effect"] for row in moved) == pytest.approx(whole, rel=1e-5)
        days = {row["feature"]: row["effect"] for row in moved if (row["step"], row["step_to"]) == (-1, -2)}
        assert set(days) == set(KEYS["known"])
        past = [abs(row["effect"]) for row in moved if row["step"] > 0]
        assert max(map(abs, days.values())) > max(past), "the day moves it, and hardly what came before"
    for _, _, valid_at, mean, *_ in rows:
        day = (valid_at - AS_OF).days + DAYS - 1  # type: ignore[operator]
        assert mean == pytest.approx(105 if day % 7 in (2, 5) else 100, abs=2.5)
    other = _made(new_place("other"), later=50.0)
    other.run("weekly", as_of=EARLIER)
    assert _rows(other) == rows
    assert weekly.run("weekly", as_of=AS_OF, training="reuse").status == "succeeded"


@pytest.mark.slow
def test_a_fact_more_retrains(weekly: Place) -> None:
    weekly.run("weekly", as_of=EARLIER)
    pipelines = weekly.root / "pipelines.toml"
    pipelines.write_text(pipelines.read_text().replace('"days_to_month_end"', '"days_to_month_end", "month"'))
    summary = weekly.run("weekly", as_of=AS_OF)
    assert summary.training == "retrain"
    assert "known was" in summary.message
