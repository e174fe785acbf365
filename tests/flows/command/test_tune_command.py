"""What ``daycast tune`` says, and which budgets it takes."""

import tomllib
from typing import Any

import pytest
from typer.testing import CliRunner

from daycast.flows.command.cli import app
from daycast.flows.command.tune_command import lines
from daycast.storage.terms.errors import ConfigError
from daycast.tasks.tuning.found import Found


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
