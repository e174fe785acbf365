"""A process that is a fork of one that has loaded Keras: as good as a fresh one, and it says how it ended."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from daycast.storage.terms.errors import FeedUnavailable, WorkError
from daycast.tasks.apart import process
from daycast.tasks.apart.process import HERE, Process, end_all, fresh, kept
from tests.tasks.apart import asked

ROOT = Path(__file__).parents[3]
WEIGHTS = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.tasks.apart import asked
print(asked.weights(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru", "segment_gru"])
def test_a_fork_gives_the_weights_of_a_fresh_interpreter_each_time(cell):
    """LSTM and segment networks set how many threads an operation has, which only an unused TensorFlow lets them."""
    alone = subprocess.run([sys.executable, "-c", WEIGHTS, cell, ROOT], capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stderr
    forks = []
    for _ in range(2):
        with fresh() as forked:
            forks.append(forked.ask(asked.weights, cell))
    assert forks == [alone.stdout.split()[-1]] * 2


def test_the_parent_of_all_has_loaded_keras_and_no_thread_computes_in_it():
    with fresh() as forked:
        assert forked.ask(asked.loaded) == (True, True, False)


def test_what_is_told_on_the_way_arrives_in_order_before_the_answer():
    heard = []
    with fresh() as forked:
        answer = forked.ask(asked.counted, 3, told=lambda *values: heard.append(values))
    assert answer == 3
    assert heard == [(0, "of 3"), (1, "of 3"), (2, "of 3")]
    assert HERE.ask(asked.counted, 1, told=lambda *values: heard.append(values)) == 1
    assert heard[3:] == [(0, "of 1")]


def test_an_error_comes_back_as_it_is_and_the_process_goes_on():
    with fresh() as forked:
        with pytest.raises(FeedUnavailable, match="gave no usable data for 'A'"):
            forked.ask(asked.fail, FeedUnavailable("files", "A", "away"))
        with pytest.raises(ZeroDivisionError) as caught:
            forked.ask(asked.divide)
        assert "in divide" in caught.value.__notes__[0]
        with pytest.raises(RuntimeError, match="Unportable"):
            forked.ask(asked.fail_unportably)
        assert forked.ask(os.getpid) != os.getpid()


def test_a_process_that_is_killed_is_an_error_that_says_so_and_the_next_is_another():
    one = Process()
    pid = one.ask(os.getpid)
    with pytest.raises(WorkError, match="killed by signal 9"):
        one.ask(asked.kill_itself)
    assert one.ask(os.getpid) != pid
    one.end()


def test_the_kept_process_stays_and_a_fresh_one_is_gone_after_its_block():
    assert kept().ask(os.getpid) == kept().ask(os.getpid)
    with fresh() as forked:
        pid = forked.ask(os.getpid)
        assert pid != kept().ask(os.getpid)
    assert not Path(f"/proc/{pid}").exists()


def test_who_waits_for_an_answer_is_told_when_all_are_ended():
    with fresh() as forked:
        forked.ask(os.getpid)
        threading.Timer(0.3, end_all).start()
        with pytest.raises(WorkError, match="must answer"):
            forked.ask(time.sleep, 60)


KILLED = """
import os, time
from daycast.tasks.apart.process import Process
import multiprocessing.forkserver as server
one = Process()
print(one.ask(os.getpid), server._forkserver._forkserver_pid, flush=True)
one.ask(time.sleep, 600)
"""


@pytest.mark.slow
def test_a_killed_parent_leaves_no_process_behind():
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_to_prepare_again_starts_nothing():
    process.prepare()
    server = multiprocessing.forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    process.prepare()
    assert multiprocessing.forkserver._forkserver._forkserver_pid == server  # type: ignore[attr-defined]
