"""Of a budget of minutes some are kept for networks from seeds, and the table and the best have as many of these."""

from datetime import UTC, datetime, timedelta

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from daycast.models.tuning.space import current
from daycast.models.tuning.tried import Tried
from daycast.storage.terms.pipeline import Pipeline
from daycast.tasks.tuning.found import Budget
from daycast.tasks.tuning.seeds import from_seeds, kept
from tests.places import TINY

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CELLS = optuna.distributions.CategoricalDistribution(["gru", "lstm", "simple_rnn"])
BEST = "simple_rnn"


def _spec(**model):
    return Pipeline(name="mine", **{**TINY, "model": {"cell": "gru", "seed": 7, **model}})


@pytest.fixture
def spec():
    return _spec()


@pytest.fixture
def study(spec):
    """The table's trial took 10 seconds, the best one 20, another that is worse 100."""
    found = optuna.create_study()
    for cell, error, seconds in ((spec.model.cell, 1.0, 10), (BEST, 0.5, 20), ("lstm", 0.9, 100)):
        found.add_trial(_ended(len(found.trials), cell=cell, error=error, seconds=seconds))
    return found


def _ended(number, *, cell, error, seconds):
    return FrozenTrial(
        number=number, trial_id=number, state=TrialState.COMPLETE, value=error, params={"cell": cell},
        distributions={"cell": CELLS}, datetime_start=BEGAN, datetime_complete=BEGAN + timedelta(seconds=seconds),
        user_attrs={}, system_attrs={}, intermediate_values={},
    )  # fmt: skip


class Trainings:
    """Errors that say of what they are, and a clock that goes on by one with each."""

    def __init__(self, lasts):
        self.done, self.lasts = [], lasts

    def attempt(self, settings, seed):
        """Train nothing."""
        self.done.append((settings["cell"], seed))
        return Tried(error=seed / 10 + (settings["cell"] == BEST), naive=2.0, epochs=1)

    def late(self):
        """Whether as many were trained as the time lasts for."""
        return len(self.done) >= self.lasts


def test_what_is_kept_is_the_time_of_the_networks_that_are_not_there_yet(study, spec):
    assert kept(study, spec, Budget(trials=30, seconds=1000, seeds=3)) == 3 * 10 + 3 * 20
    assert kept(study, spec, Budget(trials=30, seeds=3)) == 3 * 10 + 3 * 20, "without a limit as well"
    assert kept(study, spec, Budget(trials=30, seconds=100, seeds=3)) == 50, "half of the time at most"
    trainings = Trainings(lasts=9)
    from_seeds(study, spec, Budget(trials=30, seeds=2), attempt=trainings.attempt, late=trainings.late)
    assert kept(study, spec, Budget(trials=30, seconds=1000, seeds=3)) == 10 + 20
    assert kept(optuna.create_study(), spec, Budget(trials=30, seconds=1000)) == 0, "no trial says what one takes"


def test_each_has_the_same_seeds_none_of_them_the_trials(study, spec):
    trainings = Trainings(lasts=99)
    table, best = from_seeds(study, spec, Budget(trials=30, seeds=3), attempt=trainings.attempt, late=trainings.late)
    assert table == (0.8, 0.9, 1.0)
    assert best == (1.8, 1.9, 2.0)
    assert trainings.done == [(cell, seed) for seed in (8, 9, 10) for cell in ("gru", BEST)]
    assert study.user_attrs["naive"] == 2.0
    again = Trainings(lasts=0)
    told = from_seeds(study, spec, Budget(trials=30, seeds=3), attempt=again.attempt, late=again.late)
    assert (told, again.done) == ((table, best), []), "what is there is told, however late"


@pytest.mark.parametrize(("lasts", "each"), [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_when_the_time_is_over_no_further_seed_is_begun(study, spec, lasts, each):
    trainings = Trainings(lasts=lasts)
    table, best = from_seeds(study, spec, Budget(trials=30, seeds=3), attempt=trainings.attempt, late=trainings.late)
    assert (len(table), len(best)) == (each, each)


def test_networks_of_several_members_share_none(study):
    trainings = Trainings(lasts=99)
    from_seeds(study, _spec(members=3), Budget(trials=30, seeds=2), attempt=trainings.attempt, late=trainings.late)
    assert {seed for _, seed in trainings.done} == {10, 13}


def test_where_the_table_is_the_best_it_is_trained_once_a_seed(spec):
    study = optuna.create_study()
    study.add_trial(_ended(0, cell=current(spec)["cell"], error=1.0, seconds=10))
    trainings = Trainings(lasts=99)
    table, best = from_seeds(study, spec, Budget(trials=30, seeds=2), attempt=trainings.attempt, late=trainings.late)
    assert table == best
    assert len(trainings.done) == 2
