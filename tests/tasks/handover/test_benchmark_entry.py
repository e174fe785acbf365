"""The entries of the benchmark: what was done with the same settings is not done again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.tasks.handover.benchmark_entry import Entry

TABLE: dict[str, Any] = {
    "feed": "ett", "symbols": ["OT"], "target": "value", "features": ["value"], "calendar": "1h", "lookback": 8,
    "horizon": 2,
}  # fmt: skip


def entry(tmp_path: Path, **changes: Any) -> Entry:
    return Entry(spec=parse_pipeline("univariate_2", {**TABLE, **changes}), seed=3, out=str(tmp_path))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The scores of an entry that was done."""
    done = entry(tmp_path)
    for part in done.parts:
        done.keep_forecasts(part, np.zeros((2, 2, 1), dtype="float32"))
    done.keep({"scores": {}})
    (scores,) = tmp_path.glob("*.json")
    return scores


def test_what_was_done_with_other_settings_is_done_again(kept: Path) -> None:
    assert entry(kept.parent).kept() is not None
    assert entry(kept.parent, path="elsewhere.csv").kept() is not None
    assert entry(kept.parent, lookback=9).kept() is None


def test_what_was_done_while_every_pipeline_had_the_keys_of_every_feed_is_not_done_again(kept: Path) -> None:
    record = json.loads(kept.read_text())
    record["asked"]["spec"] |= {"time": "date", "symbol_column": None, "timezone": "UTC", "source": "fred"}
    kept.write_text(json.dumps(record))
    assert entry(kept.parent).kept() is not None
    assert entry(kept.parent, lookback=9).kept() is None
