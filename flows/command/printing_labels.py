"""What ``daycast forecasts`` prints of pipelines that predict labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from daycast.flows.command.cells import instant, new_table, print_csv, print_json
from daycast.flows.command.printing import print_next
from daycast.storage.terms.text import printable

_SHOWN = 100
"""Labels that a terminal is shown; the other forms have them all."""


def print_labels(out: Console, rows: Sequence[dict[str, Any]], *, form: str, pipeline: str) -> None:
    """What the labels of the documents that were told of last probably are, in one of the forms."""
    if form == "csv":
        print_csv(rows)
    elif form == "json":
        print_json(rows)
    elif not rows:
        out.print("No labels yet.")
        print_next(out, f"daycast run {pipeline}")
    else:
        _print_table(out, rows)
        print_next(out, f"daycast forecasts {pipeline} --format csv", "daycast status")


def _print_table(out: Console, rows: Sequence[dict[str, Any]]) -> None:
    table = new_table("document", "published at", "label", "probability", "forecaster", "quality", "version")
    for row in rows[:_SHOWN]:
        table.add_row(
            escape(printable(row["document_id"])),
            instant(row["published_at"]),
            escape(printable(row["label"])),
            f"{row['probability']:.1%}",
            row["forecaster"],
            row["quality"],
            row["version"],
        )
    out.print(table)
    if len(rows) > _SHOWN:
        out.print(f"The first {_SHOWN} of {len(rows):,}, as of {instant(rows[0]['as_of'])}.", highlight=False)
