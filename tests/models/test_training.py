"""Retrain, fine-tune or reuse."""

import json

import pytest

from models.training import ChampionFacts, choose_training, identity
from storage.errors import ConfigError
from storage.specs import TrainingRules

RULES = TrainingRules(retrain_every_days=7, fine_tune_epochs=3, min_skill=0.0)


@pytest.fixture
def wanted(make_spec):
    return identity(make_spec())


@pytest.fixture
def choose(wanted):
    def choose(requested="auto", *, rules=RULES, champion=True, **facts):
        known = {"age_days": 1.0, "same_data": False, "identity": json.loads(json.dumps(wanted)), "skill": 0.1, **facts}
        return choose_training(
            requested, rules=rules, wanted=wanted, champion=ChampionFacts(**known) if champion else None
        )

    return choose


@pytest.mark.parametrize(
    ("facts", "training", "words"),
    [
        ({"champion": False}, "retrain", "no champion"),
        ({"age_days": 7.0}, "retrain", "7.0 days old"),
        ({"skill": -0.2}, "retrain", "skill is -0.200"),
        ({"same_data": True}, "reuse", "no new data"),
        ({}, "fine_tune", "new data"),
        ({"skill": None}, "fine_tune", "new data"),
        ({"rules": TrainingRules(fine_tune_epochs=0)}, "reuse", "fine_tune_epochs = 0"),
        ({"rules": TrainingRules(), "skill": -5.0}, "fine_tune", "new data"),
    ],
)
def test_the_rules_choose(choose, facts, training, words):
    decision = choose(**facts)
    assert decision.training == training
    assert words in decision.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"lookback": 5},
        {"horizon": 2},
        {"features": ["y"]},
        {"difference": "none"},
        {"symbols": ["OT", "HUFL"]},
        {"model": {"units": [3]}},
        {"split": {"test": 0.2}},
    ],
)
def test_a_changed_pipeline_is_retrained_and_the_key_named(choose, make_spec, changes):
    decision = choose(identity=identity(make_spec(**changes)))
    assert decision.training == "retrain"
    assert next(iter(changes)) in decision.reason


def test_what_does_not_shape_the_network_changes_nothing(make_spec, wanted):
    assert identity(make_spec(schedule={"cron": "0 1 * * *"}, unit="°C", training={"margin": 0.2})) == wanted


@pytest.mark.parametrize("requested", ["retrain", "fine_tune", "reuse"])
def test_what_is_asked_for_is_done(choose, requested):
    assert choose(requested, age_days=100.0).training == requested


@pytest.mark.parametrize("requested", ["fine_tune", "reuse"])
def test_without_a_champion_there_is_nothing_to_go_on_from(choose, requested):
    with pytest.raises(ConfigError, match=f"{requested} needs a champion .* Use retrain"):
        choose(requested, champion=False)


def test_another_networks_champion_is_of_no_use(choose, make_spec):
    with pytest.raises(ConfigError, match="lookback was 9, is 4"):
        choose("fine_tune", identity=identity(make_spec(lookback=9)))


def test_a_fine_tune_of_no_epochs_is_refused(choose):
    with pytest.raises(ConfigError, match="fine_tune_epochs above 0"):
        choose("fine_tune", rules=TrainingRules(fine_tune_epochs=0))
