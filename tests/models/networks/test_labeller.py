"""Networks on documents: they learn what decides, are kept, and padding changes nothing."""

import json

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras

load_keras()

import tensorflow as tf  # noqa: E402

from daycast.models.networks.batches import of_documents  # noqa: E402
from daycast.models.networks.labeller import Labeller  # noqa: E402
from daycast.models.networks.pooling import Pooling  # noqa: E402
from daycast.models.networks.reading import Reading, build_reader  # noqa: E402
from daycast.models.text.vocabulary import Vocabulary  # noqa: E402
from daycast.models.text.word_vectors import word_vectors  # noqa: E402
from daycast.storage.registry.keras_archive import check_keras_archive  # noqa: E402
from daycast.storage.terms.errors import RegistryError  # noqa: E402
from daycast.storage.terms.text_model import TextModelSpec  # noqa: E402

OTHER = ["film", "plot", "cast", "day", "the", "a"]


def _documents(count, seed=0):
    random = np.random.default_rng(seed)
    codes = random.integers(0, 2, size=count)
    told = [[*random.choice(OTHER, random.integers(0, 7)), ("bad", "good")[code]] for code in codes]
    return [" ".join(random.permutation(words)) for words in told], codes


def _fit(**changes):
    model = TextModelSpec(
        **{
            "cell": "lstm",
            "units": [8],
            "embedding": 8,
            "epochs": 6,
            "batch_size": 16,
            "learning_rate": 0.02,
            **changes,
        }
    )
    training, validation = _documents(192), _documents(48, seed=1)
    return Labeller.fit(
        [training, validation],
        model=model,
        vocabulary=Vocabulary.fit(training[0], kind="word"),
        length=8,
        on_epoch=lambda _: None,
        expired=lambda: False,
    )


@pytest.fixture(scope="module")
def labeller():
    return _fit(pooling="max")


@pytest.mark.slow
def test_it_learns_the_word_that_decides(labeller):
    texts, codes = _documents(100, seed=2)
    told = labeller.predict(texts)
    np.testing.assert_allclose(told.sum(axis=1), 1.0)
    assert (told.argmax(axis=1) == codes).mean() > 0.95
    first, last = labeller.history[0], labeller.history[-1]
    assert last.loss < first.loss
    assert last.validation_accuracy > 0.9


@pytest.mark.slow
def test_what_is_told_of_a_document_does_not_depend_on_those_beside_it(labeller):
    texts, _ = _documents(300, seed=3)
    together = labeller.predict(texts)
    np.testing.assert_array_equal(labeller.predict(texts[::-1])[::-1], together)
    np.testing.assert_array_equal(labeller.predict(texts[7:8]), together[7:8])
    assert labeller.predict([]).shape == (0, 2)
    assert np.isfinite(labeller.predict([""])).all()


@pytest.mark.slow
def test_it_is_kept_and_read_again(labeller, tmp_path):
    state = json.loads(json.dumps(labeller.save(tmp_path)))
    check_keras_archive(tmp_path / "model.keras")
    again = Labeller.load(tmp_path, state, vocabulary=labeller.vocabulary, labels=2)
    texts, _ = _documents(9, seed=4)
    np.testing.assert_array_equal(again.predict(texts), labeller.predict(texts))
    assert again.history == labeller.history
    with pytest.raises(RegistryError, match="A network of the shapes"):
        Labeller.load(tmp_path, state, vocabulary=labeller.vocabulary, labels=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"cell": "simple_rnn", "pooling": "mean"},
        {"cell": "gru", "units": [6, 6], "bidirectional": True, "dropout": 0.1, "pooling": "max"},
        {"cell": "lstm", "bidirectional": True, "members": 2},
    ],
    ids=["simple_rnn", "gru", "lstm"],
)
def test_every_cell_stacked_and_in_both_directions(changes):
    texts, codes = _documents(100, seed=2)
    assert (_fit(**changes).predict(texts).argmax(axis=1) == codes).mean() > 0.9


def test_an_embedding_that_begins_with_vectors_of_words_learns_on_from_them():
    known = Vocabulary.fit(_documents(192)[0], kind="word")
    vectors = word_vectors([known.encode(text) for text in _documents(192)[0]], size=len(known), width=8)
    labeller = _fit(word_vectors="neighbours", learning_rate=1e-9, epochs=1)
    (began,) = labeller.network.get_layer("embedding").get_weights()
    np.testing.assert_allclose(began[2:], vectors[2:], atol=1e-6)
    assert np.abs(began[:2]).mean() > 0.01, "what has none begins at random"
    texts, codes = _documents(100, seed=2)
    assert (_fit(word_vectors="neighbours", pooling="max").predict(texts).argmax(axis=1) == codes).mean() > 0.9


def test_pooling_sees_only_what_counts():
    states = tf.constant([[[1.0, -5.0], [3.0, -2.0], [9.0, 9.0]], [[1.0, 1.0]] * 3])
    mask = tf.constant([[True, True, False], [False, False, False]])
    assert Pooling("max")(states, mask=mask).numpy().tolist() == [[3, -2], [0, 0]]
    assert Pooling("mean")(states, mask=mask).numpy().tolist() == [[2, -3.5], [0, 0]]
    assert Pooling("max")(states).numpy().tolist() == [[9, 9], [1, 1]]


def test_more_padding_changes_nothing():
    model = TextModelSpec(cell="lstm", units=[4], embedding=3, bidirectional=True, pooling="max")
    short, long = (
        build_reader(model, reading=Reading(vocabulary=9, length=length, embedding=3, labels=2, pool="max"))
        for length in (4, 9)
    )
    long.set_weights(short.get_weights())
    rows = np.array([[2, 3, 4, 0], [5, 0, 0, 0], [0, 0, 0, 0]], dtype=np.int32)
    wide = np.pad(rows, [(0, 0), (0, 5)])
    np.testing.assert_allclose(long(wide).numpy(), short(rows).numpy(), atol=1e-6)


def test_batches_hold_each_document_once_an_epoch_beside_others_of_its_length():
    rows = np.zeros((2_000, 30), dtype=np.int32)
    lengths = np.random.default_rng(0).integers(1, 31, size=2_000)
    rows[np.arange(30) < lengths[:, np.newaxis]] = 2
    rows[:, 0] = np.arange(2_000)
    batches = of_documents(rows, np.zeros(2_000, dtype=np.int64), model=TextModelSpec(batch_size=16))
    epochs = [[batch.numpy() for batch, _ in batches] for _ in range(2)]
    seen = np.concatenate([batch[:, 0] for batch in epochs[0]])
    assert len(epochs[0]) == 125
    assert len(set(seen.tolist())) == 2_000
    spread = [np.ptp((batch != 0).sum(axis=1)) for batch in epochs[0]]
    assert np.mean(spread) < 4
    assert not np.array_equal(seen, np.concatenate([batch[:, 0] for batch in epochs[1]]))
    again = [batch.numpy() for batch, _ in of_documents(rows, lengths, model=TextModelSpec(batch_size=16))]
    np.testing.assert_array_equal(again, epochs[0])


def test_a_share_of_the_words_is_left_out_others_each_epoch():
    rows = np.full((320, 20), 7, dtype=np.int32)
    rows[:, 12:] = 0
    model, labels = TextModelSpec(batch_size=16), np.zeros(320, dtype=np.int64)
    batches = of_documents(rows, labels, model=model, word_dropout=0.3)
    first, second = ([batch.numpy() for batch, _ in batches] for _ in range(2))
    seen = np.concatenate(first)
    assert len(first) == 20
    assert (seen[:, 12:] == 0).all()
    assert set(np.unique(seen[:, :12])) == {1, 7}
    assert (seen[:, :12] == 1).mean() == pytest.approx(0.3, abs=0.03)
    assert not np.array_equal(first, second)
    again = of_documents(rows, labels, model=model, word_dropout=0.3)
    np.testing.assert_array_equal([batch.numpy() for batch, _ in again], first)


@pytest.mark.parametrize("changes", [{"cell": "segment_gru"}, {"ridge_share": 0.2}, {"normalization": "mean"}])
def test_keys_of_values_are_refused(changes):
    with pytest.raises(ValueError, match="a network that reads text"):
        TextModelSpec(**changes)
