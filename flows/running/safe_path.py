"""Where Python finds modules: never in the working folder, which may be anybody's.

``python -m`` puts that folder first on ``sys.path`` unless told not to, and libraries do so whatever Python was told:
Prefect's ``load_module`` while it imports a flow, the Alembic of Prefect's server from its start on, uvicorn.
"""

import os
import sys

SAFE_PATH = {"PYTHONSAFEPATH": "1"}
"""For the environment of a child: ``python -m`` and ``python -c`` leave the working folder out of ``sys.path``."""

_named: set[str] = set()
"""The folders on ``sys.path`` when the working one was shut out."""


class _NoModules:
    """What is found in the working folder."""

    def find_spec(self, name: str, target: object = None) -> None:
        """Find nothing."""


def keep_working_folder_out() -> None:
    """Find no module in the working folder from here on, neither in this process nor in those that it starts.

    A working folder that is on ``sys.path`` already was put there by whoever started Python, and stays.
    """
    os.environ.update(SAFE_PATH)
    if _nothing_here not in sys.path_hooks:
        _named.update(os.path.realpath(folder) for folder in sys.path)
        sys.path_hooks.insert(0, _nothing_here)


def take_back_dash_m() -> None:
    """Take back that ``python -m`` put the working folder first."""
    if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:
        del sys.path[0]


def _nothing_here(folder: str) -> _NoModules:
    """A path hook, as :data:`sys.path_hooks` has them.

    Raises:
        ImportError: another hook is to say what is found in the folder.
    """
    place = os.path.realpath(folder)
    if place in _named or place != os.path.realpath(os.getcwd()):
        raise ImportError
    return _NoModules()
