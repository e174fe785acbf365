"""Versions of pipelines on text: through the registry and back they tell and write the same; torn files are refused."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras

load_keras()

from daycast.models.networks.label_forecaster import LabelForecaster  # noqa: E402
from daycast.models.networks.text_forecaster import TextForecaster  # noqa: E402
from daycast.models.race.labelling import hold_labels  # noqa: E402
from daycast.models.race.writing import hold_texts  # noqa: E402
from daycast.models.text.generation import Drawing  # noqa: E402
from daycast.models.text.vocabulary import Vocabulary  # noqa: E402
from daycast.storage.lake.folder import Folder  # noqa: E402
from daycast.storage.registry.store import Manifest, Registry  # noqa: E402
from daycast.storage.terms.errors import DataError, ModelFileError, RegistryError  # noqa: E402
from daycast.storage.terms.text_model import TextModelSpec  # noqa: E402

AS_OF = datetime(2026, 8, 21, tzinfo=UTC)
MODEL = TextModelSpec(cell="gru", units=(6,), embedding=6, epochs=3, batch_size=16, learning_rate=0.02, pooling="max")
TEXT = "the cat sat on the mat and the rat sat on the cat. " * 20
KNOWN = Vocabulary.fit([TEXT], kind="character")


def documents(count: int, seed: int) -> tuple[list[str], Any]:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 2, size=count)
    return [f"a {('bad', 'good')[code]} film {random.integers(9)}" for code in codes], codes


def labels(**changes: Any) -> LabelForecaster:
    keys: dict[str, Any] = {"labels": ("bad", "good"), "model": MODEL, "size": (12, 5)}
    parts = [documents(96, 0), documents(32, 1)]
    return LabelForecaster.fit(parts, **{**keys, **changes}, on_epoch=lambda _: None, expired=lambda: False)


def texts() -> TextForecaster:
    return TextForecaster.fit(
        [KNOWN.encode(TEXT), KNOWN.encode(TEXT[:200])],
        vocabulary=KNOWN,
        model=MODEL.model_copy(update={"pooling": "last"}),
        lookback=8,
        on_epoch=lambda _: None,
        expired=lambda: False,
    )


def _kept(forecaster: Any, tmp_path: Path) -> tuple[Registry, Manifest]:
    (tmp_path / "made").mkdir()
    state = forecaster.save(tmp_path / "made")
    manifest = Manifest(
        pipeline="reviews",
        version="v1",
        as_of=AS_OF,
        created_at=AS_OF,
        training="retrain",
        spec={},
        state=json.loads(json.dumps(state)),
        data_hash="d",
        parameters=1,
    )
    registry = Registry(Folder(tmp_path / "models"))
    registry.save(tmp_path / "made", manifest)
    return registry, registry.manifest("reviews", "v1")


@pytest.mark.slow
def test_labels_are_told_the_same_after_the_registry(tmp_path: Path) -> None:
    forecaster = labels()
    told, came = documents(60, 2)
    parts = {part: (forecaster.tell(told), came) for part in ("validation", "test")}
    forecaster = forecaster.raced(hold_labels(parts, margin=0.01).tellers)
    registry, manifest = _kept(forecaster, tmp_path)
    with registry.fetch("reviews", "v1") as folder:
        again = LabelForecaster.load(folder, manifest.state)
    assert again.labels == ("bad", "good")
    assert again.tellers == forecaster.tellers
    np.testing.assert_array_equal(again.predict(told), forecaster.predict(told))
    assert (again.predict(told).argmax(axis=1) == came).all()


def test_texts_are_written_the_same_after_the_registry(tmp_path: Path) -> None:
    forecaster = texts()
    nats = forecaster.nats(KNOWN.encode(TEXT[:300]))
    held = hold_texts(dict.fromkeys(("validation", "test"), (nats, 299)), margin=0.01)
    forecaster = forecaster.raced(held.served)
    registry, manifest = _kept(forecaster, tmp_path)
    with registry.fetch("reviews", "v1") as folder:
        again = TextForecaster.load(folder, manifest.state)
    drawing = Drawing(length=40)
    for who in ("network", "ngram"):
        assert again.raced(who).write("the ", drawing=drawing) == forecaster.raced(who).write("the ", drawing=drawing)


@pytest.mark.slow
def test_who_has_not_raced_neither_tells_nor_writes() -> None:
    with pytest.raises(RegistryError, match="A version that has raced"):
        labels().predict(["a film"])


@pytest.mark.slow
def test_a_file_that_is_not_what_was_saved_is_refused(tmp_path: Path) -> None:
    forecaster = labels()
    registry, manifest = _kept(forecaster, tmp_path)
    for name in ("linear.npz", "vocabulary.json"):
        file = tmp_path / "models" / "reviews" / "v1" / name
        whole = file.read_bytes()
        file.write_bytes(whole[:-9])
        with pytest.raises(ModelFileError, match=name), registry.fetch("reviews", "v1"):
            pass
        file.write_bytes(whole)
        made = tmp_path / "made" / name
        made.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(RegistryError, match=f"A readable {name}"):
            LabelForecaster.load(tmp_path / "made", manifest.state)
        made.write_bytes(whole)


def test_a_label_that_training_has_not_is_refused() -> None:
    with pytest.raises(DataError, match="at least two labels"):
        labels(labels=("bad", "good", "other"))


_FIT = """
import sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_text_versions as made
from daycast.storage.registry.keras_archive import content_hash
for forecaster in (made.labels(), made.texts()):
    with tempfile.TemporaryDirectory() as folder:
        forecaster.save(Path(folder))
        print([content_hash(file) for file in sorted(Path(folder).iterdir())])
"""


@pytest.mark.slow
def test_two_processes_make_the_same_files() -> None:
    given = [sys.executable, "-c", _FIT, str(Path(__file__).parent)]
    found = {subprocess.run(given, check=True, capture_output=True, text=True).stdout for _ in range(2)}
    assert len(found) == 1
