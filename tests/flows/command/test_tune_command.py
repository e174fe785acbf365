"""What ``daycast tune`` says, and which budgets it takes."""

import tomllib
from typing import Any

import pytest
from typer.testing import CliRunner

from daycast.flows.command.cli import app
from daycast.flows.command.tune_command import again, lines
from daycast.storage.terms.errors import ConfigError
from daycast.tasks.tuning.found import Budget, Found


@pytest.mark.parametrize("minutes", ["-1", "0", "nan"])
def test_minutes_are_above_0(minutes):
    done = CliRunner().invoke(app, ["tune", "prices", "--minutes", minutes])
    assert isinstance(done.exception, ConfigError), done.output
    assert str(done.exception) == f"--minutes must be above 0. Received: {minutes}. Leave it out for no limit."


def _found(**changes: Any) -> Found:
    """A search of ten trials whose best is half of the table, from three seeds each."""
    given = {
        "pipeline": "mine", "trials": 10, "pruned": 0, "windows": (100, 10, 10), "naive": 2.0,
        "current": (1.0, 1.01, 0.99), "best": (0.5, 0.51, 0.49), "settings": {}, "table": {},
    }  # fmt: skip
    return Found(**{**given, **changes})


def test_the_table_can_be_put_into_the_pipeline_file_whatever_its_columns_are_called():
    table = {
        "lookback": 16,
        "difference": {"y": "none", "adj close": "log", "a.b": "log", 'in "quotes" \\': "absolute"},
        "model": {"cell": "gru", "units": [64], "weight_average": 0.99995, "learning_rate": 0.001234},
    }
    said = list(lines(_found(table=table), picture=""))
    printed = "\n".join(said[said.index("[mine]") :])
    assert tomllib.loads(printed) == {"mine": table}


def test_a_gain_that_seeds_do_not_give_is_told_as_such():
    said = "\n".join(lines(_found(), picture=""))
    assert "the table as it is: 1.0000 ± 0.0100 over 3 seeds" in said
    assert "The best is 50.0% below the table, more than seeds alone give." in said
    said = "\n".join(lines(_found(best=(0.5, 1.1, 0.2)), picture=""))
    assert "no more than seeds alone give: keep the table." in said
    said = "\n".join(lines(_found(best=(1.1, 1.11, 1.12)), picture=""))
    assert "The best is 11.0% above the table, no more than seeds alone give: keep the table." in said


def test_of_one_seed_nothing_is_sure_and_what_to_do_is_said():
    found = _found(current=(1.0,), best=(0.52,), out_of_time=True)
    assert not found.sure
    said = "\n".join(lines(found, picture=""))
    assert (
        "The best is 48.0% below the table, from one seed of each: whether seeds alone give that is not known. "
        "Take --seeds 2 or more, and more --minutes where they are limited." in said
    )


def test_where_nothing_else_was_tried_no_settings_are_said_to_be_worse():
    assert "No settings were better than those of the table." in lines(_found(best=(1.0, 1.01, 0.99)), picture="")
    assert "No other settings were tried. Give it more --minutes or --trials." in lines(
        _found(best=(1.0, 1.01, 0.99), trials=1), picture=""
    )


@pytest.mark.parametrize(
    ("budget", "command"),
    [
        (Budget(trials=30), "daycast tune mine --trials 60"),
        (Budget(trials=30, seeds=1), "daycast tune mine --trials 30 --seeds 3"),
        (Budget(trials=10_000, seconds=90), "daycast tune mine --minutes 3"),
        (Budget(trials=10_000, seconds=90, seeds=1), "daycast tune mine --minutes 3 --seeds 3"),
    ],
)
def test_the_command_that_tells_more(budget, command):
    assert again(_found(), budget=budget) == command
