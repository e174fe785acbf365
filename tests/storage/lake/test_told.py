"""What versions tell of documents: kept once, found by document and text."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.told import ToldLabels, told_rows

AT, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def _keys(**stamps: int) -> pd.DataFrame:
    return pd.DataFrame({"document_id": list(stamps), "stamp": np.array(list(stamps.values()), dtype=np.uint64)})


def test_what_was_told_is_found_in_whatever_order_and_another_text_is_not(tmp_path: Path) -> None:
    store = ToldLabels(Folder(tmp_path), "mine")
    first, second = np.array([[0.1, 0.9], [0.4, 0.6]]), np.array([[0.3, 0.7]])
    store.add("v1", told_rows(_keys(a=1, b=2), {"network": first, "linear": first}), as_of=AT)
    assert store.missing("v1", _keys(b=2, c=3, a=9)).tolist() == [False, True, True]
    assert store.missing("v2", _keys(a=1)).tolist() == [True]
    more = told_rows(_keys(c=3), {"network": second, "linear": second})
    assert store.read("v1", _keys(c=3, a=1), more=more)["network"].tolist() == [[0.3, 0.7], [0.1, 0.9]]
    store.add("v1", more, as_of=LATER)
    assert store.read("v1", _keys(b=2, c=3))["linear"].tolist() == [[0.4, 0.6], [0.3, 0.7]]


def test_mistakes_are_those_kept_last_up_to_an_instant(tmp_path: Path) -> None:
    store = ToldLabels(Folder(tmp_path), "mine")
    row = {"document_id": "a", "label": "bad", "told": "good", "probability": 0.9, "words": ["warm"], "moved": [0.4]}
    store.keep_mistakes("v1", [row], as_of=AT)
    store.keep_mistakes("v1", [], as_of=LATER)
    assert [each["document_id"] for each in store.mistakes("v1", as_of=AT)] == ["a"]
    assert store.mistakes("v1", as_of=LATER) == []
    assert store.mistakes("v2", as_of=LATER) == []
