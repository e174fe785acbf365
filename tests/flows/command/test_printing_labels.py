"""What ``daycast forecasts`` prints of labels: keys and labels are others' words."""

import io
from datetime import UTC, datetime

from rich.console import Console

from daycast.flows.command.printing_labels import print_labels


def test_a_terminal_is_told_nothing_by_a_key_or_a_label() -> None:
    said = io.StringIO()
    row = {
        "document_id": "\x1b[2Jkey[/bold]", "published_at": datetime(2026, 1, 1, tzinfo=UTC), "label": "g\x1b]0;d\x07",
        "probability": 0.5, "forecaster": "linear", "quality": "ok", "version": "v1",
    }  # fmt: skip
    console = Console(file=said, width=200, force_terminal=True, color_system=None)
    print_labels(console, [row], form="table", pipeline="mine")
    assert "?[2Jkey[/bold]" in said.getvalue()
    assert "g?]0;d?" in said.getvalue()
    assert "\x07" not in said.getvalue()
