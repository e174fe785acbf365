"""What ``daycast tune`` says, and which budgets it takes."""

import pytest
from typer.testing import CliRunner

from daycast.flows.command.cli import app
from daycast.storage.terms.errors import ConfigError


@pytest.mark.parametrize("minutes", ["-1", "0", "nan"])
def test_minutes_are_above_0(minutes):
    done = CliRunner().invoke(app, ["tune", "prices", "--minutes", minutes])
    assert isinstance(done.exception, ConfigError), done.output
    assert str(done.exception) == f"--minutes must be above 0. Received: {minutes}. Leave it out for no limit."
