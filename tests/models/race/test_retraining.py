"""Retrain, fine-tune or reuse."""

import json

import pytest

from daycast.models.race.retraining import ChampionFacts, broken_rules, choose_training, identity
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.rules import TrainingRules

RULES = TrainingRules(retrain_every_days=7, fine_tune_epochs=3)


@pytest.fixture
def wanted(make_spec):
    return identity(make_spec())


@pytest.fixture
def choose(wanted):
    def choose(requested="auto", *, rules=RULES, champion=True, **facts):
        known = {"age_days": 1.0, "same_data": False, "identity": json.loads(json.dumps(wanted)), **facts}
        return choose_training(
            requested, rules=rules, wanted=wanted, champion=ChampionFacts(**known) if champion else None
        )

    return choose


@pytest.mark.parametrize(
    ("facts", "training", "words"),
    [
        ({"champion": False}, "retrain", "no champion"),
        ({"age_days": 7.0}, "retrain", "7.0 days old"),
        ({"broken": {"min_skill": "live skill is -0.2"}}, "retrain", "live skill is -0.2"),
        ({"broken": {"min_skill": "live skill is -0.2"}, "same_data": True}, "retrain", "live skill"),
        ({"same_data": True}, "reuse", "no new data"),
        ({}, "fine_tune", "new data"),
        ({"rules": TrainingRules(fine_tune_epochs=0)}, "reuse", "fine_tune_epochs = 0"),
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
        {"symbols": ["HUFL", "HULL"]},
        {"model": {"units": [3]}},
        {"split": {"test": 0.2}},
        {"candidates": [{"cell": "gru"}]},
    ],
)
def test_a_changed_pipeline_is_retrained_and_the_key_named(choose, make_spec, changes):
    decision = choose(identity=identity(make_spec(**changes)))
    assert decision.training == "retrain"
    assert next(iter(changes)) in decision.reason


@pytest.mark.parametrize(
    ("before", "now", "training"),
    [
        (["A", "B", "C"], ["A", "B", "C", "D"], "fine_tune"),
        (["A", "B", "C"], ["A"], "fine_tune"),
        (["A", "B"], ["B", "A"], "fine_tune"),
        (["A", "B"], ["A", "X"], "fine_tune"),
        (["A", "B"], ["X", "Y", "B"], "retrain"),
        (["A"], ["X"], "retrain"),
    ],
)
def test_symbols_come_and_go_as_long_as_the_network_knows_half(make_spec, before, now, training):
    known = identity(make_spec(symbols=before))
    facts = ChampionFacts(age_days=1.0, same_data=False, identity=known)
    decision = choose_training("auto", rules=RULES, wanted=identity(make_spec(symbols=now)), champion=facts)
    assert decision.training == training
    assert ("symbols was" in decision.reason) == (training == "retrain")


def test_a_network_with_a_cycle_for_each_series_is_bound_to_its_symbols(make_spec):
    spec = {"features": ["y"], "model": {"cell": "segment_gru", "units": [4], "segment": 2, "cycle": [24]}}
    before, now = (identity(make_spec(**spec, symbols=symbols)) for symbols in (["A", "B"], ["A", "B", "C"]))
    facts = ChampionFacts(age_days=1.0, same_data=False, identity=before)
    assert choose_training("auto", rules=RULES, wanted=now, champion=facts).training == "retrain"


def test_symbols_are_told_five_at_most(make_spec):
    many = identity(make_spec(symbols=[f"S{number}" for number in range(482)]))
    facts = ChampionFacts(age_days=1.0, same_data=False, identity={**many, "symbols": ["X"]})
    assert "S0, S1, S2, S3, S4 and 477 more" in choose_training("auto", rules=RULES, wanted=many, champion=facts).reason


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


LIVE = {"n": 20, "skill": -0.1, "coverage_80": 0.7, "coverage_95": 0.9}


@pytest.mark.parametrize(
    ("rules", "live", "broken"),
    [
        ({}, LIVE, []),
        ({"min_skill": -0.1}, LIVE, []),
        ({"min_skill": 0.0}, LIVE, ["min_skill"]),
        ({"min_skill": 0.0}, {**LIVE, "n": 19}, []),
        ({"min_skill": 0.0, "live_forecasts": 5}, {**LIVE, "n": 19}, ["min_skill"]),
        ({"min_skill": 0.0}, {**LIVE, "skill": None}, []),
        ({"min_coverage_80": 0.71, "min_coverage_95": 0.9}, LIVE, ["min_coverage_80"]),
        ({"min_coverage_80": 0.7, "min_coverage_95": 0.91}, LIVE, ["min_coverage_95"]),
        ({"min_skill": 0.0, "min_coverage_80": 0.75}, LIVE, ["min_skill", "min_coverage_80"]),
    ],
)
def test_rules_are_broken_below_their_threshold_and_by_enough_forecasts(rules, live, broken):
    assert list(broken_rules(TrainingRules(**rules), live=live)) == broken


def test_a_broken_rule_is_told_with_its_figures():
    found = broken_rules(TrainingRules(min_coverage_80=0.75, live_days=14), live=LIVE)
    assert found["min_coverage_80"] == (
        "live coverage of the 80 % interval over the last 14 days is 0.700 over 20 forecasts (min_coverage_80 = 0.75)"
    )
