"""What versions write and how well they tell: what goes in comes out."""

from daycast.storage.lake.folder import Folder
from daycast.storage.lake.written import WrittenTexts

SCORE = {"part": "test", "forecaster": "ngram", "metric": "perplexity", "value": 4.5, "n": 9}
TEXT = {"sample": 1, "prompt": "", "text": "天\n<b>", "temperature": 0.8, "seed": 7, "forecaster": "network"}


def test_what_is_kept_is_read_by_version_and_key(tmp_path):
    store = WrittenTexts(Folder(tmp_path), "mine")
    assert not store.has("v1", "scores", "a")
    store.keep("v1", "scores", "a", [SCORE])
    store.keep("v1", "texts", "b", [TEXT])
    assert store.read("v1", "scores", "a") == [SCORE]
    assert store.read("v1", "texts", "b") == [TEXT]
    assert (store.has("v1", "scores", "a"), store.has("v2", "scores", "a")) == (True, False)
