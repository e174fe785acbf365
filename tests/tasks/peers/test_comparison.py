"""Forecasters are asked for the same origins, and held against the first of them."""

import numpy as np
import pytest

from daycast.flows.benchmarks.peers import asked, markdown
from daycast.storage.terms.errors import ConfigError, WorkError
from daycast.tasks.peers.answer import Answer
from daycast.tasks.peers.comparison import compare
from daycast.tasks.peers.sets import Set

HORIZON = 2


@pytest.fixture
def given():
    """Two walks."""
    values = 100 + np.random.default_rng(3).normal(size=(2, 300)).cumsum(axis=1)
    return Set(name="walks", values=values, training=150, stop=220, end=300, horizon=HORIZON, season=5, lookback=20)


def _off_by(distance):
    def ask(what):
        ahead = what["origins"][:, None] + np.arange(1, HORIZON + 1)
        actual = what["values"][:, ahead].transpose(1, 0, 2)
        return Answer(mean=actual + distance, seconds=4.0, memory=100.0, note="knows all")

    return ask


def _fails(_):
    raise WorkError("it must end well. It did not.")


def test_errors_are_in_each_series_mean_step_and_the_first_is_what_others_are_held_against(given):
    steps = np.abs(np.diff(given.values[:, :150])).mean(axis=1)
    forecasters = {"near": _off_by(1.0), "gone": _fails, "far": _off_by(3.0)}
    near, gone, far = compare(given, origins=20, forecasters=forecasters)
    assert near.scores.mae == pytest.approx((1 / steps).mean())
    assert near.scores.apart is None
    assert (gone.scores, gone.trouble) == (None, "it must end well. It did not.")
    assert far.scores.apart.difference == pytest.approx((2 / steps).mean())
    table = list(markdown(given, [near, gone, far], origins=20))
    assert table[-3].startswith("| near (knows all) | ")
    assert table[-1] == "| gone | – | – | – | – | – | – | – | – |"


def test_where_the_first_fails_nobody_is_held_against_another(given):
    gone, near, far = compare(
        given, origins=20, forecasters={"gone": _fails, "near": _off_by(1.0), "far": _off_by(3.0)}
    )
    assert gone.figures["took"] is None
    assert near.scores.apart is far.scores.apart is None
    assert near.figures["took"] == {"seconds": 4.0, "night": None, "memory": 100.0, "note": "knows all"}


def test_a_peer_is_one_of_those_that_there_are(tmp_path):
    with pytest.raises(ConfigError, match=r"--peer is one of AutoETS, .* Received: Prophet\."):
        asked(["Theta", "Prophet"], folder=tmp_path, say=print)
    assert asked([], folder=tmp_path / "none", say=print) == {}
    assert not (tmp_path / "none").exists()
