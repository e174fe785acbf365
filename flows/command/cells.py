"""How a value stands in a cell of a table, and rows in CSV and JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

_ENORMOUS = 1e12
_FOLDED = {"version", "champion", "parent", "pipeline"}
_STYLES = {"succeeded": "green", "degraded": "yellow", "failed": "red", "running": "cyan", "cancelled": "yellow"}


def new_table(*columns: str, gap: int = 2) -> Table:
    """A table with these columns; ``gap`` blanks lie between two."""
    table = Table(header_style="bold", pad_edge=False, box=None, padding=(0, gap, 0, 0))
    for column in columns:
        # A version may be folded where the terminal is narrow, a number never.
        table.add_column(column, no_wrap=column not in _FOLDED, overflow="fold")
    return table


def styled(status: str) -> str:
    """A status in its colour."""
    return f"[{_STYLES[status]}]{status}[/]"


def number(value: float | None) -> str:
    """Four digits of a small number, one decimal of a large one; of an enormous one its order."""
    if value is None:
        return "—"
    return f"{value:,.1f}" if 1000 <= abs(value) < _ENORMOUS else f"{value:,.4g}"


def interval(lower: float | None, upper: float | None) -> str:
    """Its two bounds; one dash where a forecast has none."""
    return "—" if lower is None and upper is None else f"{number(lower)} to {number(upper)}"


def signed(value: float | None) -> str:
    """A skill, with its sign; naive's own is 0."""
    return "—" if value is None else f"{value:+.3f}" if value else "0"


def instant(value: datetime) -> str:
    """To the minute, UTC."""
    return f"{value:%Y-%m-%d %H:%M}"


def age(at: datetime, then: datetime) -> str:
    """How long ago that was."""
    seconds = (at - then).total_seconds()
    return f"{seconds / 86400:.1f} d" if seconds >= 86400 else f"{seconds / 3600:.1f} h"


def size(count: int) -> str:
    """A number of bytes in the unit that fits."""
    many, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if many < 1024:
            break
        many, unit = many / 1024, larger
    return f"{many:.1f} {unit}" if unit != "B" else f"{count} B"


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def print_json(rows: Iterable[dict[str, Any]]) -> None:
    """Rows as a JSON array, times as ISO 8601."""
    json.dump(list(rows), sys.stdout, default=_iso, indent=1)
    sys.stdout.write("\n")


def print_csv(rows: Sequence[dict[str, Any]]) -> None:
    """Rows as CSV with a head, times as ISO 8601; nothing where there are none."""
    if rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _iso(value) for key, value in row.items()} for row in rows)
