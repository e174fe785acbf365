"""Runs side by side: one works at a time, those that wait give way, and each outcome is in its place."""

import os
import signal
import threading
import time
from functools import partial

import pytest

from daycast.flows.running.turns import giving_way, in_waves, side_by_side
from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.terms.errors import WorkError
from daycast.tasks.apart.process import fresh
from tests.places import TINY


@pytest.fixture
def watched():
    """A run that notes when it works and when it waits."""
    working, most, waiting = set(), [], threading.Barrier(2, timeout=30)

    def run(number, *, meet):
        def work():
            working.add(number)
            time.sleep(0.05)
            most.append(len(working))
            working.discard(number)

        work()
        with giving_way():
            if meet:
                waiting.wait()
        work()
        return number

    return run, most


def test_one_works_at_a_time_while_others_wait_together(watched):
    run, most = watched
    runs = [partial(run, number, meet=number < 2) for number in range(4)]
    assert side_by_side(runs, at_once=2) == [0, 1, 2, 3]
    assert most == [1] * 8


def test_one_at_once_is_one_after_the_other_here(watched):
    run, _ = watched
    threads = []
    runs = [lambda: threads.append(threading.current_thread()), partial(run, 1, meet=False)]
    assert side_by_side(runs, at_once=1) == [None, 1]
    assert side_by_side([threading.current_thread], at_once=8) == threads == [threading.main_thread()]


def test_an_error_is_raised_when_the_others_have_ended(watched):
    run, most = watched

    def fail():
        raise WorkError("required")

    with pytest.raises(WorkError, match="required"):
        side_by_side([fail, partial(run, 1, meet=False)], at_once=2)
    assert most == [1, 1]


@pytest.fixture
def interruptible():
    """SIGINT as a terminal's process has it: what a script starts in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_what_they_wait_for():
    def wait():
        with giving_way(), fresh() as process:
            process.ask(os.getpid)
            started.set()
            return process.ask(time.sleep, 600)

    started = threading.Event()

    def interrupt():
        started.wait(60)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        side_by_side([wait, wait], at_once=2)


def test_who_reads_another_pipeline_comes_after_all_that_read_none():
    keys = {**TINY, "path": "{symbol}.csv"}
    plain = parse_pipeline("plain", keys)
    fed = parse_pipeline("fed", {**keys, "features": ["close", "mood"], "from_labels": {"mood": "reviews:good"}})
    assert in_waves([fed, plain]) == [[plain], [fed]]
    assert in_waves([plain]) == [[plain]]
