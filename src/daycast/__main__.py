"""``python -m daycast``: the command line, without the working folder on the path that ``-m`` puts there."""

import sys

if not sys.flags.safe_path:  # before anything else is imported
    del sys.path[0]

from daycast.flows.command.cli import main

main()
