"""A server that ends when the process that started it does, killed or not.

A process that is killed cannot end its children: without this, each kill of a run would leave a server behind.
"""

import os
import runpy
import signal
import sys
import threading

from daycast.flows.running.safe_path import keep_working_folder_out


def end_with_input() -> None:
    """Interrupt this process when its standard input ends: whoever holds the other end of the pipe is gone."""

    def watch() -> None:
        while sys.stdin.buffer.read(1):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


if __name__ == "__main__":  # python -m daycast.flows.running.lifeline MODULE [ARGUMENT…]
    keep_working_folder_out()
    end_with_input()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
