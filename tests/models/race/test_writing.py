"""Who writes, and which version."""

import numpy as np
import pytest

from daycast.models.race.writing import TextEntrant, decide_texts, hold_texts, score_all


def _nats(network, ngram=0.5):
    return {"unigram": np.full(100, 2.0), "ngram": np.full(100, ngram), "network": np.full(100, network)}


@pytest.mark.parametrize(("network", "served"), [(0.4, "network"), (0.496, "ngram"), (0.6, "ngram")])
def test_the_network_writes_where_it_is_better_by_the_margin_on_validation(network, served):
    race = hold_texts({"validation": (_nats(network), 100), "test": (_nats(0.5), 100)}, margin=0.01)
    assert race.served == served
    assert race.reason.startswith(f"{served} serves, by nats a token on validation: unigram 2, ngram 0.5, network")
    assert race.scores["test"]["network"]["perplexity"] == (pytest.approx(np.exp(0.5)), 100)
    assert hold_texts({"validation": (_nats(network), 100)}, margin=0.01).served == served


def test_a_network_that_is_worse_than_the_counts_on_the_test_part_does_not_write():
    race = hold_texts({"validation": (_nats(0.4), 100), "test": (_nats(0.51), 100)}, margin=0.01)
    assert race.served == "ngram"
    assert "better on validation (unigram 2, ngram 0.5, network 0.4) and worse on test (" in race.reason
    nothing = {name: each[:0] for name, each in _nats(9.0).items()}
    assert hold_texts({"validation": (_nats(0.4), 100), "test": (nothing, 0)}, margin=0.01).served == "network"


def _entrant(validation, test=0.5, served="network"):
    scores = {
        "validation": score_all(_nats(validation), characters=100),
        "test": score_all(_nats(test), characters=100),
    }
    return TextEntrant(served=served, reason=f"{served} serves.", scores=scores)


def test_a_challenger_replaces_the_champion_where_its_writer_is_better_by_the_margin():
    entrants = {"old": _entrant(0.4), "new": _entrant(0.39)}
    verdict = decide_texts(entrants, challenger="new", champion="old", margin=0.01)
    assert (verdict.version, verdict.promoted) == ("new", True)
    assert "The challenger replaces the champion" in verdict.reason
    kept = decide_texts({**entrants, "new": _entrant(0.399)}, challenger="new", champion="old", margin=0.01)
    assert (kept.version, kept.promoted) == ("old", False)


def test_a_version_is_worth_what_its_own_writer_is():
    """A network that does not write makes no version better."""
    entrants = {"old": _entrant(0.6), "new": _entrant(0.1, served="ngram")}
    verdict = decide_texts(entrants, challenger="new", champion="old", margin=0.01)
    assert (verdict.version, verdict.served) == ("new", "ngram")
    assert verdict.test["perplexity"] == pytest.approx(np.exp(0.5))
    assert verdict.test["unigram_perplexity"] == pytest.approx(np.exp(2.0))


def test_the_first_version_becomes_the_champion_and_a_test_part_of_nothing_is_no_trouble():
    nothing = TextEntrant(
        served="ngram", reason="", scores={"validation": _entrant(0.5).scores["validation"], "test": {}}
    )
    verdict = decide_texts({"new": nothing}, challenger="new", champion=None, margin=0.01)
    assert (verdict.promoted, verdict.test["perplexity"], verdict.test["ngram_perplexity"]) == (True, None, None)
    assert score_all({name: np.zeros(0) for name in _nats(1)}, characters=0)["network"] == {}


def test_neither_challenger_nor_champion_is_an_error():
    with pytest.raises(ValueError, match="A challenger or a champion is required"):
        decide_texts({}, challenger=None, champion=None, margin=0.01)
