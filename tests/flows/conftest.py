"""The command line, called in this process: quick, and all the same ``main`` that ``daycast`` is."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from daycast.flows.command.cli import main
from tests.places import Place
from tests.stories import AS_OF, story_place


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


@pytest.fixture(scope="session")
def _written(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    assert prefect_server
    place = story_place(tmp_path_factory.mktemp("written") / "place")
    summary = place.run(as_of=AS_OF)
    assert summary.status == "succeeded", summary
    return place


@pytest.fixture
def written(_written: Place, tmp_path: Path) -> Place:
    """A place of the test's own where ``mine`` was run as of :data:`AS_OF`."""
    return _written.copied(tmp_path / "written")
