"""Small pipelines and series for the tests of the models."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from daycast.models.series.windows import Windows
from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.terms.pipeline import Pipeline

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def make_spec() -> Callable[..., Pipeline]:
    """A pipeline of two features with small windows, any key changed."""

    def make(**changes: Any) -> Pipeline:
        table = {
            "feed": "ett",
            "symbols": ["OT"],
            "target": "y",
            "features": ["x", "y"],
            "calendar": "1h",
            "difference": {"y": "absolute"},
            "lookback": 4,
            "horizon": 3,
            "season": 2,
        }
        return parse_pipeline("tiny", {**table, **changes})

    return make


@pytest.fixture(scope="session")
def make_levels() -> Callable[..., pd.DataFrame]:
    """A frame of positive levels, one row an hour."""

    def make(rows: int = 40, *, columns: Sequence[str] = ("x", "y"), seed: int = 0) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        index = pd.date_range("2026-01-01", periods=rows, freq="1h", tz="UTC", unit="us")
        return pd.DataFrame({name: 20 + random.normal(size=rows).cumsum() * 0.3 for name in columns}, index=index)

    return make


@pytest.fixture(scope="session")
def make_flat_windows() -> Callable[..., Windows]:
    """Windows from bases and actual paths of levels, kind ``none``; inputs are zero."""

    def make(
        base: Sequence[float], actual: Sequence[Sequence[float]], *, series: Sequence[str] | None = None
    ) -> Windows:
        count = len(base)
        ids = list(series or ["tiny/a"] * count)
        names = tuple(dict.fromkeys(ids))
        origin = np.datetime64("2026-01-01", "us") + np.arange(count) * np.timedelta64(1, "h")
        return Windows(
            names=names,
            codes=np.array([names.index(name) for name in ids], dtype=np.int32),
            origin=origin,
            end=origin + np.timedelta64(len(actual[0]), "h"),
            inputs=np.zeros((count, 2, 1), dtype=np.float32),
            anchor=np.zeros((count, 1)),
            targets=np.array(actual, dtype=np.float64),
            base=np.array(base, dtype=np.float64),
            slope=np.zeros(count),
            past=np.repeat(np.array(base, dtype=np.float64)[:, None], 2, axis=1),
        )

    return make


@pytest.fixture
def etth1() -> pd.DataFrame:
    """The real ETTh1."""
    path = DATA / "etth" / "ETTh1.csv"
    if not path.exists():
        pytest.skip("needs ../shared/data/etth/ETTh1.csv")
    frame = pd.read_csv(path, parse_dates=["date"], index_col="date")
    frame.index = frame.index.tz_localize("UTC").as_unit("us")
    return frame
