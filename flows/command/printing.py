"""What the commands print: tables for people, CSV and JSON for programs, and the command to run next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from statistics import mean, pstdev
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from daycast.flows.command.cells import (
    age,
    instant,
    interval,
    new_table,
    number,
    print_csv,
    print_json,
    signed,
    size,
    styled,
)
from daycast.storage.terms.text import counted
from daycast.storage.terms.words import ALL_LEADS, ALL_SERIES, OF_QUARTERS, SAMPLE_PREFIX

if TYPE_CHECKING:
    from daycast.storage.registry.store import Verification
    from daycast.storage.sql.versions import Version
    from daycast.tasks.answers.queries import VersionDetails
    from daycast.tasks.answers.status import StatusReport
    from daycast.tasks.benchmark import Result
    from daycast.tasks.handover.results import Backfilled, Summary


def print_run(out: Console, summaries: Sequence[Summary]) -> None:
    """What the runs came to."""
    told = [summary.test for summary in summaries if summary.test]
    errors = bool(told) and all({"accuracy", "perplexity"}.isdisjoint(test) for test in told)
    tested, beside = ("test MAE", "naive MAE") if errors else ("test", "baseline")
    table = new_table("pipeline", "status", "version", "training", "served", tested, beside, "skill", "rows")
    for summary in summaries:
        test, baseline = _tested(summary.test, named=not errors)
        table.add_row(
            summary.pipeline,
            styled(summary.status),
            summary.version or "—",
            f"{summary.training} ({summary.seconds:.0f} s)" if summary.training else "—",
            summary.forecaster or "—",
            test,
            baseline,
            signed(summary.test.get("skill")),
            str(summary.rows),
        )
    out.print(table)
    if any(summary.pipeline.startswith(SAMPLE_PREFIX) for summary in summaries):
        out.print("Pipelines named sample_… run on generated data: their figures say nothing about a market.")
    for summary in summaries:
        out.print(f"[bold]{summary.pipeline}[/]: {escape(summary.message)}", highlight=False, soft_wrap=True)
    of_labels = [summary.pipeline for summary in summaries if "accuracy" in summary.test]
    forecasts = ["daycast forecasts"] if len(of_labels) < len(summaries) else []
    print_next(
        out,
        *forecasts,
        *(f"daycast forecasts {name}" for name in of_labels[:1]),
        "daycast status",
        "daycast models list",
    )


def _tested(test: Mapping[str, float | None], *, named: bool) -> tuple[str, str]:
    """What was served is worth on the test part, and the simplest baseline; with the metric's name if asked."""
    right, flat = test.get("accuracy"), test.get("majority_accuracy")
    if right is not None and flat is not None:
        return f"accuracy {right:.1%}", f"{flat:.1%}"
    if (perplexity := test.get("perplexity")) is not None:
        return f"perplexity {number(perplexity)}", number(test.get("ngram_perplexity"))
    error, naive = number(test.get("mae")), number(test.get("naive_mae"))
    return (f"MAE {error}", naive) if named and error != "—" else (error, naive)


def print_benchmark(out: Console, results: Sequence[Result], *, folder: str) -> None:
    """Each seed's error, and that of the mean of the seeds' forecasts; scaled, and in °C for one column."""
    table = new_table(
        "network", "part", "seeds: MSE / MAE", "mean ± deviation", "mean of forecasts", "°C: RMSE / MAE", "time"
    )
    for result in results:
        errors = [scores["mse"] for scores in result.seeds.values()]
        average = result.average
        table.add_row(
            result.name,
            result.part,
            "  ".join(f"{scores['mse']:.4f}/{scores['mae']:.4f}" for scores in result.seeds.values()),
            f"{mean(errors):.4f} ± {pstdev(errors):.4f}",
            f"{average['mse']:.4f}/{average['mae']:.4f}",
            f"{average['rmse_unit']:.3f}/{average['mae_unit']:.3f}" if "rmse_unit" in average else "—",
            f"{result.seconds:.0f} s",
        )
    out.print(table)
    out.print(f"Scores (.json) and forecasts (.npy; windows, horizon, columns; scaled) are in {escape(folder)}.")
    print_next(out, "daycast benchmark etth1 --help")


def print_backfill(out: Console, outcome: Backfilled) -> None:
    """What a backfill came to."""
    out.print(
        f"{outcome.pipeline}: {counted(outcome.done, 'day')} done, {outcome.skipped} done before, "
        "as of the end of each (UTC).",
        highlight=False,
    )
    if outcome.failed:
        out.print(f"[red]Error:[/] {escape(outcome.failed)}", highlight=False, soft_wrap=True)
    print_next(out, "daycast status", f"daycast forecasts {outcome.pipeline}")


def print_status_as_json(report: StatusReport, *, at: datetime, paused: Collection[str] = ()) -> None:
    """How everything stands, as JSON: one object a pipeline, its troubles in words."""
    rows = [
        {**asdict(row), "needs_a_person": bool(row.troubles), "paused": row.pipeline in paused, "at": at}
        for row in report.pipelines
    ]
    print_json(rows)


def print_status(out: Console, report: StatusReport, *, at: datetime, paused: Collection[str] = ()) -> None:
    """How each pipeline stands, what needs a person, and what the storage folder holds; 100 columns at most."""
    width = min(out.width, 100) if out.is_terminal else out.width  # what goes into a pipe is not folded
    table = new_table("pipeline", "champion", "age", "last run", "last good", "next run", "7 d", "30 d", gap=1)
    for row in report.pipelines:
        table.add_row(
            row.pipeline,
            row.champion.version if row.champion else "—",
            age(at, row.champion.as_of) if row.champion else "—",
            styled(row.last.status) if row.last else "never",
            f"{row.good.as_of:%m-%d %H:%M}" if row.good else "—",
            "paused" if row.pipeline in paused else f"{row.next_at:%m-%d %H:%M}" if row.next_at else "by hand",
            signed(row.week.skill),
            signed(row.month.skill),
        )
    out.print(table, width=width)
    out.print(
        "Times are UTC. 7 d and 30 d: live skill, 1 − MAE / naive MAE of the forecasts whose values came; of labels "
        "1 − log loss / the majority's.",
        width=width,
    )
    for row in report.pipelines:
        for trouble in row.troubles:
            out.print(
                f"[red]Needs a person:[/] [bold]{row.pipeline}[/]: {escape(trouble)}", width=width, highlight=False
            )
    parts = ", ".join(f"{name} {size(count)}" for name, count in report.bytes.items() if count)
    total = size(sum(report.bytes.values()))
    out.print(
        f"Storage: {escape(report.storage)}: {total}{f' ({parts})' if parts else ''}", highlight=False, width=width
    )
    print_next(out, *_next_of(report))


def _next_of(report: StatusReport) -> list[str]:
    troubled = [row.pipeline for row in report.pipelines if row.troubles]
    if troubled:
        return [f"daycast run {troubled[0]}"]
    if all(row.last is None for row in report.pipelines):
        return ["daycast run --sample", "daycast run", "daycast up"]
    return ["daycast forecasts", "daycast models list"]


def print_forecasts(out: Console, rows: Sequence[dict[str, Any]], *, form: str) -> None:
    """The latest forecasts, in one of the forms."""
    if form == "csv":
        print_csv(rows)
    elif form == "json":
        print_json(rows)
    elif not rows:
        out.print("No forecasts yet.")
        print_next(out, "daycast run --sample")
    else:
        out.print(_forecast_table(rows))
        print_next(out, "daycast forecasts --format csv", "daycast status")


def print_report(out: Console, places: Sequence[str]) -> None:
    """Where the pages are."""
    if not places:
        out.print("Nothing has run yet.")
        print_next(out, "daycast run --sample")
        return
    for place in places:
        out.print(escape(place), highlight=False, soft_wrap=True)
    print_next(out, "daycast forecasts", "daycast status")


def print_versions(out: Console, versions: Sequence[Version], *, form: str) -> None:
    """The model versions, in one of the forms."""
    if form == "json":
        print_json(asdict(row) for row in versions)
        return
    if not versions:
        out.print("No model versions yet.")
        print_next(out, "daycast run --sample")
        return
    table = new_table("pipeline", "version", "stage", "as of", "training", "parent", "cell", "parameters")
    for row in versions:
        table.add_row(
            row.pipeline,
            row.version,
            row.stage,
            instant(row.as_of),
            row.training,
            row.parent_version or "—",
            row.cell,
            f"{row.parameters:,}",
        )
    out.print(table)
    print_next(out, f"daycast models show {versions[0].pipeline}", "daycast models verify")


def print_version(out: Console, details: VersionDetails) -> None:
    """One model version."""
    row, manifest = details.row, details.manifest
    facts = new_table("", row.version)
    for name, value in (
        ("pipeline", row.pipeline),
        ("stage", row.stage),
        ("as of", instant(row.as_of)),
        ("created at", instant(row.created_at)),
        ("training", row.training),
        ("parent", row.parent_version or "—"),
        ("cell", f"{row.cell}, {row.parameters:,} parameters"),
        ("epochs", str(len(manifest.history.get("loss", [])))),
        ("data hash", row.data_hash),
        ("files", row.uri),
        ("sha256 of the manifest", row.sha256),
        ("made with", ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())),
    ):
        facts.add_row(name, escape(value))
    out.print(facts)
    out.print(_score_table(details.scores))
    print_next(out, f"daycast models promote {row.pipeline} {row.version}", f"daycast models verify {row.pipeline}")


def print_verification(out: Console, files: Sequence[Verification]) -> None:
    """Whether the stored files are the ones that were saved."""
    bad = [file for file in files if not file.ok]
    for file in bad:
        out.print(
            f"[red]{file.pipeline}/{file.version}/{escape(file.file)}[/]: required {file.expected or 'nothing'}. "
            f"Received: {file.received or 'nothing'}.",
            highlight=False,
            soft_wrap=True,
        )
    count = len({(file.pipeline, file.version) for file in files})
    well = len(files) - len(bad)
    out.print(
        f"{counted(len(files), 'file')} of {counted(count, 'version')}: {well} as they were saved, {len(bad)} not."
    )
    print_next(out, f"daycast models rollback {bad[0].pipeline}" if bad else "daycast models list")


def print_next(out: Console, *commands: str) -> None:
    """The commands to run next."""
    out.print("Next: " + " · ".join(f"[bold]{command}[/]" for command in commands), highlight=False, soft_wrap=True)


def _forecast_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = new_table("series", "valid at", "lead", "mean", "80 %", "95 %", "forecaster", "quality", "version")
    for row in rows:
        table.add_row(
            row["series_id"],
            instant(row["valid_at"]),
            str(row["lead"]),
            number(row["mean"]),
            interval(row["lower_80"], row["upper_80"]),
            interval(row["lower_95"], row["upper_95"]),
            row["forecaster"],
            row["quality"],
            row["version"],
        )
    return table


def _score_table(scores: Sequence[dict[str, Any]]) -> Table:
    """Over all series and leads, a row a split and forecaster."""
    overall = [row for row in scores if row["series_id"] == ALL_SERIES and row["lead"] == ALL_LEADS]
    metrics = [name for name in dict.fromkeys(row["metric"] for row in overall) if name not in OF_QUARTERS]
    table = new_table("split", "forecaster", *metrics)
    for split, forecaster in dict.fromkeys((row["split"], row["forecaster"]) for row in overall):
        values = {
            row["metric"]: row["value"] for row in overall if (row["split"], row["forecaster"]) == (split, forecaster)
        }
        table.add_row(split, forecaster, *(number(values.get(metric)) for metric in metrics))
    return table
