"""Networks that continue text: they learn it, carry their state, and write the same again."""

import json

import numpy as np
import pytest

from daycast.models.networks.backend import load_keras

load_keras()

from daycast.models.networks.language import LanguageNetwork  # noqa: E402
from daycast.models.text.generation import Drawing, write  # noqa: E402
from daycast.models.text.vocabulary import Vocabulary  # noqa: E402
from daycast.storage.registry.keras_archive import check_keras_archive  # noqa: E402
from daycast.storage.terms.errors import DataError  # noqa: E402
from daycast.storage.terms.text_model import TextModelSpec  # noqa: E402

TEXT = "the cat sat on the mat and the rat sat on the cat. " * 60
KNOWN = Vocabulary.fit([TEXT], kind="character")
NUMBERS = KNOWN.encode(TEXT)


def _fit(training=NUMBERS[:2500], **changes):
    keys = {"cell": "lstm", "units": [24], "embedding": 8, "epochs": 12, "batch_size": 16, "learning_rate": 0.02}
    return LanguageNetwork.fit(
        [training, NUMBERS[2500:]],
        model=TextModelSpec(**{**keys, **changes}),
        vocabulary=KNOWN,
        lookback=16,
        on_epoch=lambda _: None,
        expired=lambda: False,
    )


@pytest.fixture(scope="module")
def network():
    return _fit()


@pytest.mark.slow
def test_it_learns_the_text(network):
    assert network.nats(NUMBERS[2500:]).mean() < 0.6
    assert network.validation_loss == min(epoch.validation_loss for epoch in network.history)


def test_reading_at_once_is_reading_token_by_token(network):
    """In pieces, too: the text is longer than one."""
    numbers = NUMBERS[:1_100]
    nats = network.nats(numbers)
    assert nats.shape == (1_099,)
    state, probabilities = network.begin(numbers[:1])
    for place, token in enumerate(numbers[1:40]):
        assert nats[place] == pytest.approx(-np.log(probabilities[token]), abs=1e-4)
        state, probabilities = network.step(state, int(token))
    state, probabilities = network.begin(numbers[:-1])
    assert nats[-1] == pytest.approx(-np.log(probabilities[numbers[-1]]), abs=1e-3)


def test_stretches_read_side_by_side_are_nearly_the_whole_read_in_its_order(network):
    numbers = np.resize(NUMBERS, 20_000)
    whole, beside = network.nats(numbers), network.nats(numbers, side_by_side=True)
    assert beside.shape == whole.shape
    np.testing.assert_allclose(beside, whole, atol=1e-3)
    np.testing.assert_array_equal(network.nats(numbers[:9_000], side_by_side=True), network.nats(numbers[:9_000]))


def test_it_writes_the_same_again_also_when_read_from_its_file(network, tmp_path):
    drawing = Drawing(length=60, seed=3)
    written = write(network, vocabulary=KNOWN, prompt="the ", drawing=drawing)
    assert len(written.text) == 60
    state = json.loads(json.dumps(network.save(tmp_path)))
    check_keras_archive(tmp_path / "model.keras")
    again = LanguageNetwork.load(tmp_path, state, vocabulary=KNOWN, lookback=16)
    assert write(again, vocabulary=KNOWN, prompt="the ", drawing=drawing) == written


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"cell": "gru", "units": [16, 16]}, {"cell": "simple_rnn"}, {"members": 2}])
def test_other_cells_stacks_and_members_read_as_they_step(changes):
    network = _fit(**changes, epochs=2)
    nats = network.nats(NUMBERS[:30])
    _, probabilities = network.begin(NUMBERS[:29])
    assert nats[-1] == pytest.approx(-np.log(probabilities[NUMBERS[29]]), abs=1e-4)


def test_a_text_shorter_than_the_lookback_is_refused():
    with pytest.raises(DataError, match="longer than the lookback of 16"):
        _fit(NUMBERS[:16])
