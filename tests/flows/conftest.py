"""The command line, called in this process: quick, and all the same ``main`` that ``daycast`` is."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from daycast.flows.command.cli import main
from tests.places import Place


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs a command at a place, with its exit code and what it printed."""

    def run(place: Place, *arguments: str, **environment: str) -> Outcome:
        capfd.readouterr()
        code: object = 0
        variables = {**place.environment, **environment}
        with patch.dict(os.environ, variables), patch.object(sys, "argv", ["daycast", *arguments]):
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
        printed = capfd.readouterr()
        return Outcome(code=int(str(code)), out=printed.out, err=printed.err)

    return run
