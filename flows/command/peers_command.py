"""``daycast benchmark peers``: daycast beside what a user would pick instead."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daycast.flows.command.terminal import say
from daycast.storage.terms.errors import ConfigError

if TYPE_CHECKING:
    from daycast.tasks.peers.sets import Set

_SERIES, _SESSIONS = 50, 1500
"""Of the generated panel."""


class On(StrEnum):
    """What is forecast: the oil temperature of ETTh1, the series of a file, or generated prices."""

    etth1 = "etth1"
    file = "file"
    panel = "panel"


def benchmark_peers(
    on: Annotated[list[On] | None, typer.Option(help="etth1 and file need --data; panel by default.")] = None,
    data: Annotated[str | None, typer.Option(help="ETTh1.csv, or a CSV or Parquet file.")] = None,
    columns: Annotated[str, typer.Option(help="Of a file: TIME,VALUE or TIME,SYMBOL,VALUE.")] = "date,symbol,close",
    steps: Annotated[str, typer.Option(help="Of a file: HORIZON,SEASON,LOOKBACK.")] = "24,24,168",
    origins: Annotated[int, typer.Option(min=10, help="Of the test part, and as many before it.")] = 60,
    peer: Annotated[list[str] | None, typer.Option(help="Ask this one, and others so named; all by default.")] = None,
    folder: Annotated[
        str | None, typer.Option("--out", help="Where the environment and tables go; storage/benchmark by default.")
    ] = None,
) -> None:
    """Hold daycast against statsforecast, LightGBM, mlforecast and neuralforecast, on the same windows and origins."""
    from daycast.flows.benchmarks.peers import asked, markdown, run_peers
    from daycast.storage.config.settings import Settings
    from daycast.tasks.peers.comparison import PEERS

    place = Path(folder or f"{Settings().storage.rstrip('/')}/benchmark")
    given = [_set(each, data=data, columns=columns, steps=steps) for each in on or [On.panel]]
    others = asked(peer or PEERS, folder=place / "peers-env", say=say)
    for each_set in given:
        found = run_peers(each_set, origins=origins, others=others, say=say)
        lines = list(markdown(each_set, found, origins=origins))
        target = place / f"peers-{each_set.name.replace(' ', '-')}.md"
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for line in (*lines, f"Written to {target}"):
            say(line)


def _set(on: On, *, data: str | None, columns: str, steps: str) -> Set:
    """What is forecast.

    Raises:
        ConfigError: it was not said well.
    """
    from daycast.tasks.peers import sets

    if on is On.panel:
        return sets.panel(_SERIES, _SESSIONS)
    if data is None:
        raise ConfigError(f"--on {on} needs --data, the file. Received: none. Name it, or leave --on out.")
    if on is On.etth1:
        return sets.etth1(data)
    named = [name.strip() for name in columns.split(",")]
    numbers = [int(number) if number.strip().isdigit() else 0 for number in steps.split(",")]
    if len(named) not in {2, 3} or len(numbers) != 3 or min(numbers) < 1:
        raise ConfigError(
            "--columns takes TIME,VALUE or TIME,SYMBOL,VALUE, and --steps three numbers, HORIZON,SEASON,LOOKBACK. "
            f"Received: {columns!r} and {steps!r}."
        )
    horizon, season, lookback = numbers
    return sets.of_file(data, columns=named, horizon=horizon, season=season, lookback=lookback)
