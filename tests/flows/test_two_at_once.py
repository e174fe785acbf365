"""Two runs of one pipeline at once: one works, the other waits for it, or leaves with what to do."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from daycast.storage.sql.database import Database
from daycast.storage.sql.locks import run_lock
from daycast.storage.sql.runs import begin_run
from tests.drills.drill_two_at_once import BUSY, faults
from tests.places import AS_OF

pytestmark = pytest.mark.usefixtures("prefect_server")
ROOT = Path(__file__).parents[2]


def test_a_run_beside_another_one_leaves_with_a_message_and_touches_nothing(place):
    with Database.open(place.database_url) as db, run_lock(db, "mine") as held:
        assert held
        begin_run(db, run_id=place.job().run_id, pipeline="mine", as_of=AS_OF, started_at=AS_OF)
        before = place.tables(), place.files()
        with patch("daycast.flows.running.retrying._WAIT_SECONDS", 0.3):
            summary = place.run()
        assert summary.status == "failed"
        assert BUSY in summary.message
        assert "run again" in summary.message
        assert (place.tables(), place.files()) == before, "the other run's row above all"


@pytest.mark.slow
def test_two_commands_started_together_both_end_well(place):
    commands = [
        subprocess.Popen(
            [sys.executable, "-m", "daycast.flows.command.cli", "run", "mine", "--as-of", "2024-06-08"],
            env=place.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [command.communicate(timeout=240)[0] for command in commands]
    codes = [command.returncode for command in commands]
    assert 0 in codes, said
    # On a slow machine the first may take longer than the other one waits.
    assert all(code == 0 or BUSY in " ".join(words.split()) for code, words in zip(codes, said, strict=True)), said
    assert faults(place) == []
    assert len(place.table("model_versions")) == 1
    assert len(place.table("forecasts")) == 4
