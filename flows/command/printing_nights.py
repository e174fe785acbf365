"""What ``daycast benchmark panel`` prints: a column a night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from daycast.flows.command.cells import new_table
from daycast.flows.command.printing import print_next

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from daycast.flows.benchmarks.nights import Nights
    from daycast.tasks.peers.comparison import Line


def print_nights(out: Console, found: Nights, *, kept: str) -> None:
    """Seconds by step, CPU seconds and memory of each night."""
    table = new_table("", *(f"{night.name} night" for night in found.nights))
    rows = {
        "seconds": [f"{night.seconds:.1f}" for night in found.nights],
        "… without training": [f"{night.untrained:.1f}" for night in found.nights],
        **{
            f"  {step}": [f"{night.steps.get(step, 0.0):.1f}" for night in found.nights]
            for step in dict.fromkeys(step for night in found.nights for step in night.steps)
        },
        "CPU seconds": [f"{sum(night.cpu.values()):.1f}" for night in found.nights],
        "… a series": [f"{sum(night.cpu.values()) / found.series:.3f}" for night in found.nights],
        "peak MiB, all processes": [f"{night.peak_memory_mib:,.0f}" for night in found.nights],
        "status": [str(night.outcome["status"]) for night in found.nights],
        "forecasts": [f"{night.outcome['forecasts']:,}" for night in found.nights],
        "remarks": [f"{night.outcome['remarks']:,}" for night in found.nights],
    }
    for what, values in rows.items():
        table.add_row(what, *values)
    how = f"by Dask ({found.dask})" if found.dask else "in one process"
    out.print(f"{found.series:,} series, {found.rows:,} rows, {how}; {found.cores} cores, load {found.load} before")
    out.print(table)
    if found.beside:
        out.print(_beside(found.beside))
    out.print(f"Kept as {escape(kept)}.", highlight=False, soft_wrap=True)
    print_next(out, "daycast benchmark panel --help")


def _beside(lines: Sequence[Line]) -> Table:
    """A row a forecaster: daycast's nights from the file to the tables, of the others fitting and one forecast."""
    table = new_table("", "MAE, mean steps", "first night, s", "next night, s", "MiB")
    for line in lines:
        if line.scores is None or line.answer is None:
            table.add_row(line.name, line.trouble[:60], "", "", "")
            continue
        answer = line.answer
        night = "" if answer.night is None else f"{answer.night:.1f}"
        table.add_row(line.name, f"{line.scores.mae:.4f}", f"{answer.seconds:.1f}", night, f"{answer.memory:,.0f}")
    return table
