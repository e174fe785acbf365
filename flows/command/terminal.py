"""The terminal that commands print to."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

# What goes into a file or a pipe is not folded to a terminal's width.
out = Console(width=None if sys.stdout.isatty() else 10_000)
_err = Console(stderr=True)


def say(line: str) -> None:
    """Print a line as it stands."""
    out.print(escape(line), highlight=False, soft_wrap=True)


def complain(message: str) -> None:
    """Print what went wrong."""
    _err.print(f"[bold red]Error:[/] {escape(message)}", highlight=False, soft_wrap=True)


def aside(line: str) -> None:
    """Print a line beside what a command is asked for, as it stands."""
    _err.print(escape(line), highlight=False, soft_wrap=True)
