"""The text benchmarks: one network after another, each in a process of its own; those done before are left alone."""

from __future__ import annotations

import multiprocessing
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.trial import Trial
from daycast.tasks.apart.lifeline import end_with_parent

if TYPE_CHECKING:
    from daycast.tasks.text_benchmark import Sitting

TRIALS = Path(__file__).parents[1] / "text_benchmark.toml"
"""The networks of both benchmarks, a table a trial."""


def load_trials(path: Path, *, data: str) -> list[Trial]:
    """The trials on one of the two texts.

    Raises:
        ConfigError: the file cannot be read, a table in it is wrong, or none is left.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        trials = [Trial.model_validate({"name": name, **table}) for name, table in tables.items()]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise ConfigError(f"A TOML file with a table a trial is required. Received: {path}: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path.name}: {place}: {first['msg']}. Received: {str(first['input'])[:80]!r}.") from None
    chosen = [trial for trial in trials if trial.data == data]
    if not chosen:
        raise ConfigError(f"A table with data = {data!r} is required. Received: {path.name}, which has none.")
    return chosen


def sittings(data: str, *, path: str, seeds: int, out: str | None, tables: Path | None, **asked: Any) -> list[Sitting]:
    """Every trial on one of the two texts, with seeds one after the other.

    Args:
        data: ``imdb`` or ``shakespeare``.
        path: the file.
        seeds: networks a trial.
        out: the folder of scores and of what was told; by default in the storage folder.
        tables: a file of trials; by default the shipped one.
        asked: ``test`` and ``most`` of each :class:`~daycast.tasks.text_benchmark.Sitting`.

    Raises:
        ConfigError: the trials are not what is required.
    """
    from daycast.tasks.text_benchmark import Sitting

    place = out or f"{Settings().storage.rstrip('/')}/benchmark"
    return [
        Sitting(trial=trial, seed=trial.model.seed + number, data=path, out=place, **asked)
        for trial in load_trials(tables or TRIALS, data=data)
        for number in range(seeds)
    ]


def run_trials(asked: Sequence[Sitting], *, say: Callable[[str], None]) -> None:
    """Train and score each that does not stand yet, and tell what came out.

    Raises:
        ConfigError: the data are not there, or are not the public ones.
        DataError: a loss is not a number.
    """
    from daycast.tasks.text_benchmark import kept

    for sitting in asked:
        record = kept(sitting)
        said = f"{sitting.name}, done before" if record else sitting.name
        _tell(said, record or _in_a_process(sitting), say=say)
    say(f"Scores, and what was told of each document or character, are in {asked[0].out}.")


def _in_a_process(sitting: Sitting) -> dict[str, Any]:
    from daycast.tasks.text_benchmark import sit

    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn, initializer=end_with_parent) as pool:
        return pool.submit(sit, sitting).result()


def _tell(name: str, record: dict[str, Any], *, say: Callable[[str], None]) -> None:
    part, scores = list(record["scores"].items())[-1]
    metric = "accuracy" if "share" in record else "bits_per_character"
    told = ", ".join(f"{who} {each[metric][0]:.4f}" for who, each in scores.items() if metric in each)
    say(
        f"{name}: {part} {metric}: {told}; {record['served']} serves; {len(record['epochs'])} epochs, "
        f"{record['processor_seconds']:.0f} processor seconds, {record['peak_memory_mib']} MiB"
    )
