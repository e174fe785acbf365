"""The ETTh1 benchmark: one network after another, each in a process of its own; those done before are left alone."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text import listed
from daycast.tasks.apart.lifeline import end_with_parent

if TYPE_CHECKING:
    from daycast.tasks.benchmark import Result

TABLES = Path(__file__).parents[1] / "benchmark.toml"
"""The networks of the benchmark, a table a protocol and horizon."""

PROTOCOLS = ("multivariate", "univariate", "one_step")


def choose(
    tables: Path, *, protocols: Sequence[str], horizons: Sequence[int], data: str | None = None
) -> list[Pipeline]:
    """The tables of these protocols and horizons; none named means all.

    Args:
        tables: a pipeline file.
        protocols: what tables begin with.
        horizons: steps out.
        data: a path or URL of ETTh1.csv; none takes the tables' own.

    Raises:
        ConfigError: no table is left, or one is of another feed.
    """
    chosen = [
        spec
        for name, spec in load_pipelines(tables).items()
        if isinstance(spec, Pipeline)
        and (not protocols or name.startswith(tuple(protocols)))
        and (not horizons or spec.horizon in horizons)
    ]
    if not chosen:
        raise ConfigError(
            f"A table of {tables.name} is required. Received: protocols {list(protocols) or 'all'}, horizons "
            f"{list(horizons) or 'all'}, which leave none. There are: {listed(list(load_pipelines(tables)))}."
        )
    if other := [spec.name for spec in chosen if spec.feed != "ett"]:
        raise ConfigError(f"Tables on the feed 'ett' are required. Received: others, {', '.join(other[:5])}.")
    if data is None:
        return chosen
    by_url = data.startswith(("http://", "https://"))
    source = {"url": data if by_url else None, "path": None if by_url else data}
    return [spec.model_copy(update=source) for spec in chosen]


def run_benchmark(
    specs: Sequence[Pipeline], *, seeds: int, out: str, test: bool, say: Callable[[str], None]
) -> list[Result]:
    """Train and score every seed of every table that does not stand yet, and put the seeds together.

    Args:
        specs: the tables.
        seeds: networks a table.
        out: the folder of scores and forecasts.
        test: whether the test part is scored; settings are chosen without.
        say: told what is done.

    Raises:
        FeedError: ETTh1 cannot be read.
        DataError: it is not the public one, or a loss is not a number.
    """
    from daycast.tasks.benchmark import entries, summarize

    results = []
    for spec in specs:
        asked = entries(spec, seeds=seeds, out=out, test=test)
        for entry in asked:
            _do(entry, say=say)
        results.append(summarize(asked, out=out))
    return results


def _do(entry, *, say: Callable[[str], None]) -> None:  # type: ignore[no-untyped-def]
    from daycast.tasks.benchmark import run_entry

    if entry.kept():
        say(f"{entry.spec.name}, seed {entry.seed}: done before")
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn, initializer=end_with_parent) as pool:
        record = pool.submit(run_entry, entry).result()
    scores = record["scores"][entry.parts[-1]]
    say(
        f"{entry.spec.name}, seed {entry.seed}: {entry.parts[-1]} MSE {scores['mse']:.4f}, MAE {scores['mae']:.4f}, "
        f"{len(record['epochs'])} epochs in {record['training_seconds']:.0f} s, {record['peak_memory_mib']} MiB"
    )
