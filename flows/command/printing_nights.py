"""What ``daycast benchmark panel`` prints: a column a night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from daycast.flows.command.cells import new_table
from daycast.flows.command.printing import print_next

if TYPE_CHECKING:
    from rich.console import Console

    from daycast.flows.benchmarks.nights import Nights


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
    out.print(f"Kept as {escape(kept)}.", highlight=False, soft_wrap=True)
    print_next(out, "daycast benchmark panel --help")
