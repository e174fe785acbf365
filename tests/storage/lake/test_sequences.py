"""A text as numbers: what goes in comes out, one state at a time."""

import numpy as np

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.sequences import Sequences

VOCABULARY = {"kind": "character", "tokens": ["e", "天", "\n"]}


def test_what_is_kept_is_read_and_the_states_before_it_go(tmp_path):
    store = Sequences(Folder(tmp_path), "mine")
    assert store.empty()
    store.keep("a", np.array([2, 3, 4], dtype=np.int32), VOCABULARY)
    assert store.has("a")
    numbers, vocabulary = store.read("a")
    assert (numbers.tolist(), numbers.dtype, vocabulary) == ([2, 3, 4], np.int32, VOCABULARY)
    store.keep("b", np.zeros(0, dtype=np.int32), VOCABULARY)
    assert store.has("a"), "who is killed here leaves both"
    store.remove_others("b")
    assert (store.has("a"), store.has("b"), store.empty()) == (False, True, False)
    assert not len(store.read("b")[0])


def test_the_same_state_is_the_same_file(tmp_path):
    files = set()
    for name in ("one", "two"):
        store = Sequences(Folder(tmp_path / name), "mine")
        store.keep("a", np.arange(1000, dtype=np.int32), VOCABULARY)
        files.add((tmp_path / name / "sequences" / "mine" / "a.parquet").read_bytes())
    assert len(files) == 1
