"""The text benchmarks on texts of a few words: parts, scores, what is kept, and files that are not the public ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from daycast.flows.benchmarks.texts import TRIALS, load_trials
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.trial import Trial
from daycast.tasks.apart.public_texts import read_reviews
from daycast.tasks.text_benchmark import Sitting, kept, sit

MODEL = {"cell": "lstm", "units": [4], "embedding": 4, "epochs": 1, "batch_size": 16}


def _reviews(path: Path) -> Path:
    random = np.random.default_rng(0)
    label = random.integers(0, 2, size=200)
    text = [f"a {'good' if each else 'bad'} film {random.integers(9)}" for each in label]
    split = ["train"] * 100 + ["test"] * 100
    numbers = [f"train-pos-{number}" for number in random.permutation(200)]
    pd.DataFrame({"split": split, "label": label, "text": text, "document_id": numbers}).to_parquet(path)
    return path


def _sitting(tmp_path: Path, data: Path, of: str, **changes: object) -> Sitting:
    trial = Trial.model_validate({"name": "tiny", "data": of, "model": MODEL, "length": 6, "lookback": 8})
    return Sitting(trial=trial, seed=3, data=str(data), out=str(tmp_path / "out"), **changes)  # type: ignore[arg-type]


@pytest.mark.slow
def test_reviews_are_told_scored_and_kept(tmp_path: Path) -> None:
    sitting = _sitting(tmp_path, _reviews(tmp_path / "reviews.parquet"), "imdb")
    assert kept(sitting) is None
    record = sit(sitting)
    assert record["scores"]["test"]["linear"]["accuracy"] == (1.0, 100)
    assert set(record["scores"]["test"]) == {"majority", "linear", "network", "blend"}
    again = kept(sitting)
    assert again is not None
    told = np.load(tmp_path / "out" / again["files"]["linear"]["file"], allow_pickle=False)
    assert told.shape == (100, 2)
    names = {file.name.removeprefix("tiny-seed3-") for file in (tmp_path / "out").glob("tiny-seed3-*")}
    assert {"loss.svg", "accuracy.svg", "epochs.json"} <= names
    assert "told rightly" in (tmp_path / "out" / "tiny-seed3-accuracy.svg").read_text()
    assert kept(_sitting(tmp_path, Path(sitting.data), "imdb", test=False)) is None


def test_no_film_is_in_training_and_in_validation(tmp_path: Path) -> None:
    """Reviews are numbered film by film, ten of each here, and stand in the file in no order."""
    number = np.random.default_rng(0).permutation(400)
    rows = {"split": "train", "label": number % 2, "text": [f"film {each // 10}" for each in number]}
    path = tmp_path / "reviews.parquet"
    pd.DataFrame({**rows, "document_id": [f"train-pos-{each}" for each in number]}).to_parquet(path)
    parts = read_reviews(str(path), test=False, most=None)
    training, validation = (set(parts[name][0]) for name in ("training", "validation"))
    assert (len(training), len(validation)) == (36, 4)
    assert not training & validation


def test_reviews_without_a_number_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "reviews.parquet"
    rows = {"split": "train", "label": [0, 1] * 50, "text": "a film", "document_id": ["first"] * 100}
    pd.DataFrame(rows).to_parquet(path)
    with pytest.raises(ConfigError, match=r"ends in the review's number is required. Received: 'first'"):
        read_reviews(str(path), test=False, most=None)


@pytest.mark.slow
def test_characters_are_scored_without_the_test_part_where_that_is_asked(tmp_path: Path) -> None:
    data = tmp_path / "text.txt"
    data.write_text("to be, or not to be: that is the question. " * 20, encoding="utf-8")
    record = sit(_sitting(tmp_path, data, "shakespeare", test=False))
    assert set(record["scores"]) == {"validation"}
    assert record["nats"]["validation"]["ngram"] < record["nats"]["validation"]["unigram"]


@pytest.mark.slow
@pytest.mark.parametrize("of", ["imdb", "shakespeare"])
def test_what_is_not_the_public_file_is_refused(tmp_path: Path, of: str) -> None:
    data = tmp_path / "file"
    data.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigError, match="is required. Received: "):
        sit(_sitting(tmp_path, data, of))


def test_the_shipped_trials_are_on_both_texts() -> None:
    assert [trial.name for trial in load_trials(TRIALS, data="imdb")] == ["imdb_simple_rnn", "imdb_lstm"]
    assert [trial.name for trial in load_trials(TRIALS, data="shakespeare")] == ["shakespeare_lstm"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "which has none"),
        ("[a]\ndata = 'other'", "data: Input should be 'imdb' or 'shakespeare'"),
        ("[a]\ndata = 'imdb'\nmodel = { cell = 'lstm', segment = 24 }", "segment belongs to the cells"),
        ("[a]\ndata = 'imdb'\nmodel = { cell = 'gru', loss = 'mae' }", "keys of a network that reads text"),
        ("a = 1", "a table a trial is required"),
        ("[", "a table a trial is required"),
    ],
)
def test_a_wrong_file_of_trials_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "trials.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_trials(tmp_path / "trials.toml", data="imdb")
