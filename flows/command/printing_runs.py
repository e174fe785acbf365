"""What ``daycast runs``, ``daycast logs`` and ``daycast migrate`` print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from daycast.flows.command.cells import instant, new_table, print_json, styled
from daycast.flows.command.printing import print_next

if TYPE_CHECKING:
    from daycast.flows.server.run_logs import Line
    from daycast.storage.sql.runs import RunRow
    from daycast.storage.sql.schema import Migration


def print_runs(out: Console, rows: Sequence[RunRow], *, form: str) -> None:
    """The last runs, in one of the forms; below the table each one's message."""
    if form == "json":
        print_json(asdict(row) for row in rows)
        return
    if not rows:
        out.print("Nothing has run yet.")
        print_next(out, "daycast run --sample")
        return
    table = new_table("run", "status", "training", "version", "began", "seconds")
    for row in rows:
        took = f"{(row.finished_at - row.started_at).total_seconds():.0f}" if row.finished_at else "—"
        began = instant(row.started_at)
        table.add_row(row.run_id, styled(row.status), row.training or "—", row.version or "—", began, took)
    out.print(table)
    for row in rows:
        if row.message:
            out.print(f"[bold]{row.run_id}[/]: {escape(row.message)}", highlight=False, soft_wrap=True)
    print_next(out, f"daycast logs {rows[0].run_id}", "daycast status")


def print_logs(out: Console, row: RunRow, lines: Sequence[Line]) -> None:
    """What a run logged, oldest first."""
    out.print(f"{row.run_id}: {styled(row.status)}: {escape(row.message or '')}", highlight=False, soft_wrap=True)
    for line in lines:
        out.print(f"{line.at:%H:%M:%S} {line.level:7} {escape(line.message)}", highlight=False, soft_wrap=True)
    if not lines:
        out.print("The Prefect server that was asked keeps no logs of it; PREFECT_API_URL names another one.")
    print_next(out, f"daycast runs {row.pipeline}", "daycast status")


def print_migration(out: Console, migration: Migration, *, dry_run: bool) -> None:
    """What was done to the schema, or would be."""
    where = f"{escape(migration.where)}: schema {migration.found or 'none'}"
    if not migration.steps:
        out.print(f"{where}, as this daycast has it; nothing to do.", highlight=False, soft_wrap=True)
    else:
        wanted = f", this daycast has {migration.wanted}. {'It would' if dry_run else 'Done'}:"
        out.print(f"{where}{wanted}", highlight=False, soft_wrap=True)
        for step in migration.steps:
            out.print(f"  {escape(step)}", highlight=False, soft_wrap=True)
    print_next(out, "daycast migrate" if dry_run and migration.steps else "daycast status")
