"""A run that is told to stop does: Ctrl-C to the group, SIGTERM to the parent; the drill does it at random instants."""

import signal
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest

from daycast.storage.sql.database import Database
from daycast.storage.sql.locks import run_lock
from daycast.storage.sql.runs import begin_run
from daycast.tasks.answers.queries import close_stopped
from tests.drills.drill_stops import stop
from tests.places import AS_OF

STOPPING = textwrap.dedent("""
    import sys, time
    from daycast.flows.running.stopping import Stopped, end_now, heeding_signals
    try:
        with heeding_signals():
            print("ready", flush=True)
            {body}
    except Stopped as stopped:
        print(stopped, flush=True)
        {closing}
        end_now(stopped.code)
""")


def told(number, *, body="time.sleep(60)", closing="pass"):
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPING.format(body=body, closing=closing)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    said, errors = process.communicate(timeout=30)
    return process.returncode, said, errors


def test_a_signal_is_raised_and_told():
    assert told(signal.SIGINT) == (130, "Stopped by Ctrl-C (SIGINT)\n", "")
    assert told(signal.SIGTERM) == (143, "Stopped by SIGTERM: cancelled in the UI, or told to end\n", "")


def test_what_makes_an_error_of_its_own_of_a_signal_does_not_hide_it():
    lines = ["try: time.sleep(60)", "except BaseException: raise RuntimeError('the pool is broken') from None"]
    body = "\n        ".join(lines)
    assert told(signal.SIGTERM, body=body) == (143, "Stopped by SIGTERM: cancelled in the UI, or told to end\n", "")


def test_what_does_not_end_is_ended():
    code, said, _ = told(signal.SIGTERM, closing="time.sleep(60)")
    assert (code, said.count("\n")) == (143, 1)


def test_the_closing_is_not_interrupted_by_a_second_signal():
    closing = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('closed', flush=True)"
    assert told(signal.SIGTERM, closing=closing)[1].endswith("end\nclosed\n")


def test_the_rows_of_runs_that_are_gone_are_closed_and_those_of_live_ones_left(place):
    at = AS_OF + timedelta(hours=1)
    with Database.open(place.database_url) as db:
        for name in ("gone", "live"):
            begin_run(db, run_id=name, pipeline=name, as_of=AS_OF, started_at=AS_OF)
        with run_lock(db, "live"):
            assert close_stopped(place.settings, at=at, message="daycast up was told to end.") == ["gone"]
    rows = {row["run_id"]: (row["status"], row["message"]) for row in place.table("runs")}
    assert rows == {"gone": ("cancelled", "daycast up was told to end."), "live": ("running", None)}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_backfill_that_is_stopped_leaves_nothing_behind(place):
    found = stop(place, number=signal.SIGINT, after=12.0, day=1, backfill=True)
    left = [wrong for wrong in found.wrong if wrong != f"{found.took:.1f} s"]
    assert not left, "\n".join(left)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_run_that_is_stopped_leaves_nothing_behind(place, number):
    for day, after in enumerate((4.0, 12.0), start=1):
        found = stop(place, number=number, after=after, day=day)
        # The drill holds it to five seconds; here other tests take what the machine has.
        left = [wrong for wrong in found.wrong if wrong != f"{found.took:.1f} s"]
        assert not left, "\n".join(left)
