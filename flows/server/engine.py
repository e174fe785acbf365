"""The process of a run that a runner or a worker of Prefect starts: Prefect's own, but for the working folder.

``python -m prefect.engine`` imports a flow with the working folder first on ``sys.path``.
"""

import runpy
import shlex
import sys

from daycast.flows.running.safe_path import keep_working_folder_out

COMMAND = shlex.join([sys.executable, "-P", "-m", "daycast.flows.server.engine"])
"""For a runner or a worker on this machine."""


if __name__ == "__main__":
    keep_working_folder_out()
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
