"""``daycast benchmark``: the networks measured as the field measures its own, and the nightly job on many series."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from daycast.flows.command.peers_command import benchmark_peers
from daycast.flows.command.terminal import out, say
from daycast.storage.terms.errors import ConfigError

app = typer.Typer(help="Measure the networks as the field measures its own.", no_args_is_help=True)


class Protocol(StrEnum):
    """What the benchmark forecasts: all seven columns, the oil temperature, the oil temperature one hour ahead."""

    multivariate = "multivariate"
    univariate = "univariate"
    one_step = "one_step"


@app.command("etth1")
def benchmark_etth1(
    protocol: Annotated[list[Protocol] | None, typer.Option(help="Those to run; all by default.")] = None,
    horizon: Annotated[list[int] | None, typer.Option(help="Hours ahead; all by default.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Networks of each, from seeds one after the other.")] = 3,
    folder: Annotated[
        str | None, typer.Option("--out", help="Where scores and forecasts go; storage/benchmark by default.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="ETTh1.csv, a path or URL; the public file by default.")] = None,
    tables: Annotated[
        Path | None, typer.Option(help="A pipeline file with other networks; flows/benchmark.toml by default.")
    ] = None,
    validation_only: Annotated[  # noqa: FBT002
        bool, typer.Option("--validation-only", help="Leave the test part unread, to choose settings.")
    ] = False,
) -> None:
    """Train and score on ETTh1 by the field's protocol; what was done with the same settings is not done again."""
    from daycast.flows.benchmarks.etth1 import TABLES, choose, run_benchmark
    from daycast.flows.command.printing import print_benchmark
    from daycast.storage.config.settings import Settings

    specs = choose(
        tables or TABLES, protocols=[each.value for each in protocol or []], horizons=horizon or [], data=data
    )
    place = folder or f"{Settings().storage.rstrip('/')}/benchmark"
    results = run_benchmark(specs, seeds=seeds, out=place, test=not validation_only, say=say)
    print_benchmark(out, results, folder=place)


app.command("peers")(benchmark_peers)

_DATA = typer.Option("--data", help="The file of the texts, which is not shipped.")
_SEEDS = typer.Option(min=1, help="Networks of each, from seeds one after the other.")
_OUT = typer.Option("--out", help="Where scores and what was told go; storage/benchmark by default.")
_TRIALS = typer.Option("--tables", help="Other networks; flows/text_benchmark.toml by default.")
_MOST = typer.Option(min=100, help="Reviews of each part, or characters, at most: a trial, no result.")
_UNREAD = typer.Option("--validation-only", help="Leave the test part unread, to choose settings.")


@app.command("imdb")
def benchmark_imdb(
    data: Annotated[str, _DATA],
    seeds: Annotated[int, _SEEDS] = 3,
    folder: Annotated[str | None, _OUT] = None,
    tables: Annotated[Path | None, _TRIALS] = None,
    most: Annotated[int | None, _MOST] = None,
    validation_only: Annotated[bool, _UNREAD] = False,  # noqa: FBT002
) -> None:
    """Train and score on the 50,000 film reviews by their own split: accuracy of network, regression and blend."""
    _run_texts("imdb", path=data, seeds=seeds, out=folder, tables=tables, most=most, test=not validation_only)


@app.command("shakespeare")
def benchmark_shakespeare(
    data: Annotated[str, _DATA],
    seeds: Annotated[int, _SEEDS] = 3,
    folder: Annotated[str | None, _OUT] = None,
    tables: Annotated[Path | None, _TRIALS] = None,
    most: Annotated[int | None, _MOST] = None,
    validation_only: Annotated[bool, _UNREAD] = False,  # noqa: FBT002
) -> None:
    """Train and score on tinyshakespeare, the last tenth being the test: bits a character of network and counts."""
    _run_texts("shakespeare", path=data, seeds=seeds, out=folder, tables=tables, most=most, test=not validation_only)


def _run_texts(name: str, **asked: Any) -> None:
    from daycast.flows.benchmarks.texts import run_trials, sittings

    run_trials(sittings(name, **asked), say=say)


@app.command("panel")
def benchmark_panel(  # noqa: PLR0913, PLR0917 — each is an option of the command
    series: Annotated[
        int | None, typer.Option(min=1, help="How many; 1,000 generated ones, or all of the file, by default.")
    ] = None,
    sessions: Annotated[int, typer.Option(min=150, help="Of generated series.")] = 1250,
    data: Annotated[
        Path | None, typer.Option(help="A CSV or Parquet file with a symbol column; generated prices by default.")
    ] = None,
    columns: Annotated[str, typer.Option(help="The file's columns of time, symbol and value.")] = "date,symbol,close",
    windows: Annotated[int, typer.Option(min=1, help="At most so many train the one epoch.")] = 2_000_000,
    seed: Annotated[int, typer.Option(help="Of the generator and of the network.")] = 7,
    peer: Annotated[
        list[str] | None, typer.Option(help="Ask this one for the same forecasts, as mlforecast, and others so named.")
    ] = None,
    folder: Annotated[
        str | None, typer.Option("--out", help="Where the figures go; storage/benchmark by default.")
    ] = None,
) -> None:
    """Run many series a first night and the next: seconds by step, CPU seconds a series, memory of all processes."""
    from daycast.flows.benchmarks import peers
    from daycast.flows.benchmarks.nights import keep, run_nights
    from daycast.flows.command.printing_nights import print_nights
    from daycast.storage.config.settings import Settings
    from daycast.tasks.panel_benchmark import Asked

    named = [name.strip() for name in columns.split(",")]
    if len(named) != 3:
        raise ConfigError(f"--columns takes three names, TIME,SYMBOL,VALUE. Received: {columns!r}.")
    asked = Asked(
        series=series,
        sessions=sessions,
        seed=seed,
        data=data,
        columns=(named[0], named[1], named[2]),
        windows=windows,
    )
    place = folder or f"{Settings().storage.rstrip('/')}/benchmark"
    others = peers.asked(peer or [], folder=Path(place) / "peers-env", say=say)
    found = run_nights(asked, peers=others, say=say)
    print_nights(out, found, kept=keep(found, asked=asked, out=place))
